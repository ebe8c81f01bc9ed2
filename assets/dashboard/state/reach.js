/** Whether the server can be reached. After a call that got no answer, something small is asked for until it gets one. */
import { signal } from "../vendor/signals.js";
import { call, onFailure, serverNow } from "../api/call.js";

const AGAIN_SECONDS = 3;

/** In milliseconds of the server's clock; null while it can. */
export const unreachableSince = signal(/** @type {number | null} */ (null));
/** In milliseconds of this machine's clock. */
export const nextLookAt = signal(/** @type {number | null} */ (null));

let isLooking = false;
let timer = 0;

onFailure(({ code }) => {
  if (code === "offline" && unreachableSince.peek() === null) void look();
});

/** Asks now, whatever was planned. A call alone may fail for a reason of its own: then this one is answered. */
export async function look() {
  if (isLooking) return;
  isLooking = true;
  clearTimeout(timer);
  nextLookAt.value = null;
  const isReached = document.hidden ? false : await call("read_session").then(
    () => true,
    ({ code }) => code !== "offline" && code !== "no_answer",
  );
  isLooking = false;
  if (isReached) {
    unreachableSince.value = null;
    return;
  }
  unreachableSince.value ??= serverNow();
  nextLookAt.value = Date.now() + AGAIN_SECONDS * 1000;
  timer = setTimeout(look, AGAIN_SECONDS * 1000);
}
