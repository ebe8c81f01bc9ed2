//! The producer's trace context, which travels with the event: of the request's headers, or each event's own.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

const OWN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OF_REQUEST: &str = "00-11111111111111111111111111111111-2222222222222222-01";

fn event(more: Value) -> Value {
    let mut event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    crate::support::merge(&mut event, more);
    event
}

/// Trace context of the events, in the order of their ids, as it is stored.
async fn stored(lab: &Lab) -> Vec<(Option<String>, Option<String>)> {
    sqlx::query_as("select traceparent, tracestate from eventlease.events order by event_id")
        .fetch_all(&lab.db)
        .await
        .expect("events")
}

#[tokio::test]
async fn an_events_own_wins_over_that_of_the_request_and_is_never_combined_with_it() {
    let lab = Lab::start().await;
    let events = [
        event(json!({"traceparent": OWN, "tracestate": "a=1"})),
        event(json!({"traceparent": OWN})),
        event(json!({})),
        event(json!({"traceparent": null, "tracestate": null})),
    ];
    let request = lab.request("POST", "/api/v1/events/batch").header("traceparent", OF_REQUEST);
    Reply::of(request.header("tracestate", "b=2").json(&json!({"events": events}))).await.expect(201);
    let of = |parent: &str, state: Option<&str>| (Some(parent.to_owned()), state.map(str::to_owned));
    let of_request = of(OF_REQUEST, Some("b=2"));
    assert_eq!(stored(&lab).await, [of(OWN, Some("a=1")), of(OWN, None), of_request.clone(), of_request]);

    let engine = lab.register("dialogue", json!({})).await;
    let leased = lab.poll("dialogue", &engine, "limit=4").await.expect(200);
    assert_eq!(leased.texts("events", "traceparent"), [OWN, OWN, OF_REQUEST, OF_REQUEST]);
    // A single event may carry it too.
    let single = lab.post("/api/v1/events", &event(json!({"traceparent": OWN}))).await.expect(201);
    assert_eq!(lab.event(&single.text("event_id")).await["traceparent"], OWN);
}

#[tokio::test]
async fn what_is_wrong_with_it_is_named_of_each_event() {
    let lab = Lab::start().await;
    let long = event(json!({"traceparent": "x".repeat(65), "tracestate": "x".repeat(513)}));
    let events = [
        long,
        event(json!({"tracestate": "a=1"})),
        event(json!({"traceparent": "a\nb"})),
        event(json!({"traceparent": 7})),
        event(json!({"traceparent": "nonsense", "tracestate": "a=1"})),
        event(json!({"traceparent": OWN.to_uppercase()})),
    ];
    let reply = lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(422);
    let places: Vec<Vec<&str>> = reply.body["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            let errors = result["error"]["errors"].as_array().expect("errors");
            errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect()
        })
        .collect();
    let expected: [Vec<&str>; 6] = [
        vec!["/events/0/traceparent", "/events/0/tracestate"],
        vec!["/events/1/tracestate"],
        vec!["/events/2/traceparent"],
        vec!["/events/3/traceparent"],
        vec!["/events/4/traceparent"],
        vec!["/events/5/traceparent"],
    ];
    assert_eq!(places, expected);
}

#[tokio::test]
async fn it_is_no_part_of_what_an_idempotency_key_compares() {
    let lab = Lab::start().await;
    let first =
        lab.post("/api/v1/events", &event(json!({"idempotency_key": "k", "traceparent": OWN}))).await.expect(201);
    let again = lab.post("/api/v1/events", &event(json!({"idempotency_key": "k"}))).await.expect(200);
    assert_eq!(again.body["event_id"], first.body["event_id"]);
}

#[tokio::test]
async fn headers_that_are_no_trace_context_are_ignored() {
    let lab = Lab::start().await;
    let headers: [(&str, Option<&str>); 2] = [("nonsense", None), (OWN, Some(OWN))];
    for (traceparent, kept) in headers {
        let request = lab.request("POST", "/api/v1/events").header("traceparent", traceparent);
        let request = request.header("tracestate", "a=1").json(&event(json!({})));
        let made = Reply::of(request).await.expect(201);
        let stored = stored(&lab).await.pop().expect("an event");
        assert_eq!(stored, (kept.map(str::to_owned), kept.map(|_| "a=1".to_owned())));
        assert_eq!(lab.event(&made.text("event_id")).await["traceparent"], json!(kept));
    }
}
