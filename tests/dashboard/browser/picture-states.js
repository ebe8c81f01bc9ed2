// States that no address leads to, as pictures: dialogs, refusals, a server in trouble, and what is open or chosen.
import { installations } from "./dashboard.js";
import { places, placesOfAdmins } from "./places.js";

/** @typedef {import("./dashboard.js").Dashboard} Dashboard */
/** @typedef {import("./proxy.js").Proxy} Proxy */
/**
 * @typedef {object} State
 * @property {keyof typeof installations} on
 * @property {import("./dashboard.js").Options["role"]} [role]
 * @property {string} place
 * @property {(dashboard: Dashboard, proxy: Proxy) => Promise<unknown>} [before] while nothing is open yet, and what is then open loads
 * @property {(dashboard: Dashboard, proxy: Proxy) => Promise<unknown>} [act] on the open page
 * @property {(dashboard: Dashboard) => Promise<unknown>} [after] brings back what was changed
 * @property {boolean} [isProxied] there is a proxy
 * @property {boolean} [isWindow] only what a window shows, as for a dialog, and not the whole page
 */

const { night, crowd } = installations;
const data = /^\w+ \/api\/v1\/(?!session)/;
const lists = /^GET \/api\/v1\/(events|dead-letters)\b/;
const dialog = (/** @type {Dashboard} */ { page }) => page.getByRole("dialog").waitFor();
/** @param {string | RegExp} name */
const press = (name) => async (/** @type {Dashboard} */ { page }) => page.getByRole("button", { name }).first().click();
/** A button that asks something. @param {string | RegExp} name */
const asks = (name) => async (/** @type {Dashboard} */ dashboard) => {
  await press(name)(dashboard);
  await dialog(dashboard);
  await dashboard.page.waitForTimeout(500); // what it counts, it has counted
};
/** @param {string} text */
const jump = (text) => async (/** @type {Dashboard} */ { page }) => {
  await page.locator("#jump").fill(text);
  await page.locator("#jump").press("Enter");
  await page.waitForTimeout(600);
};
/** @param {number} rows */
const choose = (rows) => async (/** @type {Dashboard} */ { page }) => {
  for (let row = 0; row < rows; row += 1) await page.locator(".table-row input[type=checkbox]").nth(row).click();
};
const chooseAll = async (/** @type {Dashboard} */ dashboard) => {
  for (const box of await dashboard.page.locator(".table-row input[type=checkbox]").all()) await box.check();
};
const submitToken = async (/** @type {Dashboard} */ { page }) => {
  await page.getByLabel("Token").fill(`el_${"0".repeat(64)}`);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(500);
};
const event = (/** @type {string} */ name) => `#/events/${night.facts[name]}`;

