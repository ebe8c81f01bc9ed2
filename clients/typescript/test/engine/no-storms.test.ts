/**
 * Whatever is answered, and for however long: requests are few, and one of a kind at a time.
 *
 * A slow machine makes fewer requests than a fast one, so no test here fails for being slow.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Hold } from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { until } from "../handling.js";
import { between, Desk, problem } from "./desk.js";

const OBSERVED_MS = 2000;
const FEW = 12; // of one kind in that time
const PATHS: Record<string, RegExp> = {
  register: /^\/engines$/,
  exchange: /^\/events\/queue\//,
  settle: /^\/events\/status$/,
  heartbeat: /^\/engines\/.*\/heartbeat$/,
};
const CODES: Record<number, string[]> = {
  400: ["malformed_json"],
  401: ["unauthenticated"],
  403: ["forbidden"],
  404: ["not_found", "engine_not_found", "event_not_found"],
  408: ["unknown"],
  409: ["lease_lost", "already_settled", "engine_type_mismatch", "engine_superseded", "unknown"],
  413: ["payload_too_large"],
  415: ["unsupported_media_type"],
  422: ["invalid_input", "poll_id_reused", "unknown"],
  429: ["overloaded", "rate_limited"],
  431: ["unknown"],
  500: ["internal"],
  502: ["unknown"],
  503: ["database_unavailable", "shutting_down"],
  504: ["database_timeout"],
};

type Answer = (body: string) => Response;

const ok =
  (value: unknown): Answer =>
  () =>
    new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });

const page =
  (status: number, headers: Record<string, string> = {}): Answer =>
  () =>
    new Response("<html>Please log in</html>", { status, headers: { "content-type": "text/html", ...headers } });

const fails =
  (code: string): Answer =>
  () => {
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  };

const ANSWERS: Record<string, Answer> = {
  ...Object.fromEntries(
    Object.entries(CODES).flatMap(([status, codes]) =>
      codes.map((code) => [`${status} ${code}`, () => problem(Number(status), code)]),
    ),
  ),
  "a page": page(200),
  "another page": page(404),
  "a redirect": page(302, { location: "/" }),
  "no body": () => new Response(null, { status: 204 }),
  "an empty object": ok({}),
  "not sent": fails("ECONNREFUSED"),
  cut: fails("UND_ERR_SOCKET"),
};

/** Answers requests of one kind always alike; counts all, and how many of a kind are under way at once. */
class Counting {
  readonly counts: Record<string, number> = {};
  mostAtOnce = 0;
  readonly fetch: typeof globalThis.fetch;
  readonly #underWay: Record<string, number> = {};

  constructor(server: FakeServer, kind: string, answer: Answer) {
    const answering = between(server, (sent) => (kindOf(sent.path) === kind ? answer(sent.body) : undefined));
    this.fetch = async (input, init) => {
      const of = kindOf(new URL(input instanceof Request ? input.url : input).pathname.replace("/api/v1", ""));
      this.counts[of] = (this.counts[of] ?? 0) + 1;
      this.#underWay[of] = (this.#underWay[of] ?? 0) + 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay[of]);
      try {
        return await answering(input, init);
      } finally {
        this.#underWay[of] -= 1;
      }
    };
  }
}

function kindOf(path: string): string {
  return Object.keys(PATHS).find((kind) => PATHS[kind]!.test(path)) ?? path;
}

/** An engine and a server for each answer, for a while; none of them may make many requests. */
async function observe(kind: string, answers: Record<string, Answer>): Promise<void> {
  const many: Record<string, unknown> = {};
  await Promise.all(
    Object.entries(answers).map(async ([name, answer]) => {
      const server = new FakeServer();
      const counting = new Counting(server, kind, answer);
      const desk = new Desk({ fetch: counting.fetch, concurrency: 8 }, server);
      // Ends while the poll waits for more, so that its report goes in a request of its own.
      desk.engine.on("x", () => sleep(200));
      for (let count = 0; count < 4; count++) await desk.put();
      desk.engine.start();
      await sleep(OBSERVED_MS);
      const counts = { ...counting.counts };
      await until(() => (counting.counts[kind] ?? 0) > 0);
      await desk.engine.stop().catch(() => undefined);
      if (Math.max(...Object.values(counts)) > FEW || counting.mostAtOnce > 1) {
        many[name] = { ...counts, atOnce: counting.mostAtOnce };
      }
    }),
  );
  assert.deepEqual(many, {});
}

suite("requests are few", { concurrency: true }, () => {
  for (const kind of Object.keys(PATHS)) {
    test(`whatever refuses an engine for long: ${kind}`, () => observe(kind, ANSWERS));
  }

  test("where polls are answered at once without events", () => {
    const empty = { events: [], results: [] };
    const codes = ["queue_paused", "engine_draining", "engine_at_capacity", "queue_at_max_processing"];
    const notices = [...codes, "server_stopping", "unknown"].map((code) => [
      code,
      ok({ ...empty, notice: { code, detail: "", retry_after_seconds: 0 } }),
    ]);
    const errors = Object.entries(CODES).flatMap(([status, ofStatus]) =>
      ofStatus.map((code) => [
        `lease error ${code}`,
        ok({ ...empty, lease_error: { status: Number(status), code, detail: "" } }),
      ]),
    );
    return observe("exchange", {
      none: ok({ ...empty, notice: null }),
      ...(Object.fromEntries([...notices, ...errors]) as Record<string, Answer>),
    });
  });

  test("where heartbeats are answered at once", () =>
    observe("heartbeat", {
      "at once": (body) => {
        const { leases } = JSON.parse(body) as { leases: unknown[] };
        return ok({
          leases: leases.map(() => ({ outcome: "renewed", expires_in_seconds: 300 })),
          events_to_cancel: [],
          command: "continue",
          max_concurrent_events: 2,
        })("");
      },
    }));

  test("where the engine holds off", async () => {
    const server = new FakeServer();
    const counting = new Counting(server, "", ok({}));
    const desk = new Desk({ fetch: counting.fetch, concurrency: 4 }, server);
    desk.engine.on("x", () => {
      throw new Hold(3600, "429");
    });
    for (let count = 0; count < 20; count++) await desk.put();
    await desk.working(async () => {
      await until(() => desk.bodies("heartbeat").some((body) => "holding_off" in body));
      const before = counting.counts["exchange"] ?? 0;
      await sleep(OBSERVED_MS / 2);
      assert.ok((counting.counts["exchange"] ?? 0) <= before + 1); // one may have been under way
    });
  });
});
