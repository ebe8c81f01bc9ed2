// As much as there may be: 1,000 queues, 10,000 engines, a payload of 1 MiB, an event of 20,000 attempts; and what strangers may send.
import { completed, Engine, failed, released } from "./engine.js";
import { bidirectional, controls, longWord, markup, payloads } from "./hostile.js";
import { Installation } from "./installation.js";

export async function startCrowd() {
  const installation = await Installation.start({ flags: ["--max-new-queues-per-hour", "10000"] });
  await manyQueues(installation);
  await manyEngines(installation);
  await Promise.all([strangers(installation), largePayload(installation), oftenTried(installation)]);
  await tooOftenTried(installation);
  return { installation, close: () => installation.close() };
}

/** @param {Installation} crowd */
async function manyQueues(crowd) {
  const event = (/** @type {number} */ n) => ({ engine_type: `queue-${String(n).padStart(4, "0")}`, event_type: "thing.requested", payload: n });
  await crowd.as("operator").enqueue(Array.from({ length: 1000 }, (_, n) => event(n)));
}

/** 10,000 engines of four versions: to register each would take minutes. @param {Installation} crowd */
async function manyEngines(crowd) {
  await crowd.sql(`
    insert into eventlease.queues (engine_type) values ('swarm') on conflict do nothing;
    insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at, last_poll_at, max_concurrent_events, engine_software_version)
    select gen_random_uuid(), 'swarm', json_build_object('static_config', json_build_object('engine_software_version', '1.' || n % 4, 'resource_limits', json_build_object('max_concurrent_events', 8)), 'dynamic_state', json_build_object()),
      now() - interval '1 hour' - n * interval '1 second', now(), now() - n % 50 * interval '1 second', 8, '1.' || n % 4
    from generate_series(1, 10000) as n`);
  crowd.facts["engines"] = 10_000;
}

/** @param {Installation} crowd */
async function strangers(crowd) {
  const operator = crowd.as("operator");
  const engine = await Engine.register(crowd, "hostile", { version: `1.0 ${markup}`.slice(0, 60), config: { note: markup, [markup.slice(0, 40)]: bidirectional } });
  const run = `${markup.slice(0, 36)}\u202E/run?a#b%`;
  /** @type {Record<string, string>} */
  const ids = {};
  for (const [name, payload] of Object.entries(payloads)) {
    const policy = `{"max_retries":0}`;
    const body = `{"engine_type":"hostile","event_type":"stranger.came","scenario_run_id":${JSON.stringify(run)},"retry_policy":${policy},"payload":${payload}}`;
    ids[name] = (await operator.call("POST", "events", body)).event_id;
  }
  const errors = [
    [markup.slice(0, 100), markup],
    ["Controls", controls.replace("\u0000", "")],
    ["Bidirectional", bidirectional],
    ["LongWord", longWord],
    ["Empty", " "],
  ];
  const events = await engine.exchange({ limit: 100 });
  await engine.settle(events.slice(0, -3).map((event, n) => {
    const [type = "", message = ""] = errors[n % errors.length] ?? [];
    return failed(event, type, message, { details: { markup, nested: [bidirectional] } });
  }));
  await operator.call("POST", "queues/hostile/pause", { reason: `${markup} ${bidirectional}`.slice(0, 500) });
  await operator.call("POST", `engines/${engine.id}/drain`, { reason: `${markup} ${bidirectional}`.slice(0, 200) });
  await crowd.makeToken({ name: `${markup.slice(0, 36)}\u202Etoken`, role: "reader" });
  crowd.facts["hostile"] = ids;
  crowd.facts["hostile_engine"] = engine.id;
  crowd.facts["hostile_run"] = run;
}

/** @param {Installation} crowd */
async function largePayload(crowd) {
  const line = (/** @type {number} */ n) => ({ n, name: `record ${n}`, values: [n, n / 3, null, true], text: "x".repeat(60) });
  let text = "";
  for (let n = 0; text.length < 1_040_000; n += 1) text += `${n === 0 ? "" : ","}${JSON.stringify(line(n))}`;
  const answer = await crowd.as("operator").call("POST", "events", `{"engine_type":"large","event_type":"large.came","payload":[${text}]}`);
  crowd.facts["large"] = answer.event_id;
}

/** An event that was tried 240 times. @param {Installation} crowd */
async function oftenTried(crowd) {
  const policy = { max_retries: 100, retry_delay: { initial: 0, max: 0 } };
  const [id] = await crowd.as("operator").enqueue([{ engine_type: "import", event_type: "import.requested", payload: { file: "a.csv" }, retry_policy: policy }]);
  crowd.facts["tried_often"] = id;
  const engine = await Engine.register(crowd, "import", { version: "1.0.0", slots: 1 });
  let [event] = await engine.exchange();
  for (let n = 1; n < 240 && event; n += 1) {
    const settlement = n % 3 === 0 ? failed(event, "Busy", `the file is locked by process ${n}`) : released(event, { code: "hold", reason: "waits for its turn" });
    [event] = await engine.exchange({ settlements: [settlement], wait: 2 });
  }
  if (event) await engine.settle([completed(event)]);
}

/** An event of 20,000 attempts: an API call for each would take minutes. @param {Installation} crowd */
async function tooOftenTried(crowd) {
  const [id] = await crowd.as("operator").enqueue([{ engine_type: "often", event_type: "often.came", payload: null }]);
  await crowd.sql(`
    insert into eventlease.event_attempts (event_id, engine_type, attempt, leased_at, ended_at, outcome, answer, error)
    select '${id}', 'often', n, now() - (20001 - n) * interval '3 seconds', now() - (20001 - n) * interval '3 seconds' + interval '1 second',
      case when n % 5 = 0 then 'expired' when n % 2 = 0 then 'failed' else 'released' end,
      case when n % 5 = 0 then null when n % 2 = 0 then 'retry_scheduled' else 'released' end,
      case when n % 2 = 0 and n % 5 <> 0 then '{"type":"Busy","message":"locked"}'::json end
    from generate_series(1, 20000) as n;
    update eventlease.event_queue set attempt = 20000 where event_id = '${id}'`);
  crowd.facts["tried_20000_times"] = id;
}
