// What a test of the page stands on: a page in a context of the browser that is signed in, and perhaps a proxy. The next test that wants
// the same takes it over, with the page's files in its cache: most of a test's time would be spent on a new process and on loading them.
import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { launching } from "./launching.js";
import { Proxy } from "./proxy.js";

/** @typedef {import("../installations/installation.js").Told} Told */
/** @typedef {import("./dashboard.js").Options} Options */
/** @typedef {{ key: string | null, context: import("playwright-core").BrowserContext, page: import("playwright-core").Page, proxy: Proxy | null, url: string, viewport: { width: number, height: number } }} Stage */

const asThePage = { "x-eventlease-dashboard": "1" };

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let browser;
/** Those that no test uses just now. @type {Map<string, Stage>} */
const kept = new Map();
after(async () => {
  await Promise.all([...kept.values()].map(close));
  await (await browser)?.close();
});

/** One serves all tests of this process. */
function theBrowser() {
  browser ??= chromium.launch(launching);
  return browser;
}

/** @param {Told} installation @param {Options} options @returns {Promise<Stage>} */
export async function takeStage(installation, options) {
  const key = keyOf(installation, options);
  const stage = (key === null ? undefined : kept.get(key)) ?? (await newStage(key, installation, options));
  if (key !== null) kept.delete(key);
  const { role = "operator" } = options;
  const token = options.token ?? (role === null ? undefined : installation.tokens[role]);
  if (token && !(await isSignedIn(stage))) await signIn(stage.context, stage.url, token);
  return stage;
}

/** For the next test, if this one has passed. @param {Stage} stage @param {boolean} isPassed */
export async function giveBack(stage, isPassed) {
  const { key, context, page, proxy } = stage;
  if (key === null || !isPassed || kept.has(key)) return close(stage);
  proxy?.forget();
  await context.setOffline(false);
  for (const other of context.pages()) if (other !== page) await other.close();
  for (const event of /** @type {const} */ (["console", "pageerror", "response", "request"])) page.removeAllListeners(event);
  if (page.url().startsWith(stage.url)) await page.evaluate(() => localStorage.clear());
  await page.goto("about:blank");
  await page.mouse.move(0, 0);
  await page.setViewportSize(stage.viewport);
  kept.set(key, stage);
}

/** A token has 20 sessions at most: one more that nobody ended would end another test's. @param {Stage} stage */
async function close({ context, url, proxy }) {
  proxy?.forget();
  const cookies = await context.cookies(`${url}/api/v1/session`);
  if (cookies.length > 0) await context.request.delete(`${url}/api/v1/session`, { headers: asThePage, timeout: 5000 }).catch(() => {}); // its server may have ended
  await context.close();
  await proxy?.close();
}

/** Null: nobody can take it over, for who is signed in, or what time it is, changes in the test. @param {Told} installation @param {Options} options */
function keyOf(installation, options) {
  if (options.role === null || options.clock || options.isFresh) return null;
  return JSON.stringify([installation.url, options]);
}

/** @param {string | null} key @param {Told} installation @param {Options} options @returns {Promise<Stage>} */
async function newStage(key, installation, options) {
  const viewport = { width: options.width ?? 1280, height: options.height ?? 800 };
  const { theme = "light", zone = "Europe/Berlin" } = options;
  const proxy = options.proxy ? await new Proxy(installation.url, options.proxy).start() : null;
  const context = await (await theBrowser()).newContext({
    viewport,
    deviceScaleFactor: options.pixelRatio ?? 1,
    colorScheme: theme,
    forcedColors: options.hasForcedColours ? "active" : "none",
    timezoneId: zone,
    locale: "en-GB",
    hasTouch: viewport.width < 500,
    reducedMotion: "reduce",
    bypassCSP: options.bypassesPolicy ?? false,
    ignoreHTTPSErrors: options.trustsAll ?? false,
  });
  if (options.clipboard) await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  context.setDefaultTimeout(60_000); // there are slow machines
  // Else each page would load a hundred files for screens that its test never opens, which takes more time than all else. Where that is tested, `isFresh` is set.
  if (!options.isFresh) await context.addInitScript(() => void (globalThis.requestIdleCallback = () => 0));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  if (options.clock) await page.clock.install({ time: options.clock });
  return { key, context, page, proxy, viewport, url: proxy?.url ?? options.url ?? installation.url };
}

/** @param {Stage} stage */
async function isSignedIn({ context, url }) {
  const cookies = await context.cookies(`${url}/api/v1/session`);
  if (cookies.length === 0) return false;
  return (await context.request.get(`${url}/api/v1/session`, { headers: asThePage })).ok();
}

/** As the page does it. @param {import("playwright-core").BrowserContext} context @param {string} url @param {string} token */
export async function signIn(context, url, token) {
  const headers = { ...asThePage, authorization: `Bearer ${token}` };
  const answer = await context.request.post(`${url}/api/v1/session`, { headers });
  assert.equal(answer.status(), 201, await answer.text());
}
