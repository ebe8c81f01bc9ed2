//! States of events and queues, how each is made, and the codes that explain it.

use serde_json::{Value, json};

use crate::support::Lab;

/// The state, which is also the name of its queue; the verdict; all reasons in their order.
pub const STATES: [(&str, &str, &[&str]); 40] = [
    ("completed", "ended", &["ended"]),
    ("dead", "ended", &["ended"]),
    ("cancelled", "ended", &["ended"]),
    ("held", "held", &["held"]),
    ("held-silently", "held", &["held", "engine_silent"]),
    ("held-for-long", "held", &["held", "near_longest_lease", "cancel_requested"]),
    ("delayed", "not_due_yet", &["not_due_yet"]),
    ("delayed-without-engines", "not_due_yet", &["not_due_yet", "no_engine_registered"]),
    ("tried-again", "not_due_yet", &["not_due_yet"]),
    ("paused-without-engines", "queue_paused", &["queue_paused", "no_engine_registered"]),
    ("capped-and-full", "queue_capped", &["queue_capped", "engines_full"]),
    ("without-engines", "no_engine_registered", &["no_engine_registered"]),
    ("draining", "none_active", &["none_active"]),
    ("quarantined", "none_active", &["none_active", "version_quarantined"]),
    ("holding-off", "none_active", &["none_active", "engines_holding_off"]),
    ("silent-engines", "engines_do_not_ask", &["engines_do_not_ask"]),
    ("silent-and-full", "engines_do_not_ask", &["engines_do_not_ask", "engines_full"]),
    ("full", "engines_full", &["engines_full"]),
    ("full-and-behind", "engines_full", &["engines_full", "behind_others"]),
    ("at-work-without-a-limit", "engines_full", &["engines_full"]),
    ("suspect", "travels_alone", &["travels_alone"]),
    ("suspect-beside-an-idle-engine", "would_be_soon", &["travels_alone", "would_be_soon"]),
    ("suspect-beside-a-silent-engine", "travels_alone", &["engines_do_not_ask", "travels_alone"]),
    ("suspect-beside-a-held-one", "travels_alone", &["travels_alone"]),
    ("worked-on-without-engines", "would_be_soon", &["no_engine_registered", "would_be_soon"]),
    ("behind", "behind_others", &["behind_others"]),
    ("soon", "would_be_soon", &["would_be_soon"]),
    ("forgotten", "would_be_soon", &["would_be_soon"]),
    ("discarded", "no_engine_registered", &["no_engine_registered", "discarded_at"]),
    ("queue-paused", "paused", &["paused", "no_engine_registered"]),
    ("queue-draining", "none_active", &["none_active"]),
    ("queue-worked-on-without-engines", "flows", &["flows", "no_engine_registered"]),
    ("queue-zombies", "zombies", &["zombies"]),
    ("queue-untouched", "not_taken", &["not_taken"]),
    ("queue-capped", "capped", &["capped"]),
    ("queue-full", "all_full", &["all_full"]),
    ("queue-dying", "flows", &["flows", "failing", "losing", "late", "more_in_than_out", "retries"]),
    ("queue-suspects", "flows", &["flows", "suspects"]),
    ("queue-slower", "flows", &["flows", "slower_than_before"]),
    ("queue-idle", "flows", &["flows"]),
];

/// An engine that may hold so many events at a time.
async fn engine(lab: &Lab, queue: &str, max_concurrent_events: i32) -> String {
    let limits = json!({"resource_limits": {"max_concurrent_events": max_concurrent_events}});
    lab.register(queue, json!({"metadata": {"static_config": limits}})).await
}

/// Lets the events of a queue be due for so many seconds.
async fn due_for(lab: &Lab, queue: &str, seconds: i32) {
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = statement_timestamp() - make_interval(secs => {seconds})
         where engine_type = '{queue}'"
    ))
    .await;
}

/// As if the engine had asked for nothing for an hour.
async fn fall_still(lab: &Lab, engine: &str) {
    lab.broker().flush_liveness().await.expect("written");
    lab.sql(&format!(
        "update eventlease.engine_states
         set registered_at = registered_at - interval '1 hour', last_poll_at = last_poll_at - interval '1 hour'
         where engine_id = '{engine}'"
    ))
    .await;
    // While the service was away, none could ask.
    lab.sql("update eventlease.service_signs set grace_since = grace_since - interval '2 hours'").await;
}

/// What replicas counted of a queue just now.
pub async fn count(lab: &Lab, queue: &str, counts: &[(&str, i32)], durations: &str) {
    let names: Vec<&str> = counts.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = counts.iter().map(|(_, count)| count.to_string()).collect();
    lab.sql(&format!(
        "insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations, {})
         values ('{queue}', to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10), gen_random_uuid(),
            {durations}, {})",
        names.join(", "),
        values.join(", ")
    ))
    .await;
}

