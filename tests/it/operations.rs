//! Health checks and metrics, as operators read them.

use serde_json::json;

use crate::support::Lab;

#[tokio::test]
async fn health_is_of_the_process_and_readiness_asks_nobody() {
    let lab = Lab::start().await;
    let health = lab.get("/healthz").await.expect(200);
    assert_eq!(health.body, json!({"status": "ok"}));
    assert_eq!(lab.get("/readyz").await.expect(200).body, health.body);

    // The schema is checked at the start; readiness is whether this replica can write, which it knows.
    let mut locked = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.migrations").execute(&mut *locked).await.expect("locked");
    lab.get("/readyz").await.expect(200);
    locked.rollback().await.expect("released");
}

/// A metric with the label every test queue has.
fn of_dialogue(name: &str) -> String {
    format!("eventlease_{name}{{engine_type=\"dialogue\"}}")
}

#[track_caller]
fn counted(value: f64, expected: f64) {
    assert!((value - expected).abs() < f64::EPSILON, "{value}, not {expected}");
}

async fn measured(lab: &Lab, name: &str) -> f64 {
    lab.broker().measure().await.expect("a round");
    lab.metric(&of_dialogue(name)).await
}

#[tokio::test]
async fn gauges_follow_the_queue() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let depth = async || {
        lab.broker().measure().await.expect("a round");
        let mut depth = Vec::new();
        for gauge in ["due_events", "delayed_events", "in_flight_events", "dead_letters"] {
            depth.push(lab.metric(&of_dialogue(&format!("queue_{gauge}"))).await);
        }
        depth
    };
    assert_eq!(depth().await, [0.0, 0.0, 0.0, 0.0]);
    assert!(measured(&lab, "queue_oldest_due_age_seconds").await.abs() < f64::EPSILON);

    lab.enqueue("dialogue", json!({})).await;
    let oldest = lab.enqueue("dialogue", json!({"priority": 0})).await;
    lab.enqueue("dialogue", json!({"delay_seconds": 1000})).await;
    assert_eq!(depth().await, [2.0, 1.0, 0.0, 0.0]);
    // The age counts from when it became due, not from when it was created.
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = available_at - interval '1 hour' where event_id = '{oldest}'"
    ))
    .await;
    let age = measured(&lab, "queue_oldest_due_age_seconds").await;
    assert!((3600.0..7200.0).contains(&age), "{age}");

    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(depth().await, [1.0, 1.0, 1.0, 0.0]);
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    assert_eq!(depth().await, [1.0, 1.0, 0.0, 1.0]);
}

#[tokio::test]
async fn engines_are_counted_by_status() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let silent = lab.register("dialogue", json!({})).await;
    let engines = async || {
        lab.broker().measure().await.expect("a round");
        let mut counts = Vec::new();
        for status in ["active", "draining", "unresponsive"] {
            let name = format!("eventlease_engines{{engine_type=\"dialogue\",status=\"{status}\"}}");
            counts.push(lab.metric(&name).await);
        }
        counts
    };
    assert_eq!(engines().await, [2.0, 0.0, 0.0]);
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    assert_eq!(engines().await, [1.0, 1.0, 0.0]);

    lab.post(&format!("/api/v1/engines/{silent}/heartbeat"), &json!({})).await.expect(200);
    lab.wait_for("the engine to be judged", async || {
        // Its heartbeat may be written down once more.
        lab.sql(&format!(
            "update eventlease.engine_states set last_heartbeat = statement_timestamp() - interval '1 hour',
                last_seen_at = statement_timestamp() - interval '1 hour' where engine_id = '{silent}'"
        ))
        .await;
        lab.broker().reap().await.expect("a round");
        (engines().await == [0.0, 1.0, 1.0]).then_some(())
    })
    .await;
    assert!(lab.metric(&of_dialogue("engines_marked_unresponsive_total")).await >= 1.0);

    for engine in [&engine, &silent] {
        lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    }
    assert_eq!(engines().await, [0.0, 0.0, 0.0]);
}

