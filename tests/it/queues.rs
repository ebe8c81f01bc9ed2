//! Queues: how they stand, settings, pause and resume, peek; and retry policies per event type.

mod quarantines;
mod removal;
pub mod report;

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

pub async fn patch(lab: &Lab, queue: &str, body: &Value) -> Reply {
    Reply::of(lab.request("PATCH", &format!("/api/v1/queues/{queue}")).json(body)).await
}

async fn queue(lab: &Lab) -> Value {
    lab.get("/api/v1/queues/dialogue").await.expect(200).body
}

#[tokio::test]
async fn a_queue_exists_from_its_first_event_engine_or_setting() {
    let lab = Lab::start().await;
    lab.get("/api/v1/queues/dialogue").await.problem(404, "queue_not_found");
    lab.enqueue("by-event", json!({})).await;
    lab.register("by-engine", json!({})).await;
    patch(&lab, "by-setting", &json!({"default_limit": 7})).await.expect(200);
    let names: Vec<Value> = lab.get("/api/v1/queues").await.expect(200).body["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|queue| queue["engine_type"].clone())
        .collect();
    assert_eq!(names, [json!("by-engine"), json!("by-event"), json!("by-setting")]);
    let first = lab.get("/api/v1/queues?limit=2").await.expect(200);
    let second = lab.get(&format!("/api/v1/queues?limit=2&cursor={}", first.text("next_cursor"))).await.expect(200);
    assert_eq!((second.body["items"].as_array().map(Vec::len), &second.body["next_cursor"]), (Some(1), &Value::Null));
}

#[tokio::test]
async fn a_queue_tells_how_deep_it_is_who_works_on_it_and_how_fast() {
    let lab = Lab::start().await;
    let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": 5}}});
    let engine = lab.register("dialogue", json!({"metadata": limits})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    lab.enqueue("dialogue", json!({"delay_seconds": 600})).await;
    let done = lab.lease_one("dialogue", &engine).await;
    lab.settle(&done, "completed", json!({})).await.expect(200);
    let dead = lab.lease_one("dialogue", &engine).await;
    lab.settle(&dead, "failed", json!({"retryable": false})).await.expect(200);
    lab.lease_one("dialogue", &engine).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '100 s'").await;
    lab.broker().write_activity().await.expect("a database");

    let queue = queue(&lab).await;
    for (count, expected) in [("due", 1), ("delayed", 1), ("processing", 1), ("dead_letters", 1)] {
        assert_eq!(queue[count], expected, "{count}: {queue}");
    }
    assert!(queue["oldest_due_age_seconds"].as_f64().is_some_and(|age| age >= 100.0), "{queue}");
    assert_eq!(
        queue["engines"],
        json!({"active": 1, "draining": 0, "unresponsive": 0, "quarantined": 0, "holding_off": 0})
    );
    assert_eq!(queue["slots"], json!({"total": 5, "busy": 1, "unlimited_engines": 0}));
    assert_eq!(queue["is_approximate"], false);
    for rate in ["enqueued_per_second", "completed_per_second", "failed_per_second"] {
        assert!(queue["rates"][rate].as_f64().is_some_and(|rate| rate > 0.0), "{rate}: {queue}");
    }
    assert!(queue["attempt_seconds"]["p50"].is_number(), "{queue}");
}

/// An engine of the queue with this `max_concurrent_events`; null is no limit.
async fn engine_with(lab: &Lab, limit: Value) -> String {
    let config = json!({"static_config": {"resource_limits": {"max_concurrent_events": limit}}});
    lab.register("dialogue", json!({"metadata": config})).await
}

#[tokio::test]
async fn slots_count_what_engines_hold_beyond_a_limit_or_without_one() {
    let lab = Lab::start().await;
    let slots = async || queue(&lab).await["slots"].clone();
    let unlimited = engine_with(&lab, Value::Null).await;
    assert_eq!(slots().await, json!({"total": 0, "busy": 0, "unlimited_engines": 1}));
    for _ in 0..8 {
        lab.enqueue("dialogue", json!({})).await;
    }
    lab.lease_one("dialogue", &unlimited).await;
    lab.lease_one("dialogue", &unlimited).await;
    assert_eq!(slots().await, json!({"total": 2, "busy": 2, "unlimited_engines": 1}));

    let limited = engine_with(&lab, json!(5)).await;
    for _ in 0..3 {
        lab.lease_one("dialogue", &limited).await;
    }
    assert_eq!(slots().await, json!({"total": 7, "busy": 5, "unlimited_engines": 1}));
    // Lowered below what it holds: what is free at other engines stays free.
    engine_with(&lab, json!(4)).await;
    let lowered = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 1}}}});
    let patch = lab.request("PATCH", &format!("/api/v1/engines/{limited}")).json(&lowered);
    Reply::of(patch).await.expect(200);
    assert_eq!(slots().await, json!({"total": 9, "busy": 5, "unlimited_engines": 1}));
    // Engines that take nothing more are not counted, whatever they hold.
    lab.post(&format!("/api/v1/engines/{unlimited}/drain"), &json!({})).await.expect(200);
    assert_eq!(slots().await, json!({"total": 7, "busy": 3, "unlimited_engines": 0}));
}

