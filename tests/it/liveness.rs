//! When an engine is taken for dead, and what brings it back.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

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
async fn an_engine_that_never_sent_a_heartbeat_is_unresponsive_but_keeps_its_leases_until_they_expire() {
    let lab = Lab::start().await;
    let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": 5}}});
    let registration = json!({"heartbeat_timeout_seconds": 3, "metadata": limits});
    let engine = lab.register("dialogue", registration).await;
    let (settled, lost) = (lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await);
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.lease_one("dialogue", &engine).await;
    lab.silence(&engine).await;
    let queue = lab.get("/api/v1/queues/dialogue").await.expect(200).body;
    assert_eq!(
        queue["engines"],
        json!({"active": 0, "draining": 0, "unresponsive": 1, "quarantined": 0, "holding_off": 0})
    );
    assert_eq!(
        (&queue["slots"], &queue["processing"]),
        (&json!({"total": 0, "busy": 0, "unlimited_engines": 0}), &json!(2))
    );
    for _ in 0..3 {
        lab.broker().reap().await.expect("a round");
    }
    for event_id in [&settled, &lost] {
        let event = lab.event(event_id).await;
        assert_eq!((&event["status"], &event["lease_losses"]), (&json!("processing"), &json!(0)));
    }

    lab.settle(&leased, "completed", json!({})).await.expect(200);
    wait_until_active(&lab, &engine).await;
    assert_eq!(
        lab.get("/api/v1/queues/dialogue").await.expect(200).body["slots"],
        json!({"total": 5, "busy": 1, "unlimited_engines": 0})
    );
    assert_eq!(lab.attempts(&settled).await.len(), 1, "nothing was lost on the way");
    lab.silence(&engine).await;
    lab.lose(&lost).await;
    assert_eq!(lab.attempts(&lost).await[0]["outcome"], "expired");
}

#[tokio::test]
async fn a_restarted_engine_is_judged_by_the_heartbeats_of_its_present_life() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 3})).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.register("dialogue", json!({"engine_id": engine, "heartbeat_timeout_seconds": 3})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.silence(&engine).await;
    for _ in 0..3 {
        lab.broker().reap().await.expect("a round");
    }
    assert_eq!(lab.event(&event_id).await["status"], "processing", "it only polls in this life");

    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.silence(&engine).await;
    lab.wait_for_status(&event_id, "queued").await;
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "engine_unresponsive");
}

#[tokio::test]
async fn an_engine_without_a_heartbeat_timeout_is_judged_by_its_leases_alone() {
    let lab = Lab::start().await;
    let register = async |body: Value| lab.post("/api/v1/engines", &body).await;
    let without = register(json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": null})).await.expect(201);
    let absent = register(json!({"engine_type": "dialogue"})).await.expect(201);
    let times = |body: &Value| (body["heartbeat_timeout_seconds"].clone(), body["heartbeat_interval_seconds"].clone());
    assert_eq!(times(&without.body), (Value::Null, Value::Null));
    assert_eq!(times(&absent.body), (json!(45), json!(15)));

    let engine = without.text("engine_id");
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.broker().flush_liveness().await.expect("written");
    lab.sql("update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 day'").await;
    // The reaper has judged when it has found the other one.
    lab.silence(&absent.text("engine_id")).await;
    lab.broker().reap().await.expect("a round");
    let read = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body;
    assert_eq!((&read["status"], times(&read)), (&json!("active"), (Value::Null, Value::Null)));
    assert_eq!(lab.event(&event_id).await["status"], "processing");
    lab.lose(&event_id).await;
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "expired");
    assert_eq!(status(&lab, &engine).await, "active");

    let again = register(json!({"engine_type": "dialogue", "engine_id": engine})).await.expect(200);
    assert_eq!(times(&again.body), (json!(45), json!(15)), "the server's own timeout, in its next life");
}

