//! Every problem body that can be provoked, as clients see it. What stands in these snapshots is depended on.

use insta::{Settings, assert_json_snapshot};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lab, Reply, unknown_id};
use crate::trust::Guarded;

const ID_CHARS: usize = 36;

/// Takes what differs from run to run out of a body: ids and times, also within texts.
fn redacted(mut value: Value) -> Value {
    match &mut value {
        Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => json!("[time]"),
        Value::String(text) => json!(without_ids(text)),
        Value::Array(items) => items.iter_mut().map(|item| redacted(item.take())).collect(),
        Value::Object(members) => {
            members.iter_mut().map(|(name, member)| (name.clone(), redacted(member.take()))).collect()
        }
        _ => value,
    }
}

fn without_ids(text: &str) -> String {
    let is_id = |at: usize| text.get(at..at + ID_CHARS).is_some_and(|part| Uuid::try_parse(part).is_ok());
    match (0..text.len()).find(|at| is_id(*at)) {
        Some(at) => format!("{}[id]{}", &text[..at], without_ids(&text[at + ID_CHARS..])),
        None => text.to_owned(),
    }
}

/// The body is as it was, and well formed.
#[track_caller]
fn assert_told(status: u16, code: &str, reply: Reply) {
    let reply = reply.problem(status, code);
    assert_eq!(reply.header("cache-control"), "no-store");
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_json_snapshot!(format!("problem_{code}"), redacted(reply.body)));
}

#[tokio::test]
async fn problems_of_the_request_itself() {
    let lab = Lab::start_with(&["--max-body-bytes", "100"]).await;
    assert_told(400, "malformed_json", lab.send_raw("POST", "/api/v1/events", "{").await);
    assert_told(404, "not_found", lab.get("/api/v1/nowhere").await);
    assert_told(405, "method_not_allowed", lab.delete("/api/v1/events").await);
    assert_told(413, "payload_too_large", lab.send_raw("POST", "/api/v1/events", " ".repeat(101)).await);
    let text = lab.request("POST", "/api/v1/events").header("content-type", "text/plain").body("hello");
    assert_told(415, "unsupported_media_type", Reply::of(text).await);
    let body = json!({"engine_type": "a b", "priority": 10});
    let wrong = lab.request("POST", "/api/v1/events?sync=1").header("x-engine-id", "me").json(&body);
    assert_told(422, "invalid_input", Reply::of(wrong).await);
    let navigation = lab.request("GET", "/api/v1/events/queue/dialogue").header("sec-fetch-mode", "navigate");
    assert_told(403, "not_for_browsers", Reply::of(navigation).await);
    let other_site = lab.request("POST", "/api/v1/queues/dialogue/pause").header("sec-fetch-site", "cross-site");
    assert_told(403, "cross_site_refused", Reply::of(other_site).await);
    let other_name = lab.request("GET", "/healthz").header("host", "queue.example.com:8080");
    assert_told(421, "host_not_allowed", Reply::of(other_name).await);
}

