//! What the reaper ends, and when it judges nobody.

use std::collections::HashMap;

use eventlease::store::engines::liveness::{leave_service_sign, mark_unresponsive};
use eventlease::store::leases::open_events::lock_expired;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::support::{Lab, pool_of};

const EXPIRE_ALL: &str = "update eventlease.event_leases
    set lease_expires_at = statement_timestamp() - interval '1 minute'";

async fn enqueue_and_lease(lab: &Lab, engine: &str, count: usize) -> Vec<Value> {
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    lab.post("/api/v1/events/batch", &json!({"events": vec![event; count]})).await.expect(201);
    let reply = lab.poll("dialogue", engine, "limit=100").await.expect(200);
    let leased = reply.body["events"].as_array().expect("a list").clone();
    assert_eq!(leased.len(), count);
    leased
}

fn id(event: &Value) -> &str {
    event["event_id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_lease_that_ran_out_comes_back_at_once_then_after_the_backoff_and_then_never() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let policy = json!({"retry_delay": {"initial": 100, "max": 300, "multiplier": 2}, "jitter": 0});
    let event_id = lab.enqueue("dialogue", json!({"retry_policy": policy})).await;
    for (loss, wait_seconds) in [(1, Some(0.0)), (2, Some(100.0)), (3, None)] {
        lab.make_due(&event_id).await;
        lab.lease_one("dialogue", &engine).await;
        lab.expire(&event_id).await;
        let status = if wait_seconds.is_some() { "queued" } else { "failed" };
        let event = lab.wait_for_status(&event_id, status).await;
        assert_eq!(event["lease_losses"], loss);
        if let Some(wait_seconds) = wait_seconds {
            let waits: f64 = sqlx::query_scalar(
                "select extract(epoch from q.available_at - a.ended_at)::float8
                 from eventlease.event_queue q join eventlease.event_attempts a using (event_id)
                 where q.attempt = a.attempt",
            )
            .fetch_one(&lab.db)
            .await
            .expect("a number");
            assert!((waits - wait_seconds).abs() < 0.001, "waits {waits} s after loss {loss}");
        }
    }
    let outcomes: Vec<Value> = lab.attempts(&event_id).await.iter().map(|attempt| attempt["outcome"].clone()).collect();
    assert_eq!(outcomes, ["expired"; 3]);
    assert_eq!(lab.event(&event_id).await["dead_letter_reason"], "lease_losses_exhausted");
    assert!((lab.metric("eventlease_leases_expired_total{engine_type=\"dialogue\"}").await - 3.0).abs() < 0.1);
}

#[tokio::test]
async fn a_completion_that_races_the_reaper_and_the_next_engine_stands_or_is_refused() {
    let mut lab = Lab::start().await;
    lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let leased = enqueue_and_lease(&lab, &engine, 40).await;
    lab.sql(EXPIRE_ALL).await;

    // The late reports, the reapers, and engines that take over what came back, all at once.
    let reports = join_all(leased.iter().map(|event| lab.settle(event, "completed", json!({"result": "late"}))));
    let reaping = join_all((0..6).map(async |n| {
        let broker = if n % 2 == 0 { lab.broker() } else { lab.replica_broker() };
        broker.reap().await.expect("a round");
    }));
    let taking_over = join_all((0..3).map(async |_| {
        let engine = lab.register("dialogue", json!({})).await;
        let mut accepted = Vec::new();
        for _ in 0..10 {
            let reply = lab.poll("dialogue", &engine, "").await.expect(200);
            for event in reply.body["events"].as_array().expect("a list") {
                lab.settle(event, "completed", json!({"result": "taken over"})).await.expect(200);
                accepted.push(event["event_id"].clone());
            }
        }
        accepted
    }));
    let (reports, _, taken_over) = tokio::join!(reports, reaping, taking_over);

    let mut accepted: HashMap<String, &str> = HashMap::new();
    for (event, report) in leased.iter().zip(reports) {
        if report.status == 200 {
            accepted.insert(id(event).to_owned(), "late");
        } else {
            report.problem(409, "lease_lost");
        }
    }
    for event_id in taken_over.iter().flatten() {
        let event_id = event_id.as_str().expect("an id").to_owned();
        assert!(accepted.insert(event_id, "taken over").is_none(), "two completions of one event were accepted");
    }
    assert_eq!(accepted.len(), leased.len());
    for (event_id, result) in accepted {
        let event = lab.event(&event_id).await;
        assert_eq!((&event["status"], &event["result"]), (&json!("completed"), &json!(result)));
        let ends = lab.attempts(&event_id).await.iter().filter(|attempt| attempt["outcome"] == "completed").count();
        assert_eq!(ends, 1);
    }
}

#[tokio::test]
async fn two_replicas_that_reap_at_once_count_each_loss_once() {
    let mut lab = Lab::start().await;
    lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let leased = enqueue_and_lease(&lab, &engine, 60).await;
    lab.sql(EXPIRE_ALL).await;
    join_all((0..8).map(async |n| {
        let broker = if n % 2 == 0 { lab.broker() } else { lab.replica_broker() };
        broker.reap().await.expect("a round");
    }))
    .await;
    for event in &leased {
        let event = lab.wait_for_status(id(event), "queued").await;
        assert_eq!((&event["lease_losses"], &event["attempt"]), (&json!(1), &json!(1)));
        assert_eq!(lab.attempts(id(&event)).await.len(), 1);
    }
}

/// Lets the service have been away, and waits until it has noticed.
async fn be_away(lab: &Lab) {
    lab.wait_for("the grace to begin", async || {
        lab.sql("update eventlease.service_signs set last_sign_at = statement_timestamp() - interval '10 seconds'")
            .await;
        lab.broker().reap().await.expect("a round");
        let has_begun = "select grace_since > '-infinity' from eventlease.service_signs";
        let has_begun: bool = sqlx::query_scalar(has_begun).fetch_one(&lab.db).await.expect("an answer");
        has_begun.then_some(())
    })
    .await;
}

#[tokio::test]
async fn after_the_service_was_away_nobody_is_judged_for_a_heartbeat_timeout_and_then_they_are() {
    let lab = Lab::start().await;
    // Judged by the server's 45 s, and by their own longer time.
    let quick = lab.register("dialogue", json!({})).await;
    let patient = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 3600})).await;
    for engine in [&quick, &patient] {
        lab.heartbeat(engine, json!({})).await.expect(200);
    }
    let expired = enqueue_and_lease(&lab, &quick, 1).await.remove(0);
    lab.broker().flush_liveness().await.expect("written");
    be_away(&lab).await;
    lab.sql(EXPIRE_ALL).await;
    let status =
        async |engine: &str| lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body["status"].clone();
    for _ in 0..3 {
        lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '2 hours'").await;
        assert!(lab.broker().reap().await.expect("a round").is_nothing());
    }
    assert_eq!(lab.event(id(&expired)).await["status"], "processing");
    assert_eq!((status(&quick).await, status(&patient).await), (json!("active"), json!("active")));

    lab.sql("update eventlease.service_signs set grace_since = statement_timestamp() - interval '46 seconds'").await;
    lab.wait_for_status(id(&expired), "queued").await;
    lab.wait_for("the quick one to be judged", async || (status(&quick).await == "unresponsive").then_some(())).await;
    lab.broker().reap().await.expect("a round");
    assert_eq!(status(&patient).await, "active");
}

