/** How wide the window is, for tables that leave out columns rather than scroll sideways. */
import { signal } from "../vendor/signals.js";

const width = signal(innerWidth);
addEventListener("resize", () => {
  width.value = innerWidth;
});

/** In pixels of CSS; reading it while drawing draws again after a change. */
export function windowWidth() {
  return width.value;
}
