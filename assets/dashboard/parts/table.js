/** Rows that keep their places while a person points at them, chooses some or reads with the keyboard. */
import { useRef, useState } from "../vendor/hooks.js";
import { arrange } from "../rules/rows.js";
import { countOf, isChosen, nothing, toggled, withAll, withRange } from "../rules/choice.js";
import { dialogsOpen } from "../state/live.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { Link } from "./link.js";
import { useWindow } from "./window.js";

/** @typedef {import("./html.js").Children} Children */
/** @typedef {import("../rules/choice.js").Choice} Choice */
/** @typedef {{ verb: string, run: () => unknown, isDanger?: boolean, operation?: import("../api/call.js").OperationId, why?: string | null, isPressed?: boolean }} Action isPressed: of a switch */

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {(row: T) => Children} cell
 * @property {"right"} [align] of numbers
 * @property {"wide" | "narrow"} [width]
 * @property {"head" | "hide"} [phone] on a phone, rows are cards: this is the card's heading, or is left out
 * @property {"ascending" | "descending"} [sorted]
 * @property {() => void} [sort]
 */

/**
 * @template T
 * @typedef {object} TableProps
 * @property {string} name for screen readers
 * @property {readonly T[]} rows
 * @property {(row: T) => string} keyOf
 * @property {readonly Column<T>[]} columns
 * @property {(row: T) => import("../state/place.js").Goal} [to] where the first column leads
 * @property {(row: T) => readonly Action[]} [actions]
 * @property {import("../vendor/signals.js").Signal<Choice>} [choice]
 * @property {(() => Promise<unknown>) | null} [more] loads what comes after these rows
 * @property {string} [pulse] another value takes new rows in at once: what the rows were asked by
 */

/** What a row is, `h` does not pass on: `cell` and the others say it. @param {TableProps<any>} props */
export function Table(props) {
  const { name, rows, keyOf, columns, actions, choice, more } = props;
  const [isPointedAt, setPointedAt] = useState(false);
  const kept = useRef({ shown: /** @type {readonly import("../rules/rows.js").Shown<any>[]} */ ([]), pulse: props.pulse });
  const isNew = kept.current.pulse !== props.pulse;
  const isFrozen = !isNew && kept.current.shown.length > 0 && (isPointedAt || dialogsOpen.value > 0 || (choice !== undefined && countOf(choice.value) !== 0));
  const { shown, added, gone } = arrange(kept.current.shown, rows, keyOf, isFrozen);
  kept.current = { shown, pulse: props.pulse };
  const [, drawAgain] = useState(0);
  const takeIn = () => {
    kept.current.shown = [];
    drawAgain((count) => count + 1);
  };
  const { body, from, to, rowHeight } = useWindow(shown.length);
  const lastChosen = useRef(/** @type {string | null} */ (null));
  /** @param {string} key @param {boolean} isRange */
  const choose = (key, isRange) => {
    if (!choice) return;
    const keys = shown.filter((each) => !each.isGone).map((each) => each.key);
    choice.value = isRange && lastChosen.current ? withRange(choice.value, keys, lastChosen.current, key) : toggled(choice.value, key);
    lastChosen.current = key;
  };
  /** @param {FocusEvent} event */
  const leave = (event) => {
    if (!(event.relatedTarget instanceof Node) || !(/** @type {Node} */ (event.currentTarget).contains(event.relatedTarget))) setPointedAt(false);
  };
  const width = columns.length + (choice ? 1 : 0) + (actions ? 1 : 0);
  return html`<div class="table-frame" data-table onMouseEnter=${() => setPointedAt(true)} onMouseLeave=${() => setPointedAt(false)}
      onFocusIn=${() => setPointedAt(true)} onFocusOut=${leave}>
    ${added + gone > 0 ? html`<div class="table-news">${h(Button, { onClick: takeIn, children: `${news(added, gone)} – show (r)` })}</div>` : null}
    <table class="table" aria-label=${name} aria-rowcount=${shown.length + 1}>
      <thead><tr>
        ${choice ? html`<th class="table-choose">${h(ChooseAll, { choice, keys: shown.filter((each) => !each.isGone).map((each) => each.key) })}</th>` : null}
        ${columns.map((column) => h(Head, { key: column.name, column }))}
        ${actions ? html`<th class="table-actions"><span class="hidden">Actions</span></th>` : null}
      </tr></thead>
      <tbody ref=${body}>
        ${from > 0 ? h(Gap, { rows: from, width, rowHeight }) : null}
        ${shown.slice(from, to).map(({ key, row, isGone }) => h(Row, { key, row, id: key, isGone, table: props, isChosen: choice ? isChosen(choice.value, key) : false, choose }))}
        ${to < shown.length ? h(Gap, { rows: shown.length - to, width, rowHeight }) : null}
      </tbody>
    </table>
    ${more ? html`<div class="table-more">${h(Button, { onClick: more, children: "Load more" })}</div>` : null}
  </div>`;
}

