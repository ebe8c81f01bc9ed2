/** Exchanges over real sockets: connections that are kept, cut, stale, silent and closed. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import http from "node:http";
import type { AddressInfo } from "node:net";

import { Connections } from "../src/connections.js";
import { TransportError, baseOf, exchange } from "../src/transport.js";
import type { Received, Request } from "../src/transport.js";
import { fetchFailed } from "./scripted.js";
import { SocketServer } from "./scripted.js";

const OK = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const GET: Request = { method: "GET", path: "/server?a=1", headers: { "X-A": "b" }, body: undefined };

type Send = (url: string, request?: Request, seconds?: number, controller?: AbortController) => Promise<Received>;

/** Each way of a request: that of an injected `fetch`, and that of the library. */
const connections = new Connections();
const WAYS: Record<string, Send> = {
  fetch: (url, request = GET, seconds = 10, controller = new AbortController()) =>
    exchange(fetch, baseOf(url), request, seconds, controller),
  connections: (url, request = GET, seconds = 10, controller = new AbortController()) =>
    connections.exchange(baseOf(url), request, seconds, controller.signal),
};
after(() => {
  connections.close();
});

async function failureOf(exchanged: Promise<Received>): Promise<TransportError> {
  const error = await exchanged.then(
    () => assert.fail("a reply arrived"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof TransportError, String(error));
  return error;
}

test("a path in the base address stands before the interface", () => {
  assert.equal(baseOf("http://host:1/queue/"), "http://host:1/queue/api/v1");
  assert.equal(baseOf("http://host:1/api/v1/"), "http://host:1/api/v1");
  assert.equal(baseOf("http://host:1"), "http://host:1/api/v1");
});

for (const code of [
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]) {
  test(`${code} was not sent`, async () => {
    const exchanged = exchange(() => Promise.reject(fetchFailed(code)), "http://a", GET, 1, new AbortController());
    assert.equal((await failureOf(exchanged)).failure, "not_sent");
  });
}

for (const code of ["ECONNRESET", "UND_ERR_SOCKET", "EPIPE", "UND_ERR_HEADERS_TIMEOUT", "HPE_INVALID_CONSTANT"]) {
  test(`${code} may have been sent`, async () => {
    const exchanged = exchange(() => Promise.reject(fetchFailed(code)), "http://a", GET, 1, new AbortController());
    assert.equal((await failureOf(exchanged)).failure, "stale");
  });
}

/** A server that answers with so many bytes. */
async function sized(answer: (response: http.ServerResponse) => void): Promise<{ url: string; close: () => void }> {
  const server = http.createServer((_, response) => {
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

for (const [way, send] of Object.entries(WAYS)) {
  test(`${way}: requests are sent and replies are read`, async () => {
    await using server = await SocketServer.listen([OK, OK], [OK]);
    const replies = [
      await send(server.url),
      await send(server.url, { method: "POST", path: "/events", headers: {}, body: '{"a":"ä"}' }),
    ];
    for (const { status, headers, text } of replies) {
      assert.deepEqual([status, headers.get("content-type"), text], [200, "application/json", "{}"]);
    }
    assert.match(server.requests[0]!, /^GET \/api\/v1\/server\?a=1 HTTP\/1\.1\r\n/);
    assert.match(server.requests[0]!, /x-a: b/i);
    assert.ok(server.requests[1]!.endsWith('\r\n\r\n{"a":"ä"}'));
  });

  test(`${way}: a reply that is cut anywhere is no reply`, async () => {
    for (let length = 0; length < OK.length; length++) {
      await using server = await SocketServer.listen([length === 0 ? null : OK.slice(0, length)]);
      const { failure } = await failureOf(send(server.url));
      assert.ok(failure === "stale" || failure === "cut", `${length}: ${failure}`);
      if (length > OK.indexOf("\r\n\r\n") + 4) assert.equal(failure, "cut", `${length}`);
    }
  });

  test(`${way}: a kept connection that is closed without a byte is stale`, async () => {
    await using server = await SocketServer.listen([OK, null]);
    await send(server.url);
    assert.equal((await failureOf(send(server.url))).failure, "stale");
  });

  test(`${way}: a refused connection was not sent`, async () => {
    await using server = await SocketServer.listen();
    const { url } = server;
    await server.close();
    const error = await failureOf(send(url));
    assert.equal(error.failure, "not_sent");
    assert.match(error.message, /ECONNREFUSED/);
  });

  test(`${way}: a host that does not exist was not asked`, async () => {
    assert.equal((await failureOf(send("http://eventlease.invalid"))).failure, "not_sent");
  });

  for (const sent of [0, 30, OK.length - 1]) {
    test(`${way}: a reply that does not come in time, after ${sent} bytes`, async () => {
      await using server = await SocketServer.listen([sent === 0 ? undefined : OK.slice(0, sent), undefined]);
      const error = await failureOf(send(server.url, GET, 0.2));
      assert.equal(error.failure, "timed_out");
      assert.match(error.message, /0\.2 s/);
    });
  }

  test(`${way}: a request that waits can be ended`, async () => {
    await using server = await SocketServer.listen([undefined, undefined]);
    const controller = new AbortController();
    const exchanged = failureOf(send(server.url, GET, 60, controller));
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    assert.equal((await exchanged).failure, "cut");
  });

  test(`${way}: a redirect is not followed`, async () => {
    await using server = await SocketServer.listen([
      "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
      OK,
    ]);
    assert.equal((await send(server.url)).status, 302);
    assert.equal(server.requests.length, 1);
  });

  test(`${way}: a reply that is too long is not read, whether it says so before or not`, async () => {
    const piece = "x".repeat(1024 * 1024);
    const said = await sized((response) => {
      response.writeHead(200, { "content-length": 65 * piece.length }).write(piece);
    });
    const unsaid = await sized((response) => {
      for (let number = 0; number < 65; number++) response.write(piece);
      response.end();
    });
    for (const server of [unsaid, said]) {
      const error = await failureOf(send(server.url, GET, 30));
      server.close();
      assert.equal(error.failure, "cut");
      assert.match(error.message, /longer than/);
    }
  });

  test(`${way}: replies that come in pieces are read whole`, async () => {
    const text = JSON.stringify({ text: "äöü😀".repeat(10_000) });
    const bytes = Buffer.from(text);
    const pieces = await sized((response) => {
      for (let from = 0; from < bytes.length; from += 1001) response.write(bytes.subarray(from, from + 1001));
      response.end();
    });
    assert.equal((await send(pieces.url)).text, text);
    pieces.close();
  });
}

test("a reply to `fetch` that a proxy has compressed is read whole", async () => {
  const text = JSON.stringify({ text: "äöü😀".repeat(10_000) });
  const packed = gzipSync(text);
  const server = await sized((response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
  });
  assert.equal((await WAYS["fetch"]!(server.url)).text, text);
  server.close();
});

test("the library's own connections are kept, and know which of them were new", async () => {
  await using server = await SocketServer.listen([OK, OK, null], [null]);
  const send = WAYS["connections"]!;
  for (let number = 0; number < 2; number++) await send(server.url);
  assert.equal((await failureOf(send(server.url))).failure, "stale");
  assert.equal((await failureOf(send(server.url))).failure, "cut");
});
