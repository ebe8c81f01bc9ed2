/** The chosen value of a JSON tree: its path, and what it says in full. */
import { useMemo, useState } from "../vendor/hooks.js";
import { cut, visible } from "../rules/text.js";
import { KIND, readAll, textOf } from "../rules/json.js";
import { isContainer, pathOf, rawOf, secretAround } from "../rules/json-rows.js";
import { count } from "../rules/numbers.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";
import { JsonText } from "./json-text.js";

/** @typedef {import("../rules/json.js").Tree} Tree */

const SHOWN_MOST = 500;

/** @param {{ tree: Tree, index: number, bare: ReadonlySet<number> }} props */
export function JsonDetail({ tree, index, bare }) {
  const [isWhole, setWhole] = useState(false);
  const [inside, setInside] = useState(/** @type {string | null} */ (null));
  const path = useMemo(() => cut(pathOf(tree, index), 2000).head, [tree, index]);
  const raw = useMemo(() => (isContainer(tree, index) ? "" : rawOf(tree, index)), [tree, index]);
  const secret = secretAround(tree, index);
  const isString = tree.kinds[index] === KIND.string;
  const isCovered = secret >= 0 && !bare.has(secret);
  const { head, left } = cut(isString && !isCovered ? textOf(raw) : "", SHOWN_MOST);
  const isLong = left > 0 || head.includes("\n");
  return html`<div class="json-detail">
    <span class="json-path">${path === "" ? "the whole value" : html`<bdi>${visible(path)}</bdi>`}</span>
    ${path === "" ? null : h(Copy, { text: path, label: "copy path" })}
    ${h(Copy, { text: () => copied(tree, index), label: "copy value" })}
    ${isString && !isCovered ? h(Button, { kind: "quiet", isPressed: inside !== null, onClick: () => setInside(inside === null ? within(textOf(raw)) : null), children: "look inside" }) : null}
    ${left > 0 ? h(Button, { kind: "quiet", isPressed: isWhole, onClick: () => setWhole(!isWhole), children: `all ${count(head.length + left)}` }) : null}
    ${inside !== null ? h(JsonText, { text: inside, label: "What is inside the text" })
      : isLong ? h(JsonText, { text: isWhole ? textOf(raw) : head + (left > 0 ? "…" : ""), label: "The text in full" }) : null}
  </div>`;
}

/** @param {Tree} tree @param {number} index what a program would want: a string as it reads, all else as it stands */
function copied(tree, index) {
  const raw = rawOf(tree, index);
  return tree.kinds[index] === KIND.string ? textOf(raw) : raw;
}

/** What a string holds that is JSON, or Base64 of text. @param {string} text */
function within(text) {
  if (/^\s*[[{"]/.test(text) && readAll(text).fault === null) return text;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "This is neither JSON nor Base64 of text.";
  }
}
