// A bad night: what an operator is woken for, once of each kind.
import { setTimeout as pause } from "node:timers/promises";
import { completed, Engine, failed, work } from "./engine.js";
import { Installation } from "./installation.js";

const atOnce = { retry_delay: { initial: 0, max: 0 } };

export async function startNight() {
  const installation = await Installation.start({ flags: ["--reaper-interval-ms", "500", "--trusted-proxy", "127.0.0.0/8"] });
  installation.tokens.limited = await installation.makeToken({ name: "only-dialogue", role: "operator", engine_types: ["dialogue"] });
  const [worker] = await Promise.all([
    versionsThatDie(installation),
    silentLosses(installation),
    nobodyWorks(installation),
    pausedQueue(installation),
    openRun(installation),
    policies(installation),
    past(installation),
  ]);
  const close = async () => {
    await Promise.all([worker.stop(), installation.close()]);
  };
  return { installation, close };
}

/** Dead letters of two causes in three versions; afterwards one engine of a good version is there. @param {Installation} night */
export async function versionsThatDie(night) {
  const operator = night.as("operator");
  const timeouts = { "2.4.0": 6, "2.4.1": 30, "2.5.0": 4 };
  const schemas = { "2.4.0": 2, "2.4.1": 8, "2.5.0": 2 };
  for (const version of /** @type {const} */ (["2.4.0", "2.4.1", "2.5.0"])) {
    const engine = await Engine.register(night, "dialogue", { version });
    const good = { "2.4.0": 15, "2.4.1": 2, "2.5.0": 10 }[version];
    const count = good + timeouts[version] + schemas[version];
    await operator.enqueue(
      Array.from({ length: count }, (_, n) => ({
        engine_type: "dialogue",
        event_type: n % 3 === 0 ? "dialogue.summarized" : "dialogue.requested",
        payload: { npc: { name: "Mira", mood: n % 7 }, line: n, version },
        scenario_run_id: `evening-${version}`,
        retry_policy: { max_retries: 0 },
      })),
    );
    const events = await engine.exchange({ limit: 100 });
    if (events.length !== count) throw new Error(`${events.length} of ${count} events were leased`);
    await engine.settle(
      events.map((event, n) => {
        if (n < good) return completed(event, { text: "Good evening." });
        if (n < good + timeouts[version]) return failed(event, "Timeout", `10.0.3.${n}:8443 did not answer within 30 s (request ${n}f3a9c1d2)`);
        return failed(event, "SchemaError", `member "npc.name" of line ${n} is missing`, { details: { line: n } });
      }),
    );
    await engine.caller.call("DELETE", `engines/${engine.id}`);
  }
  const [sample] = (await operator.call("GET", "dead-letters?engine_type=dialogue&error_type=Timeout&limit=1")).items;
  night.facts["dead_letter"] = sample.event_id;
  const { items } = await operator.call("GET", "dead-letters/groups?engine_type=dialogue&by=error_fingerprint,error_type");
  const cause = (/** @type {string} */ type) => items.find((/** @type {{ error_type: string }} */ each) => each.error_type === type).error_fingerprint;
  night.facts["timeout_fingerprint"] = cause("Timeout");
  const job = { filter: { engine_type: "dialogue", error_type: "SchemaError", engine_software_version: "2.5.0" }, canary: { count: 1, continue_at_success_ratio: 0.9, wait_seconds: 600 } };
  night.facts["job"] = (await operator.call("POST", "redrive-jobs", job)).job.job_id;
  const engine = await Engine.register(night, "dialogue", { version: "2.5.1", slots: 4, timeout: 60 });
  return work(engine);
}

/** One event that two engines worked on at once, one whose report came late, one that two engines died of. @param {Installation} night */
async function silentLosses(night) {
  const operator = night.as("operator");
  const ask = (/** @type {string} */ type) => ({ engine_type: type, event_type: `${type}.requested`, payload: { frame: 17 }, retry_policy: atOnce });
  const names = /** @type {const} */ (["twice", "late", "poison"]);
  const types = ["transcode", "transcribe", "render"];
  const ids = await operator.enqueue(types.map(ask));
  names.forEach((name, n) => (night.facts[name] = ids[n]));
  const first = await Promise.all(types.map((type) => Engine.register(night, type, { version: "1.9.2", slots: 1 })));
  const leases = await Promise.all(first.map((engine) => engine.exchange({ lease: 1 })));
  await pause(1800); // the leases end, and the reaper has run
  const second = await Promise.all(types.map((type) => Engine.register(night, type, { version: "1.9.3", slots: 1 })));
  const again = await Promise.all(
    second.map((engine, n) => (types[n] === "transcribe" ? [] : engine.exchange({ wait: 3, lease: types[n] === "render" ? 1 : 60 }))),
  );
  await pause(400);
  await Promise.all(first.map((engine, n) => (types[n] === "render" ? null : engine.settle((leases[n] ?? []).map((event) => completed(event, { by: "the first" }))))));
  await pause(1200);
  await second[0]?.settle((again[0] ?? []).map((event) => completed(event, { by: "the second" })));
  // Nobody is left for the poison: it stays where it can be seen.
  await first[2]?.caller.call("DELETE", `engines/${first[2].id}`);
  await second[2]?.caller.call("DELETE", `engines/${second[2].id}`);
}

