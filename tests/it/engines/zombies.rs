//! Engines that live without working: in lists, in metrics, and for the doctor.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

/// As if so many seconds had passed for what the rule asks of engines.
async fn age(lab: &Lab, seconds: i32) {
    lab.broker().flush_liveness().await.expect("written");
    lab.sql(&format!(
        "update eventlease.engine_states
         set registered_at = registered_at - make_interval(secs => {seconds}),
             last_poll_at = last_poll_at - make_interval(secs => {seconds}),
             last_settled_at = last_settled_at - make_interval(secs => {seconds})"
    ))
    .await;
}

/// An event that has been due for so many seconds.
async fn due_for(lab: &Lab, queue: &str, seconds: i32) -> String {
    let event_id = lab.enqueue(queue, json!({})).await;
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = statement_timestamp() - make_interval(secs => {seconds})
         where event_id = '{event_id}'"
    ))
    .await;
    event_id
}

async fn listed(lab: &Lab, query: &str) -> Vec<String> {
    let reply = lab.get(&format!("/api/v1/engines?{query}")).await.expect(200);
    let items = reply.body["items"].as_array().expect("a list");
    let mut ids: Vec<String> =
        items.iter().map(|engine| engine["engine_id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

async fn zombies(lab: &Lab) -> Vec<String> {
    listed(lab, "zombie=true").await
}

fn sorted<const N: usize>(ids: [&String; N]) -> Vec<String> {
    let mut ids = ids.map(Clone::clone).to_vec();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_blocked_poller_with_a_live_heartbeat_is_a_zombie_and_engines_with_a_reason_are_none() {
    let lab = Lab::start().await;
    let blocked = lab.register("dialogue", json!({})).await;
    let never_asked = lab.register("dialogue", json!({})).await;
    let serial = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 86400})).await;
    let unlimited = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
    let holding_off = lab.register("dialogue", json!({})).await;
    let draining = lab.register("dialogue", json!({})).await;
    let of_another_queue = lab.register("vision", json!({})).await;
    lab.poll("dialogue", &blocked, "limit=1").await.expect(200);
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &serial).await;
    lab.post(&format!("/api/v1/engines/{draining}/drain"), &json!({})).await.expect(200);
    let until: String = sqlx::query_scalar(
        "select to_char((statement_timestamp() + interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    .fetch_one(&lab.db)
    .await
    .expect("a time");
    let said = json!({"holding_off": {"until": until, "reason": "the provider answers 429"}});
    lab.heartbeat(&holding_off, said).await.expect(200);
    age(&lab, 90).await;
    assert!(zombies(&lab).await.is_empty(), "nothing is due");

    due_for(&lab, "dialogue", 40).await;
    // It works on one event after the other, each as soon as it has reported on the one before.
    lab.enqueue("dialogue", json!({"priority": 9})).await;
    let leased = lab.lease_one("dialogue", &unlimited).await;
    age(&lab, 90).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.heartbeat(&blocked, json!({})).await.expect(200);
    lab.broker().flush_liveness().await.expect("written");
    assert_eq!(zombies(&lab).await, sorted([&blocked, &never_asked]));
    assert_eq!(
        listed(&lab, "zombie=false").await,
        sorted([&serial, &unlimited, &holding_off, &draining, &of_another_queue])
    );
    assert_eq!(listed(&lab, "zombie=true&engine_type=vision").await, Vec::<String>::new());
    lab.broker().measure().await.expect("measured");
    for (queue, count) in [("dialogue", 2.0), ("vision", 0.0)] {
        let gauge = lab.metric(&format!("eventlease_engines_zombie{{engine_type=\"{queue}\"}}")).await;
        assert!((gauge - count).abs() < f64::EPSILON, "{queue}: {gauge}");
    }

    lab.post("/api/v1/queues/dialogue/pause", &json!({})).await.expect(200);
    assert!(zombies(&lab).await.is_empty(), "the queue is paused");
    lab.post("/api/v1/queues/dialogue/resume", &json!({})).await.expect(200);
    let cap =
        |most: Value| Reply::of(lab.request("PATCH", "/api/v1/queues/dialogue").json(&json!({"max_processing": most})));
    cap(json!(1)).await.expect(200);
    assert!(zombies(&lab).await.is_empty(), "the queue is capped");
    cap(json!(2)).await.expect(200);
    assert_eq!(zombies(&lab).await, sorted([&blocked, &never_asked]));
    let quarantine = json!({"engine_software_version": null, "reason": "it hangs"});
    lab.post("/api/v1/queues/dialogue/quarantines", &quarantine).await.expect(200);
    assert!(zombies(&lab).await.is_empty(), "its version is quarantined");
}

#[tokio::test]
async fn asking_once_ends_it_on_every_replica() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 86400})).await;
    let replica = lab.start_replica(&[]).await;
    due_for(&lab, "dialogue", 40).await;
    age(&lab, 90).await;
    assert_eq!(zombies(&lab).await, std::slice::from_ref(&engine));
    let polled = lab.poll_at(&replica, "dialogue", &engine, "limit=1").await.expect(200);
    let event = polled.body["events"][0].clone();
    assert!(zombies(&lab).await.is_empty(), "it works");
    lab.settle(&event, "queued", json!({})).await.expect(200);
    due_for(&lab, "dialogue", 40).await;
    // Though its timeout is a day, that it polled is written at once, since it had not for long.
    lab.wait_for("the poll to be written", async || zombies(&lab).await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn engines_are_found_by_what_they_hold_and_how_long_they_have_been_silent() {
    let lab = Lab::start().await;
    let (idle, busy) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &busy).await;
    lab.broker().flush_liveness().await.expect("written");
    assert_eq!(listed(&lab, "idle=true").await, std::slice::from_ref(&idle));
    assert_eq!(listed(&lab, "idle=false").await, std::slice::from_ref(&busy));
    assert_eq!(listed(&lab, "held_over_seconds=60").await, Vec::<String>::new());
    lab.sql(&format!(
        "update eventlease.event_leases set leased_at = leased_at - interval '61 seconds' where event_id = {}",
        leased["event_id"].to_string().replace('"', "'")
    ))
    .await;
    assert_eq!(listed(&lab, "held_over_seconds=60").await, std::slice::from_ref(&busy));
    assert_eq!(listed(&lab, "silent_over_seconds=40").await, Vec::<String>::new());
    lab.sql(&format!(
        "update eventlease.engine_states set last_seen_at = last_seen_at - interval '41 seconds' where engine_id = '{idle}'"
    ))
    .await;
    assert_eq!(listed(&lab, "silent_over_seconds=40").await, std::slice::from_ref(&idle));
    assert_eq!(listed(&lab, "silent_over_seconds=40&idle=false").await, Vec::<String>::new());
    let bad = "/api/v1/engines?idle=yes&zombie=1&held_over_seconds=-1&silent_over_seconds=x";
    let places = lab.get(bad).await.problem(422, "invalid_input").places();
    assert_eq!(places, ["held_over_seconds", "idle", "silent_over_seconds", "zombie"]);
}
