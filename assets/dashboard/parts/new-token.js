/** Making a token. It is shown once, and is nowhere else: not in the address, the storage, the notices or the lines to copy. */
import { signal } from "../vendor/signals.js";
import { EMPTY, ENDS, MOST_NAME, bodyOf, faultOf, limitOf, newQueuesInWords, sameNameInWords } from "../rules/new-token.js";
import { ROLES, deedsOf } from "../rules/tokens.js";
import { visible } from "../rules/text.js";
import { act } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { Copy } from "./copy.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";

/** @typedef {import("../rules/new-token.js").Filled} Filled */

/** @param {Partial<Filled>} given of the token whose place it takes @param {readonly import("../rules/tokens.js").Token[]} tokens those that are known @returns {Promise<void>} */
export async function newToken(given, tokens) {
  /** @type {import("../vendor/signals.js").Signal<Filled>} */
  const filled = signal({ ...EMPTY, ...given });
  const request = () => ({ body: bodyOf(filled.value) });
  const question = {
    title: given.name === undefined ? "Make a token" : `Make another token of ${visible(given.name)}`,
    form: () => html`${h(Fields, { filled, tokens })}`,
    why: () => faultOf(filled.value),
    verb: "Make it",
    cli: () => asCli("create_token", request()),
    curl: () => asCurl("create_token", request()),
  };
  let made = null;
  // What was filled in stays while the server refuses it.
  while (made === null) {
    if (!(await ask(question))) return;
    made = await act("create_token", request(), { done: ({ name, role }) => `The ${role} token ${visible(name)} is made.` });
  }
  await showOnce(made.name, made.token);
}

/** @param {{ filled: import("../vendor/signals.js").Signal<Filled>, tokens: readonly import("../rules/tokens.js").Token[] }} props */
function Fields({ filled, tokens }) {
  const { name, role, types, engine, seconds } = filled.value;
  /** @param {Partial<Filled>} change */
  const set = (change) => {
    filled.value = { ...filled.value, ...change };
  };
  const limit = limitOf(role);
  const sameName = sameNameInWords(filled.value, tokens);
  const newQueues = newQueuesInWords(filled.value, tokens);
  return html`<div>
    <label class="field">Name <input value=${name} maxlength=${MOST_NAME} autocomplete="off" spellcheck=${false} placeholder="the person or program that shows it" autofocus
      onInput=${(/** @type {any} */ event) => set({ name: event.currentTarget.value })} /></label>
    ${sameName === null ? null : html`<p class="note" role="status">${sameName}</p>`}
    <label class="field">Role <select value=${role} onChange=${(/** @type {any} */ event) => set({ role: event.currentTarget.value })}>
      ${role === "" ? html`<option value="" selected>choose one</option>` : null}
      ${ROLES.map(([each]) => html`<option key=${each} value=${each} selected=${each === role}>${each}</option>`)}</select></label>
    ${role === "" ? null : h(RoleWords, { role })}
    ${role === "engine" ? html`<label class="field">Id of the engine <input value=${engine} autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ event) => set({ engine: event.currentTarget.value })} /></label>` : null}
    ${limit === "never" ? null : html`<label class="field">Limited to the queues <input value=${types} autocomplete="off" spellcheck=${false} placeholder=${limit === "always" ? "dialogue, vision" : "all, or: dialogue, vision"}
      onInput=${(/** @type {any} */ event) => set({ types: event.currentTarget.value })} /></label>`}
    ${newQueues === null ? null : html`<p class="note" role="status">${newQueues}</p>`}
    ${seconds === null ? null : html`<label class="field">It ends <select onChange=${(/** @type {any} */ event) => set({ seconds: ENDS[event.currentTarget.selectedIndex]?.[0] ?? null })}>
      ${ENDS.map(([each, words]) => html`<option key=${words} selected=${each === seconds}>${words}</option>`)}</select></label>`}
    <label><input type="checkbox" checked=${seconds === null} onChange=${(/** @type {any} */ event) => set({ seconds: event.currentTarget.checked ? null : EMPTY.seconds })} /> It does not end until it is revoked</label></div>`;
}

/** @param {{ role: string }} props */
function RoleWords({ role }) {
  const deeds = deedsOf(role);
  return html`<p class="note">${ROLES.find(([each]) => each === role)?.[1]}</p>
    ${deeds.reads.length === 0 ? null : html`<details><summary>All that it may do</summary><p class="note">Changes: ${deeds.changes.join(", ")}.</p><p class="note">Reads: ${deeds.reads.join(", ")}.</p></details>`}`;
}

/** The secret lives as long as the dialog. @param {string} name @param {string} secret */
async function showOnce(name, secret) {
  const stay = (/** @type {Event} */ event) => event.preventDefault();
  const example = () => `read -rs EVENTLEASE_TOKEN && export EVENTLEASE_TOKEN # paste it, then press Enter\n${asCurl("read_session", {})}`;
  const shown = {
    title: `The token of ${visible(name)}, shown this once`,
    sentence: "Copy it to where it belongs now. The server keeps only a hash of it: nobody can show it again.",
    form: () => html`<div class="same-elsewhere"><pre tabindex="0" aria-label="The token">${secret}</pre><p>${h(Copy, { text: secret, label: "copy the token" })}</p>
      <p>To try it in a terminal, without the token in the shell's history:</p><pre>${example()}</pre><p>${h(Copy, { text: example, label: "copy the example" })}</p></div>`,
    verb: "I have kept it",
    wayOut: "Close",
  };
  const leaving = {
    title: "Close without having kept it?",
    sentence: "The token stays good, and nobody has it. Revoke it in the list if it is not kept, and make another.",
    verb: "Close it",
    isDanger: true,
    wayOut: "Back to the token",
  };
  addEventListener("beforeunload", stay);
  try {
    while (!(await ask(shown)) && !(await ask(leaving)));
  } finally {
    removeEventListener("beforeunload", stay);
  }
}
