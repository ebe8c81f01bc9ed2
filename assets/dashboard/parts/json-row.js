/** One line of a JSON tree. */
import { cut, visible } from "../rules/text.js";
import { KIND } from "../rules/json.js";
import { stringInWords } from "../rules/json-words.js";
import { depthOf, isContainer, isOpen, rawKeyOf, rawOf, secretAround } from "../rules/json-rows.js";
import { count } from "../rules/numbers.js";
import { html } from "./html.js";

/** @typedef {import("../rules/json.js").Tree} Tree */

const STRING_MOST = 500;
/** Deeper lines stand no further to the right: there is no room. */
const INDENT_MOST = 24;
const KINDS = ["object", "array", "string", "number", "word"];

/**
 * @param {object} props
 * @param {Tree} props.tree @param {number} props.row as rowsOf gives it @param {string} props.id
 * @param {ReadonlySet<number>} props.toggled @param {boolean} props.isChosen @param {boolean} props.isFound
 * @param {ReadonlySet<number>} props.bare secrets that a person has uncovered
 * @param {(index: number) => void} props.choose @param {(index: number) => void} props.toggle @param {(index: number) => void} props.uncover
 */
export function JsonRow({ tree, row, id, toggled, isChosen, isFound, bare, choose, toggle, uncover }) {
  const index = row >> 1;
  const depth = depthOf(tree, index);
  const indent = Array.from({ length: Math.min(depth, INDENT_MOST) }, (_, place) => html`<span key=${place} class="json-indent"></span>`);
  if (row % 2 === 1) {
    return html`<div class="json-row" role="presentation">${indent}<span class="json-mark"></span>${tree.kinds[index] === KIND.object ? "}" : "]"}</div>`;
  }
  const open = isOpen(tree, index, depth, toggled);
  const canOpen = isContainer(tree, index) && (tree.counts[index] ?? 0) > 0;
  const key = rawKeyOf(tree, index);
  const name = `json-row ${isChosen ? "json-chosen" : ""} ${isFound ? "json-found" : ""}`;
  return html`<div id=${id} class=${name} role="treeitem" aria-level=${depth + 1} aria-selected=${String(isChosen)}
      aria-expanded=${canOpen ? String(open) : undefined} onClick=${() => choose(index)} onDblClick=${() => canOpen && toggle(index)}>
    ${indent}${canOpen
      ? html`<span class="json-mark json-turn" onClick=${(/** @type {Event} */ event) => (event.stopPropagation(), toggle(index))}>${open ? "▾" : "▸"}</span>`
      : html`<span class="json-mark"></span>`}
    ${key === null ? null : html`<span class="json-key">${stringInWords(cut(key, STRING_MOST).head)}</span>: `}
    ${tree.doubled.has(index) ? html`<span class="json-doubled" title="This name stands in its object more than once; programs mostly take the last">doubled</span> ` : null}
    ${value(tree, index, open, bare, uncover)}
  </div>`;
}

/** @param {Tree} tree @param {number} index @param {boolean} open @param {ReadonlySet<number>} bare @param {(index: number) => void} uncover */
function value(tree, index, open, bare, uncover) {
  const kind = tree.kinds[index] ?? KIND.word;
  const size = tree.counts[index] ?? 0;
  if (kind === KIND.object) return open ? "{" : html`<span class="json-folded">{${size === 0 ? "" : ` ${count(size)} ${size === 1 ? "member" : "members"} `}}</span>`;
  if (kind === KIND.array) return open ? "[" : html`<span class="json-folded">[${size === 0 ? "" : ` ${count(size)} ${size === 1 ? "item" : "items"} `}]</span>`;
  const secret = secretAround(tree, index);
  if (secret >= 0 && !bare.has(secret)) {
    return html`<button type="button" class="json-cover" title="Covered against eyes and pictures; whoever may read the event can uncover it"
      tabindex="-1" onClick=${() => uncover(secret)}>••••••</button>`;
  }
  const { head, left } = cut(rawOf(tree, index), STRING_MOST);
  return html`<bdi class=${`json-${KINDS[kind]}`}>${kind === KIND.string ? stringInWords(head) : visible(head)}${left > 0 ? html`… <span class="json-folded">all ${count(head.length + left)} below</span>` : null}</bdi>`;
}
