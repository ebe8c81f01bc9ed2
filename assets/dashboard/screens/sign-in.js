/** Signing in: the token is sent once, and a session begins that scripts cannot read. */
import { signal } from "../vendor/signals.js";
import { lasts } from "../rules/times.js";
import { tick } from "../state/live.js";
import { refreshAll } from "../state/poll.js";
import { session, signIn } from "../state/session.js";
import { Button } from "../parts/button.js";
import { Modal } from "../parts/dialog.js";
import { h, html } from "../parts/html.js";
import { said as failureInWords } from "../parts/act.js";

const token = signal("");
const said = signal("");
const waitsUntil = signal(0);

/** Over the page, if one was signed in before: what was typed and chosen there stays. */
export function SignIn() {
  return h(Modal, { title: session.value === null ? "Sign in to EventLease" : "Your session has ended: sign in again", onClose: null, onSubmit: submit, children: h(Form, null) });
}

function Form() {
  const left = (waitsUntil.value - tick.value) / 1000;
  const isReadable = location.protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(location.hostname);
  /** @param {any} event */
  const type = (event) => {
    token.value = event.currentTarget.value;
  };
  return html`<p>Paste a token of the role operator, or of the role reader to look only. It is sent once and not kept: a session of at most 12 hours begins, which ends with the token.</p>
    ${isReadable ? html`<p class="banner">The connection is not encrypted: who listens on the way can read the token.</p>` : null}
    <label class="field">Token<input type="password" autocomplete="current-password" value=${token.value} onInput=${type} aria-describedby="sign-in-said" autofocus /></label>
    <p id="sign-in-said" class="field-fault" role="alert">${left > 0 ? `Too many wrong tokens came from this address. Try again in ${lasts(Math.ceil(left))}.` : said.value}</p>
    <details><summary>I have no token</summary><p>Who runs this server makes one:</p><pre>eventlease token create --role operator --name YOUR-NAME</pre></details>
    <footer>${h(Button, { kind: "main", onClick: submit, why: left > 0 ? "wait" : token.value.trim() === "" ? "paste a token first" : null, children: "Sign in" })}</footer>`;
}

async function submit() {
  if (token.value.trim() === "" || waitsUntil.value > Date.now()) return;
  said.value = "";
  try {
    const isKept = await signIn(withoutScheme(token.value));
    token.value = "";
    if (isKept) refreshAll(true);
    else said.value = "The token is right, but the browser has not kept the session's cookie. A proxy that changes the path of cookies does this: it must leave Set-Cookie as it is.";
  } catch (error) {
    const failure = /** @type {import("../api/call.js").CallError} */ (error);
    if (failure.retryAfterSeconds !== null && failure.status === 429) waitsUntil.value = Date.now() + failure.retryAfterSeconds * 1000;
    else said.value = wordsOf(failure);
  }
}

/** As it stands in scripts: `Bearer el_…`. @param {string} text */
function withoutScheme(text) {
  return text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, "");
}

/** @param {import("../api/call.js").CallError} failure */
function wordsOf(failure) {
  if (failure.status === 403) return "Tokens of this role cannot sign in: they are for engines and for programs that enqueue.";
  if (failure.status !== 401) return failureInWords(failure);
  return withoutScheme(token.value).startsWith("el_")
    ? "The server does not know this token, or it has ended."
    : "This is no token: one begins with el_.";
}
