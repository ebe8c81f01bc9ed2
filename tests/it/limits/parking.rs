//! Requests that wait for something.

use serde_json::json;
use tokio::task::JoinHandle;

use super::{is, refusals};
use crate::support::{Lab, Reply};

fn wait(lab: &Lab, engine: &str) -> JoinHandle<Reply> {
    let poll = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30&limit=1");
    tokio::spawn(Reply::of(poll.header("x-engine-id", engine)))
}

#[tokio::test]
async fn an_engine_has_so_many_polls_waiting_and_one_more_gets_what_is_there_or_is_refused() {
    let lab = Lab::start_with(&["--max-parked-polls-of-engine", "2"]).await;
    let (engine, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let polls = [wait(&lab, &engine), wait(&lab, &engine)];
    lab.wait_for_parked_polls(2).await;
    let refused = lab.poll("dialogue", &engine, "wait_seconds=30").await.problem(429, "overloaded");
    assert!((1..=5).contains(&refused.retry_after()), "{refused:?}");
    is(refusals(&lab, "parked_polls_of_engine").await, 1.0);
    // Who does not want to wait is not refused, and neither are others.
    lab.poll("dialogue", &engine, "").await.expect(200);
    let of_other = wait(&lab, &other);
    lab.wait_for_parked_polls(3).await;

    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    for poll in polls.into_iter().chain([of_other]) {
        assert_eq!(poll.await.expect("a reply").expect(200).body["events"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn so_many_requests_wait_in_all_and_one_more_gets_what_is_there_or_is_refused() {
    let lab = Lab::start_with(&["--max-parked-requests", "2"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("vision", json!({})).await;
    let poll = wait(&lab, &engine);
    let path = format!("/api/v1/events/{event_id}?wait_seconds=30");
    let reader = tokio::spawn(Reply::of(lab.request("GET", &path)));
    lab.wait_for_parked_polls(1).await;
    lab.wait_for("the reader to wait", async || {
        (lab.metric("eventlease_event_waits_parked").await >= 1.0).then_some(())
    })
    .await;

    lab.get(&path).await.problem(429, "overloaded");
    lab.get("/api/v1/events/queue/dialogue?wait_seconds=30").await.problem(429, "overloaded");
    lab.post("/api/v1/events/queue/dialogue/lease", &json!({"wait_seconds": 30})).await.problem(429, "overloaded");
    is(refusals(&lab, "parked_requests").await, 3.0);
    is(lab.metric("eventlease_event_waits_parked").await, 1.0);
    // There is something for this one.
    let leased = lab.get("/api/v1/events/queue/vision?wait_seconds=30").await.expect(200).body["events"][0].clone();
    assert_eq!(leased["event_id"], json!(event_id));
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(reader.await.expect("a reply").expect(200).body["status"], "completed");
    // And its end is known, so nobody has to wait for it.
    lab.get(&path).await.expect(200);
    lab.enqueue("dialogue", json!({})).await;
    poll.await.expect("a reply").expect(200);
}