/// Everything happens once; then the metrics' names, meanings and kinds are what operators' dashboards rely on.
#[tokio::test]
async fn counters_and_histograms_follow_what_happens() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let is = async |name: &str, labels: &str, expected: f64| {
        // Prometheus shows labels in the order of the alphabet.
        let mut labels: Vec<&str> = labels.split(',').filter(|label| !label.is_empty()).collect();
        labels.push("engine_type=\"dialogue\"");
        labels.sort_unstable();
        let shown = format!("eventlease_{name}{{{}}}", labels.join(","));
        let value = lab.metric(&shown).await;
        assert!((value - expected).abs() < f64::EPSILON, "{shown} is {value}, not {expected}");
    };
    is("engine_registrations_total", "kind=\"new\"", 1.0).await;

    let event_id = lab.enqueue("dialogue", json!({})).await;
    is("events_enqueued_total", "", 1.0).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    is("leases_granted_total", "", 1.0).await;
    is("event_wait_seconds_count", "", 1.0).await;
    lab.settle(&leased, "processing", json!({})).await.expect(200);
    is("settlements_total", "outcome=\"renewed\"", 1.0).await;
    is("attempt_duration_seconds_count", "", 0.0).await;

    // The reaper of the server may be quicker than the round called here.
    lab.expire(&event_id).await;
    lab.broker().reap().await.expect("a round");
    lab.wait_for_status(&event_id, "queued").await;
    let expired = of_dialogue("leases_expired_total");
    lab.wait_for("it to be counted", async || (lab.metric(&expired).await >= 1.0).then_some(())).await;
    is("leases_expired_total", "", 1.0).await;
    is("leases_lost_total", "cause=\"expired\"", 1.0).await;
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    is("settlements_late_total", "", 1.0).await;
    is("settlements_total", "outcome=\"released\"", 1.0).await;
    is("attempt_duration_seconds_count", "", 1.0).await;

    lab.lease_one("dialogue", &engine).await;
    lab.register("dialogue", json!({"engine_id": engine})).await;
    is("engine_registrations_total", "kind=\"restarted\"", 1.0).await;
    is("leases_lost_total", "cause=\"engine_restarted\"", 1.0).await;
    is("leases_expired_total", "", 1.0).await;
    lab.settle(&leased, "completed", json!({})).await.problem(409, "already_settled");
    counted(lab.metric("eventlease_settlements_refused_total{code=\"already_settled\"}").await, 1.0);

    lab.lease_one("dialogue", &engine).await;
    let unfenced = json!({"status": "failed", "error": "no"});
    lab.put(&format!("/api/v1/events/{event_id}/status?engine_id={engine}"), &unfenced).await.expect(200);
    counted(lab.metric("eventlease_settlements_unfenced_total").await, 1.0);
    is("settlements_total", "outcome=\"retry_scheduled\"", 1.0).await;

    for happens in ["redriven", "discarded"] {
        lab.make_due(&event_id).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        let letter = format!("/api/v1/dead-letters/{event_id}");
        if happens == "redriven" {
            lab.post(&format!("{letter}/redrive"), &json!({})).await.expect(200);
        } else {
            lab.delete(&letter).await.expect(204);
        }
    }
    is("settlements_total", "outcome=\"dead_lettered\"", 2.0).await;
    is("events_dead_lettered_total", "reason=\"not_retryable\"", 2.0).await;
    is("dead_letters_redriven_total", "", 1.0).await;
    counted(lab.metric("eventlease_dead_letters_discarded_total").await, 1.0);

    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    is("settlements_total", "outcome=\"completed\"", 1.0).await;
    is("leases_granted_total", "", 6.0).await;
    let requests = "{method=\"POST\",route=\"/api/v1/events\",status=\"201\"}";
    counted(lab.metric(&format!("eventlease_http_request_duration_seconds_count{requests}")).await, 2.0);

    lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &json!({})).await.expect(200);
    lab.wait_for("the engine to be judged", async || {
        lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 hour'").await;
        lab.broker().reap().await.expect("a round");
        (lab.metric(&of_dialogue("engines_marked_unresponsive_total")).await >= 1.0).then_some(())
    })
    .await;
    lab.broker().measure().await.expect("a round");
    let shown = lab.get("/metrics").await.expect(200);
    assert_eq!(shown.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let documented: Vec<&str> =
        shown.raw.lines().filter(|line| line.starts_with('#') && line.contains(" eventlease_")).collect();
    insta::assert_snapshot!("metrics", documented.join("\n"));
}
