/** What a call does about each reply, and about none. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";

import { Calls } from "../src/calls.js";
import type { CallOptions } from "../src/calls.js";
import { Token } from "../src/credentials.js";
import type { TokenSource } from "../src/credentials.js";
import {
  AlreadySettled,
  ConfigurationError,
  Conflict,
  Forbidden,
  InvalidInput,
  LeaseEnded,
  NotEventLease,
  NotFound,
  ProblemError,
  Unauthenticated,
  Unavailable,
} from "../src/errors.js";
import { ENGINE } from "../src/rules/repeats.js";
import type { Repeat } from "../src/rules/repeats.js";
import { thrown } from "./producing.js";
import { Lines, Pauses, Script, fetchFailed, reply } from "./scripted.js";

const ok = (): Response => reply(200, { version: "0.1.0" });
const notSent = (): TypeError => fetchFailed("ECONNREFUSED", "connect ECONNREFUSED");
const stale = (): TypeError => fetchFailed("UND_ERR_SOCKET", "other side closed");
/** A reply whose body ends early. */
const cut = (): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => {
        controller.error(new TypeError("terminated"));
      },
    }),
  );
const problem = (status: number, code: string, headers: Record<string, string> = {}): (() => Response) => {
  return () => reply(status, { code, status, detail: "so it is" }, headers);
};
const SAFE: Repeat = { isSafe: true, withinSeconds: 30 };
const UNSAFE: Repeat = { isSafe: false, withinSeconds: 30 };

interface Made {
  calls: Calls;
  script: Script;
  pauses: Pauses;
  lines: Lines;
}

function make(
  answers: ConstructorParameters<typeof Script>,
  { urls = ["http://a"], token = null }: { urls?: string[]; token?: TokenSource | null } = {},
): Made {
  const script = new Script(...answers);
  const pauses = new Pauses();
  const lines = new Lines();
  const { signal, now, random, sleep } = pauses;
  const credentials = new Token(token, lines);
  const calls = new Calls(urls, { credentials, fetch: script.fetch, logger: lines, signal, now, random, sleep });
  return { calls, script, pauses, lines };
}

function get(calls: Calls, repeat: Repeat = SAFE, options: Partial<CallOptions> = {}): Promise<unknown> {
  return calls.call("GET", "/server", undefined, { seconds: 30, repeat, ...options });
}

