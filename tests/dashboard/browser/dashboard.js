// What each test of the page stands on: a browser, a page that is signed in, and a test that fails at anything that the page
// should never do: an error on the console, a violation of its policy, a request elsewhere.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { giveBack, takeStage } from "./stages.js";

export { signIn } from "./stages.js";

/** @typedef {import("../installations/installation.js").Told} Told */

const told = process.env["EVENTLEASE_DASHBOARD_INSTALLATIONS"];
if (!told) throw new Error("these tests are run by `make check-dashboard`");
/** @type {Record<"calm" | "night" | "crowd", Told>} */
export const installations = JSON.parse(readFileSync(told, "utf8"));
/** For a hang, in milliseconds: a test is not failed by a machine that is slow. */
export const longest = 600_000;
const pictures = process.env["EVENTLEASE_DASHBOARD_FAILURES"] ?? "/tmp";

/**
 * @typedef {object} Options
 * @property {string} [url] where the dashboard's server is, if it is not the installation's own address
 * @property {keyof Told["tokens"] | null} [role] null: nobody is signed in
 * @property {string} [token] instead of the role's
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [pixelRatio] pixels of the device for one of the page, as zoom makes them
 * @property {"light" | "dark"} [theme]
 * @property {boolean} [hasForcedColours] the system's few colours instead of the page's own
 * @property {string} [zone] the browser's
 * @property {boolean} [clipboard] the test writes what is then pasted
 * @property {boolean} [bypassesPolicy] for tools that are put into the page
 * @property {boolean} [trustsAll] certificates that nobody has signed, too
 * @property {ConstructorParameters<typeof import("./proxy.js").Proxy>[1]} [proxy] one is between browser and server, and does this
 * @property {boolean} [isFresh] nothing of the page is in the browser's cache, nobody takes the page over, and once idle it loads the screens that were not opened
 * @property {boolean} [isLoaded] the page is loaded in this test: it is not one that has rested since another
 * @property {Date} [clock] the browser's own clock begins then, and goes on by `page.clock`
 * @property {RegExp[]} [mayLog] what may be on the console, or may fail to load, all the same
 */

export class Dashboard {
  /** What the page did that it should not. @type {string[]} */
  faults = [];
  clicks = 0;
  keys = 0;

  /**
   * @param {import("./stages.js").Stage} stage
   * @param {RegExp[]} mayLog
   */
  constructor(stage, mayLog) {
    const { page } = stage;
    this.stage = stage;
    this.context = stage.context;
    this.page = page;
    this.url = stage.url;
    this.mayLog = mayLog;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#fault(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#fault(`error: ${error.stack ?? error.message}`));
    const origin = new URL(stage.url).origin;
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
  const stage = await takeStage(installation, options);
  return new Dashboard(stage, options.mayLog ?? []);
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
  test(name, { timeout: longest }, () => withDashboard(name, installation, options, run));
}

/**
 * The same, with a proxy between browser and server.
 *
 * @param {string} name
 * @param {Told} installation
 * @param {Options} options
 * @param {(dashboard: Dashboard, proxy: import("./proxy.js").Proxy) => Promise<void>} run
 */
export function proxiedTest(name, installation, options, run) {
  test(name, { timeout: longest }, () =>
    withDashboard(name, installation, { proxy: {}, ...options }, (dashboard) => run(dashboard, /** @type {import("./proxy.js").Proxy} */ (dashboard.stage.proxy))),
  );
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
  let isPassed = false;
  try {
    await run(dashboard);
    assert.deepEqual(dashboard.faults, []);
    isPassed = true;
  } catch (error) {
    mkdirSync(pictures, { recursive: true });
    const file = join(pictures, `${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)}.png`);
    await dashboard.page.screenshot({ path: file }).catch(() => undefined);
    console.error(`${name}: ${file}${dashboard.faults.slice(0, 10).map((fault) => `\n  ${fault}`).join("")}`);
    throw error;
  } finally {
    await dashboard.page.unrouteAll({ behavior: "ignoreErrors" });
    await giveBack(dashboard.stage, isPassed);
  }
}
