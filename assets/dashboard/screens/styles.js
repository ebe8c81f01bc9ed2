/** Styles that the page does without at first, in their order. */
export const further = ["health", "dead-letters", "json", "gantt", "event", "queue", "engine"];

/** Those of the screens that most open first; others wait for all. @type {Readonly<Record<string, readonly string[]>>} */
const few = { overview: [], queues: ["queue"] };

/** @param {string} screen as it stands in the address */
export function stylesOf(screen) {
  return few[screen] ?? further;
}

/** Forced colours have the last word. */
const LAST = 'link[href$="forced-colours.css"]';
/** @type {Map<string, Promise<unknown>>} */
const loading = new Map();

/** @param {readonly string[]} names @returns {Promise<unknown>} rejects where one cannot be had; then that is asked for again the next time */
export function loadStyles(names) {
  return Promise.all(names.map((name) => {
    const known = loading.get(name) ?? load(name);
    loading.set(name, known);
    known.catch(() => loading.delete(name));
    return known;
  }));
}

/** @param {string} name @returns {Promise<unknown>} */
function load(name) {
  const address = new URL(`../style/${name}.css`, import.meta.url).href;
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(`${name}.css`));
    };
    link.href = address;
    document.querySelector(LAST)?.before(link);
  });
}
