//! The audit trail: who changed what, when, and from where.

use serde_json::{Value, json};

use super::Guarded;
use crate::support::{Lab, Reply};

async fn entries(lab: &Lab, query: &str) -> Vec<Value> {
    lab.get(&format!("/api/v1/audit{query}")).await.expect(200).body["items"].as_array().expect("a list").clone()
}

/// Everything that operators and admins change, once.
#[tokio::test]
async fn every_change_is_recorded_with_who_and_whence() {
    let lab = Lab::start_with(&["--trusted-proxy", "127.0.0.1", "--forwarded-header", "forwarded"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let make_dead_letter = async || {
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        assert_eq!(leased["event_id"], event_id.as_str());
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        event_id
    };
    let (letter, remade, discarded) = (make_dead_letter().await, make_dead_letter().await, make_dead_letter().await);
    let waiting = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    let cancelled = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(entries(&lab, "").await.len(), 0, "engines and producers leave no trail");

    let api = |rest: &str| format!("/api/v1/{rest}");
    let changes = [
        ("change_queue", "PATCH", api("queues/dialogue"), json!({"max_processing": 7}), "dialogue"),
        ("pause_queue", "POST", api("queues/dialogue/pause"), json!({"reason": "because"}), "dialogue"),
        ("resume_queue", "POST", api("queues/dialogue/resume"), json!({}), "dialogue"),
        (
            "quarantine_version",
            "POST",
            api("queues/dialogue/quarantines"),
            json!({"engine_software_version": "1.0", "reason": "because"}),
            "dialogue",
        ),
        (
            "lift_quarantine",
            "DELETE",
            api("queues/dialogue/quarantines?engine_software_version=1.0"),
            json!({}),
            "dialogue",
        ),
        ("set_retry_policy", "PUT", api("event-types/e/retry-policy"), json!({"max_retries": 1}), "e"),
        ("remove_retry_policy", "DELETE", api("event-types/e/retry-policy"), json!({}), "e"),
        ("cancel_event", "POST", api(&format!("events/{cancelled}/cancel")), json!({}), cancelled.as_str()),
        ("cancel_scenario_run", "POST", api("scenario-runs/run-1/cancel"), json!({}), "run-1"),
        (
            "redrive_dead_letter",
            "POST",
            api(&format!("dead-letters/{letter}/redrive")),
            json!({"priority": 9}),
            &letter,
        ),
        ("redrive_dead_letter", "POST", api(&format!("dead-letters/{remade}/redrive")), json!({"payload": 2}), &remade),
        ("discard_dead_letter", "DELETE", api(&format!("dead-letters/{discarded}")), json!({}), &discarded),
        ("redrive_dead_letters", "POST", api("dead-letters/redrive"), json!({"all": true}), ""),
        (
            "purge_dead_letters",
            "POST",
            api("dead-letters/purge"),
            json!({"all": true, "expected_count": 1}),
            "dead letters",
        ),
        (
            "change_engine",
            "PATCH",
            api(&format!("engines/{engine}")),
            json!({"metadata": {"static_config": {"a": 1}}}),
            &engine,
        ),
        ("drain_engine", "POST", api(&format!("engines/{engine}/drain")), json!({}), &engine),
        ("resume_engine", "POST", api(&format!("engines/{engine}/resume")), json!({}), &engine),
        ("drain_engines", "POST", api("engines/drain"), json!({"filter": {"engine_type": "dialogue"}}), "dialogue"),
        ("deregister_engine", "DELETE", api(&format!("engines/{engine}")), json!({}), &engine),
    ];
    for (action, method, path, body, subject) in &changes {
        let request = lab.request(method, path).header("x-request-id", *action);
        let request = request.header("forwarded", "for=198.51.100.7, for=127.0.0.1");
        let request = if *method == "DELETE" { request } else { request.json(body) };
        let reply = Reply::of(request).await;
        assert!((200..300).contains(&reply.status), "{action}: {reply:?}");
        let found = entries(&lab, "?limit=1").await;
        let newest = found.first().expect("an entry");
        // Nothing is left to redrive: what changes nothing is not recorded.
        if subject.is_empty() {
            assert_ne!(newest["action"], *action);
            continue;
        }
        assert_eq!(newest["action"], *action, "{newest}");
        assert_eq!(newest["subject"], *subject, "{newest}");
        assert_eq!(newest["actor"], "anonymous", "{newest}");
        assert_eq!(newest["address"], "198.51.100.7", "{newest}");
        assert_eq!(newest["request_id"], *action, "{newest}");
        assert!(newest["recorded_at"].is_string() && newest["details"].is_object(), "{newest}");
        // A run is marked as cancelled first, and then its events are cancelled.
        let expected = if *action == "cancel_scenario_run" { 2 } else { 1 };
        let found = entries(&lab, &format!("?action={action}&subject={}", subject.replace(' ', "%20"))).await;
        assert_eq!(found.len(), expected, "{found:?}");
    }
    assert_eq!(entries(&lab, "?action=change_queue").await[0]["details"]["after"]["max_processing"], 7);
    assert!(waiting != cancelled);

    // What is refused changes nothing, and leaves nothing.
    let before = entries(&lab, "?limit=200").await.len();
    lab.post(&api(&format!("dead-letters/{discarded}/redrive")), &json!({})).await.problem(409, "not_a_dead_letter");
    lab.delete(&api("event-types/e/retry-policy")).await.problem(404, "not_found");
    lab.post(&api("engines/drain"), &json!({"filter": {"engine_type": "dialogue"}, "dry_run": true})).await.expect(200);
    assert_eq!(entries(&lab, "?limit=200").await.len(), before);
}

#[tokio::test]
async fn a_tokens_name_stands_in_the_trail_and_beside_a_pause() {
    let guarded = Guarded::start().await;
    let operator = guarded.token("operator", json!({"name": "night shift"})).await;
    let paused = guarded.post(&operator, "/api/v1/queues/dialogue/pause", &json!({})).await.expect(200);
    assert_eq!(paused.body["pause"]["by"], "night shift");
    let trail = guarded.get(&operator, "/api/v1/audit?actor=night%20shift").await.expect(200);
    let entry = &trail.body["items"][0];
    assert_eq!((&entry["action"], &entry["role"]), (&json!("pause_queue"), &json!("operator")), "{entry}");
    let token = guarded.get(&guarded.admin, "/api/v1/tokens?name=night%20shift").await.expect(200);
    assert_eq!(entry["token_id"], token.body["items"][0]["token_id"]);
    assert_eq!(entry["address"], "127.0.0.1");
    let made = guarded.get(&guarded.admin, "/api/v1/audit?action=create_token").await.expect(200);
    let actors: Vec<&str> =
        made.body["items"].as_array().expect("a list").iter().filter_map(|entry| entry["actor"].as_str()).collect();
    assert_eq!(actors, ["first admin", "first start"]);
    let token_id = token.body["items"][0]["token_id"].as_str().expect("an id");
    guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{token_id}")).await.expect(204);
    let revoked = guarded.get(&guarded.admin, "/api/v1/audit?action=revoke_token").await.expect(200);
    assert_eq!(revoked.body["items"][0]["subject"], token_id);
    guarded.get(&guarded.admin, "/api/v1/audit?action=dance").await.problem(422, "invalid_input");
}

#[tokio::test]
async fn the_trail_is_read_page_by_page_and_kept_for_its_time() {
    let lab = Lab::start_with(&["--audit-retention-days", "10"]).await;
    for queue in ["a", "b", "c", "d", "e"] {
        lab.post(&format!("/api/v1/queues/{queue}/pause"), &json!({})).await.expect(200);
    }
    let (mut subjects, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = lab.get(&format!("/api/v1/audit?limit=2{cursor}")).await.expect(200).body;
        subjects.extend(page["items"].as_array().expect("a list").iter().map(|entry| entry["subject"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(subjects, ["e", "d", "c", "b", "a"]);
    lab.sql(
        "update eventlease.audit set recorded_at = statement_timestamp() - interval '11 days' where subject in ('a', 'b')",
    )
    .await;
    assert_eq!(entries(&lab, "?recorded_before=2020-01-01T00:00:00Z").await.len(), 0);
    assert_eq!(lab.broker().forget_old_audit().await.expect("a round"), 2);
    assert_eq!(entries(&lab, "").await.len(), 3);
}

/// The entry is written with the change, or neither is.
#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let lab = Lab::start().await;
    lab.sql("alter table eventlease.audit add constraint no_pauses check (action <> 'pause_queue')").await;
    lab.post("/api/v1/queues/dialogue/pause", &json!({})).await.problem(500, "internal");
    let queue = lab.get("/api/v1/queues/dialogue").await;
    assert!(queue.status == 404 || queue.body["pause"].is_null(), "{queue:?}");
}

/// JSON has numbers and texts that no program's types hold; what is kept as it was sent is recorded as it was sent.
#[tokio::test]
async fn a_patch_is_recorded_as_it_was_sent() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for patch in [r#"{"a": 1e999}"#, r#"{"a": "\ud800"}"#, r#"{"a": 1.50}"#] {
        let body = format!(r#"{{"metadata": {{"static_config": {patch}}}}}"#);
        let request =
            lab.request("PATCH", &format!("/api/v1/engines/{engine}")).header("content-type", "application/json");
        Reply::of(request.body(body)).await.expect(200);
        let details: String =
            sqlx::query_scalar("select details::text from eventlease.audit order by audit_id desc limit 1")
                .fetch_one(&lab.db)
                .await
                .expect("an entry");
        assert!(details.contains(patch), "{details}");
        let trail = lab.get("/api/v1/audit?limit=1").await;
        assert!(trail.status == 200 && trail.raw.contains(patch), "{trail:?}");
    }
}