#[tokio::test]
async fn problems_of_engines_and_events() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let stranger = lab.register("narration", json!({})).await;
    assert_told(404, "engine_not_found", lab.get(&format!("/api/v1/engines/{}", unknown_id())).await);
    assert_told(409, "engine_type_mismatch", lab.poll("dialogue", &stranger, "").await);
    let taken = json!({"engine_type": "dialogue", "engine_id": stranger});
    assert_told(409, "engine_id_taken", lab.post("/api/v1/engines", &taken).await);
    assert_told(404, "event_not_found", lab.get(&format!("/api/v1/events/{}", unknown_id())).await);

    let superseded = lab.request("POST", &format!("/api/v1/engines/{engine}/heartbeat"));
    let superseded = superseded.header("x-engine-incarnation", "2").json(&json!({}));
    assert_told(409, "engine_superseded", Reply::of(superseded).await);

    let event_id = lab.enqueue("dialogue", json!({})).await;
    assert_told(409, "not_a_dead_letter", lab.get(&format!("/api/v1/dead-letters/{event_id}")).await);
    let purge = json!({"all": true, "expected_count": 3});
    assert_told(409, "count_changed", lab.post("/api/v1/dead-letters/purge", &purge).await);
    assert_told(404, "redrive_job_not_found", lab.get(&format!("/api/v1/redrive-jobs/{}", unknown_id())).await);
    let job = lab.post("/api/v1/redrive-jobs", &json!({"all": true})).await.expect(201).body;
    let job = format!("/api/v1/redrive-jobs/{}", job["job"]["job_id"].as_str().expect("an id"));
    lab.wait_for("the job to be over", async || (lab.get(&job).await.body["state"] == "finished").then_some(())).await;
    assert_told(409, "redrive_job_over", lab.post(&format!("{job}/pause"), &json!({})).await);
    lab.post("/api/v1/scenario-runs/run-1/cancel", &json!({})).await.expect(200);
    let of_run = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "scenario_run_id": "run-1"});
    assert_told(409, "run_cancelled", lab.post("/api/v1/events", &of_run).await);
    let leased = lab.lease_one("dialogue", &engine).await;
    let change = lab.request("PATCH", &format!("/api/v1/events/{event_id}")).json(&json!({"priority": 9}));
    assert_told(409, "event_not_queued", Reply::of(change).await);
    let path = format!("/api/v1/events/{event_id}/status");
    let body = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    let another = lab.register("dialogue", json!({})).await;
    let by_another = lab.request("PUT", &path).header("x-engine-id", &another).json(&body);
    assert_told(403, "forbidden", Reply::of(by_another).await);

    let follow_ups = json!({"enqueue": [{"engine_type": "narration", "event_type": "e"}]});
    assert_told(422, "follow_up_refused", lab.settle(&leased, "completed", follow_ups).await);
    let in_use = lab.delete("/api/v1/queues/dialogue").await;
    assert_told(409, "queue_in_use", in_use);
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "queued").await;
    let again = lab.lease_one("dialogue", &engine).await;
    assert_told(409, "lease_lost", lab.settle(&leased, "completed", json!({})).await);
    lab.settle(&again, "completed", json!({})).await.expect(200);
    assert_told(409, "already_settled", lab.settle(&again, "failed", json!({})).await);

    let unique = json!({"unique_key": "k", "priority": 9});
    let dead = lab.enqueue("dialogue", unique.clone()).await;
    let leased_dead = lab.lease_one("dialogue", &another).await;
    lab.settle(&leased_dead, "failed", json!({"retryable": false})).await.expect(200);
    lab.enqueue("dialogue", unique).await;
    assert_told(409, "unique_key_held", lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &json!({})).await);
}

#[tokio::test]
async fn problems_of_those_who_are_not_let_in() {
    let guarded = Guarded::start_with(&["--max-failed-attempts", "1"]).await;
    let queues = "/api/v1/queues";
    assert_told(401, "unauthenticated", guarded.lab.get(queues).await);
    guarded.get("el_wrong", queues).await.problem(401, "unauthenticated");
    assert_told(429, "rate_limited", guarded.get("el_wrong", queues).await);
    let unknown = format!("/api/v1/tokens/{}", unknown_id());
    assert_told(404, "token_not_found", guarded.ask(&guarded.admin, "DELETE", &unknown).await);
}

#[tokio::test]
async fn a_stored_value_that_makes_no_sense_is_told_to_the_log_and_not_to_the_client() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.sql("alter table eventlease.engine_states drop constraint engine_states_status").await;
    lab.sql("update eventlease.engine_states set status = 'secretly asleep'").await;
    let reply = lab.get(&format!("/api/v1/engines/{engine}")).await;
    assert!(!reply.raw.contains("asleep") && !reply.raw.contains("engine_states"), "{reply:?}");
    assert_told(500, "internal", reply);
    lab.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_a_database_timeout() {
    let lab = Lab::start_with(&["--reading-statement-timeout-seconds", "1"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut blocker = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.engine_states").execute(&mut *blocker).await.expect("the lock");
    let reply = lab.get(&format!("/api/v1/engines/{engine}")).await;
    assert_eq!(reply.header("retry-after"), "1");
    assert_told(504, "database_timeout", reply);
    blocker.rollback().await.expect("the end");
    lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_unavailable_database() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut blocker = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.engine_states").execute(&mut *blocker).await.expect("the lock");
    let path = format!("/api/v1/engines/{engine}");
    let end_whoever_waits = async {
        let terminated = lab
            .wait_for("the call to wait for the lock", async || {
                sqlx::query_scalar::<_, i64>(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'
                         and query like '-- A page of engines%'",
                )
                .fetch_one(&lab.db)
                .await
                .ok()
                .filter(|count| *count > 0)
            })
            .await;
        assert_eq!(terminated, 1);
    };
    let (reply, ()) = tokio::join!(lab.get(&path), end_whoever_waits);
    assert_eq!(reply.header("retry-after"), "1");
    assert_told(503, "database_unavailable", reply);
    blocker.rollback().await.expect("the end");
    lab.get(&path).await.expect(200);
}