const NO_DURATIONS: &str = "'{}'";

/// An event that was leased by an engine and lost in silence twice.
async fn lost_twice(lab: &Lab, queue: &str, engine: &str) -> String {
    let event = lab.enqueue(queue, json!({"retry_policy": {"dead_letter_threshold": 5}})).await;
    for _ in 0..2 {
        lab.lease_one(queue, engine).await;
        lab.lose(&event).await;
    }
    event
}

/// Makes a state; answers what is to be explained.
#[expect(clippy::too_many_lines, reason = "one state after the other, each with what it needs")]
pub async fn make(lab: &Lab, state: &str) -> String {
    let queue = state;
    let enqueue = async |more: Value| lab.enqueue(queue, more).await;
    let of_queue = queue.to_owned();
    match state {
        "completed" | "dead" => {
            let engine = engine(lab, queue, 1).await;
            let event = enqueue(json!({})).await;
            let leased = lab.lease_one(queue, &engine).await;
            let (status, more) =
                if state == "dead" { ("failed", json!({"retryable": false})) } else { ("completed", json!({})) };
            lab.settle(&leased, status, more).await.expect(200);
            event
        }
        "cancelled" => {
            let event = enqueue(json!({})).await;
            lab.post(&format!("/api/v1/events/{event}/cancel"), &json!({})).await.expect(200);
            event
        }
        "held" => {
            let engine = engine(lab, queue, 1).await;
            let event = enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            event
        }
        "held-silently" => {
            let engine = lab.register(queue, json!({"heartbeat_timeout_seconds": null})).await;
            let event = enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            lab.broker().flush_liveness().await.expect("written");
            let silent = format!(
                "update eventlease.engine_states set last_seen_at = last_seen_at - interval '10 minutes' where engine_id = '{engine}'"
            );
            lab.sql(&silent).await;
            event
        }
        "held-for-long" => {
            let engine = engine(lab, queue, 1).await;
            let event = enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            lab.post(&format!("/api/v1/events/{event}/cancel"), &json!({})).await.expect(202);
            lab.sql(&format!(
                "update eventlease.event_leases
                 set leased_at = statement_timestamp() - interval '1 hour',
                    lease_expires_at = statement_timestamp() + interval '110 seconds',
                    lease_deadline_at = statement_timestamp() + interval '2 minutes'
                 where event_id = '{event}'"
            ))
            .await;
            event
        }
        "delayed" => {
            engine(lab, queue, 1).await;
            enqueue(json!({"delay_seconds": 600})).await
        }
        "delayed-without-engines" => enqueue(json!({"delay_seconds": 600})).await,
        "tried-again" => {
            let engine = engine(lab, queue, 1).await;
            let event = enqueue(json!({"retry_policy": {"retry_delay": {"initial": 600, "max": 600}}})).await;
            let leased = lab.lease_one(queue, &engine).await;
            lab.settle(&leased, "failed", json!({})).await.expect(200);
            event
        }
        "paused-without-engines" | "queue-paused" => {
            let event = enqueue(json!({})).await;
            lab.post(&format!("/api/v1/queues/{queue}/pause"), &json!({"reason": "an upgrade"})).await.expect(200);
            if state == "queue-paused" { of_queue } else { event }
        }
        "capped-and-full" | "queue-capped" => {
            let engine = engine(lab, queue, if state == "queue-capped" { 5 } else { 1 }).await;
            enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            let change = json!({"max_processing": 1});
            lab.request("PATCH", &format!("/api/v1/queues/{queue}")).json(&change).send().await.expect("a reply");
            let event = enqueue(json!({})).await;
            if state == "queue-capped" { of_queue } else { event }
        }
        "without-engines" => enqueue(json!({})).await,
        "draining" | "queue-draining" => {
            let engine = engine(lab, queue, 1).await;
            lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
            let event = enqueue(json!({})).await;
            if state == "queue-draining" { of_queue } else { event }
        }
        "quarantined" => {
            let metadata = json!({"static_config": {"engine_software_version": "2.4.1"}});
            lab.register(queue, json!({"metadata": metadata})).await;
            let quarantine = json!({"engine_software_version": "2.4.1", "reason": "it answers in the wrong language"});
            lab.post(&format!("/api/v1/queues/{queue}/quarantines"), &quarantine).await.expect(200);
            enqueue(json!({})).await
        }
        "holding-off" => {
            let engine = engine(lab, queue, 1).await;
            lab.broker().flush_liveness().await.expect("written");
            lab.sql(&format!(
                "update eventlease.engine_states set holding_off_until = statement_timestamp() + interval '1 hour',
                    holding_off_reason = 'the provider answers 429' where engine_id = '{engine}'"
            ))
            .await;
            enqueue(json!({})).await
        }
        "silent-engines" | "queue-zombies" => {
            let engine = engine(lab, queue, 1).await;
            let event = enqueue(json!({})).await;
            due_for(lab, queue, 40).await;
            fall_still(lab, &engine).await;
            if state == "queue-zombies" { of_queue } else { event }
        }
        "silent-and-full" => {
            let (still, at_work) = (engine(lab, queue, 3).await, engine(lab, queue, 1).await);
            enqueue(json!({})).await;
            lab.lease_one(queue, &at_work).await;
            let event = enqueue(json!({})).await;
            due_for(lab, queue, 40).await;
            fall_still(lab, &still).await;
            event
        }
        "full" | "full-and-behind" | "queue-full" => {
            let engine = engine(lab, queue, 1).await;
            enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            let first = enqueue(json!({})).await;
            match state {
                "full-and-behind" => enqueue(json!({})).await,
                "queue-full" => of_queue,
                _ => first,
            }
        }
        "at-work-without-a-limit" => {
            let engine = lab.register(queue, json!({})).await;
            enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            let event = enqueue(json!({})).await;
            due_for(lab, queue, 10).await;
            event
        }
        "suspect" => {
            let engine = engine(lab, queue, 5).await;
            // What it holds meanwhile keeps it from being given an isolated event.
            enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            lost_twice(lab, queue, &engine).await
        }
        "suspect-beside-an-idle-engine" | "suspect-beside-a-silent-engine" => {
            let at_work = engine(lab, queue, 5).await;
            for _ in 0..3 {
                enqueue(json!({})).await;
                lab.lease_one(queue, &at_work).await;
            }
            let event = lost_twice(lab, queue, &at_work).await;
            let idle = engine(lab, queue, 5).await;
            if state == "suspect-beside-a-silent-engine" {
                due_for(lab, queue, 40).await;
                fall_still(lab, &idle).await;
            }
            event
        }
        "suspect-beside-a-held-one" => {
            let engine = engine(lab, queue, 5).await;
            let events = [enqueue(json!({})).await, enqueue(json!({})).await];
            for _ in &events {
                lab.lease_one(queue, &engine).await;
            }
            for event in &events {
                lab.lose(event).await;
            }
            let held = lab.lease_one(queue, &engine).await;
            events.into_iter().find(|event| held["event_id"] != json!(event)).expect("the other one")
        }
        "worked-on-without-engines" | "queue-worked-on-without-engines" => {
            enqueue(json!({})).await;
            let lease = format!("/api/v1/events/queue/{queue}/lease");
            lab.post(&lease, &json!({"limit": 1})).await.expect(200);
            let event = enqueue(json!({})).await;
            if state == "worked-on-without-engines" { event } else { of_queue }
        }
        "behind" => {
            engine(lab, queue, 2).await;
            enqueue(json!({})).await;
            enqueue(json!({})).await;
            enqueue(json!({})).await
        }
        "soon" => {
            engine(lab, queue, 2).await;
            enqueue(json!({})).await
        }
        "forgotten" => {
            engine(lab, queue, 2).await;
            let event = enqueue(json!({})).await;
            due_for(lab, queue, 3600).await;
            event
        }
        "queue-untouched" => {
            engine(lab, queue, 2).await;
            enqueue(json!({})).await;
            due_for(lab, queue, 20).await;
            of_queue
        }
        "discarded" => enqueue(json!({"discard_after_seconds": 600})).await,
        "queue-dying" => {
            engine(lab, queue, 5).await;
            enqueue(json!({})).await;
            let counts =
                [("enqueued", 60), ("completed", 20), ("failed", 30), ("lost", 10), ("late", 4), ("dead_lettered", 2)];
            count(lab, queue, &counts, NO_DURATIONS).await;
            of_queue
        }
        "queue-suspects" => {
            let engine = engine(lab, queue, 5).await;
            let event = enqueue(json!({})).await;
            lab.lease_one(queue, &engine).await;
            lab.lose(&event).await;
            of_queue
        }
        "queue-slower" => {
            engine(lab, queue, 5).await;
            // The last bucket of those that every version knows: more than an hour.
            count(lab, queue, &[("completed", 30)], "array_fill(0, array[12]) || 30::bigint").await;
            lab.sql(&format!(
                "insert into eventlease.queue_history (engine_type, minute_at, due, delayed, processing, dead_letters,
                    oldest_due_age_seconds, slots, busy, enqueued, completed, failed, lost, released, late, dead_lettered,
                    attempt_p50_seconds)
                 select '{queue}', date_trunc('minute', statement_timestamp()) - make_interval(mins => n), 0, 0, 0, 0, 0, 5, 3,
                    60, 120, 2, 0, 0, 0, 0, 1.5
                 from generate_series(30, 35) as n"
            ))
            .await;
            of_queue
        }
        "queue-idle" => {
            engine(lab, queue, 1).await;
            of_queue
        }
        _ => panic!("{state} is not made"),
    }
}
