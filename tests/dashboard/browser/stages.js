// What a test of the page stands on: a page in a context of the browser that is signed in, and perhaps a proxy. The next test that wants
// the like takes it over, with the page's files in its cache: most of a test's time would be spent on a new process and on loading them.
import { after } from "node:test";
import { chromium } from "playwright-core";
import { launching } from "./launching.js";
import { Proxy } from "./proxy.js";
import { rest, wake } from "./resting.js";
import { endOthers, endShared, sharedSession } from "./sessions.js";

/** @typedef {import("../installations/installation.js").Told} Told */
/** @typedef {import("./dashboard.js").Options} Options */
/** @typedef {{ key: string | null, context: import("playwright-core").BrowserContext, page: import("playwright-core").Page, proxy: Proxy | null, url: string, server: string, mayRest: boolean, rests: boolean, who: string }} Stage who: the token of the page, or "anybody" */

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let browser;
/** Those that no test uses just now. @type {Map<string, Stage>} */
const kept = new Map();
after(async () => {
  await Promise.all([...kept.values()].map(close));
  await endShared();
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
  const { page, context } = stage;
  const { role = "operator", theme = "light", hasForcedColours = false } = options;
  const token = options.token ?? (role === null ? undefined : installation.tokens[role]);
  const who = token ?? "anybody";
  // An admin's page asks for no overview, as it is refused: it would not show that it is awake.
  const mayRest = !options.proxy && !options.clock && role !== null && role !== "admin";
  const goesOn = stage.rests && stage.who === who && !options.isLoaded && (await wake(page));
  if (stage.rests && !goesOn) await leave(stage);
  await page.setViewportSize(viewportOf(options));
  await page.emulateMedia({ colorScheme: theme, forcedColors: hasForcedColours ? "active" : "none" });
  if (options.clock) await page.clock.install({ time: options.clock });
  if (token) await signIn(context, stage.url, await sharedSession(installation.url, token));
  return { ...stage, who, mayRest, rests: false };
}

/** For the next test, if this one has passed. @param {Stage} stage @param {boolean} isPassed */
export async function giveBack(stage, isPassed) {
  const { key, context, page, proxy, url } = stage;
  proxy?.forget();
  if (key === null || !isPassed || kept.has(key)) return close(stage);
  await context.setOffline(false);
  for (const other of context.pages()) if (other !== page) await other.close();
  for (const event of /** @type {const} */ (["console", "pageerror", "response", "request"])) page.removeAllListeners(event);
  await page.mouse.move(0, 0);
  const rests = stage.mayRest && page.url().startsWith(`${url}/dashboard/#`) && (await rest(page));
  if (!rests) await leave(stage);
  kept.set(key, { ...stage, rests });
}

/** Nobody is signed in any more. @param {Stage} stage */
async function leave({ context, page, url, server }) {
  if (page.url().startsWith(url)) await page.evaluate(() => localStorage.clear());
  await endOthers(server, await context.cookies());
  await context.clearCookies();
  // Another document of the same server: the process of the page goes on, and has its files at hand.
  await page.goto(`${url}/healthz`);
}

/** @param {Stage} stage */
async function close({ context, server, proxy }) {
  proxy?.forget();
  await endOthers(server, await context.cookies());
  await context.close();
  await proxy?.close();
}

/** What cannot be changed in a page that is there. Null: nobody can take it over. @param {Told} installation @param {Options} options */
function keyOf({ url: server }, options) {
  if (options.isFresh) return null;
  const { url = server, proxy, pixelRatio, zone, clock, clipboard, bypassesPolicy, trustsAll } = options;
  return JSON.stringify([url, proxy, pixelRatio, zone, clock !== undefined, clipboard, bypassesPolicy, trustsAll, hasTouch(options)]);
}

/** @param {Options} options */
function viewportOf({ width = 1280, height = 800 }) {
  return { width, height };
}

/** @param {Options} options */
function hasTouch(options) {
  return viewportOf(options).width < 500;
}

/** @param {string | null} key @param {Told} installation @param {Options} options @returns {Promise<Stage>} */
async function newStage(key, installation, options) {
  const proxy = options.proxy ? await new Proxy(installation.url, options.proxy).start() : null;
  const context = await (await theBrowser()).newContext({
    viewport: viewportOf(options),
    deviceScaleFactor: options.pixelRatio ?? 1,
    timezoneId: options.zone ?? "Europe/Berlin",
    locale: "en-GB",
    hasTouch: hasTouch(options),
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
  return { key, context, page, proxy, url: proxy?.url ?? options.url ?? installation.url, server: installation.url, mayRest: false, rests: false, who: "" };
}

/** As the server's own cookie stands there. @param {import("playwright-core").BrowserContext} context @param {string} url of the server, as the page sees it @param {{ name: string, value: string }} session */
export async function signIn(context, url, { name, value }) {
  const { hostname: domain, pathname, protocol } = new URL(`${url}/api/v1`);
  await context.addCookies([{ name, value, domain, path: pathname, httpOnly: true, sameSite: "Strict", secure: protocol === "https:" }]);
}
