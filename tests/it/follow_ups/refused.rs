//! Completions that are refused for one of their follow-ups: nothing is changed, and the lease stays.

use serde_json::{Value, json};

use super::{completion, count_events, first_enqueued, follow_up};
use crate::support::{Lab, unknown_id};

/// The lease holds: the same completion without the bad follow-up is taken.
async fn assert_still_held(lab: &Lab, leased: &Value) {
    let event_id = leased["event_id"].as_str().expect("an event");
    assert_eq!(lab.event(event_id).await["status"], "processing");
    assert_eq!(count_events(lab, "speech").await, 0, "neither of them");
    let settled = lab.settle(leased, "completed", json!({"enqueue": [follow_up(json!({}))]})).await.expect(200);
    first_enqueued(&settled.body);
}

#[tokio::test]
async fn every_bad_place_of_every_follow_up_is_named() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let bad = json!([follow_up(json!({})), {"engine_type": "a b", "event_type": "e", "colour": 1}, 7,
        follow_up(json!({"delay_seconds": 1, "available_at": "2030-01-01T00:00:00Z"}))]);
    let places =
        ["/enqueue/1/colour", "/enqueue/1/engine_type", "/enqueue/1/payload", "/enqueue/2", "/enqueue/3/available_at"];
    let refused = lab.settle(&leased, "completed", json!({"enqueue": bad})).await.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), places);
    let entry = json!({"settlements": [{"status": "completed"}, completion(&leased, &bad)]});
    let results = lab.put("/api/v1/events/status", &entry).await.expect(200).body["results"].clone();
    assert_eq!(results[1]["event_id"], leased["event_id"]);
    assert_eq!(results[1]["error"]["code"], "follow_up_refused");
    let told: Vec<&str> = results[1]["error"]["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["pointer"].as_str())
        .collect();
    assert!(told.contains(&"/settlements/1/enqueue/1/payload"), "{told:?}");
    assert_still_held(&lab, &leased).await;
}

#[tokio::test]
async fn a_mistake_elsewhere_is_bad_input_as_ever() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let both = json!({"outcome": 1, "enqueue": [{"engine_type": "speech", "event_type": "e"}]});
    let refused = lab.settle(&leased, "completed", both).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/enqueue/0/payload", "/outcome"]);
    for list in [json!({}), json!(vec![follow_up(json!({})); 101])] {
        let refused = lab.settle(&leased, "completed", json!({"enqueue": list})).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["/enqueue"]);
    }
    for status in ["failed", "queued", "processing"] {
        let refused = lab.settle(&leased, status, json!({"enqueue": [follow_up(json!({}))]})).await;
        assert_eq!(refused.problem(422, "invalid_input").places(), ["/enqueue"]);
    }
    assert_still_held(&lab, &leased).await;
}

#[tokio::test]
async fn a_request_has_at_most_a_thousand_follow_ups() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..11 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let held =
        lab.poll("dialogue", &engine, "limit=11").await.expect(200).body["events"].as_array().expect("events").clone();
    let entries: Vec<Value> =
        held.iter().map(|leased| completion(leased, &json!(vec![follow_up(json!({})); 100]))).collect();
    let body = json!({"settlements": entries});
    let refused = lab.put("/api/v1/events/status", &body).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/settlements"]);
    let exchanged = lab.post("/api/v1/events/queue/dialogue/lease", &body).await.problem(422, "invalid_input");
    assert_eq!(exchanged.places(), ["/settlements"]);
    assert_eq!(count_events(&lab, "speech").await, 0);
    let body = json!({"settlements": entries[..10]});
    let results = lab.put("/api/v1/events/status", &body).await.expect(200).body["results"].clone();
    assert!(
        results
            .as_array()
            .expect("results")
            .iter()
            .all(|result| result["enqueued"].as_array().map_or(0, Vec::len) == 100)
    );
    assert_eq!(count_events(&lab, "speech").await, 1000);
}

