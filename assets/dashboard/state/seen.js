/** Ids that this tab has shown, most of them shortened: what is left of one on a screen, or on paper, finds it again. */
const MOST = 5000;

/** @type {Set<string>} */
const seen = new Set();

/** @param {string} id */
export function see(id) {
  seen.add(id);
  for (const oldest of seen) {
    if (seen.size <= MOST) break;
    seen.delete(oldest);
  }
}

/** @param {(id: string) => boolean} isMeant @returns {string[]} */
export function seenThat(isMeant) {
  return [...seen].filter(isMeant);
}