#[tokio::test]
async fn durations_of_attempts_are_told_within_their_error_bound() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for seconds in [7, 20, 20, 20, 40, 2400] {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.sql(&format!("update eventlease.event_leases set leased_at = leased_at - interval '{seconds} s'")).await;
        lab.settle(&leased, "completed", json!({})).await.expect(200);
    }
    lab.broker().write_activity().await.expect("a database");
    let told = queue(&lab).await["attempt_seconds"].clone();
    let is_near = |name: &str, exact: f64| {
        let seconds = told[name].as_f64().expect("a number");
        assert!((exact / 1.26..exact * 1.26).contains(&seconds), "{name} is {seconds}, not {exact}");
    };
    is_near("p50", 20.0);
    is_near("p99", 2400.0);
}

/// A fleet is upgraded server by server.
#[tokio::test]
async fn durations_that_a_server_of_the_version_before_has_counted_are_read_beside_ones_own() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.sql(
        "insert into eventlease.queue_activity (engine_type, period_at, replica_id, completed, durations)
         values ('dialogue', statement_timestamp() - interval '10 s', gen_random_uuid(), 9,
            array[0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0])",
    )
    .await;
    // Its bucket is from 15 to 60 seconds.
    let p50 = async || queue(&lab).await["attempt_seconds"]["p50"].as_f64().expect("a number");
    assert!((30.0..45.0).contains(&p50().await), "{}", p50().await);
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.broker().write_activity().await.expect("a database");
    assert!((25.0..45.0).contains(&p50().await), "{}", p50().await);
    let (stored, coarse): (i32, Vec<i64>) = sqlx::query_as(
        "select array_length(durations, 1), durations[1:13] from eventlease.queue_activity order by period_at desc limit 1",
    )
    .fetch_one(&lab.db)
    .await
    .expect("a row");
    assert!(stored > 13 && coarse.iter().sum::<i64>() == 1, "what the version before reads: {coarse:?}");
}

#[tokio::test]
async fn settings_are_patched_field_by_field_and_tell_their_source() {
    let lab = Lab::start().await;
    let changed = patch(
        &lab,
        "dialogue",
        &json!({"visibility_timeout_seconds": 60, "retry_policy": {"max_retries": 1, "retry_delay": {"initial": 5}}}),
    )
    .await
    .expect(200);
    let settings = &changed.body["settings"];
    assert_eq!(settings["visibility_timeout_seconds"], json!({"value": 60, "source": "queue"}));
    assert_eq!(settings["default_limit"], json!({"value": 3, "source": "server"}));
    assert_eq!(settings["max_processing"], json!({"value": null, "source": "server"}));
    assert_eq!(settings["retry_policy"]["max_retries"], json!({"value": 1, "source": "queue"}));
    assert_eq!(settings["retry_policy"]["retry_delay"]["initial"], json!({"value": 5, "source": "queue"}));
    assert_eq!(settings["retry_policy"]["retry_delay"]["max"], json!({"value": 300, "source": "server"}));

    let undone = patch(&lab, "dialogue", &json!({"retry_policy": {"max_retries": null}})).await.expect(200);
    let policy = &undone.body["settings"]["retry_policy"];
    assert_eq!(policy["max_retries"], json!({"value": 3, "source": "server"}));
    assert_eq!(policy["retry_delay"]["initial"], json!({"value": 5, "source": "queue"}));
    let undone = patch(&lab, "dialogue", &json!({"retry_policy": null})).await.expect(200);
    assert_eq!(undone.body["settings"]["retry_policy"]["retry_delay"]["initial"]["source"], "server");

    let refused =
        patch(&lab, "dialogue", &json!({"default_limit": 0, "nonsense": 1, "retry_policy": {"jitter": 2}})).await;
    assert_eq!(refused.problem(422, "invalid_input").places(), ["/default_limit", "/nonsense", "/retry_policy/jitter"]);
}