/// Moves the engine's last call an hour back and writes what is known of its calls: whether it is recent then.
async fn is_heard(lab: &Lab, engine: &str) -> bool {
    let recent = format!(
        "select last_seen_at > statement_timestamp() - interval '1 minute'
         from eventlease.engine_states where engine_id = '{engine}'"
    );
    lab.sql(&format!(
        "update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 hour'
         where engine_id = '{engine}'"
    ))
    .await;
    // Another one may be writing the same row.
    for _ in 0..3 {
        lab.broker().flush_liveness().await.expect("written");
        let is_recent: bool =
            sqlx::query_scalar(sqlx::AssertSqlSafe(recent.clone())).fetch_one(&lab.db).await.expect("an answer");
        if is_recent {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn an_engine_whose_call_waits_is_alive_for_as_long_as_it_waits() {
    // A timeout may be shorter than this interval.
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let event_id = lab.enqueue("vision", json!({})).await;
    for (path, parked) in [
        ("/api/v1/events/queue/dialogue?wait_seconds=30".to_owned(), "eventlease_polls_parked"),
        (format!("/api/v1/events/{event_id}?wait_seconds=30"), "eventlease_event_waits_parked"),
    ] {
        // Nobody else writes to its row.
        let engine = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
        let call = tokio::spawn(Reply::of(lab.request("GET", &path).header("x-engine-id", &engine)));
        let count = async |expected: f64| (lab.metric(parked).await - expected).abs() < f64::EPSILON;
        lab.wait_for("the call to be parked", async || count(1.0).await.then_some(())).await;
        lab.broker().flush_liveness().await.expect("written");
        for round in 0..5 {
            assert!(is_heard(&lab, &engine).await, "round {round} of {path}");
        }
        call.abort();
        lab.wait_for("the call to be gone", async || count(0.0).await.then_some(())).await;
        lab.broker().flush_liveness().await.expect("written");
        assert!(!is_heard(&lab, &engine).await, "{path} is over");
    }
}

#[tokio::test]
async fn a_sign_of_life_that_meets_a_locked_row_is_written_the_next_time() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.engine_states for update").execute(&mut *holder).await.expect("locked");
    lab.request("GET", "/api/v1/events/queue/x?limit=0").header("x-engine-id", &engine).send().await.expect("a reply");
    lab.broker().flush_liveness().await.expect("written, as far as possible");
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
    let held_up = lock("select from eventlease.event_leases for update").await;
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
    assert_eq!(lab.broker().remove_long_silent().await.expect("a round that waits for nobody"), 0);
    assert_eq!(status(&lab, &engine).await, "unresponsive");
    holder.rollback().await.expect("free again");
    wait_until_gone(&lab, &engine).await;
}

async fn is_gone(lab: &Lab, engine: &str) -> bool {
    lab.get(&format!("/api/v1/engines/{engine}")).await.status == 404
}

async fn wait_until_gone(lab: &Lab, engine: &str) {
    lab.wait_for("the engine to be gone", async || {
        lab.broker().remove_long_silent().await.expect("a round");
        is_gone(lab, engine).await.then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_engine_without_a_heartbeat_timeout_is_removed_after_a_week_without_a_call_if_it_holds_nothing() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
    let calling = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.broker().flush_liveness().await.expect("written");
    lab.sql(&format!(
        "update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '8 days'
         where engine_id = '{engine}'"
    ))
    .await;
    assert_eq!(lab.broker().remove_long_silent().await.expect("a round"), 0, "it holds a lease");
    lab.expire(&event_id).await;
    wait_until_gone(&lab, &engine).await;
    assert_eq!(status(&lab, &calling).await, "active");
}

#[tokio::test]
async fn no_engine_is_removed_for_the_time_in_which_the_service_was_away() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let without_timeout = lab.register("dialogue", json!({"heartbeat_timeout_seconds": null})).await;
    lab.silence(&engine).await;
    lab.broker().flush_liveness().await.expect("written");
    // As it is after an absence of eight days: the first sign has been left, and nobody could call yet.
    lab.sql(
        "with signs as (update eventlease.service_signs set grace_since = statement_timestamp())
         update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '8 days',
            unresponsive_since = case when status = 'unresponsive' then statement_timestamp() - interval '8 days' end",
    )
    .await;
    assert_eq!(lab.broker().remove_long_silent().await.expect("a round"), 0);
    assert!(!is_gone(&lab, &engine).await && !is_gone(&lab, &without_timeout).await);

    let be_back_for = async |interval: &str| {
        lab.sql(&format!(
            "update eventlease.service_signs set grace_since = statement_timestamp() - interval '{interval}'"
        ))
        .await;
    };
    be_back_for("46 seconds").await;
    wait_until_gone(&lab, &engine).await;
    assert!(!is_gone(&lab, &without_timeout).await, "it has a week to call");
    be_back_for("8 days").await;
    wait_until_gone(&lab, &without_timeout).await;
}
