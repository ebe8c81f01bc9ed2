/** The place in the page, which stands behind the `#` of the address: `#/queues/dialogue?from=-1h`. */

/**
 * @typedef {object} Place
 * @property {string} screen  `overview`, `queues`, …
 * @property {string | null} id  what the screen is about, where it is about one thing
 * @property {Readonly<Record<string, string>>} filters  by the API's names; a repeated one has its values with commas between
 */

export const FIRST = "overview";

/** @param {string} hash @returns {Place | null} null: it cannot be read */
export function parse(hash) {
  const text = hash.replace(/^#?\/?/, "");
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  try {
    const slash = path.indexOf("/");
    const screen = decodeURIComponent(slash < 0 ? path : path.slice(0, slash));
    const id = slash < 0 ? "" : decodeURIComponent(path.slice(slash + 1));
    /** @type {Record<string, string>} */
    const filters = {};
    for (const [name, value] of new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1))) {
      filters[name] = Object.hasOwn(filters, name) ? `${filters[name]},${value}` : value;
    }
    return { screen: screen || FIRST, id: id || null, filters };
  } catch {
    return null; // a percent sign that stands for no byte
  }
}

/** @param {{ screen: string, id?: string | null, filters?: Record<string, string | null | undefined> }} place */
export function format({ screen, id, filters = {} }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    // An empty one is a filter, too: dead letters whose error has no type.
    if (value !== null && value !== undefined) query.append(name, value);
  }
  const path = screen === FIRST && !id ? "" : encodeURIComponent(screen) + (id ? `/${encodeURIComponent(id)}` : "");
  const text = query.toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}
