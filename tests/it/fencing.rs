//! Who may settle what: the token decides, late words count while nobody else was given the event.

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{Lab, Reply, unknown_id};

async fn settle_as(lab: &Lab, event_id: &str, engine: Option<&str>, body: &Value) -> Reply {
    let request = lab.request("PUT", &format!("/api/v1/events/{event_id}/status")).json(body);
    Reply::of(match engine {
        Some(engine) => request.header("x-engine-id", engine),
        None => request,
    })
    .await
}

/// An engine, an event, and the event's lease.
async fn lease(lab: &Lab) -> (String, String, Value) {
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    (engine, event_id, leased)
}

#[tokio::test]
async fn a_report_on_an_event_that_was_leased_again_is_refused_and_changes_nothing() {
    let lab = Lab::start().await;
    let (_, event_id, stale) = lease(&lab).await;
    lab.lose(&event_id).await;
    let second_engine = lab.register("dialogue", json!({})).await;
    let current = lab.lease_one("dialogue", &second_engine).await;
    for status in ["completed", "failed", "queued", "processing"] {
        let refused = lab.settle(&stale, status, json!({})).await.problem(409, "lease_lost").body;
        assert_eq!(refused["lease_ended_by"], "expired");
        assert!(refused["lease_ended_at"].is_string());
        assert_eq!((&refused["event_status"], &refused["current_attempt"]), (&json!("processing"), &json!(2)));
    }
    assert_eq!(lab.event(&event_id).await["leased_by"], json!(second_engine));
    lab.settle(&current, "completed", json!({"result": "second"})).await.expect(200);
    let refused = lab.settle(&stale, "completed", json!({"result": "first"})).await.problem(409, "lease_lost").body;
    assert_eq!(refused["event_status"], "completed");
    assert_eq!(lab.event(&event_id).await["result"], "second");
}

/// Of the attempt with this number: whether a refused report is noted with it, and what that said.
async fn refused_report(lab: &Lab, event_id: &str, attempt: u64) -> (bool, Value) {
    let page = lab.get(&format!("/api/v1/events/{event_id}/attempts")).await.expect(200).body;
    let items = page["items"].as_array().expect("attempts");
    let attempt = items.iter().find(|each| each["attempt"] == attempt).expect("the attempt");
    (attempt["refused_report_at"].is_string(), attempt["refused_report_status"].clone())
}

#[tokio::test]
async fn what_a_lost_engine_reports_after_all_is_noted_with_its_attempt() {
    let lab = Lab::start().await;
    let (_, event_id, stale) = lease(&lab).await;
    lab.lose(&event_id).await;
    let current = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
    lab.settle(&stale, "processing", json!({})).await.problem(409, "lease_lost");
    assert_eq!(refused_report(&lab, &event_id, 1).await, (false, Value::Null), "a renewal is no report");
    lab.settle(&stale, "failed", json!({})).await.problem(409, "lease_lost");
    lab.settle(&stale, "completed", json!({})).await.problem(409, "lease_lost");
    lab.settle(&current, "completed", json!({})).await.expect(200);
    lab.settle(&stale, "queued", json!({})).await.problem(409, "lease_lost");
    assert_eq!(refused_report(&lab, &event_id, 1).await, (true, json!("failed")), "the first one");
    assert_eq!(refused_report(&lab, &event_id, 2).await, (false, Value::Null));
}

#[tokio::test]
async fn a_refused_report_stays_with_its_attempt_through_dead_letter_and_redrive() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"retry_policy": {"dead_letter_threshold": 2}})).await;
    let stale = lab.lease_one("dialogue", &engine).await;
    lab.lose(&event_id).await;
    lab.lease_one("dialogue", &engine).await;
    lab.settle(&stale, "completed", json!({})).await.problem(409, "lease_lost");
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "failed").await;
    assert_eq!(refused_report(&lab, &event_id, 1).await, (true, json!("completed")));
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    let carried = letter["attempts"].as_array().expect("attempts").last().expect("the first");
    assert_eq!(carried["refused_report_status"], "completed");
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_eq!(refused_report(&lab, &event_id, 1).await, (true, json!("completed")));
}

#[tokio::test]
async fn a_late_report_is_taken_while_nobody_has_leased_the_event_since() {
    let lab = Lab::start().await;
    for (reported, answered, status) in [
        ("completed", "completed", "completed"),
        ("failed", "retry_scheduled", "queued"),
        ("queued", "released", "queued"),
    ] {
        let (_, event_id, leased) = lease(&lab).await;
        lab.expire(&event_id).await;
        assert_eq!(lab.wait_for_status(&event_id, "queued").await["lease_losses"], 1);
        assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "expired");

        let settled = lab.settle(&leased, reported, json!({})).await.expect(200).body;
        assert_eq!((&settled["outcome"], &settled["attempt"]), (&json!(answered), &json!(1)));
        let event = lab.event(&event_id).await;
        assert_eq!((&event["status"], &event["lease_losses"]), (&json!(status), &json!(0)), "{event}");
        let attempts = lab.attempts(&event_id).await;
        assert_eq!(attempts.len(), 1, "{attempts:?}");
        assert!(attempts[0]["late_by_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{attempts:?}");
        // Taken once: the same again is answered alike, the opposite is not.
        assert_eq!(lab.settle(&leased, reported, json!({})).await.expect(200).body, settled);
        if status == "queued" {
            lab.make_due(&event_id).await;
            lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
        }
    }
    assert!((lab.metric("eventlease_settlements_late_total{engine_type=\"dialogue\"}").await - 3.0).abs() < 0.1);
}

