// A browser as a person has it: Playwright watches each request of a page, and a page of seventy files takes half as long again then.
// This one is told where to go and asked what it saw, over the pipe of Chromium's own protocol.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launching } from "./launching.js";
import { beginSession } from "./sessions.js";

export class PlainBrowser {
  #profile = mkdtempSync(join(tmpdir(), "eventlease-browser-"));
  /** @type {Map<number, (answer: any) => void>} */
  #waiting = new Map();
  #said = "";
  #asked = 0;

  constructor() {
    const options = ["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
    this.child = spawn(launching.executablePath, [...launching.args, ...options, `--user-data-dir=${this.#profile}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const [, , , told, said] = /** @type {[null, null, null, import("node:stream").Writable, import("node:stream").Readable]} */ (/** @type {unknown} */ (this.child.stdio));
    this.told = told;
    said.setEncoding("utf8").on("data", (text) => this.#hear(text));
  }

  /** @param {string} text messages end with a zero */
  #hear(text) {
    const messages = (this.#said + text).split("\0");
    this.#said = messages.pop() ?? "";
    for (const { id, ...answer } of messages.map((each) => JSON.parse(each))) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    }
  }

  /** @param {string} method @param {object} [params] @param {string} [sessionId] @returns {Promise<any>} */
  async tell(method, params = {}, sessionId = undefined) {
    const id = ++this.#asked;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.told.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async close() {
    this.child.kill();
    await once(this.child, "exit");
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 }); // it has children that write for a moment more
  }
}

/**
 * Opens the dashboard, signed in and with none of its files at hand, and returns after how many milliseconds something stood there.
 * @param {PlainBrowser} browser @param {import("../installations/installation.js").Told} installation @param {string} selector
 * @returns {Promise<number>}
 */
export async function firstSight(browser, { url, tokens }, selector) {
  const { browserContextId } = await browser.tell("Target.createBrowserContext");
  const { targetId } = await browser.tell("Target.createTarget", { url: "about:blank", browserContextId, width: 1280, height: 800 });
  const { sessionId } = await browser.tell("Target.attachToTarget", { targetId, flatten: true });
  if (tokens.reader) await browser.tell("Storage.setCookies", { browserContextId, cookies: [await beginSession(url, tokens.reader)] });
  await browser.tell("Page.enable", {}, sessionId);
  const source = `(${watch})(${JSON.stringify(selector)})`;
  await browser.tell("Page.addScriptToEvaluateOnNewDocument", { source }, sessionId);
  await browser.tell("Page.navigate", { url: `${url}/dashboard/` }, sessionId);
  const { result } = await browser.tell("Runtime.evaluate", { expression: "globalThis.seen", awaitPromise: true, returnByValue: true }, sessionId);
  await browser.tell("Target.disposeBrowserContext", { browserContextId });
  return result.value;
}

/** In the page. @param {string} selector */
function watch(selector) {
  /** @type {any} */ (globalThis).seen = new Promise((resolve) => {
    const look = () => (document.querySelector(selector) ? resolve(performance.now()) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
}
