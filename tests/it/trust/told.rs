//! What is told of how things stand: a limited token learns nothing of other queues, by names, counts, causes or examples.

use serde_json::{Value, json};

use super::Guarded;
use crate::support::Reply;

/// A queue with all that could be told of it: dead letters of one cause, a quarantine, a job, a queued event and one that is held.
/// Everything in it has a name that no reply has by chance.
struct Known {
    queued: String,
    held: String,
    dead: String,
    job: String,
}

async fn make_known(guarded: &Guarded, operator: &str, queue: &str) -> Known {
    let registrar = guarded.token("orchestrator", json!({})).await;
    let metadata = json!({"static_config": {"engine_software_version": format!("version-{queue}")}});
    let registration = json!({"engine_type": queue, "metadata": metadata});
    let registered = guarded.post(&registrar, "/api/v1/engines", &registration).await.expect(201);
    let engine = registered.text("engine_token");
    let mut event_ids = Vec::new();
    for n in 0..25 {
        let event = json!({"engine_type": queue, "event_type": format!("type-{queue}"), "payload": n,
            "scenario_run_id": format!("run-{queue}"), "unique_key": format!("key-{queue}-{n}")});
        event_ids.push(guarded.post(operator, "/api/v1/events", &event).await.expect(201).text("event_id"));
    }
    for _ in 0..23 {
        let leased = guarded.lease_one(&engine, queue).await;
        let error = json!({"type": format!("Error-{queue}"), "message": format!("message-{queue}")});
        let failed = json!({"status": "failed", "retryable": false, "error": error});
        guarded.settle(&engine, &leased, failed).await.expect(200);
    }
    guarded.lease_one(&engine, queue).await;
    let quarantine = json!({"engine_software_version": format!("old-{queue}"), "reason": format!("reason-{queue}")});
    guarded.post(operator, &format!("/api/v1/queues/{queue}/quarantines"), &quarantine).await.expect(200);
    let job = json!({"filter": {"engine_type": queue}, "events_per_second": 0.001});
    let made = guarded.post(operator, "/api/v1/redrive-jobs", &job).await.expect(201);
    let job = made.body["job"]["job_id"].as_str().expect("an id").to_owned();
    let [dead, held, queued] = [&event_ids[20], &event_ids[23], &event_ids[24]].map(Clone::clone);
    Known { queued, held, dead, job }
}

async fn ask(guarded: &Guarded, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    if body.is_null() { guarded.ask(token, method, path).await } else { guarded.send(token, method, path, body).await }
}

async fn queued_of(guarded: &Guarded, queue: &str) -> i64 {
    let statement = "select count(*) from eventlease.event_queue where engine_type = $1";
    sqlx::query_scalar(statement).bind(queue).fetch_one(&guarded.lab.db).await.expect("a number")
}

#[tokio::test]
async fn nothing_of_other_queues_is_told_to_a_limited_token() {
    let guarded = Guarded::start().await;
    let everything = guarded.token("operator", json!({})).await;
    make_known(&guarded, &everything, "chess").await;
    let Known { queued, held, dead, job } = make_known(&guarded, &everything, "hidden").await;
    let job_of_all =
        guarded.post(&everything, "/api/v1/redrive-jobs", &json!({"all": true, "events_per_second": 0.001})).await;
    let job_of_all = job_of_all.expect(201).body["job"]["job_id"].as_str().expect("an id").to_owned();
    guarded.lab.broker().write_activity().await.expect("written");
    guarded.lab.broker().measure().await.expect("a round");
    let dry = |filter: Value| json!({"filter": filter, "dry_run": true});
    let all = json!({"all": true, "dry_run": true});
    let calls: Vec<(&str, String, Value, u16)> = vec![
        ("GET", format!("/api/v1/events/{queued}/explain"), Value::Null, 404),
        ("GET", format!("/api/v1/events/{held}/explain"), Value::Null, 404),
        ("GET", format!("/api/v1/events/{dead}/explain"), Value::Null, 404),
        ("GET", "/api/v1/queues/hidden/explain".to_owned(), Value::Null, 403),
        ("GET", "/api/v1/queues/hidden/history".to_owned(), Value::Null, 403),
        ("GET", "/api/v1/history".to_owned(), Value::Null, 403),
        ("GET", "/api/v1/overview".to_owned(), Value::Null, 200),
        ("GET", "/api/v1/dead-letters/groups?by=engine_type,error_type,error_fingerprint".to_owned(), Value::Null, 200),
        ("GET", "/api/v1/dead-letters/groups?error_type=Error-hidden".to_owned(), Value::Null, 200),
        ("GET", "/api/v1/dead-letters/groups?engine_type=hidden".to_owned(), Value::Null, 403),
        ("GET", "/api/v1/redrive-jobs".to_owned(), Value::Null, 200),
        ("GET", "/api/v1/redrive-jobs?engine_type=hidden".to_owned(), Value::Null, 403),
        ("GET", format!("/api/v1/redrive-jobs/{job}"), Value::Null, 404),
        ("GET", format!("/api/v1/redrive-jobs/{job_of_all}"), Value::Null, 404),
        ("POST", format!("/api/v1/redrive-jobs/{job}/pause"), json!({}), 404),
        ("POST", format!("/api/v1/redrive-jobs/{job_of_all}/cancel"), json!({}), 404),
        ("POST", "/api/v1/redrive-jobs".to_owned(), all.clone(), 200),
        ("POST", "/api/v1/redrive-jobs".to_owned(), dry(json!({"engine_type": "hidden"})), 403),
        ("POST", "/api/v1/redrive-jobs".to_owned(), dry(json!({"error_type": "Error-hidden"})), 200),
        ("POST", "/api/v1/events/cancel".to_owned(), all.clone(), 200),
        ("POST", "/api/v1/events/cancel".to_owned(), dry(json!({"engine_type": "hidden"})), 403),
        ("POST", "/api/v1/events/cancel".to_owned(), dry(json!({"event_ids": [queued]})), 200),
        ("POST", "/api/v1/events/cancel".to_owned(), dry(json!({"scenario_run_id": "run-hidden"})), 200),
        ("PATCH", format!("/api/v1/events/{queued}"), json!({"priority": 9}), 404),
        ("PATCH", format!("/api/v1/events/{held}"), json!({"priority": 9}), 404),
    ];
    for role in ["operator", "orchestrator", "reader", "producer"] {
        let limited = guarded.token(role, json!({"engine_types": ["chess"]})).await;
        for (method, path, body, status) in &calls {
            let reply = ask(&guarded, &limited, method, path, body).await;
            let is_of_role = reply.body["allowed_roles"].is_array();
            assert!(
                reply.status == *status || (is_of_role && reply.status == 403),
                "{role} {method} {path}: {reply:?}"
            );
            // Only what the caller itself has said is said back.
            let told = reply.raw.replace("other engine types than hidden", "");
            assert!(!told.contains("hidden"), "{role} {method} {path} {body}: {told}");
            if let Some(matched) = reply.body["matched"].as_i64() {
                let own = match (*body == all, path.ends_with("/cancel")) {
                    (false, _) => 0,
                    (true, false) => 23,
                    (true, true) => queued_of(&guarded, "chess").await,
                };
                assert!(matched <= own, "{role} {method} {path} {body}: {told}");
            }
            if path.ends_with("/overview") && reply.status == 200 {
                assert_eq!((&reply.body["totals"]["queues"], &reply.body["database"]), (&json!(1), &Value::Null));
                assert!(reply.body["attention"].as_array().is_some_and(|items| !items.is_empty()), "{told}");
            }
        }
    }
}
