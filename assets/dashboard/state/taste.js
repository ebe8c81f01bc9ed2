/** What a person prefers, kept in the browser: nothing secret, and nothing about events. */
import { signal } from "../vendor/signals.js";

const PREFIX = "eventlease.";

/**
 * @template {string} T
 * @param {string} name @param {readonly T[]} choices the first one where nothing was chosen
 */
function kept(name, choices) {
  const read = () => {
    try {
      return localStorage.getItem(PREFIX + name);
    } catch {
      return null; // the browser keeps nothing for this page
    }
  };
  const stored = /** @type {T | null} */ (read());
  const value = signal(stored !== null && choices.includes(stored) ? stored : /** @type {T} */ (choices[0]));
  return {
    get value() {
      return value.value;
    },
    /** @param {T} chosen */
    set(chosen) {
      value.value = chosen;
      try {
        localStorage.setItem(PREFIX + name, chosen);
      } catch {
        // It holds until the page is left.
      }
    },
    choices,
  };
}

export const theme = kept("theme", /** @type {const} */ (["system", "light", "dark"]));
export const zone = kept("zone", /** @type {const} */ (["local", "utc"]));
export const pace = kept("pace", /** @type {const} */ (["normal", "slow", "off"]));
export const singleKeys = kept("single-keys", /** @type {const} */ (["on", "off"]));