/** @type {Record<string, State>} */
export const states = {
  "sign in": { on: "night", role: null, place: "#/", isWindow: true },
  "sign in refused": { on: "night", role: null, place: "#/", act: submitToken, isWindow: true },
  "sign in again": {
    on: "night", place: "#/queues", isWindow: true, isProxied: true,
    act: async (dashboard, proxy) => {
      proxy.treat(/^GET/, { status: 401, code: "unauthenticated" });
      await dialog(dashboard);
    },
  },
  "forbidden queue": { on: "night", role: "admin", place: "#/queues/vision" },
  "limited token": { on: "night", role: "limited", place: "#/queues/vision" },
  "reader's event": { on: "night", role: "reader", place: event("waiting") },
  offline: { on: "night", place: "#/queues", act: ({ context }) => context.setOffline(true), isWindow: true },
  trouble: {
    on: "night", place: "#/queues/vision", isProxied: true,
    act: async ({ page }, proxy) => {
      proxy.treat(data, { status: 503, code: "database_unavailable", headers: { "retry-after": "30" } });
      await page.keyboard.press("p");
      await page.keyboard.press("p");
      await page.locator("main [role=alert]").first().waitFor();
      await page.waitForTimeout(16_000); // until the panels' data are old
    },
  },
  loading: { on: "night", place: "#/queues/vision", isProxied: true, before: async (_, proxy) => proxy.treat(data, { fault: "hang" }) },
  "database timeout": { on: "night", place: "#/events?engine_type=dialogue", isProxied: true, before: async (_, proxy) => proxy.treat(lists, { status: 504, code: "database_timeout" }) },
  "no queue matches": { on: "night", place: "#/queues?q=nothing" },
  "no event matches": { on: "night", place: "#/events?engine_type=dialogue&event_type=nothing&status=queued" },
  "no dead letter matches": { on: "night", place: "#/dead-letters?error_type=Nothing" },
  "unreadable address": { on: "night", place: "#/queues?state=purple&q=bill" },
  "no such screen": { on: "night", place: "#/moon" },
  "no such queue": { on: "night", place: "#/queues/nobody" },
  "no such event": { on: "night", place: "#/events/00000000-0000-7000-8000-000000000000" },
  "dialog pause": { on: "night", place: "#/queues/vision", act: asks(/^Pause/), isWindow: true },
  "dialog cancel": { on: "night", place: event("waiting"), act: asks("Cancel …"), isWindow: true },
  "dialog priority": { on: "night", place: event("waiting"), act: asks("Priority …"), isWindow: true },
  "dialog discard": { on: "night", place: event("dead_letter"), act: asks("Discard …"), isWindow: true },
  "dialog payload": {
    on: "night", place: event("dead_letter"), isWindow: true,
    act: async (dashboard) => {
      await asks("Redrive with another payload …")(dashboard);
      await dashboard.page.locator(".payload-editor").fill('{"npc": {"name": "Mira",}}');
    },
  },
  "dialog redrive": {
    on: "night", place: places.cause, isWindow: true,
    act: async (dashboard) => {
      await asks(/^Redrive all/)(dashboard);
      await dashboard.page.getByText("The same from a terminal").click();
    },
  },
  "dialog make a token": { on: "night", role: "admin", place: placesOfAdmins.tokens, act: asks(/^Make a token/), isWindow: true },
  "dialog revoke a token": { on: "night", role: "admin", place: placesOfAdmins.tokens, act: asks(/^Revoke/), isWindow: true },
  "token shown once": {
    on: "night", role: "admin", place: placesOfAdmins.tokens, isWindow: true,
    act: async (dashboard) => {
      await asks(/^Make a token/)(dashboard);
      const form = dashboard.page.getByRole("dialog");
      await form.getByLabel("Name").fill("night shift");
      await form.getByLabel("Role").selectOption("producer");
      await press("Make it")(dashboard);
      await form.getByLabel("The token").waitFor();
    },
    after: press("I have kept it"),
  },
  "dialog make another token": {
    on: "night", role: "admin", place: placesOfAdmins.token, isWindow: true,
    act: async (dashboard) => {
      await asks(/^Make another/)(dashboard);
      await dashboard.page.getByLabel("Limited to the queues").fill("dialoge");
    },
  },
  "dialog drain a version": { on: "night", place: places.engines, act: asks("Drain …"), isWindow: true },
  "dialog drain engines": {
    on: "night", place: places.engines, isWindow: true,
    act: async (dashboard) => {
      await choose(3)(dashboard);
      await dashboard.page.locator(".chosen").getByRole("button", { name: "Drain …" }).click();
      await dialog(dashboard);
    },
  },
  "chosen engines": { on: "night", place: places.engines, act: choose(2), isWindow: true },
  "dialog quarantine": { on: "night", place: places["silent engine"], act: asks(/^Quarantine/), isWindow: true },
  "dialog change slots": { on: "night", role: "orchestrator", place: places["silent engine"], act: asks(/^Change slots/), isWindow: true },
  "dialog remove an engine": { on: "night", role: "orchestrator", place: places["silent engine"], act: asks(/^Remove/), isWindow: true },
  "reader's engine": { on: "night", role: "reader", place: places["silent engine"], act: async ({ page }) => page.getByRole("button", { name: /^Remove/ }).click({ force: true }) },
  "no such engine": { on: "night", place: "#/engines/00000000-0000-7000-8000-000000000000" },
  "no engine matches": { on: "night", place: "#/engines?zombie=true" },
  "suspect's payload": {
    on: "night", place: places.suspects, isWindow: true,
    act: async (dashboard) => {
      await press("Payload")(dashboard);
      await dashboard.page.getByRole("tree", { name: "payload" }).waitFor();
    },
  },
  "dialog cancel a run": { on: "night", place: places.run, act: asks(/^Cancel the run/), isWindow: true },
  "no such run": { on: "night", place: "#/runs/never-was" },
  "policy being changed": {
    on: "night", place: places.policy,
    act: async (dashboard) => {
      await press(/^Change$/)(dashboard);
      await dashboard.page.getByLabel(/max_retries/).fill("2");
      await dashboard.page.getByLabel(/jitter/).fill("2");
    },
  },
  "unknown event type": { on: "night", place: "#/policies/invoice.sentt", act: ({ page }) => page.getByText("Similar types that are known").waitFor() },
  "dialog remove a policy": { on: "night", place: places.policy, act: asks(/^Remove/), isWindow: true },
  "admin's engines": { on: "night", role: "admin", place: places.engines },
  "no audit entry matches": { on: "night", place: "#/audit?actor=nobody" },
  "dialog discard all": { on: "night", place: places.cause, act: asks(/^Discard all/), isWindow: true },
  "dialog cancel these": {
    on: "night", place: "#/events?engine_type=vision&status=queued", isWindow: true,
    act: async (dashboard) => {
      await chooseAll(dashboard);
      await press(/^Choose all/)(dashboard).catch(() => undefined);
      await asks("Cancel …")(dashboard);
    },
  },
  "chosen queues": { on: "night", place: "#/queues", act: choose(2) },
  "chosen events": { on: "night", place: "#/events?engine_type=vision", act: choose(3) },
  "chosen dead letters": { on: "night", place: "#/dead-letters?view=list", act: choose(3), isWindow: true },
  "jump hits": { on: "night", place: "#/", act: jump("trans"), isWindow: true },
  "jump misses": { on: "night", place: "#/", act: jump("00000000-0000-7000-8000-000000000000"), isWindow: true },
  "jump other": { on: "night", place: "#/", act: jump("dialogue.requested"), isWindow: true },
  undo: {
    on: "night", place: "#/queues/billing", isWindow: true,
    act: async (dashboard) => {
      await press("Resume")(dashboard);
      await dashboard.page.locator(".notice").getByRole("button", { name: "Undo" }).waitFor();
    },
    after: async (dashboard) => {
      await dashboard.page.locator(".notice").getByRole("button", { name: "Undo" }).first().click();
      await dashboard.page.locator(".notice", { hasText: "is paused as before" }).waitFor();
    },
  },
  who: { on: "night", place: "#/", act: async ({ page }) => page.locator(".who summary").click(), isWindow: true },
  "attempt's details": { on: "night", place: event("twice"), act: press("details") },
  "late report": { on: "night", place: event("late") },
  poison: { on: "night", place: event("poison") },
  "lost by silence": { on: "night", place: event("lost_by_silence") },
  "healthy queue": { on: "night", place: "#/queues/dialogue" },
  "json opened": { on: "night", place: event("dead_letter"), act: async ({ page }) => page.locator(".json-row").nth(1).click() },
  "calm queues": { on: "calm", place: "#/queues" },
  "calm events": { on: "calm", place: "#/events" },
  "calm dead letters": { on: "calm", place: "#/dead-letters" },
  "calm redrive jobs": { on: "calm", place: "#/redrive-jobs" },
  "calm engines": { on: "calm", place: "#/engines" },
  "calm suspects": { on: "calm", place: "#/suspects" },
  "calm runs": { on: "calm", place: "#/runs" },
  "calm policies": { on: "calm", place: "#/policies" },
  "crowded engines": { on: "crowd", place: "#/engines", isWindow: true },
  "crowded overview": { on: "crowd", place: "#/" },
  "hostile queue": { on: "crowd", place: "#/queues/hostile" },
  "hostile dead letters": { on: "crowd", place: "#/dead-letters?engine_type=hostile" },
  "hostile dead letters one by one": { on: "crowd", place: "#/dead-letters?engine_type=hostile&view=list" },
  "hostile members": { on: "crowd", place: `#/events/${crowd.facts["hostile"]["members"]}` },
  "doubled members": { on: "crowd", place: `#/events/${crowd.facts["hostile"]["doubled"]}` },
  secrets: { on: "crowd", place: `#/events/${crowd.facts["hostile"]["secrets"]}` },
  "large payload": { on: "crowd", place: `#/events/${crowd.facts["large"]}` },
};
