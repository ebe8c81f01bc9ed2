/** What those that were tried say of the others: a suggestion by rule. A person decides. */
import { call } from "../../api/call.js";
import { useOnce } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { Status } from "../../parts/words.js";

const KINDS = /** @type {const} */ ({ wait: "waiting", go_on: "good", not_fixed: "bad", progress: "warning", unclear: "idle" });
const WORDS = { wait: "wait", go_on: "go on", not_fixed: "not fixed", progress: "a different error", unclear: "says nothing" };

/** @param {{ judgement: import("../../rules/canary.js").Judgement, queue: string | null }} props */
export function Verdict({ judgement: { verdict, counts, sentence, advice }, queue }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const allWait = counts.waiting === total && total > 0;
  return html`<p class="verdict" role="status">${h(Status, { word: WORDS[verdict], kind: KINDS[verdict] })} <b>${sentence}.</b> ${advice} ${allWait && queue !== null ? h(WhyTheyWait, { queue }) : null}</p>`;
}

/** The sentence of the queue. @param {{ queue: string }} props */
function WhyTheyWait({ queue }) {
  const { data } = useOnce(`explain_queue:${queue}`, async (signal) => (await call("explain_queue", { path: { engine_type: queue }, signal })).data);
  return data === null ? null : html`<span>${data.verdict.message}</span>`;
}
