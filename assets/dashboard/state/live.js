/** Whether the page may ask the server by itself just now. */
import { computed, signal } from "../vendor/signals.js";
import { unreachableSince } from "./reach.js";

/** Held by the person, with `p`; it lasts over screens. */
export const isHeld = signal(false);
/** So many dialogs are open. */
export const dialogsOpen = signal(0);
const isHidden = signal(document.hidden);
export const isOffline = signal(navigator.onLine === false);
/** An answer may come: this machine has a line, and the server was there when it was last asked. */
export const isReachable = computed(() => !isOffline.value && unreachableSince.value === null);

export const mayAsk = computed(() => !isHeld.value && dialogsOpen.value === 0 && !isHidden.value && isReachable.value);

/** Changes each second: milliseconds of this machine's clock. */
export const tick = signal(Date.now());

export function watchPage() {
  document.addEventListener("visibilitychange", () => {
    isHidden.value = document.hidden;
  });
  addEventListener("online", () => {
    isOffline.value = false;
  });
  addEventListener("offline", () => {
    isOffline.value = true;
  });
  setInterval(() => {
    if (!document.hidden) tick.value = Date.now();
  }, 1000);
}
