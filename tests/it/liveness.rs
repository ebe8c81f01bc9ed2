//! When an engine is taken for dead, and what brings it back.

use serde_json::{Value, json};

use crate::support::Lab;

async fn status(lab: &Lab, engine: &str) -> Value {
    lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body["status"].clone()
}

async fn wait_until_active(lab: &Lab, engine: &str) {
    lab.wait_for("the engine to be active", async || (status(lab, engine).await == "active").then_some(())).await;
}

#[tokio::test]
async fn an_engine_that_falls_silent_loses_its_leases_then_and_not_when_they_run_out() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert!(leased["lease"]["expires_in_seconds"].as_f64().is_some_and(|seconds| seconds > 200.0));
    lab.silence(&engine).await;
    let event = lab.wait_for_status(&event_id, "queued").await;
    assert_eq!(event["lease_losses"], 1);
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "engine_unresponsive");
    let lost = "eventlease_leases_lost_total{cause=\"engine_unresponsive\",engine_type=\"dialogue\"}";
    assert!((lab.metric(lost).await - 1.0).abs() < 0.1);

    // Its late word counts, and is a sign of life even from who does not name itself.
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    wait_until_active(&lab, &engine).await;
    assert_eq!(lab.event(&event_id).await["status"], "completed");
}

#[tokio::test]
async fn any_call_brings_an_unresponsive_engine_back() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.silence(&engine).await;
    lab.poll("dialogue", &engine, "").await.expect(200);
    assert_eq!(status(&lab, &engine).await, "active", "a poll at once");
    lab.silence(&engine).await;
    assert_eq!(lab.heartbeat(&engine, json!({})).await.expect(200).body["status"], "active");
    lab.silence(&engine).await;
    lab.request("GET", "/api/v1/engines").header("x-engine-id", &engine).send().await.expect("a reply");
    lab.get(&format!("/api/v1/engines?engine_id={engine}")).await.problem(422, "invalid_input");
    wait_until_active(&lab, &engine).await;
    lab.silence(&engine).await;
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    assert_eq!(status(&lab, &engine).await, "unresponsive");
    assert_eq!(lab.heartbeat(&engine, json!({})).await.expect(200).body["status"], "draining", "as it was told");
}

#[tokio::test]
async fn who_never_sent_a_heartbeat_or_has_no_timeout_is_judged_by_its_leases_alone() {
    let lab = Lab::start().await;
    let never_beat = lab.register("dialogue", json!({})).await;
    let without_timeout = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
    lab.heartbeat(&without_timeout, json!({})).await.expect(200);
    let watched = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 3})).await;
    lab.heartbeat(&watched, json!({})).await.expect(200);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &never_beat).await;
    lab.broker().flush_signs_of_life().await.expect("written");
    lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 day'").await;
    lab.silence(&watched).await;
    lab.broker().reap().await.expect("a round");
    for engine in [&never_beat, &without_timeout] {
        assert_eq!(status(&lab, engine).await, "active");
    }
    assert_eq!(lab.event(&event_id).await["status"], "processing");
    lab.lose(&event_id).await;
    assert_eq!(status(&lab, &never_beat).await, "active");
}

#[tokio::test]
async fn a_sign_of_life_that_meets_a_locked_row_is_written_the_next_time() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.engine_states for update").execute(&mut *holder).await.expect("locked");
    lab.request("GET", "/api/v1/events/queue/x?limit=0").header("x-engine-id", &engine).send().await.expect("a reply");
    lab.broker().flush_signs_of_life().await.expect("written, as far as possible");
    sqlx::query("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 day'")
        .execute(&mut *holder)
        .await
        .expect("moved");
    holder.commit().await.expect("a commit");
    let is_fresh = "select last_seen_at > statement_timestamp() - interval '1 hour' from eventlease.engine_states";
    lab.wait_for("the sign to be written", async || {
        let is_fresh: bool = sqlx::query_scalar(is_fresh).fetch_one(&lab.db).await.expect("an answer");
        is_fresh.then_some(())
    })
    .await;
}

/// One that comes back leases anew, and a round of the reaper that began before must not end that lease.
#[tokio::test]
async fn an_engine_that_is_just_coming_back_is_not_judged() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let lock = async |row: &'static str| {
        let mut transaction = lab.db.begin().await.expect("a transaction");
        sqlx::query(row).execute(&mut *transaction).await.expect("locked");
        transaction
    };
    let held_up = lock("select from eventlease.event_queue for update").await;
    lab.silence(&engine).await;
    let coming_back = lock("select from eventlease.engine_states for no key update").await;
    held_up.rollback().await.expect("free again");
    for _ in 0..3 {
        lab.broker().reap().await.expect("a round");
    }
    assert_eq!(lab.event(&event_id).await["status"], "processing");
    coming_back.rollback().await.expect("it does not come back");
    lab.wait_for_status(&event_id, "queued").await;
}

#[tokio::test]
async fn an_engine_unresponsive_for_a_week_is_removed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.silence(&engine).await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = "select from eventlease.engine_states for key share";
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    lab.sql("update eventlease.engine_states set unresponsive_since = statement_timestamp() - interval '8 days'").await;
    lab.broker().reap().await.expect("a round that waits for nobody");
    assert_eq!(status(&lab, &engine).await, "unresponsive");
    holder.rollback().await.expect("free again");
    lab.wait_for("the engine to be gone", async || {
        (lab.get(&format!("/api/v1/engines/{engine}")).await.status == 404).then_some(())
    })
    .await;
}