/** @param {number} added @param {number} gone */
function news(added, gone) {
  return [added > 0 ? `${added} new` : "", gone > 0 ? `${gone} gone` : ""].filter(Boolean).join(", ");
}

/** @param {{ column: Column<any> }} props */
function Head({ column: { title, align, width, sort, sorted } }) {
  const name = [align === "right" ? "table-right" : "", width ? `table-${width}` : ""].join(" ").trim();
  const mark = sorted === "ascending" ? " ↑" : sorted === "descending" ? " ↓" : "";
  return html`<th scope="col" class=${name} aria-sort=${sorted}>${sort ? html`<button type="button" class="table-sort" onClick=${sort}>${title}${mark}</button>` : title}</th>`;
}

/** Room for rows that are not in the document. @param {{ rows: number, width: number, rowHeight: number }} props */
function Gap({ rows, width, rowHeight }) {
  /** @param {HTMLElement | null} row */
  const high = (row) => row?.style.setProperty("height", `${rows * rowHeight}px`);
  return html`<tr aria-hidden="true" ref=${high}><td colspan=${width}></td></tr>`;
}

/** @param {{ choice: import("../vendor/signals.js").Signal<Choice>, keys: string[] }} props */
function ChooseAll({ choice, keys }) {
  const chosen = new Set(choice.value.ids);
  const isAll = keys.length > 0 && (choice.value.filter !== null || keys.every((key) => chosen.has(key)));
  const turn = () => {
    choice.value = isAll ? nothing : withAll(choice.value, keys);
  };
  return html`<input type="checkbox" aria-label="Choose all rows that are loaded" checked=${isAll} onChange=${turn} />`;
}

/** @param {{ row: any, id: string, isGone: boolean, isChosen: boolean, table: TableProps<any>, choose: (key: string, isRange: boolean) => void }} props */
function Row({ row, id, isGone, isChosen: isOn, table: { columns, to, actions, choice }, choose }) {
  const title = isGone ? "It is not in this list any more" : undefined;
  return html`<tr class=${`table-row ${isGone ? "table-gone" : ""} ${isOn ? "table-chosen" : ""}`} data-key=${id} title=${title}>
    ${choice ? html`<td class="table-choose"><label><input type="checkbox" aria-label=${`Choose ${id}`} checked=${isOn} disabled=${isGone}
      onClick=${(/** @type {MouseEvent} */ event) => choose(id, event.shiftKey)} /></label></td>` : null}
    ${columns.map((column, index) => {
      const content = column.cell(row);
      const name = [column.align === "right" ? "table-right" : "", column.width ? `table-${column.width}` : "", `table-phone-${column.phone ?? "line"}`].join(" ");
      return html`<td key=${column.name} class=${name} data-title=${column.title}>${index === 0 && to ? h(Link, { to: to(row), class: "table-link", children: content }) : content}</td>`;
    })}
    ${actions ? html`<td class="table-actions">${(isGone ? [] : actions(row)).map(({ verb, run, isDanger, ...others }) =>
      h(Button, { ...others, key: verb, onClick: run, kind: isDanger ? "danger" : "plain", children: verb }))}</td>` : null}
  </tr>`;
}
