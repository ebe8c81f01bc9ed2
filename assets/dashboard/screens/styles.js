/** Styles that the overview does without: they come with the first of the other screens. */
export const further = ["health", "dead-letters", "json", "gantt", "event", "queue", "engine"];

/** Those of forced colours have the last word. */
const LAST = 'link[href$="forced-colours.css"]';
/** @type {Promise<unknown> | null} */
let loading = null;

/** @returns {Promise<unknown>} rejects where one cannot be had; then they are asked for again the next time */
export function loadFurther() {
  loading ??= Promise.all(further.map(load)).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @param {string} name @returns {Promise<unknown>} */
function load(name) {
  const address = new URL(`../style/${name}.css`, import.meta.url).href;
  const before = [...document.styleSheets].some(({ href }) => href === address);
  if (before) return Promise.resolve();
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
