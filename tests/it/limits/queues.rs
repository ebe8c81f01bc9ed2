//! Names that anybody may invent: queues, event types, and labels of metrics.

use serde_json::{Value, json};

use super::{is, refusals};
use crate::support::{Lab, Reply};

fn event(engine_type: &str) -> Value {
    json!({"engine_type": engine_type, "event_type": "test.happened", "payload": {}})
}

async fn queues(lab: &Lab) -> i64 {
    sqlx::query_scalar("select count(*) from eventlease.queues").fetch_one(&lab.db).await.expect("a count")
}

#[track_caller]
fn is_full(reply: Reply) {
    let reply = reply.problem(422, "too_many_queues");
    assert_eq!(reply.body["limit"], 2);
}

#[tokio::test]
async fn no_call_makes_a_queue_too_many_and_those_that_are_there_go_on() {
    let mut lab = Lab::start_with(&["--max-queues", "2"]).await;
    lab.enqueue("a", json!({})).await;
    let engine = lab.register("b", json!({})).await;

    is_full(lab.post("/api/v1/events", &event("c")).await);
    let mut keyed = event("c");
    keyed["idempotency_key"] = json!("k");
    is_full(lab.post("/api/v1/events", &keyed).await);
    is_full(lab.post("/api/v1/engines", &json!({"engine_type": "c"})).await);
    let patch = lab.request("PATCH", "/api/v1/queues/c").json(&json!({"default_limit": 5}));
    is_full(Reply::of(patch).await);
    is_full(lab.post("/api/v1/queues/c/pause", &json!({})).await);
    is(refusals(&lab, "queues").await, 5.0);

    let batch = json!({"events": [event("a"), event("c"), event("b")]});
    let reply = lab.post("/api/v1/events/batch", &batch).await.expect(207);
    assert_eq!(
        (&reply.body["accepted"], &reply.body["results"][1]["error"]["code"]),
        (&json!(2), &json!("too_many_queues"))
    );
    let mut atomic = batch;
    atomic["atomic"] = json!(true);
    lab.post("/api/v1/events/batch", &atomic).await.expect(422);
    is(refusals(&lab, "queues").await, 7.0);
    // Polls make none.
    lab.get("/api/v1/events/queue/d").await.expect(200);
    assert_eq!(queues(&lab).await, 2);

    // A replica that knows none of the queues sees that they are there.
    let replica = lab.start_replica(&["--max-queues", "2"]).await;
    lab.post(&format!("{replica}/api/v1/events"), &event("b")).await.expect(201);
    is_full(lab.post(&format!("{replica}/api/v1/events"), &event("c")).await);
    let leased = lab.lease_one("b", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.broker().measure().await.expect("a round");
    is(lab.metric("eventlease_queues").await, 2.0);
}

#[tokio::test]
async fn however_many_make_queues_at_once_there_are_no_more_than_may_be() {
    let mut lab = Lab::start_with(&["--max-queues", "5"]).await;
    let replica = lab.start_replica(&["--max-queues", "5"]).await;
    let calls = (0..40).map(|number| {
        let url = if number % 2 == 0 { &lab.url } else { &replica };
        let request = if number % 4 < 2 {
            lab.request("POST", &format!("{url}/api/v1/events")).json(&event(&format!("queue-{number}")))
        } else {
            lab.request("POST", &format!("{url}/api/v1/engines"))
                .json(&json!({"engine_type": format!("queue-{number}")}))
        };
        tokio::spawn(Reply::of(request))
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.expect("a reply");
        match reply.status {
            201 => made += 1,
            _ => drop(reply.problem(422, "too_many_queues")),
        }
    }
    assert_eq!((made, queues(&lab).await), (5, 5));
}

#[tokio::test]
async fn sql_makes_no_queue_too_many_either() {
    let lab = Lab::start().await;
    lab.sql("insert into eventlease.queues (engine_type) select 'queue-' || n from generate_series(1, 10000) n").await;
    let enqueue = |name: &str| format!("select eventlease.enqueue('{name}', 'test.happened', '{{}}')");
    lab.sql(&enqueue("queue-7")).await;
    let refused = sqlx::query(sqlx::AssertSqlSafe(enqueue("other"))).execute(&lab.db).await.expect_err("it is refused");
    assert!(refused.to_string().contains("engine_type: would make a queue"), "{refused}");
}

#[tokio::test]
async fn so_many_event_types_have_a_policy() {
    let lab = Lab::start_with(&["--max-event-types", "1"]).await;
    let path = |name: &str| format!("/api/v1/event-types/{name}/retry-policy");
    let policy = json!({"max_retries": 1});
    lab.put(&path("a"), &policy).await.expect(200);
    lab.put(&path("a"), &policy).await.expect(200);
    let refused = lab.put(&path("b"), &policy).await.problem(422, "too_many_event_types");
    assert_eq!(refused.body["limit"], 1);
    is(refusals(&lab, "event_types").await, 1.0);
    lab.broker().measure().await.expect("a round");
    is(lab.metric("eventlease_event_types").await, 1.0);
    lab.delete(&path("a")).await.expect(204);
    lab.put(&path("b"), &policy).await.expect(200);
}

#[tokio::test]
async fn metrics_tell_so_many_queues_apart_and_count_the_others_together() {
    let lab = Lab::start_with(&["--max-metric-queues", "2"]).await;
    for name in ["a", "b", "c", "d", "d"] {
        lab.enqueue(name, json!({})).await;
    }
    let enqueued =
        async |name: &str| lab.metric(&format!("eventlease_events_enqueued_total{{engine_type=\"{name}\"}}")).await;
    is(enqueued("a").await, 1.0);
    is(enqueued("other").await, 3.0);
    lab.broker().measure().await.expect("a round");
    is(lab.metric("eventlease_queue_due_events{engine_type=\"other\"}").await, 3.0);
    let shown = lab.get("/metrics").await.expect(200).raw;
    assert!(!shown.contains("engine_type=\"c\"") && !shown.contains("engine_type=\"d\""), "{shown}");
}
