// Two replicas on one database behind a balancer, one of them of another version. Both are the program under test: what makes a
// version, its number and the hash that its files are below, is replaced on the way.
import { once } from "node:events";
import { createServer } from "node:http";

/** @typedef {"old" | "new"} Version */

const newHash = "fedcba9876543210";
const noHash = "0000000000000000";

export class Replicas {
  /** Which replica a request is led to. @type {(path: string) => Version} */
  lead = () => "old";
  url = "";

  /** @param {Record<Version, string>} targets their addresses */
  constructor(targets) {
    this.targets = targets;
    /** Of the files that both have. */
    this.hash = "";
    this.server = createServer((incoming, answer) => {
      this.#pass(incoming, answer).catch((/** @type {Error} */ error) => answer.destroy(error));
    });
  }

  async start() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    this.url = `http://127.0.0.1:${port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** @param {import("node:http").IncomingMessage} incoming @param {import("node:http").ServerResponse} answer */
  async #pass(incoming, answer) {
    const path = incoming.url ?? "/";
    const version = this.lead(path);
    // The newer replica has its own files, and none of the older one's.
    const asked = version === "old" ? path : path.replace(`/a/${this.hash}/`, `/a/${noHash}/`).replace(`/a/${newHash}/`, `/a/${this.hash}/`);
    const headers = Object.fromEntries(Object.entries(incoming.headers).flatMap(([name, value]) => (["connection", "host", "accept-encoding", "content-length"].includes(name) ? [] : [[name, String(value)]])));
    const body = await bytesOf(incoming);
    const reply = await fetch(this.targets[version] + asked, { method: incoming.method ?? "GET", headers, redirect: "manual", ...(body.length > 0 ? { body } : {}) });
    const given = Buffer.from(await reply.arrayBuffer());
    if (path.endsWith("/dashboard/")) this.hash = /\/a\/([0-9a-f]{16})\//.exec(given.toString())?.[1] ?? "";
    const isOther = version === "new" && /\/dashboard\/$|\/api\/v1\/session$/.test(path);
    const sent = isOther ? this.#ofNewVersion(given.toString()) : given;
    answer.writeHead(reply.status, [...reply.headers].filter(([name]) => !["content-encoding", "content-length", "transfer-encoding", "connection"].includes(name)).flat());
    answer.end(sent);
  }

  /** @param {string} text the page, or what the session says */
  #ofNewVersion(text) {
    return text.replaceAll(`/a/${this.hash}/`, `/a/${newHash}/`).replace(/"version":"[^"]*"/, '"version":"999.0.0"');
  }
}

/** @param {import("node:http").IncomingMessage} incoming */
async function bytesOf(incoming) {
  const parts = [];
  for await (const part of incoming) parts.push(/** @type {Buffer} */ (part));
  return Buffer.concat(parts);
}
