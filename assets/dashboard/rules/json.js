/**
 * Reads JSON for the eye: nothing is converted, so that no digit, no escape and no doubled member is lost. Values are places
 * in the text. The reader has no recursion, and reads in slices, so that a long text never holds up the page.
 */

/** What a value is, by its number in `kinds`. */
export const KIND = /** @type {const} */ ({ object: 0, array: 1, string: 2, number: 3, word: 4 });

/**
 * The values of a text in the order in which they stand; a value is known by its index. `-1` stands for none.
 * @typedef {object} Tree
 * @property {string} text
 * @property {number[]} kinds
 * @property {number[]} starts  where the value begins
 * @property {number[]} ends  behind its last character; as yet 0 where the text stops within it
 * @property {number[]} keyStarts  where its name begins, with the quote
 * @property {number[]} keyEnds
 * @property {number[]} parents
 * @property {number[]} afters  the index behind the value and all that is in it
 * @property {number[]} counts  how many values stand directly in it
 * @property {Set<number>} doubled  members whose name stands in their object more than once
 */

/** @typedef {{ at: number, line: number, column: number, message: string }} Fault */

const SPACE = /[ \t\n\r]*/y;
// Taken in runs: one pattern for a whole string of escapes would overflow the stack of the expression.
const RUN = /[^"\\\u0000-\u001f]+/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
// What must come next.
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_KEY = 2;
const KEY = 3;
const COMMA_OR_END = 4;
const NOTHING = 5;

export class Reader {
  /** @type {Fault | null} */
  fault = null;
  isDone = false;
  /** The name that has been read and has no value yet, as places in the text. @type {[start: number, end: number] | null} */
  pendingKey = null;
  #at = 0;
  #next = VALUE;
  /** @type {{ index: number, names: Map<string, number> | null }[]} */
  #open = [];

  /** @param {string} text */
  constructor(text) {
    /** @type {Tree} */
    this.tree = {
      text, kinds: [], starts: [], ends: [], keyStarts: [], keyEnds: [], parents: [], afters: [], counts: [],
      doubled: new Set(),
    };
  }

  /** The first character that has not been read. */
  get at() {
    return this.#at;
  }

  /** Reads on until `isEnough` says so, which is asked once in a while. @param {() => boolean} isEnough */
  read(isEnough) {
    for (let steps = 0; !this.isDone; steps += 1) {
      if (steps % 512 === 511 && isEnough()) return;
      this.#at = this.#behind(SPACE);
      if (this.#next === NOTHING) {
        if (this.#at < this.tree.text.length) this.#fail("there is more behind the value");
        this.isDone = true;
      } else this.#step();
    }
  }

  #step() {
    const character = this.tree.text[this.#at];
    const open = this.#open.at(-1);
    switch (this.#next) {
      case COMMA_OR_END:
        if (character === ",") {
          this.#at += 1;
          this.#next = open?.names ? KEY : VALUE;
        } else if (character === (open?.names ? "}" : "]")) this.#close();
        else this.#fail(open?.names ? "a comma or } must stand here" : "a comma or ] must stand here");
        return;
      case FIRST_ITEM:
        if (character === "]") this.#close();
        else this.#value(character);
        return;
      case FIRST_KEY:
        if (character === "}") this.#close();
        else this.#key(character);
        return;
      case KEY:
        this.#key(character);
        return;
      default:
        this.#value(character);
    }
  }

  /** @param {string | undefined} character */
  #key(character) {
    if (character !== '"') return this.#fail("a member's name in quotes must stand here");
    const start = this.#at;
    const end = this.#string();
    if (end < 0) return;
    this.pendingKey = [start, end];
    this.#at = this.#behind(SPACE);
    if (this.tree.text[this.#at] !== ":") return this.#fail("a colon must stand here");
    this.#at += 1;
    this.#next = VALUE;
  }

  /** @param {string | undefined} character */
  #value(character) {
    const start = this.#at;
    if (character === "{" || character === "[") {
      const index = this.#add(character === "{" ? KIND.object : KIND.array, start, 0);
      this.#open.push({ index, names: character === "{" ? new Map() : null });
      this.#at += 1;
      this.#next = character === "{" ? FIRST_KEY : FIRST_ITEM;
      return;
    }
    let kind = /** @type {number} */ (KIND.string);
    let end = character === '"' ? this.#string() : -1;
    if (character === '"' && end < 0) return;
    if (end < 0) [kind, end] = [KIND.number, this.#behind(NUMBER)];
    if (end <= start) [kind, end] = [KIND.word, this.#behind(WORD)];
    if (end <= start) return this.#fail(character === undefined ? "the text ends here" : "a value must stand here");
    this.#add(kind, start, end);
    this.#at = end;
    this.#next = this.#open.length > 0 ? COMMA_OR_END : NOTHING;
  }

  /** @param {number} kind @param {number} start @param {number} end */
  #add(kind, start, end) {
    const { tree } = this;
    const open = this.#open.at(-1);
    const index = tree.kinds.push(kind) - 1;
    tree.starts.push(start);
    tree.ends.push(end);
    tree.keyStarts.push(this.pendingKey?.[0] ?? -1);
    tree.keyEnds.push(this.pendingKey?.[1] ?? -1);
    tree.parents.push(open?.index ?? -1);
    tree.afters.push(index + 1);
    tree.counts.push(0);
    if (open) tree.counts[open.index] = (tree.counts[open.index] ?? 0) + 1;
    if (this.pendingKey && open?.names) {
      const name = textOf(tree.text.slice(...this.pendingKey));
      const earlier = open.names.get(name);
      if (earlier === undefined) open.names.set(name, index);
      else tree.doubled.add(earlier).add(index);
    }
    this.pendingKey = null;
    return index;
  }

  #close() {
    const open = this.#open.pop();
    if (!open) return;
    this.#at += 1;
    this.tree.ends[open.index] = this.#at;
    this.tree.afters[open.index] = this.tree.kinds.length;
    this.#next = this.#open.length > 0 ? COMMA_OR_END : NOTHING;
  }

  /** Reads the string that begins here. @returns {number} the place behind it, or -1 */
  #string() {
    const { text } = this.tree;
    this.#at += 1;
    for (;;) {
      this.#at = this.#behind(RUN);
      const character = text[this.#at];
      if (character === '"') return (this.#at += 1);
      const end = character === "\\" ? this.#behind(ESCAPE) : this.#at;
      if (end === this.#at) {
        this.#fail(character === undefined ? "the text ends within a string" : character === "\\"
          ? "there is no such escape" : "a control character must be escaped");
        return -1;
      }
      this.#at = end;
    }
  }

  /** @param {RegExp} pattern @returns {number} the place behind what it matches here, or this place */
  #behind(pattern) {
    pattern.lastIndex = this.#at;
    return pattern.test(this.tree.text) ? pattern.lastIndex : this.#at;
  }

  /** @param {string} message */
  #fail(message) {
    const before = this.tree.text.slice(0, this.#at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    this.fault = { at: this.#at, line, column: this.#at - lineStart + 1, message };
    this.isDone = true;
    for (const { index } of this.#open) this.tree.afters[index] = this.tree.kinds.length;
  }
}

/** @param {string} text @returns {Reader} that has read all of it, in one go */
export function readAll(text) {
  const reader = new Reader(text);
  reader.read(() => false);
  return reader;
}

/**
 * Reads in slices of some milliseconds, with a pause between them.
 * @param {string} text
 * @param {{ now: () => number, pause: () => Promise<unknown>, signal?: AbortSignal, sliceMs?: number }} clock
 */
export async function readInSlices(text, { now, pause, signal, sliceMs = 12 }) {
  const reader = new Reader(text);
  for (;;) {
    const end = now() + sliceMs;
    reader.read(() => now() >= end);
    if (reader.isDone || signal?.aborted) return reader;
    await pause();
  }
}

/** @param {string} raw a string as it stands in the text, with its quotes @returns {string} what it says */
export function textOf(raw) {
  return raw.includes("\\") ? /** @type {string} */ (JSON.parse(raw)) : raw.slice(1, -1);
}