#[tokio::test]
async fn leases_follow_the_queues_settings() {
    let lab = Lab::start().await;
    let settings = json!({"default_limit": 1, "visibility_timeout_seconds": 60, "max_lease_seconds": 50});
    patch(&lab, "dialogue", &settings).await.expect(200);
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.poll("dialogue", &engine, "").await.expect(200).body["events"].clone();
    assert_eq!(leased.as_array().map(Vec::len), Some(1));
    assert_eq!(leased[0]["lease"]["visibility_timeout_seconds"], 50);
}

#[tokio::test]
async fn a_queue_never_processes_more_than_its_maximum_also_on_two_replicas() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    patch(&lab, "dialogue", &json!({"max_processing": 4})).await.expect(200);
    for _ in 0..20 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let mut polls = Vec::new();
    for n in 0..10 {
        let base = if n % 2 == 0 { &lab.url } else { &replica };
        let request = lab.request("GET", &format!("{base}/api/v1/events/queue/dialogue?limit=3"));
        polls.push(tokio::spawn(Reply::of(request)));
    }
    let mut leased = 0;
    for poll in polls {
        leased += poll.await.expect("a reply").expect(200).body["events"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(leased, 4);
    let notice = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body["notice"].clone();
    assert_eq!(notice["code"], "queue_at_max_processing");
}

#[tokio::test]
async fn a_paused_queue_leases_nothing_until_it_is_resumed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let paused = lab.post("/api/v1/queues/dialogue/pause", &json!({"reason": "a bad release"})).await.expect(200);
    assert_eq!(paused.body["pause"]["reason"], "a bad release");
    let nothing = lab.poll("dialogue", &engine, "").await.expect(200);
    assert_eq!((&nothing.body["events"], &nothing.body["notice"]["code"]), (&json!([]), &json!("queue_paused")));
    lab.enqueue("dialogue", json!({})).await;

    let resumed = Reply::of(lab.request("POST", "/api/v1/queues/dialogue/resume")).await.expect(200);
    assert_eq!(resumed.body["pause"], Value::Null);
    assert_eq!(lab.lease_one("dialogue", &engine).await["event_id"], event_id);
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.post("/api/v1/queues/dialogue/pause", &json!({"resume_after_seconds": 600})).await.expect(200);
    lab.sql("update eventlease.queues set resume_at = statement_timestamp() - interval '1 second'").await;
    assert_eq!(queue(&lab).await["pause"], Value::Null);
    lab.lease_one("dialogue", &engine).await;
}

#[tokio::test]
async fn peek_shows_what_is_next_without_leasing_it() {
    let lab = Lab::start().await;
    let low = lab.enqueue("dialogue", json!({"priority": 1})).await;
    let high = lab.enqueue("dialogue", json!({"priority": 8, "payload": "hello"})).await;
    lab.enqueue("dialogue", json!({"delay_seconds": 60})).await;
    let peeked = lab.get("/api/v1/queues/dialogue/peek?include=payload").await.expect(200).body["items"].clone();
    assert_eq!((&peeked[0]["event_id"], &peeked[1]["event_id"]), (&json!(high), &json!(low)));
    assert_eq!((&peeked[0]["payload"], &peeked[2]), (&json!("hello"), &Value::Null));
    assert_eq!(lab.event(&high).await["attempt"], 0);
}

#[tokio::test]
async fn the_policy_of_an_event_is_resolved_from_four_levels() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    patch(&lab, "dialogue", &json!({"retry_policy": {"max_retries": 7, "dead_letter_threshold": 9}})).await.expect(200);
    let path = "/api/v1/event-types/special/retry-policy";
    lab.get(path).await.problem(404, "not_found");
    lab.put(path, &json!({"max_retries": 5, "max_tries": 1})).await.problem(422, "invalid_input");
    lab.put(path, &json!({"max_retries": 5})).await.expect(200);
    assert_eq!(lab.get(path).await.expect(200).body["retry_policy"], json!({"max_retries": 5}));
    assert_eq!(lab.get("/api/v1/event-types").await.expect(200).body["items"][0]["event_type"], "special");

    let own = json!({"event_type": "special", "retry_policy": {"max_retries": 1}, "priority": 9});
    let retries_left = async |more: Value| {
        lab.enqueue("dialogue", more).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        (leased["retries_left"].clone(), leased["losses_left"].clone())
    };
    assert_eq!(retries_left(own).await, (json!(1), json!(9)));
    assert_eq!(retries_left(json!({"event_type": "special"})).await, (json!(5), json!(9)));
    assert_eq!(retries_left(json!({"event_type": "ordinary"})).await, (json!(7), json!(9)));

    lab.delete(path).await.expect(204);
    lab.delete(path).await.problem(404, "not_found");
}
