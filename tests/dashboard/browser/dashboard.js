// What each test of the page stands on: a browser, a page that is signed in, and a test that fails at anything that the page
// should never do: an error on the console, a violation of its policy, a request elsewhere.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { Proxy } from "./proxy.js";

/** @typedef {import("../installations/installation.js").Told} Told */

const told = process.env["EVENTLEASE_DASHBOARD_INSTALLATIONS"];
if (!told) throw new Error("these tests are run by `make check-dashboard`");
/** @type {Record<"calm" | "night" | "crowd", Told>} */
export const installations = JSON.parse(readFileSync(told, "utf8"));
const pictures = process.env["EVENTLEASE_DASHBOARD_FAILURES"] ?? "/tmp";

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let browser;
after(async () => (await browser)?.close());

/**
 * @typedef {object} Options
 * @property {string} [url] where the dashboard's server is, if it is not the installation's own address
 * @property {keyof Told["tokens"] | null} [role] null: nobody is signed in
 * @property {string} [token] instead of the role's
 * @property {number} [width]
 * @property {number} [height]
 * @property {"light" | "dark"} [theme]
 * @property {string} [zone] the browser's
 * @property {boolean} [clipboard] the test writes what is then pasted
 * @property {boolean} [bypassesPolicy] for tools that are put into the page
 * @property {Date} [clock] the browser's own clock begins then, and goes on by `page.clock`
 * @property {RegExp[]} [mayLog] what may be on the console, or may fail to load, all the same
 */

export class Dashboard {
  /** What the page did that it should not. @type {string[]} */
  faults = [];
  clicks = 0;
  keys = 0;

  /**
   * @param {import("playwright-core").BrowserContext} context
   * @param {import("playwright-core").Page} page
   * @param {string} url
   * @param {RegExp[]} mayLog
   */
  constructor(context, page, url, mayLog) {
    this.context = context;
    this.page = page;
    this.url = url;
    this.mayLog = mayLog;
    const origin = new URL(url).origin;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#fault(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#fault(`error: ${error.stack ?? error.message}`));
    page.on("response", (answer) => {
      if (answer.status() >= 400 && new URL(answer.url()).pathname.includes("/dashboard")) this.#fault(`${answer.status()} for the file ${answer.url()}`);
    });
    page.on("request", (request) => {
      const { origin: asked, protocol } = new URL(request.url());
      if (asked !== origin && protocol !== "blob:") this.#fault(`request elsewhere: ${request.url()}`);
    });
  }

  /** @param {string} fault */
  #fault(fault) {
    // Chromium says this of each answer of 4xx and 5xx, which tests make on purpose.
    if (fault.startsWith("console: Failed to load resource")) return;
    // It has no meaning over plain HTTP, which Chromium says of each page.
    if (fault.includes("The Cross-Origin-Opener-Policy header has been ignored")) return;
    if (!this.mayLog.some((pattern) => pattern.test(fault))) this.faults.push(fault);
  }

  /** Goes to a place of the page, like `#/queues?q=vision`, and waits until it stands. @param {string} [place] */
  async open(place = "#/") {
    await this.page.goto(`${this.url}/dashboard/${place}`);
    await this.settled();
  }

  /** Until the screen's heading is there and no panel loads for the first time. */
  async settled() {
    await this.page.locator("h1").first().waitFor({ state: "attached" });
    await this.page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
  }

  /** A click, or a tap, that counts. @param {import("playwright-core").Locator} locator */
  async click(locator) {
    this.clicks += 1;
    await locator.click();
  }

  /** @param {string} key */
  async press(key) {
    this.keys += 1;
    await this.page.keyboard.press(key);
  }

  /** How many pixels the page is too wide. */
  tooWide() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  text() {
    return this.page.locator("body").innerText();
  }
}

/**
 * @param {Told} installation
 * @param {Options} [options]
 */
export async function openDashboard(installation, options = {}) {
  const { role = "operator", width = 1280, height = 800, theme = "light", zone = "Europe/Berlin", mayLog = [], url = installation.url, clock } = options;
  browser ??= chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"] });
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: theme,
    timezoneId: zone,
    locale: "en-GB",
    hasTouch: width < 500,
    reducedMotion: "reduce",
    bypassCSP: options.bypassesPolicy ?? false,
  });
  if (options.clipboard) await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  context.setDefaultTimeout(30_000);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const token = options.token ?? (role === null ? undefined : installation.tokens[role]);
  if (token) await signIn(context, url, token);
  const page = await context.newPage();
  if (clock) await page.clock.install({ time: clock });
  return new Dashboard(context, page, url, mayLog);
}

/** As the page does it. @param {import("playwright-core").BrowserContext} context @param {string} url @param {string} token */
export async function signIn(context, url, token) {
  const headers = { authorization: `Bearer ${token}`, "x-eventlease-dashboard": "1" };
  const answer = await context.request.post(`${url}/api/v1/session`, { headers });
  assert.equal(answer.status(), 201, await answer.text());
}

/**
 * A test with a page of its own, which fails at all that the page should not do.
 *
 * @param {string} name
 * @param {Told} installation
 * @param {Options} options
 * @param {(dashboard: Dashboard) => Promise<void>} run
 */
export function dashboardTest(name, installation, options, run) {
  test(name, { timeout: 240_000 }, () => withDashboard(name, installation, options, run));
}

/**
 * The same, with a proxy between browser and server.
 *
 * @param {string} name
 * @param {Told} installation
 * @param {Options & { proxy?: ConstructorParameters<typeof Proxy>[1] }} options
 * @param {(dashboard: Dashboard, proxy: Proxy) => Promise<void>} run
 */
export function proxiedTest(name, installation, options, run) {
  test(name, { timeout: 240_000 }, async () => {
    const proxy = await new Proxy(installation.url, options.proxy).start();
    try {
      await withDashboard(name, installation, { ...options, url: proxy.url }, (dashboard) => run(dashboard, proxy));
    } finally {
      await proxy.close();
    }
  });
}

/**
 * For tests that have an installation of their own.
 *
 * @param {string} name
 * @param {Told} installation
 * @param {Options} options
 * @param {(dashboard: Dashboard) => Promise<void>} run
 */
export async function withDashboard(name, installation, options, run) {
  const dashboard = await openDashboard(installation, options);
  try {
    await run(dashboard);
    assert.deepEqual(dashboard.faults, []);
  } catch (error) {
    mkdirSync(pictures, { recursive: true });
    const file = join(pictures, `${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}.png`);
    await dashboard.page.screenshot({ path: file }).catch(() => undefined);
    console.error(`${name}: ${file}${dashboard.faults.slice(0, 10).map((fault) => `\n  ${fault}`).join("")}`);
    throw error;
  } finally {
    await dashboard.page.unrouteAll({ behavior: "ignoreErrors" });
    await dashboard.context.close();
  }
}
