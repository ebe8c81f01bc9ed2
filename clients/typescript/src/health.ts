/** Health over HTTP: the status is the verdict. */

import http from "node:http";
import type { AddressInfo } from "node:net";

/** Each check returns what is wrong. */
export interface Checks {
  failing(): string[];
  unready(): string[];
}

/** Serves `/healthz` and `/readyz`: 200 where nothing is wrong, else 503; the body says what. */
export class Health {
  readonly #server: http.Server;

  constructor(checks: Checks) {
    this.#server = http.createServer((request, response) => {
      const path = request.url?.split("?", 1)[0];
      const wrong = path === "/healthz" ? checks.failing() : path === "/readyz" ? checks.unready() : null;
      const status = wrong === null ? 404 : wrong.length > 0 ? 503 : 200;
      const body = JSON.stringify({ status: status === 200 ? "ok" : "failing", causes: wrong ?? ["not found"] });
      response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
      response.end(request.method === "HEAD" ? undefined : body);
    });
    this.#server.requestTimeout = 5000;
  }

  /** The port that is served; 0 picks a free one. Rejects if the port is taken. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, () => {
        this.#server.off("error", reject);
        this.#server.unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}