test("a reply is decoded", async () => {
  const { calls, script } = make([reply(200, { text: "ä" }), reply(204)]);
  const options = { seconds: 30, repeat: SAFE };
  assert.deepEqual(await calls.call("PUT", "/x", { a: "ä" }, options), { text: "ä" });
  assert.equal(await calls.call("DELETE", "/x", undefined, options), undefined);
  const [put, remove] = script.sent;
  assert.deepEqual([put!.body, put!.headers.get("content-type")], ['{"a":"ä"}', "application/json"]);
  assert.deepEqual([remove!.body, remove!.headers.get("content-type")], [null, null]);
  assert.match(put!.headers.get("user-agent")!, /^eventlease-typescript\/\d+\.\d+\.\d+ \(node \d/);
});

for (const [status, code, kind] of [
  [400, "malformed_json", InvalidInput],
  [401, "unauthenticated", Unauthenticated],
  [403, "forbidden", Forbidden],
  [404, "engine_not_found", NotFound],
  [409, "engine_superseded", Conflict],
  [409, "lease_lost", LeaseEnded],
  [409, "already_settled", AlreadySettled],
  [409, "a code of a later version", Conflict],
  [413, "payload_too_large", InvalidInput],
  [418, "a status of a later version", ProblemError],
  [421, "host_not_allowed", Forbidden],
  [422, "invalid_input", InvalidInput],
] as const) {
  test(`${status} ${code} is an error of its family`, async () => {
    const body = { code, status, detail: "so it is", errors: [{ pointer: "/a", detail: "bad" }] };
    const { calls, pauses } = make([reply(status, body, { "x-request-id": "r1" })]);
    const error = await thrown(kind, get(calls));
    assert.deepEqual([error.code, error.status, error.requestId], [code, status, "r1"]);
    assert.ok(error.message.startsWith(`${code}: so it is; /a: bad (request r1)`));
    assert.equal(error.message.includes("EVENTLEASE_TOKEN"), kind === Unauthenticated);
    assert.equal(error.name, kind.name);
    assert.deepEqual(pauses.made, []);
  });
}

test("a refused report says how its lease ended, or as what it was settled", async () => {
  const { calls } = make([
    reply(409, { code: "lease_lost", lease_ended_by: "expired" }),
    reply(409, { code: "already_settled", settled_as: "failed" }),
  ]);
  assert.equal((await thrown(LeaseEnded, get(calls))).leaseEndedBy, "expired");
  assert.equal((await thrown(AlreadySettled, get(calls))).settledAs, "failed");
});

test("a problem of an odd shape is an error still", async () => {
  const { calls } = make([reply(422, { code: 7, errors: "none", detail: null })]);
  assert.equal((await thrown(InvalidInput, get(calls))).code, "7");
});

test("a call is repeated until it is answered", async () => {
  const late = (): Promise<Response> => Promise.reject(fetchFailed("UND_ERR_HEADERS_TIMEOUT"));
  const { calls, script, pauses } = make([notSent(), late, cut(), late, problem(503, "shutting_down"), ok()]);
  assert.deepEqual(await get(calls, ENGINE), { version: "0.1.0" });
  assert.deepEqual(pauses.made, [2, 0.4, 0.8, 1.6]); // the first that was sent is repeated at once
  assert.equal(new Set(script.sent.map((sent) => `${sent.method} ${sent.url}`)).size, 1);
});

test("a stale connection is repeated at once, and once", async () => {
  const { calls, pauses } = make([stale(), stale(), ok()]);
  await get(calls);
  assert.deepEqual(pauses.made, [2]);
});

test("a pause follows the time that the server asks for", async () => {
  const { calls, pauses } = make([problem(429, "overloaded", { "retry-after": "4" }), ok()]);
  await get(calls);
  assert.deepEqual(pauses.made, [4.2]);
});

test("a replica that fails is left, and one that is busy is not", async () => {
  const urls = ["http://a", "http://b", "http://c"];
  const { calls, script } = make([notSent(), problem(429, "rate_limited"), cut(), cut(), ok()], { urls });
  await get(calls);
  assert.deepEqual(script.hosts, ["a", "b", "b", "c", "a"]);
});

test("calls that fail together leave their replica once", async () => {
  const urls = ["http://a", "http://b", "http://c"];
  const { calls, script } = make([notSent(), notSent(), ok(), ok()], { urls });
  await Promise.all([get(calls), get(calls)]);
  assert.deepEqual(script.hosts, ["a", "a", "b", "b"]);
});

test("repeats end with the time limit", async () => {
  const { calls, pauses } = make(Array.from({ length: 20 }, notSent));
  const error = await thrown(Unavailable, get(calls));
  assert.match(error.message, /^GET \/server: no definite answer: http:\/\/a\/api\/v1: connect ECONNREFUSED/);
  assert.equal(error.isUnknown, false);
  assert.ok(pauses.now() > 25 && pauses.now() <= 30, `${pauses.now()}`);
  assert.ok(error.cause instanceof Error);
});

test("a call that may have arrived stays unknown", async () => {
  const { calls } = make([cut(), ...Array.from({ length: 20 }, notSent)]);
  assert.equal((await thrown(Unavailable, get(calls))).isUnknown, true);
});

for (const [name, answer] of [
  ["a stale connection", stale],
  ["a cut reply", cut],
  ["an internal error", problem(500, "internal")],
  ["a proxy's error", () => reply(502)],
] as const) {
  test(`a call that may arrive once only is not sent again after ${name}`, async () => {
    const { calls, script, pauses } = make([answer(), ok()]);
    assert.equal((await thrown(Unavailable, get(calls, UNSAFE))).isUnknown, true);
    assert.deepEqual([script.sent.length, pauses.made], [1, []]);
  });
}

test("it is sent again where it did not arrive", async () => {
  const { calls, script } = make([notSent(), problem(429, "overloaded"), ok()]);
  await get(calls, UNSAFE);
  assert.equal(script.sent.length, 3);
});

test("internal errors are repeated three times", async () => {
  const internal = problem(500, "internal", { "x-request-id": "r1" });
  const { calls, script } = make(Array.from({ length: 5 }, () => internal()));
  const { message, status, code, requestId } = await thrown(Unavailable, get(calls, ENGINE));
  assert.match(message, /status 500: so it is$/);
  assert.deepEqual([script.sent.length, status, code, requestId], [4, 500, "internal", "r1"]);
});

test("stopping ends repeats, also those at once", async () => {
  for (const answer of [notSent(), stale()]) {
    const { calls, script, pauses } = make([answer, ok()]);
    pauses.stop();
    await thrown(Unavailable, get(calls, ENGINE));
    assert.equal(script.sent.length, 1);
  }
});

test("stopping leaves the try under way alone, and closing ends it", async () => {
  const init: RequestInit[] = [];
  const controller = new AbortController();
  const fetch = (_: string, given: RequestInit): Promise<Response> => {
    init.push(given);
    return new Promise((_, reject) => {
      given.signal!.addEventListener("abort", () => {
        reject(given.signal!.reason as Error);
      });
    });
  };
  const calls = new Calls(["http://a"], { credentials: new Token(null), fetch, signal: controller.signal });
  const called = get(calls, ENGINE);
  await new Promise(setImmediate);
  controller.abort();
  assert.equal(init[0]!.signal!.aborted, false);
  calls.close();
  assert.equal((await thrown(Unavailable, called)).isUnknown, true);
  await thrown(Unavailable, get(calls, ENGINE));
  assert.equal(init.length, 1);
});

test("a call ends with its own signal, while it waits and in a pause", async () => {
  const why = new Error("nobody waits any more");
  for (const answer of [(): Promise<Response> => new Promise(() => undefined), (): Response => reply(503)]) {
    const fetch = (_: string, { signal }: RequestInit): Promise<Response> =>
      Promise.race([
        answer(),
        new Promise<Response>((_, reject) => {
          signal!.addEventListener("abort", () => {
            reject(new Error("aborted"));
          });
        }),
      ]);
    const calls = new Calls(["http://a"], {
      credentials: new Token(null),
      fetch,
      logger: new Lines(),
      random: () => 1,
    });
    const controller = new AbortController();
    const called = thrown(Error, get(calls, ENGINE, { signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort(why);
    assert.equal(await called, why);
    assert.equal(await thrown(Error, get(calls, ENGINE, { signal: controller.signal })), why);
  }
});

for (const [name, answer] of Object.entries({
  "a page": new Response("<html>", { headers: { "content-type": "text/html" } }),
  "a redirect": new Response(null, { status: 302, headers: { location: "/login" } }),
  "a page that says 404": new Response("<html>", { status: 404, headers: { "content-type": "text/html" } }),
  "a problem that is no JSON": new Response("x", {
    status: 401,
    headers: { "content-type": "application/problem+json" },
  }),
  "a problem that is no object": new Response("[]", {
    status: 401,
    headers: { "content-type": "application/problem+json" },
  }),
  "a problem without a code": reply(404, { title: "of another service" }),
})) {
  test(`${name} is not from an EventLease server`, async () => {
    const { calls } = make([answer]);
    const error = await thrown(NotEventLease, get(calls));
    assert.match(error.message, new RegExp(`status ${answer.status}, `));
  });
}

test("a page of a proxy in an outage is repeated", async () => {
  const { calls } = make([new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }), ok()]);
  await get(calls);
});

test("an object without what it must have is not from an EventLease server", async () => {
  const { calls } = make([reply(200, { a: 1 }), reply(200, [1]), reply(200, { a: 1, b: null })]);
  const options = { seconds: 1, repeat: SAFE };
  for (const ends of ["badly", "badly", "well"]) {
    const sent = await calls.send("GET", "/x", undefined, options);
    if (ends === "well")
      assert.deepEqual(calls.decodeObject<{ a: number; b: null }>(sent, "a", "b"), { a: 1, b: null });
    else assert.throws(() => calls.decodeObject<{ a: number; b: number }>(sent, "a", "b"), NotEventLease);
  }
});

test("a reply says when its try was sent", async () => {
  const { calls } = make([notSent(), ok()]);
  const { sentAt } = await calls.send("GET", "/x", undefined, { seconds: 1, repeat: SAFE });
  assert.deepEqual([sentAt, calls.sentAt], [2, 2]);
});

test("a token is read again after a 401, and once", async () => {
  const refused = problem(401, "unauthenticated");
  const tokens = ["old", "new", "newer"].values();
  const { calls, script } = make([refused, ok(), refused, refused], { token: () => tokens.next().value! });
  await get(calls);
  await thrown(Unauthenticated, get(calls));
  const shown = script.sent.map((sent) => sent.headers.get("authorization"));
  assert.deepEqual(shown, ["Bearer old", "Bearer new", "Bearer new", "Bearer newer"]);
});

test("calls that are refused together read the token once", async () => {
  let reads = 0;
  const refused = problem(401, "unauthenticated");
  const token = async (): Promise<string> => {
    await new Promise(setImmediate);
    return `token-${++reads}`;
  };
  const { calls } = make([refused, refused, ok(), ok()], { token });
  await Promise.all([get(calls), get(calls)]);
  assert.equal(reads, 2);
});

test("a token that another call has read again is used", async () => {
  const tokens = ["old", "new", "never"].values();
  const token = new Token(() => tokens.next().value!);
  const refused = async (): Promise<Response> => {
    await token.renew(); // as another call does, while this one is under way
    return problem(401, "unauthenticated")();
  };
  const script = new Script(refused, ok());
  await get(new Calls(["http://a"], { credentials: token, fetch: script.fetch }));
  const shown = script.sent.map((sent) => sent.headers.get("authorization"));
  assert.deepEqual(shown, ["Bearer old", "Bearer new"]);
});

for (const [name, fail] of Object.entries({
  throws: (): string => {
    throw new Error("it is replaced");
  },
  "is empty": (): string => "",
})) {
  test(`a token that ${name} when it is read again stays as it was`, async () => {
    let reads = 0;
    const refused = problem(401, "unauthenticated");
    const token = (): string => (++reads === 2 ? fail() : `token-${reads}`);
    const { calls, script, lines } = make([refused, refused, ok()], { token });
    await thrown(Unauthenticated, get(calls));
    assert.ok(lines.texts.includes("the token could not be read, and stays as it was"));
    await get(calls);
    const shown = script.sent.map((sent) => sent.headers.get("authorization"));
    assert.deepEqual(shown, ["Bearer token-1", "Bearer token-1", "Bearer token-3"]);
  });
}

test("a fixed token that is refused is shown once, and without its line break", async () => {
  const { calls, script } = make([problem(401, "unauthenticated"), ok()], { token: "el_x\n" });
  await thrown(Unauthenticated, get(calls));
  assert.deepEqual(
    script.sent.map((sent) => sent.headers.get("authorization")),
    ["Bearer el_x"],
  );
});

test("a token that cannot be one is a mistake of the settings", async () => {
  for (const token of ["", " ", "a b", "ä", "a\nb"]) assert.throws(() => new Token(token), ConfigurationError);
  await thrown(ConfigurationError, get(make([ok()], { token: () => "" }).calls));
  const unreadable = (): Promise<string> => Promise.reject(new Error("no such file"));
  const error = await thrown(ConfigurationError, get(make([ok()], { token: unreadable }).calls));
  assert.match(error.message, /no such file/);
});

test("tokens stand in no text form", () => {
  const { calls } = make([], { token: "secret" });
  assert.ok(!inspect(calls, { depth: 9, showHidden: true }).includes("secret"));
  assert.ok(!inspect(new Token("secret"), { depth: 9, showHidden: true }).includes("secret"));
});

test("a body that no server takes is not sent", async () => {
  const { calls, script } = make([ok()]);
  const called = calls.call("POST", "/events", "ä".repeat(8_000_000), { seconds: 30, repeat: SAFE });
  const error = await thrown(InvalidInput, called);
  assert.deepEqual([error.status, error.code, script.sent.length], [413, "payload_too_large", 0]);
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;
for (const value of [NaN, Infinity, 7n, Symbol("s"), new Map(), (): number => 1, circular]) {
  test(`${inspect(value)} is not sent`, async () => {
    const { calls, script } = make([ok()]);
    const called = calls.call("POST", "/events", { payload: value }, { seconds: 30, repeat: SAFE });
    const error = await thrown(InvalidInput, called);
    assert.match(error.message, /cannot be written as JSON/);
    assert.equal(script.sent.length, 0);
  });
}

test("an outage is said once, and its end", async () => {
  const { calls, lines } = make([...Array.from({ length: 5 }, notSent), ok()]);
  await get(calls, ENGINE);
  assert.deepEqual(lines.texts, ["the server does not answer, repeating the call", "the server answers again"]);
  assert.deepEqual(
    lines.lines.map((line) => line.level),
    ["warn", "info"],
  );
});

test("a long outage is said every half minute", async () => {
  const { calls, lines, pauses } = make([...Array.from({ length: 30 }, notSent), ok()]);
  await get(calls, ENGINE);
  const said = lines.lines.filter((line) => line.level === "warn").length;
  assert.ok(said >= 3 && said <= 1 + pauses.now() / 30, `${said} in ${pauses.now()} s`);
});

test("a call whose repeats end may be answered by nothing but its own errors", async () => {
  const { calls } = make([() => Promise.reject(new RangeError("a bug of a fetch"))]);
  assert.equal((await thrown(Unavailable, get(calls, UNSAFE))).isUnknown, true);
});