/** Due events, and the only engine has fallen silent. @param {Installation} night */
async function nobodyWorks(night) {
  const operator = night.as("operator");
  const engine = await Engine.register(night, "vision", { version: "3.0.0", slots: 4, timeout: 3 });
  await engine.heartbeat();
  night.facts["silent_engine"] = engine.id;
  const events = Array.from({ length: 42 }, (_, n) => ({ engine_type: "vision", event_type: "vision.requested", payload: { image: n }, priority: n % 10 }));
  const ids = await operator.enqueue(events);
  night.facts["waiting"] = ids[0];
  const [held] = await engine.exchange({ limit: 1 });
  night.facts["lost_by_silence"] = held?.event_id;
  const [delayed] = await operator.enqueue([{ engine_type: "vision", event_type: "vision.requested", payload: {}, delay_seconds: 3600 }]);
  night.facts["delayed"] = delayed;
}

/** A queue that was paused hours ago and forgotten. @param {Installation} night */
async function pausedQueue(night) {
  const operator = night.as("operator");
  await operator.enqueue(Array.from({ length: 5 }, (_, n) => ({ engine_type: "billing", event_type: "billing.requested", payload: { invoice: n } })));
  await Engine.register(night, "billing", { version: "7.1.0", slots: 2 });
  await operator.call("POST", "queues/billing/pause", { reason: "model upgrade" });
  night.facts["token"] = (await night.as("admin").call("GET", "tokens?name=on-call")).items.at(-1).token_id;
  night.facts["audit_entry"] = (await operator.call("GET", "audit?action=pause_queue&subject=billing&limit=1")).items[0].audit_id;
  await night.sql("update eventlease.queues set paused_at = now() - interval '3 hours' where engine_type = 'billing'");
}

/** A run with an event in each state: three are queued for tomorrow, one is held for as long as the tests take. @param {Installation} night */
async function openRun(night) {
  const operator = night.as("operator");
  night.facts["open_run"] = "night-shift-7";
  const event = (/** @type {number} */ delay_seconds) => ({
    engine_type: "roster", event_type: "roster.planned", payload: { shift: 7 }, delay_seconds, scenario_run_id: night.facts["open_run"], retry_policy: { max_retries: 0 },
  });
  await operator.enqueue([0, 0, 0, 86_400, 86_400, 86_400].map(event));
  const engine = await Engine.register(night, "roster", { version: "4.2.0", slots: 3 });
  night.facts["busy_engine"] = engine.id;
  const [first, second] = await engine.exchange({ limit: 3, lease: 43_200 });
  if (!first || !second) throw new Error("the events of the run were not leased");
  await engine.settle([completed(first), failed(second, "NobodyThere", "no guard is free for gate 3")]);
}

/** Two event types with retry policies: one has all parts of its own. @param {Installation} night */
async function policies(night) {
  const operator = night.as("operator");
  await operator.call("PUT", "event-types/invoice.sent/retry-policy", { max_retries: 9, retry_delay: { initial: 1, max: 300, multiplier: 2 }, dead_letter_threshold: 5, jitter: 0.2 });
  await operator.call("PUT", "event-types/roster.planned/retry-policy", { max_retries: 0 });
}

/** Six hours of history for the plots, with a surge and with a gap in which the service was down. @param {Installation} night */
async function past(night) {
  await night.sql(`
    insert into eventlease.queue_history (engine_type, minute_at, due, delayed, processing, dead_letters, oldest_due_age_seconds, slots, busy,
      enqueued, completed, failed, lost, released, late, dead_lettered, cancelled, attempt_p50_seconds, attempt_p99_seconds, wait_p50_seconds, wait_p99_seconds)
    select name, date_trunc('minute', now()) - n * interval '1 minute', greatest(0, 120 - abs(120 - n)) * 3, 2, 4, greatest(0, 60 - n), greatest(0, 120 - abs(120 - n)) * 2, 12, 4 + n % 8,
      600 + 10 * (n % 30), 580 + 10 * (n % 25), n % 9, n % 50 / 49, 1, 0, n % 9 / 8, 0, 0.8, 4.5, 0.2, 12
    from generate_series(2, 360) as n, unnest(array['', 'dialogue']) as name
    where n not between 200 and 215
    on conflict do nothing`);
}