/// A round that the outage interrupts goes on after it, before anybody has left a sign again.
#[tokio::test]
async fn a_round_that_an_outage_interrupts_judges_nobody_after_it() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    enqueue_and_lease(&lab, &engine, 1).await;
    lab.stop().await;
    lab.sql(EXPIRE_ALL).await;
    lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '2 hours'").await;
    let pool = pool_of(lab.db.connect_options().to_url_lossy().as_str());
    let judge = async || {
        let mut transaction = lab.db.begin().await.expect("a transaction");
        let expired = lock_expired(&mut transaction, chrono::DateTime::UNIX_EPOCH, 10, 45).await.expect("a look");
        transaction.rollback().await.expect("nothing is changed");
        (mark_unresponsive(&pool).await.expect("a look").len(), expired.len())
    };
    lab.sql("update eventlease.service_signs set last_sign_at = statement_timestamp() - interval '1 hour'").await;
    assert_eq!(judge().await, (0, 0), "before the first sign");
    leave_service_sign(&pool).await.expect("a sign");
    assert_eq!(judge().await, (0, 0), "in the grace");
    lab.sql("update eventlease.service_signs set grace_since = '-infinity', last_sign_at = statement_timestamp()")
        .await;
    assert_eq!(judge().await, (1, 1), "after it");
}
