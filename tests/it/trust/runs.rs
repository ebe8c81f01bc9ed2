//! Orchestrators steer events and runs; tokens that are limited to some engine types touch and see only those.

use serde_json::{Value, json};

use super::Guarded;

async fn enqueue(guarded: &Guarded, token: &str, engine_type: &str, run: &str) -> String {
    let body = json!({"engine_type": engine_type, "event_type": "e", "payload": 1, "scenario_run_id": run});
    guarded.post(token, "/api/v1/events", &body).await.expect(201).text("event_id")
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["scenario_run_id"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_limited_orchestrator_sees_and_cancels_its_part_of_a_run() {
    let guarded = Guarded::start().await;
    let all = guarded.token("orchestrator", json!({"name": "all"})).await;
    let chess = guarded.token("orchestrator", json!({"name": "chess only", "engine_types": ["chess"]})).await;
    let ours = enqueue(&guarded, &chess, "chess", "run-1").await;
    let theirs = enqueue(&guarded, &all, "dialogue", "run-1").await;
    enqueue(&guarded, &all, "dialogue", "run-2").await;

    assert_eq!(names(&guarded.get(&chess, "/api/v1/scenario-runs").await.expect(200).body), ["run-1"]);
    assert_eq!(names(&guarded.get(&all, "/api/v1/scenario-runs").await.expect(200).body), ["run-1", "run-2"]);
    let read = async |token: &str| guarded.get(token, "/api/v1/scenario-runs/run-1").await.expect(200).body;
    assert_eq!(read(&chess).await["counts"]["queued"], 1);
    assert_eq!(read(&all).await["counts"]["queued"], 2);

    let cancel = "/api/v1/scenario-runs/run-1/cancel";
    assert_eq!(guarded.post(&chess, cancel, &json!({})).await.expect(200).body["cancelled"], 1);
    assert_eq!(guarded.get(&chess, &format!("/api/v1/events/{ours}")).await.expect(200).body["status"], "cancelled");
    assert_eq!(guarded.get(&all, &format!("/api/v1/events/{theirs}")).await.expect(200).body["status"], "queued");
    assert_eq!(read(&chess).await["status"], "cancelled");
    assert_eq!((&read(&all).await["status"], &read(&all).await["cancelled_in"]), (&json!("active"), &json!(["chess"])));
    assert_eq!(read(&all).await["cancelled_by"], "chess only");

    // The part stays cancelled, for everybody.
    let into = |engine_type: &str| json!({"engine_type": engine_type, "event_type": "e", "payload": 1, "scenario_run_id": "run-1"});
    guarded.post(&all, "/api/v1/events", &into("chess")).await.problem(409, "run_cancelled");
    guarded.post(&all, "/api/v1/events", &into("dialogue")).await.expect(201);
    let reopen = "/api/v1/scenario-runs/run-1/reopen";
    assert_eq!(guarded.post(&chess, reopen, &json!({})).await.expect(200).body["reopened"], true);
    guarded.post(&chess, "/api/v1/events", &into("chess")).await.expect(201);

    // A run that was cancelled as a whole is not for a limited token to reopen.
    guarded.post(&all, cancel, &json!({})).await.expect(200);
    assert_eq!(guarded.post(&chess, reopen, &json!({})).await.expect(200).body["reopened"], false);
    guarded.post(&chess, "/api/v1/events", &into("chess")).await.problem(409, "run_cancelled");
    assert_eq!(read(&chess).await["status"], "cancelled");
}

#[tokio::test]
async fn a_limited_orchestrator_reschedules_events_of_its_types() {
    let guarded = Guarded::start().await;
    let all = guarded.token("operator", json!({"name": "all"})).await;
    let two = guarded.token("orchestrator", json!({"name": "two types", "engine_types": ["chess", "speech"]})).await;
    for engine_type in ["chess", "chess", "speech", "dialogue"] {
        enqueue(&guarded, &all, engine_type, "run-1").await;
    }
    let path = "/api/v1/events/reschedule";
    for which in [json!({"all": true}), json!({"filter": {"scenario_run_id": "run-1"}})] {
        let mut body = json!({"delay_seconds": 600});
        crate::support::merge(&mut body, which);
        assert_eq!(guarded.post(&two, path, &body).await.expect(200).body["rescheduled"], 3, "{body}");
    }
    let theirs = json!({"filter": {"engine_type": "dialogue"}, "delay_seconds": 600});
    let due = guarded.get(&all, "/api/v1/queues/dialogue/peek").await.expect(200);
    assert_eq!(due.body["items"].as_array().map(Vec::len), Some(1), "another queue is left alone");
    guarded.post(&two, path, &theirs).await.problem(403, "forbidden");
    assert_eq!(guarded.post(&all, path, &theirs).await.expect(200).body["rescheduled"], 1);
}

#[tokio::test]
async fn a_producer_cancels_what_it_brought_and_nothing_else() {
    let guarded = Guarded::start().await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let own = guarded.enqueue(&shop, "dialogue").await;
    let other = guarded.enqueue(&mill, "dialogue").await;
    let cancel = |event_id: &str| format!("/api/v1/events/{event_id}/cancel");
    assert_eq!(guarded.post(&shop, &cancel(&own), &json!({})).await.expect(200).body["status"], "cancelled");
    guarded.post(&shop, &cancel(&other), &json!({})).await.problem(404, "event_not_found");
    let audit = guarded.get(&guarded.admin, "/api/v1/audit?action=cancel_event").await.expect(200).body;
    assert_eq!(audit["items"][0]["actor"], "shop");
}
