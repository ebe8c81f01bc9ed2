/** Starts the page. */
import { effect, signal } from "./vendor/signals.js";
import { render } from "./vendor/preact.js";
import { h } from "./parts/html.js";
import { focusJump, watchPaste } from "./parts/jump.js";
import { watchKeys } from "./parts/keys.js";
import { screenAt } from "./screens/list.js";
import { loadOthersWhenIdle, open } from "./screens/loaded.js";
import { Page } from "./screens/page.js";
import { watchPage } from "./state/live.js";
import { askForOverviewBeforehand } from "./state/overview.js";
import { unreachableSince } from "./state/reach.js";
import { place, watchAddress } from "./state/place.js";
import { needsSignIn, readSession, session } from "./state/session.js";
import { theme } from "./state/taste.js";

const WITHOUT_SESSION_SECONDS = 3;
const SESSION_SECONDS = 60;

/** Asks who is looking: often until that is known, then now and then: rights and versions change. */
async function keepSession() {
  // While it is away, state/reach.js asks.
  if (!needsSignIn.value && !document.hidden && unreachableSince.value === null) await readSession();
  const seconds = session.value === null ? WITHOUT_SESSION_SECONDS : SESSION_SECONDS;
  setTimeout(keepSession, seconds * 1000);
}

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const prefersDark = signal(systemIsDark.matches);
systemIsDark.addEventListener("change", () => {
  prefersDark.value = systemIsDark.matches;
});
effect(() => {
  document.documentElement.dataset["theme"] = theme.value === "system" ? (prefersDark.value ? "dark" : "light") : theme.value;
});
// While the server is asked who is looking.
const first = screenAt(place.value);
if (first) void open(first);
loadOthersWhenIdle();
watchAddress();
watchPage();
watchKeys(focusJump);
watchPaste();
void keepSession();
askForOverviewBeforehand();
const page = document.getElementById("page");
if (page) {
  page.textContent = "";
  render(h(Page, null), page);
}
