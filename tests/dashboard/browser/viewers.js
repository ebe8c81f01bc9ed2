// Many who look at once, each in a session of their own, as the page begins it.
import { setTimeout } from "node:timers/promises";
import { Caller } from "../installations/caller.js";
import { beginSession } from "./sessions.js";

/** With one more, a token's oldest ends. */
const SESSIONS_OF_TOKEN = 20;

/** @param {import("../installations/installation.js").Told} installation @param {number} count @returns their looks: all of them ask once, at the same time */
export async function startViewers({ url, tokens }, count) {
  const admin = new Caller(url, tokens.admin ?? null);
  /** @type {import("./sessions.js").Cookie[]} */
  const sessions = [];
  while (sessions.length < count) {
    const { token } = await admin.call("POST", "tokens", { name: "viewers", role: "reader" });
    const length = Math.min(SESSIONS_OF_TOKEN, count - sessions.length);
    sessions.push(...(await Promise.all(Array.from({ length }, () => beginSession(url, token)))));
  }
  return async (path = "overview") => {
    await Promise.all(sessions.map((session) => look(`${url}/api/v1/${path}`, session)));
  };
}

/** A server that started just now has nothing to show for a moment. @param {string} url @param {import("./sessions.js").Cookie} session */
async function look(url, { name, value }) {
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(url, { headers: { "x-eventlease-dashboard": "1", cookie: `${name}=${value}` } });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 503 || tries === 300) throw new Error(`${url}: ${answer.status} ${text}`);
    await setTimeout(100);
  }
}