#[tokio::test]
async fn a_late_report_is_refused_once_the_event_is_a_dead_letter() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"retry_policy": {"dead_letter_threshold": 1}})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "failed").await;
    let refused = lab.settle(&leased, "completed", json!({})).await.problem(409, "lease_lost").body;
    assert_eq!((&refused["lease_ended_by"], &refused["event_status"]), (&json!("expired"), &json!("failed")));
}

#[tokio::test]
async fn a_lost_lease_cannot_be_renewed() {
    let lab = Lab::start().await;
    let (_, event_id, leased) = lease(&lab).await;
    lab.lose(&event_id).await;
    let refused = lab.settle(&leased, "processing", json!({})).await.problem(409, "lease_lost").body;
    assert_eq!((&refused["lease_ended_by"], &refused["event_status"]), (&json!("expired"), &json!("queued")));
    assert_eq!(lab.event(&event_id).await["lease_losses"], 1);
}

#[tokio::test]
async fn an_engine_that_leases_the_same_event_twice_is_fenced_by_the_token_not_by_its_name() {
    let lab = Lab::start().await;
    let (engine, event_id, stale) = lease(&lab).await;
    lab.lose(&event_id).await;
    let current = lab.lease_one("dialogue", &engine).await;
    assert_ne!(current["lease"]["lease_token"], stale["lease"]["lease_token"]);
    let body = json!({"status": "completed", "lease_token": stale["lease"]["lease_token"]});
    settle_as(&lab, &event_id, Some(&engine), &body).await.problem(409, "lease_lost");
    lab.settle(&current, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn an_unresponsive_engine_that_returns_finds_its_lease_gone_once_somebody_else_has_the_event() {
    let lab = Lab::start().await;
    let (engine, event_id, stale) = lease(&lab).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    lab.silence(&engine).await;
    lab.wait_for_status(&event_id, "queued").await;
    let current = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;

    let listed = json!({"leases": [{"event_id": event_id, "lease_token": stale["lease"]["lease_token"]}]});
    let back = lab.heartbeat(&engine, listed).await.expect(200).body;
    assert_eq!(back["status"], "active");
    assert_eq!(back["leases"], json!([{"event_id": event_id, "outcome": "lost", "reason": "engine_unresponsive"}]));
    let refused = lab.settle(&stale, "completed", json!({})).await.problem(409, "lease_lost").body;
    assert_eq!(refused["lease_ended_by"], "engine_unresponsive");
    lab.settle(&current, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_registration_under_a_known_id_ends_the_leases_of_the_former_life_at_once() {
    let lab = Lab::start().await;
    let (engine, event_id, stale) = lease(&lab).await;
    lab.register("dialogue", json!({"engine_id": engine})).await;
    let event = lab.event(&event_id).await;
    assert_eq!((&event["status"], &event["lease_losses"]), (&json!("queued"), &json!(1)));
    let current = lab.lease_one("dialogue", &engine).await;
    let refused = lab.settle(&stale, "failed", json!({})).await.problem(409, "lease_lost").body;
    assert_eq!(refused["lease_ended_by"], "engine_restarted");
    lab.settle(&current, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn the_same_report_again_is_answered_alike_and_another_one_is_refused() {
    let lab = Lab::start().await;
    for (reported, others) in
        [("completed", ["failed", "queued"]), ("failed", ["completed", "queued"]), ("queued", ["completed", "failed"])]
    {
        let (engine, event_id, leased) = lease(&lab).await;
        // The first body stands, whatever comes with the later ones.
        let more = if reported == "completed" { json!({"result": 1}) } else { json!({"delay_seconds": 600}) };
        let settled = lab.settle(&leased, reported, more).await.expect(200).body;
        for again in [lab.settle(&leased, reported, json!({})).await, lab.settle(&leased, reported, json!({})).await] {
            assert_eq!(again.expect(200).body, settled);
        }
        let unnamed = match reported {
            "failed" => json!({"status": reported, "error": "again"}),
            _ => json!({"status": reported}),
        };
        assert_eq!(settle_as(&lab, &event_id, Some(&engine), &unnamed).await.expect(200).body, settled);
        for other in others {
            let refused = lab.settle(&leased, other, json!({})).await.problem(409, "already_settled").body;
            assert_eq!(refused["settled_as"], reported);
            assert!(refused["settled_at"].is_string());
        }
        lab.settle(&leased, "processing", json!({})).await.problem(409, "already_settled");
        assert_eq!(lab.attempts(&event_id).await.len(), 1);
    }
}

#[tokio::test]
async fn without_a_token_the_holder_may_settle_and_a_stranger_may_not() {
    let lab = Lab::start().await;
    let (engine, event_id, leased) = lease(&lab).await;
    let done = json!({"status": "completed"});
    let stranger = lab.register("dialogue", json!({})).await;
    settle_as(&lab, &event_id, Some(&stranger), &done).await.problem(409, "lease_lost");
    settle_as(&lab, &event_id, None, &done).await.problem(409, "lease_lost");
    let with_token = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    settle_as(&lab, &event_id, Some(&stranger), &with_token).await.problem(403, "forbidden");
    settle_as(&lab, &event_id, Some(&engine), &done).await.expect(200);
    settle_as(&lab, &unknown_id(), Some(&engine), &done).await.problem(404, "event_not_found");
    assert!((lab.metric("eventlease_settlements_unfenced_total").await - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn anybody_may_settle_an_anonymous_lease_without_its_token() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.get("/api/v1/events/queue/dialogue").await.expect(200);
    let stranger = lab.register("dialogue", json!({})).await;
    settle_as(&lab, &event_id, Some(&stranger), &json!({"status": "completed"})).await.expect(200);
    assert_eq!(lab.event(&event_id).await["status"], "completed");
}

#[tokio::test]
async fn where_tokens_are_required_nobody_settles_without() {
    let lab = Lab::start_with(&["--lease-tokens", "required"]).await;
    let (engine, event_id, leased) = lease(&lab).await;
    let refused = settle_as(&lab, &event_id, Some(&engine), &json!({"status": "completed"})).await;
    assert_eq!(refused.problem(422, "invalid_input").places(), ["/lease_token"]);
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn no_renewal_prolongs_a_lease_beyond_the_longest() {
    let lab = Lab::start_with(&["--max-lease-seconds", "60"]).await;
    let (engine, event_id, leased) = lease(&lab).await;
    let longest = &leased["lease"]["expires_at"];
    assert_eq!(leased["lease"]["visibility_timeout_seconds"], 60);
    let renewed = lab.settle(&leased, "processing", json!({"visibility_timeout_seconds": 600})).await.expect(200).body;
    assert_eq!((&renewed["outcome"], &renewed["expires_at"]), (&json!("renewed"), longest));
    let listed = json!({"leases": [{"event_id": event_id, "lease_token": leased["lease"]["lease_token"]}]});
    let beaten = lab.heartbeat(&engine, listed.clone()).await.expect(200).body;
    assert_eq!((&beaten["leases"][0]["outcome"], &beaten["leases"][0]["expires_at"]), (&json!("renewed"), longest));

    lab.sql(
        "update eventlease.event_leases
         set lease_deadline_at = lease_deadline_at - interval '2 minutes',
             lease_expires_at = lease_expires_at - interval '2 minutes'",
    )
    .await;
    let refused = lab.settle(&leased, "processing", json!({})).await.problem(409, "lease_lost").body;
    assert_eq!(refused["lease_ended_by"], "max_lease");
    let beaten = lab.heartbeat(&engine, listed).await.expect(200).body;
    assert_eq!(beaten["leases"][0]["outcome"], "lost");
    lab.wait_for_status(&event_id, "queued").await;
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "max_lease");
}

/// A completion takes its snapshot, a renewal commits, and then the completion locks the row: the snapshot does not show
/// where the row stands now.
#[tokio::test]
async fn a_completion_is_not_recorded_where_the_lease_was_renewed_meanwhile_and_goes_on() {
    let lab = Lab::start().await;
    let (_, event_id, leased) = lease(&lab).await;
    let uuid = |text: &Value| text.as_str().expect("a text").parse::<Uuid>().expect("a UUID");
    let mut gate = lab.db.begin().await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock(7)").execute(&mut *gate).await.expect("a lock");
    let statement = include_str!("../../src/store/sql/complete.sql");
    let stalled = statement.replace("from told\n", "from (select told.*, pg_advisory_xact_lock(7) from told) told\n");
    assert_ne!(statement, stalled);
    let complete = sqlx::query(AssertSqlSafe(stalled))
        .bind(vec![uuid(&leased["event_id"])])
        .bind(vec![uuid(&leased["lease"]["lease_token"])])
        .bind(vec![None::<Uuid>])
        .bind(vec![None::<String>])
        .fetch_all(&lab.db);
    let renew = async {
        let waiting = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock')";
        lab.wait_for("the completion to have its snapshot", async || {
            let is_waiting: bool = sqlx::query_scalar(waiting).fetch_one(&lab.db).await.expect("an answer");
            is_waiting.then_some(())
        })
        .await;
        lab.settle(&leased, "processing", json!({})).await.expect(200);
        gate.rollback().await.expect("the end of the transaction");
    };
    let (completed, ()) = tokio::join!(complete, renew);
    assert!(completed.expect("an answer").is_empty());
    assert_eq!(lab.event(&event_id).await["status"], "processing");
    assert!(lab.attempts(&event_id).await.is_empty());
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(lab.attempts(&event_id).await.len(), 1);
}
