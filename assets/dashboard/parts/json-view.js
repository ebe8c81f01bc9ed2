/** JSON to be read: as a tree, or as the text that it is. */
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { readAll, readInSlices } from "../rules/json.js";
import { coveredText } from "../rules/json-rows.js";
import { bytes } from "../rules/numbers.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { saveAs } from "./download.js";
import { h, html } from "./html.js";
import { JsonText, PIECE } from "./json-text.js";
import { JsonTree } from "./json-tree.js";

/** @typedef {import("../rules/json.js").Reader} Reader */

/** What is longer opens on request. */
const OPEN_MOST = 256 * 1024;

/**
 * @param {object} props
 * @param {string} props.name what it is: payload, result, …
 * @param {string} props.text as it was stored
 * @param {string} props.file name of the download, without its ending
 */
export function JsonView({ name, text, file }) {
  const [isWanted, setWanted] = useState(false);
  const [isRaw, setRaw] = useState(false);
  const [wraps, setWraps] = useState(false);
  const isLong = text.length > OPEN_MOST;
  const isShut = isLong && !isWanted;
  const reader = useReader(isShut ? "" : text);
  const head = useMemo(() => (isShut ? coveredText(readAll(text.slice(0, PIECE))) : ""), [isShut, text]);
  const tools = html`<div class="json-tools">
    ${isShut ? h(Button, { onClick: () => setWanted(true), children: "Open all" }) : null}
    ${isShut ? null : h(Button, { kind: "quiet", isPressed: isRaw, onClick: () => setRaw(!isRaw), children: "raw" })}
    ${isShut || isRaw ? null : h(Button, { kind: "quiet", isPressed: wraps, onClick: () => setWraps(!wraps), children: "wrap" })}
    ${h(Copy, { text, label: "copy all" })}
    ${h(Button, { kind: "quiet", onClick: () => saveAs(`${file}.json`, text), children: "download" })}
  </div>`;
  if (isShut) {
    return html`<div class="json">${tools}
      <p class="json-note">${bytes(text.length)}: the first ${bytes(PIECE)} are shown.</p>
      ${h(JsonText, { text: head, label: `Beginning of the ${name}` })}</div>`;
  }
  if (reader === null) return html`<div class="json">${tools}<p class="json-note">Reading ${bytes(text.length)} …</p></div>`;
  if (reader.fault || isRaw) {
    return html`<div class="json">${tools}${reader.fault ? h(Fault, { reader }) : null}
      ${h(RawText, { reader, name })}</div>`;
  }
  return html`<div class="json">${h(JsonTree, { tree: reader.tree, name, wraps, children: tools })}</div>`;
}

/** @param {{ reader: Reader }} props */
function Fault({ reader: { fault } }) {
  if (!fault) return null;
  return html`<p class="json-note">This is no JSON: ${fault.message}, in line ${fault.line}, column ${fault.column}.</p>`;
}

/** @param {{ reader: Reader, name: string }} props */
function RawText({ reader, name }) {
  const [isBare, setBare] = useState(false);
  const covered = useMemo(() => coveredText(reader), [reader]);
  const { text } = reader.tree;
  const isSame = covered.length === text.length && covered === text;
  return html`<div>${isSame ? null : h(Button, { kind: "quiet", isPressed: isBare, onClick: () => setBare(!isBare), children: "show secrets" })}
    ${h(JsonText, { text: isBare ? text : covered, label: `Text of the ${name}` })}</div>`;
}

/** @param {string} text @returns {Reader | null} null: it is being read, with pauses */
function useReader(text) {
  const [read, setRead] = useState(/** @type {Reader | null} */ (null));
  const now = useMemo(() => (text.length <= PIECE ? readAll(text) : null), [text]);
  useEffect(() => {
    if (now) return undefined;
    const ended = new AbortController();
    const pause = () => new Promise((resolve) => setTimeout(resolve));
    void readInSlices(text, { now: () => performance.now(), pause, signal: ended.signal }).then((reader) => {
      if (!ended.signal.aborted) setRead(reader);
    });
    return () => ended.abort();
  }, [text, now]);
  return now ?? (read?.tree.text === text ? read : null);
}
