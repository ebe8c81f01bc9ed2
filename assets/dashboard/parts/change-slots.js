/** Changing how many events an engine may hold at a time, with a way back. */
import { call } from "../api/call.js";
import { slotsOf } from "../rules/engine-words.js";
import { readSlots, slotsEffect, slotsInWords, slotsMeanwhile, slotsPatch } from "../rules/slots-change.js";
import { signal } from "../vendor/signals.js";
import { act } from "./act.js";
import { asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { html } from "./html.js";
import { short } from "./id.js";
import { undoOf } from "./undo.js";

/** @param {import("../rules/engine-words.js").Engine} engine */
export async function changeSlots(engine) {
  const before = slotsOf(engine);
  const path = { engine_id: engine.engine_id };
  const name = `Engine ${short(engine.engine_id)}`;
  const text = signal(before === null ? "" : String(before));
  const typed = () => readSlots(text.value);
  const slots = () => {
    const read = typed();
    return "slots" in read ? read.slots : before;
  };
  const why = () => {
    const read = typed();
    return "fault" in read ? read.fault : read.slots === before ? "Nothing is changed yet" : null;
  };
  const isWanted = await ask({
    title: "Change the slots of this engine?",
    sentence: "An engine is given no more events at a time than it has slots. When it registers again, what it registers with replaces this.",
    form: () => html`<label class="field">Slots <input name="slots" inputmode="numeric" value=${text.value} autocomplete="off" autofocus placeholder="no limit"
        onInput=${(/** @type {any} */ event) => { text.value = event.currentTarget.value; }} /></label>
      ${why() === null ? html`<p role="status">${slotsEffect(engine, slots())}</p>` : null}`,
    why,
    verb: "Change the slots",
    curl: () => asCurl("change_engine", { path, body: slotsPatch(slots()) }),
  });
  if (!isWanted) return;
  const mine = slots();
  await act("change_engine", { path, body: slotsPatch(mine) }, {
    done: `${name} has ${slotsInWords(mine)} now, instead of ${slotsInWords(before)}.`,
    undo: undoOf({
      look: async () => slotsMeanwhile(before, mine, (await call("read_engine", { path })).data),
      run: () => act("change_engine", { path, body: slotsPatch(before) }, { done: `${name} has ${slotsInWords(before)} again.` }),
      already: `${name} has ${slotsInWords(before)} already.`,
    }),
  });
}
