/** What a list is filtered by: each part with a cross, and a field for one more. The address holds it all. */
import { useId, useState } from "../vendor/hooks.js";
import { fault } from "../rules/filters.js";
import { visible } from "../rules/text.js";
import { atOf } from "../rules/times.js";
import { setFilter, setFilters } from "../state/place.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { zoneNow } from "./time.js";

/**
 * @typedef {object} Field
 * @property {string} name as in the address
 * @property {string} title
 * @property {readonly (readonly [value: string, words: string])[]} [choices] else it is typed
 * @property {string} [hint] in the empty field
 * @property {boolean} [isTime] beside the choices, a time of day
 * @property {boolean} [isNullable] an empty value is a filter, too: those that have none
 */

/** @typedef {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} Specs */

/**
 * @param {object} props
 * @param {readonly Field[]} props.fields
 * @param {Readonly<Record<string, string>>} props.values
 * @param {Specs} props.specs
 * @param {(values: Readonly<Record<string, string>>) => Readonly<Record<string, string | null>>} [props.adds] what is set along with a filter, which is among the values then
 * @param {import("./html.js").Children} [props.children]
 */
export function FilterBar({ fields, values, specs, adds = () => ({}), children }) {
  const set = fields.filter(({ name }) => values[name] !== undefined);
  const clear = () => setFilters(Object.fromEntries(set.map(({ name }) => [name, null])));
  return html`<div class="filter-bar" data-filters role="group" aria-label="Filters">
    ${set.map((field) => h(Chip, { key: field.name, field, value: values[field.name] ?? "" }))}
    ${set.length > 1 ? h(Button, { kind: "quiet", onClick: clear, children: "clear all" }) : null}
    ${h(OneMore, { specs, set: (name, value) => setFilters({ ...adds({ ...values, [name]: value }), [name]: value }), fields: fields.filter(({ name }) => values[name] === undefined) })}
    ${children}
  </div>`;
}

/** @param {{ field: Field, value: string }} props */
function Chip({ field: { name, title, choices, isTime }, value }) {
  const chosen = choices?.find(([each]) => each === value)?.[1];
  const words = value === "" ? "none" : (chosen ?? (isTime && !value.startsWith("-") ? atOf(value, zoneNow()) : value));
  return html`<span class="filter-bar-chip"><span class="filter-bar-title">${title}</span> <bdi>${visible(words)}</bdi>
    <button type="button" class="filter-bar-cross" aria-label=${`Without ${title} ${visible(words)}`} onClick=${() => setFilter(name, null)}>✕</button></span>`;
}

/** @param {{ fields: readonly Field[], specs: Specs, set: (name: string, value: string) => void }} props those that are not set */
function OneMore({ fields, specs, set }) {
  const id = useId();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [wrong, setWrong] = useState(/** @type {string | null} */ (null));
  const field = fields.find((each) => each.name === name) ?? fields[0];
  if (field === undefined) return null;
  const add = (/** @type {string} */ chosen) => {
    if (chosen === "" && !field.isNullable) return;
    const spec = specs[field.name];
    const why = spec === undefined || chosen === "" ? null : fault(spec, chosen);
    setWrong(why);
    if (why !== null) return;
    set(field.name, chosen);
    setValue("");
  };
  /** @param {any} event */
  const submit = (event) => {
    event.preventDefault();
    add(field.isTime ? instantOf(value) : value.trim());
  };
  return html`<form class="filter-bar-more" onSubmit=${submit}>
    <label for=${`${id}-name`}>Filter by</label>
    <select id=${`${id}-name`} value=${field.name} onChange=${(/** @type {any} */ event) => { setName(event.currentTarget.value); setWrong(null); }}>
      ${fields.map((each) => html`<option key=${each.name} value=${each.name} selected=${each === field}>${each.title}</option>`)}</select>
    <label class="hidden" for=${`${id}-value`}>${field.title}</label>
    ${field.choices ? html`<select id=${`${id}-value`} value="" onChange=${(/** @type {any} */ event) => add(event.currentTarget.value)}>
      <option value="" selected>choose …</option>${field.choices.map(([each, words]) => html`<option key=${each} value=${each}>${words}</option>`)}</select>` : null}
    ${field.choices && !field.isTime ? null : html`<input id=${field.choices ? undefined : `${id}-value`} value=${value} autocomplete="off" spellcheck="false"
      type=${field.isTime ? "datetime-local" : "text"} aria-label=${field.isTime ? `${field.title}, in ${zoneNow() === "utc" ? "UTC" : "local time"}` : undefined}
      placeholder=${field.hint ?? ""} aria-invalid=${wrong === null ? undefined : "true"} aria-describedby=${wrong === null ? undefined : `${id}-wrong`}
      onInput=${(/** @type {any} */ event) => { setValue(event.currentTarget.value); setWrong(null); }} />
      <button type="submit" class="button">Add</button>`}
    ${field.isNullable ? h(Button, { kind: "quiet", onClick: () => add(""), children: "that have none" }) : null}
    ${wrong === null ? null : html`<span id=${`${id}-wrong`} class="filter-bar-wrong" role="alert">${wrong}.</span>`}
  </form>`;
}

/** @param {string} wall as a field for times has it @returns {string} the instant; empty: there is none */
function instantOf(wall) {
  const instant = new Date(zoneNow() === "utc" ? `${wall}Z` : wall);
  return Number.isNaN(instant.getTime()) ? "" : instant.toISOString();
}
