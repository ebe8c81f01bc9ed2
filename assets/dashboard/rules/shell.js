/** Texts as words of a command that somebody copies into a shell: what strangers named must not act there. */

const PLAIN = /^[A-Za-z0-9._+:/,-]+$/;
// Control characters but for the end of a line, and those that change the direction of the text: they would hide what is pasted.
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;
const ESCAPED = new RegExp(`${HIDDEN.source}|\\n`, "g");

/** @param {string} text @returns {string} as it is, or quoted */
export function shellWord(text) {
  if (PLAIN.test(text)) return text;
  if (!HIDDEN.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replace(ESCAPED, escapeOf);
  return `$'${escaped}'`;
}

/** @param {string} hidden */
function escapeOf(hidden) {
  const code = hidden.charCodeAt(0).toString(16);
  return hidden < "\u0080" ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
}

/** A line of the program `eventlease`, put together word by word. */
export class CommandLine {
  /** @param {string} words the commands, such as `queues set` */
  constructor(words) {
    /** @private */
    this.text = `eventlease ${words}`;
    /** @type {string[]} @private what stands behind all flags, as it would be taken for a flag or a command */
    this.last = [];
  }

  /** @param {unknown} subject a name or an id; nothing where it is left out @param {readonly string[]} [commands] that it may not be taken for */
  about(subject, commands = []) {
    if (subject === null || subject === undefined) return this;
    const word = String(subject);
    if (word.startsWith("-") || commands.includes(word)) this.last.push(shellWord(word));
    else this.text += ` ${shellWord(word)}`;
    return this;
  }

  /** @param {string} name such as `--limit` @param {unknown} value nothing where it is left out */
  flag(name, value) {
    if (value === null || value === undefined) return this;
    const word = typeof value === "object" ? JSON.stringify(value) : String(value);
    this.text += ` ${name}${word.startsWith("-") ? "=" : " "}${shellWord(word)}`;
    return this;
  }

  /** @param {string} name @param {unknown} isOn */
  switch(name, isOn) {
    if (isOn) this.text += ` ${name}`;
    return this;
  }

  toString() {
    return this.last.length > 0 ? `${this.text} -- ${this.last.join(" ")}` : this.text;
  }
}
