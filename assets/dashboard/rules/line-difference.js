/** What differs between two texts, line by line. */

/** @typedef {{ kind: "same" | "gone" | "new", text: string }} Line */

/** Beyond so many lines that differ, they are not compared one by one. */
const COMPARED_MOST = 400;

/** @param {string} before @param {string} after @returns {Line[]} */
export function difference(before, after) {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const same = (/** @type {string} */ text) => ({ kind: /** @type {const} */ ("same"), text });
  return [
    ...old.slice(0, head).map(same),
    ...between(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ];
}

/** The longest lines in common stay. @param {readonly string[]} old @param {readonly string[]} now @returns {Line[]} */
function between(old, now) {
  if (Math.max(old.length, now.length) > COMPARED_MOST) return [...lines("gone", old), ...lines("new", now)];
  const width = now.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const [right, below, across] = [longest[i * width + j + 1] ?? 0, longest[(i + 1) * width + j] ?? 0, longest[(i + 1) * width + j + 1] ?? 0];
      longest[i * width + j] = old[i] === now[j] ? across + 1 : Math.max(right, below);
    }
  }
  /** @type {Line[]} */
  const found = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) found.push({ kind: "same", text: old[i++] ?? "" }), (j += 1);
    else if ((longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)) found.push({ kind: "gone", text: old[i++] ?? "" });
    else found.push({ kind: "new", text: now[j++] ?? "" });
  }
  return [...found, ...lines("gone", old.slice(i)), ...lines("new", now.slice(j))];
}

/** @param {Line["kind"]} kind @param {readonly string[]} texts @returns {Line[]} */
function lines(kind, texts) {
  return texts.map((text) => ({ kind, text }));
}

/**
 * Only what differs, with some lines around it.
 * @param {readonly Line[]} all @param {number} [around] @returns {(Line | { kind: "skipped", text: string })[]}
 */
export function excerpt(all, around = 2) {
  const isNear = all.map((_, place) => all.slice(Math.max(0, place - around), place + around + 1).some(({ kind }) => kind !== "same"));
  /** @type {(Line | { kind: "skipped", text: string })[]} */
  const shown = [];
  for (const [place, line] of all.entries()) {
    if (isNear[place]) shown.push(line);
    else if (shown.at(-1)?.kind !== "skipped") shown.push({ kind: "skipped", text: "…" });
  }
  return shown;
}