#[tokio::test]
async fn a_key_that_stands_for_another_body_refuses_the_settlement_and_no_other() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let held = lab.poll("dialogue", &engine, "limit=3").await.expect(200).body["events"].clone();
    let keyed = |key: &str, payload: i32| json!({"engine_type": "song", "event_type": "e", "payload": payload, "idempotency_key": key});
    lab.settle(&held[0], "completed", json!({"enqueue": [keyed("k", 1)]})).await.expect(200);
    // The first and the last of them would be fine.
    let bad = json!([keyed("new", 1), keyed("k", 2), follow_up(json!({}))]);
    let entries = json!([completion(&held[1], &bad), completion(&held[2], &json!([keyed("other", 1)]))]);
    let results =
        lab.put("/api/v1/events/status", &json!({"settlements": entries})).await.expect(200).body["results"].clone();
    let error = &results[0]["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("follow_up_refused"), &json!(422)));
    assert_eq!(error["errors"][0]["pointer"], "/settlements/0/enqueue/1/idempotency_key", "{results}");
    first_enqueued(&results[1]);
    let alone = lab.settle(&held[1], "completed", json!({"enqueue": bad})).await.problem(422, "follow_up_refused");
    assert_eq!(alone.places(), ["/enqueue/1/idempotency_key"]);
    // The key that was claimed beside it is free again.
    let again = lab.settle(&held[1], "completed", json!({"enqueue": [keyed("new", 2)]})).await.expect(200);
    assert_eq!(again.body["enqueued"][0]["duplicate"], Value::Null);
    assert_eq!((count_events(&lab, "song").await, count_events(&lab, "speech").await), (3, 0));
}

#[tokio::test]
async fn what_only_the_database_can_judge_is_named_as_well() {
    let lab = Lab::start_with(&["--max-queues", "2"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.enqueue("song", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let song = |more: Value| {
        let mut body = json!({"engine_type": "song", "event_type": "e", "payload": 1});
        crate::support::merge(&mut body, more);
        body
    };
    let full = json!({"enqueue": [song(json!({})), follow_up(json!({}))]});
    let refused = lab.settle(&leased, "completed", full).await.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), ["/enqueue/1/engine_type"]);
    // Found when the first one is in its queue already.
    let far = json!({"enqueue": [song(json!({"idempotency_key": "k"})), song(json!({"available_at": "2999-01-01T00:00:00Z"}))]});
    let refused = lab.settle(&leased, "completed", far).await.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), ["/enqueue/1/available_at"]);
    assert_eq!(count_events(&lab, "song").await, 1);
    let settled =
        lab.settle(&leased, "completed", json!({"enqueue": [song(json!({"idempotency_key": "k"}))]})).await.expect(200);
    assert_eq!(settled.body["enqueued"][0]["duplicate"], Value::Null, "the key was given back");
}

#[tokio::test]
async fn without_a_lease_nothing_is_enqueued() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let enqueue = json!({"enqueue": [follow_up(json!({}))]});
    let mut stranger = leased.clone();
    stranger["event_id"] = json!(unknown_id());
    lab.settle(&stranger, "completed", enqueue.clone()).await.problem(404, "event_not_found");
    let mut stale = leased.clone();
    stale["lease"]["lease_token"] = json!("0".repeat(32));
    lab.settle(&stale, "completed", enqueue.clone()).await.problem(409, "lease_lost");
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(200);
    lab.settle(&leased, "completed", enqueue).await.problem(409, "already_settled");
    assert_eq!(count_events(&lab, "speech").await, 0);
}

#[tokio::test]
async fn a_completion_stands_although_cancelling_was_asked_for() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(202);
    let settled = lab.settle(&leased, "completed", json!({"enqueue": [follow_up(json!({}))]})).await.expect(200);
    assert_eq!(settled.body["outcome"], "completed");
    first_enqueued(&settled.body);
}

#[tokio::test]
async fn a_key_that_occurs_twice_with_other_bodies_names_no_event_that_was_not_made() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let keyed = |payload: i32| follow_up(json!({"idempotency_key": "k", "payload": payload}));
    let refused = lab.settle(&leased, "completed", json!({"enqueue": [keyed(1), keyed(2)]})).await;
    let refused = refused.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), ["/enqueue/1/idempotency_key"]);
    let detail = "another event of the request has the same idempotency key, and another body";
    assert_eq!(refused.body["errors"][0]["detail"], detail);
    assert_still_held(&lab, &leased).await;
}

#[tokio::test]
async fn a_trace_context_that_is_none_refuses_the_settlement() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let traced = json!({"enqueue": [follow_up(json!({"traceparent": "nonsense", "tracestate": "a=1"}))]});
    let refused = lab.settle(&leased, "completed", traced).await.problem(422, "follow_up_refused");
    assert_eq!(refused.places(), ["/enqueue/0/traceparent"]);
    assert_still_held(&lab, &leased).await;
}
