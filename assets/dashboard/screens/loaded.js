/**
 * The screens that are loaded. One is when it is opened, and the others are when something is shown and the page has nothing else to
 * do: so they open while the server is away, and after it has become one of another version, which has none of these files.
 */
import { effect, signal } from "../vendor/signals.js";
import { isAnswered } from "../state/poll.js";
import { ofParts, screens } from "./list.js";
import { loadStyles, stylesOf } from "./styles.js";

/** @typedef {import("./list.js").Listed} Listed */
/** @typedef {import("./list.js").Screen | "loading" | "missing"} Known */

const AGAIN_SECONDS = 20;

const known = new Map(screens.map((listed) => [listed, signal(/** @type {Known} */ ("loading"))]));

/** @param {Listed} listed */
function of(listed) {
  return /** @type {import("../vendor/signals.js").Signal<Known>} */ (known.get(listed));
}

/** @param {Listed} listed @returns {Known} */
export function loaded(listed) {
  return of(listed).value;
}

/** For a screen that is opened: it says where that fails. @param {Listed} listed */
export async function open(listed) {
  if (of(listed).peek() === "missing") of(listed).value = "loading";
  if (!(await load(listed))) of(listed).value = "missing";
}

/** @param {Listed} listed */
async function load(listed) {
  if (typeof of(listed).peek() === "object") return true;
  try {
    const [{ screen }] = await Promise.all([listed.load(), loadStyles(stylesOf(listed.at))]);
    of(listed).value = screen;
    return true;
  } catch {
    return false;
  }
}

/** One after another, so that what the screen asks for need not wait. */
async function loadOthers() {
  try {
    for (const load of ofParts) await load();
    for (const listed of screens) if (!(await load(listed))) throw new Error(listed.at);
  } catch {
    setTimeout(loadOthers, AGAIN_SECONDS * 1000);
  }
}

export function loadOthersWhenIdle() {
  const stop = effect(() => {
    if (!isAnswered.value) return;
    // Safari has no such callback.
    if ("requestIdleCallback" in globalThis) requestIdleCallback(loadOthers);
    else setTimeout(loadOthers, 1000);
    queueMicrotask(() => stop());
  });
}
