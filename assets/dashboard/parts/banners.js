/** What holds for the whole page, said above every screen. */
import { clockOffsetSeconds } from "../api/call.js";
import { count } from "../rules/numbers.js";
import { atOf, lasts } from "../rules/times.js";
import { isOffline, tick } from "../state/live.js";
import { look, nextLookAt, unreachableSince } from "../state/reach.js";
import { useOverview } from "../state/overview.js";
import { needsSignIn, isNewerServed, session } from "../state/session.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { zoneNow } from "./time.js";

const CLOCK_MAY_DIFFER_SECONDS = 5;
const ENDS_SOON_SECONDS = 600;

export function Banners() {
  const said = [...own(), ...ofServer(useOverview())];
  return said.length === 0 ? null : html`<div class="banners">${said.map(({ text, more, action, isQuiet }) => html`<div key=${text} class=${isQuiet ? "banner banner-quiet" : "banner"} role=${isQuiet ? undefined : "status"}>${text} ${more ? html`<span aria-hidden="true">${more} </span>` : null}${action}</div>`)}</div>`;
}

/** @typedef {{ text: string, more?: string, isQuiet?: boolean, action?: import("./html.js").Children }} Banner */

function own() {
  /** @type {Banner[]} */
  const said = [];
  const it = session.value;
  if (isOffline.value) said.push({ text: "This machine is offline. What is shown is what was known before." });
  else if (unreachableSince.value !== null) said.push(unreachable(unreachableSince.value));
  if (it && !it.server.auth) said.push({ text: "The server asks for no token: anyone who reaches this address can change things.", isQuiet: true });
  if (it?.engine_types) said.push({ text: `You see ${it.engine_types.length === 1 ? "one queue" : `${count(it.engine_types.length)} queues`} alone: the token is limited to ${it.engine_types.join(", ")}.`, isQuiet: true });
  const left = it?.expires_at ? (Date.parse(it.expires_at) - tick.value) / 1000 : Infinity;
  if (left < ENDS_SOON_SECONDS && it?.is_session) {
    const again = () => {
      needsSignIn.value = true;
    };
    said.push({ text: left > 0 ? `Your session ends in ${lasts(Math.ceil(left / 60) * 60)}.` : "Your session has ended.", action: h(Button, { onClick: again, children: "Sign in again" }) });
  }
  if (isNewerServed.value) {
    said.push({ text: "A newer version of this page is served.", action: h(Button, { onClick: () => location.reload(), children: "Reload" }) });
  }
  const offset = clockOffsetSeconds();
  if (Math.abs(offset) > CLOCK_MAY_DIFFER_SECONDS) {
    said.push({ text: `This machine's clock is ${lasts(Math.abs(offset))} ${offset > 0 ? "slow" : "fast"}; times here go by the server's.`, isQuiet: true });
  }
  return said;
}

/** @param {number} since @returns {Banner} */
function unreachable(since) {
  const left = nextLookAt.value === null ? 0 : (nextLookAt.value - tick.value) / 1000;
  return {
    text: `The server cannot be reached since ${atOf(since, zoneNow())}. What is shown is what was known before.`,
    more: `Next try ${left < 1 ? "now" : `in ${lasts(left)}`}.`,
    action: h(Button, { onClick: look, children: "Try now" }),
  };
}

/** @param {import("../state/poll.js").Poll<any>} overview @returns {Banner[]} */
function ofServer({ error }) {
  if (error === null || error.status < 500) return [];
  return [{ text: `The server has trouble: ${error.message.replace(/[.\s]*$/, ".")} What is shown is what was known before.` }];
}
