/** The fake server on a port of this machine. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const IDLE_MILLISECONDS = 110_000;

export interface Listening {
  url: string;
  close: () => Promise<void>;
}

/** Serves on a free port. Where `fetch` fails, the connection is cut. */
export async function listen(fetch: (request: Request) => Promise<Response>): Promise<Listening> {
  let url = "";
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const hangUp = new AbortController();
    outgoing.on("close", () => {
      hangUp.abort();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = "GET", headers } = incoming;
    const hasBody = method !== "GET" && method !== "HEAD";
    const request = new Request(new URL(incoming.url ?? "/", url), {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: hasBody ? Buffer.concat(chunks) : null,
      signal: hangUp.signal,
    });
    const replied = fetch(request).then(async (reply) => {
      outgoing.writeHead(reply.status, Object.fromEntries(reply.headers));
      const body = Buffer.from(await reply.arrayBuffer());
      await new Promise<void>((resolve) => outgoing.end(body, resolve));
    });
    underWay.add(replied);
    await replied.finally(() => underWay.delete(replied));
  };
  const underWay = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: IDLE_MILLISECONDS }, (incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.allSettled(underWay);
    server.closeAllConnections();
    await closed;
  };
  return { url, close };
}
