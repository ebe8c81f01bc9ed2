/** Enqueuing an event by hand: from nothing, or as a copy of another one. */
import { editable } from "../rules/json-lines.js";
import { bodyOf, draftOf, keyOf, whyNot } from "../rules/new-event.js";
import { withPayload } from "../rules/curl.js";
import { call, callForText } from "../api/call.js";
import { computed, signal } from "../vendor/signals.js";
import { refreshAll } from "../state/poll.js";
import { session, untilSignedIn } from "../state/session.js";
import { said } from "./act.js";
import { asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { EnqueueForm } from "./enqueue-form.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { tell } from "./notices.js";

/** @typedef {import("../api/call.js").CallError} CallError */
/** @typedef {import("../rules/new-event.js").Draft} Draft */

const newKey = () => keyOf(crypto.getRandomValues(new Uint8Array(16)));

/** @param {string} engineType @param {boolean} isPaused */
export function enqueueInto(engineType, isPaused) {
  const sentence = isPaused ? "The queue is paused: the event waits until it is resumed." : "An engine may have it a moment later. Until then it can be cancelled.";
  return enqueue(engineType, { title: `Enqueue an event for ${engineType}`, sentence, draft: draftOf({ key: newKey() }) });
}

/** @param {Pick<import("../rules/event-words.js").Event, "event_id" | "engine_type" | "event_type" | "priority">} event */
export async function enqueueCopy({ event_id, engine_type, event_type, priority }) {
  let payload;
  try {
    payload = (await callForText("read_event_payload", { path: { event_id } })).data;
  } catch (error) {
    tell(said(/** @type {CallError} */ (error)), { isBad: true });
    return;
  }
  await enqueue(engine_type, {
    title: "Enqueue a copy",
    sentence: html`A new event is made, and <span class="id">${short(event_id)}</span> stays as it is; nothing links the two. The copy has the payload, the type and the priority below.
      It is in no run, has no unique key and none of the event's own retry settings: those of its queue hold.`,
    draft: draftOf({ eventType: event_type, payload: editable(payload), priority, key: newKey() }),
  });
}

/**
 * Asks until it is taken in, or the person leaves it: what was typed is kept after a refusal, and so is the key.
 * @param {string} engineType
 * @param {{ title: string, sentence: import("./html.js").Children, draft: Draft }} of
 */
async function enqueue(engineType, { title, sentence, draft: first }) {
  const draft = signal(first);
  const limits = () => session.value?.server.limits;
  const fault = computed(() => whyNot(draft.value, limits()));
  const curl = () => asCurl("enqueue_event", { body: bodyOf(engineType, draft.value), payload: draft.value.payload });
  for (let news = ""; ; ) {
    const isWanted = await ask({
      title,
      sentence,
      form: () => h(EnqueueForm, { engineType, draft, limits: limits(), news, onNewKey: () => { draft.value = { ...draft.value, key: newKey() }; } }),
      why: () => fault.value,
      verb: "Enqueue",
      curl,
    });
    if (!isWanted) return;
    try {
      const { data } = await call("enqueue_event", { text: withPayload(bodyOf(engineType, draft.value), draft.value.payload) });
      tell(data.outcome === "duplicate" ? `${short(data.event_id)} is in the queue since the first try: nothing was enqueued twice.` : `${short(data.event_id)} is enqueued.${noticeOf(data)}`, {
        to: { screen: "events", id: data.event_id },
      });
      refreshAll();
      return;
    } catch (error) {
      const failure = /** @type {CallError} */ (error);
      news = failure.kind === "offline"
        ? `${failure.message} Whether the event was taken in is not known. Enqueue it again as it is: the key keeps it from being taken in twice.`
        : said(failure);
      await untilSignedIn();
    }
  }
}

/** What the server thinks a producer may want to know. @param {import("../api/call.js").Data<"enqueue_event">} data */
function noticeOf(data) {
  return "notice" in data && data.notice ? ` ${data.notice.detail}` : "";
}
