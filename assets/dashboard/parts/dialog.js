/** A question before something is done: what will happen, to what, and how the same is done elsewhere. */
import { signal } from "../vendor/signals.js";
import { useEffect, useId, useRef, useState } from "../vendor/hooks.js";
import { dialogsOpen } from "../state/live.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";

/** @typedef {import("./html.js").Children} Children */
/**
 * @typedef {object} Question
 * @property {string} title
 * @property {Children} [sentence] what it will do, and to how many
 * @property {readonly (readonly [string, Children])[]} [facts]
 * @property {() => Children} [form] is drawn anew when signals that it reads change
 * @property {() => string | null} [why] why it cannot be done as the form stands
 * @property {string} verb on the button
 * @property {boolean} [isDanger]
 * @property {string} [typed] has to be typed: for what is heavy and cannot be taken back
 * @property {() => string} [cli] the same as a line of the command line
 * @property {() => string} [curl]
 * @property {string} [wayOut] on the other button
 */

/** @type {import("../vendor/signals.js").Signal<readonly { number: number, question: Question, answer: (isYes: boolean) => void }[]>} */
const open = signal([]);
let last = 0;
/** What is longer is copied whole, and shown in part. */
const LINE_MOST = 2000;

/** @param {Question} question @returns {Promise<boolean>} */
export function ask(question) {
  return new Promise((resolve) => {
    const number = ++last;
    /** @param {boolean} isYes */
    const answer = (isYes) => {
      open.value = open.value.filter((each) => each.number !== number);
      resolve(isYes);
    };
    open.value = [...open.value, { number, question, answer }];
  });
}

export function Dialogs() {
  return html`<div>${open.value.map(({ number, question, answer }) =>
    h(Frame, { key: number, question, answer }),
  )}</div>`;
}

/** @param {{ question: Question, answer: (isYes: boolean) => void }} props */
function Frame({ question, answer }) {
  const { title, sentence, facts = [], form, why, verb, isDanger = false, typed, cli, curl, wayOut = "Leave it" } = question;
  const [text, setText] = useState("");
  const fault = why?.() ?? (typed !== undefined && text.trim() !== typed ? `Type ${typed} first` : null);
  const submit = () => {
    if (fault === null) answer(true);
  };
  return h(Modal, { title, onClose: () => answer(false), onSubmit: submit, children: html`
    ${sentence ? html`<p>${sentence}</p>` : null}
    ${facts.length > 0 ? html`<dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>` : null}
    ${form?.()}
    ${typed === undefined ? null : html`<label class="field">Type <b>${typed}</b> to go on
      <input value=${text} autocomplete="off" onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} /></label>`}
    ${h(SameElsewhere, { cli, curl })}
    <footer>
      ${h(Button, { onClick: () => answer(false), children: wayOut })}
      ${h(Button, { kind: isDanger ? "danger" : "main", why: fault, onClick: submit, children: verb })}
    </footer>` });
}

/** Lines for a terminal, made when they are opened: a payload may be in them. @param {Pick<Question, "cli" | "curl">} props */
function SameElsewhere({ cli, curl }) {
  const [isOpen, setOpen] = useState(false);
  const shown = cli ?? curl;
  if (!shown) return null;
  const text = isOpen ? shown() : "";
  return html`<details class="same-elsewhere" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary>The same from a terminal</summary>
    <pre>${text.length > LINE_MOST ? `${text.slice(0, LINE_MOST)}…` : text}</pre>
    ${cli ? h(Copy, { text: cli, label: "copy as CLI" }) : null}${curl ? h(Copy, { text: curl, label: "copy as curl" }) : null}</details>`;
}

/** @param {{ title: string, onClose: (() => void) | null, onSubmit?: () => void, children: Children }} props null: it stays */
export function Modal({ title, onClose, onSubmit, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialogsOpen.value += 1;
    return () => {
      dialogsOpen.value -= 1;
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  /** @param {Event} event */
  const cancel = (event) => {
    event.preventDefault();
    onClose?.();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    onSubmit?.();
  };
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby=${id} onCancel=${cancel}>
    <form onSubmit=${submit}><h2 id=${id}>${title}</h2>${children}</form></dialog>`;
}
