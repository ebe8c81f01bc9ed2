/** Names that somebody may have meant who typed another one. */

/** Names of which more than this part differs are other names. */
const DIFFERS_MOST = 0.4;

/** How many characters have to be put in, left out or replaced to make one of the other. @param {string} one @param {string} other */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (const [n, character] of [...one].entries()) {
    const above = row;
    row = [n + 1];
    for (let place = 1; place <= other.length; place += 1) {
      const replaced = (above[place - 1] ?? 0) + (other[place - 1] === character ? 0 : 1);
      row.push(Math.min(replaced, (above[place] ?? 0) + 1, (row[place - 1] ?? 0) + 1));
    }
  }
  return row.at(-1) ?? 0;
}

/** @param {string} name @param {readonly string[]} known @param {number} most @returns {string[]} the most similar first; none where no known one is near */
export function similarTo(name, known, most) {
  const typed = name.toLowerCase();
  return [...new Set(known)]
    .map((each) => ({ each, far: distance(typed, each.toLowerCase()) }))
    .filter(({ each, far }) => far <= DIFFERS_MOST * Math.max(typed.length, each.length))
    .sort((one, other) => one.far - other.far || (one.each < other.each ? -1 : 1))
    .slice(0, most)
    .map(({ each }) => each);
}
