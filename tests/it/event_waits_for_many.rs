//! `POST /events/wait`: parked until one event has ended, or all have.

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Lab, Reply, unknown_id};
use crate::trust::Guarded;

const WAIT: &str = "/api/v1/events/wait";

fn start_wait(lab: &Lab, event_ids: &[&str], until: &str) -> JoinHandle<Reply> {
    let body = json!({"event_ids": event_ids, "wait_seconds": 30, "until": until});
    tokio::spawn(Reply::of(lab.request("POST", WAIT).json(&body)))
}

async fn wait_for_waits(lab: &Lab, count: u32) {
    lab.wait_for(&format!("{count} parked waits"), async || {
        let parked = lab.metric("eventlease_event_waits_parked").await;
        ((parked - f64::from(count)).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

async fn complete(lab: &Lab, engine: &str) -> String {
    let leased = lab.lease_one("dialogue", engine).await;
    lab.settle(&leased, "completed", json!({"result": 7})).await.expect(200);
    leased["event_id"].as_str().expect("an id").to_owned()
}

/// Ids of the events that have ended, of those that are open, and of those that are not known.
fn told(reply: &Reply) -> (Vec<String>, Value, Value) {
    (reply.texts("events", "event_id"), reply.body["open"].clone(), reply.body["unknown"].clone())
}

#[tokio::test]
async fn any_ends_with_the_first_and_all_with_the_last() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let enqueue = async || lab.enqueue("dialogue", json!({})).await;
    let ids = [enqueue().await, enqueue().await, enqueue().await];
    let [a, b, c] = ids.each_ref().map(String::as_str);
    let unknown = unknown_id();
    let any = start_wait(&lab, &[c, a, &unknown, b], "any");
    let all = start_wait(&lab, &[c, a, &unknown, b], "all");
    wait_for_waits(&lab, 2).await;
    let first = complete(&lab, &engine).await;
    let reply = any.await.expect("a reply").expect(200);
    let open: Vec<&str> = [c, a, b].into_iter().filter(|id| *id != first).collect();
    assert_eq!(told(&reply), (vec![first.clone()], json!(open), json!([unknown])));
    let event = &reply.body["events"][0];
    let members: Vec<&str> = event.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        members,
        ["attempt", "created_at", "engine_type", "event_id", "event_type", "finished_at", "status"],
        "no payload, no result"
    );
    assert_eq!((&event["status"], &event["attempt"]), (&json!("completed"), &json!(1)));
    wait_for_waits(&lab, 1).await;

    // A retry is no end.
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"delay_seconds": 0})).await.expect(200);
    complete(&lab, &engine).await;
    wait_for_waits(&lab, 1).await;
    let last = [a, b, c].map(str::to_owned);
    let mut open = None;
    for id in &last {
        if lab.event(id).await["status"] == "queued" {
            open = Some(id.clone());
        }
    }
    lab.post(&format!("/api/v1/events/{}/cancel", open.expect("one is open")), &json!({})).await.expect(200);
    let reply = all.await.expect("a reply").expect(200);
    assert_eq!(told(&reply), (vec![c.to_owned(), a.to_owned(), b.to_owned()], json!([]), json!([unknown])));
    wait_for_waits(&lab, 0).await;
}

#[tokio::test]
async fn it_is_answered_at_once_where_nothing_is_to_be_waited_for() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let done = lab.enqueue("dialogue", json!({})).await;
    complete(&lab, &engine).await;
    let open = lab.enqueue("dialogue", json!({})).await;
    let unknown = unknown_id();
    let wait = async |body: Value| told(&lab.post(WAIT, &body).await.expect(200));
    let long = |event_ids: &[&str], until: &str| json!({"event_ids": event_ids, "wait_seconds": 30, "until": until});
    assert_eq!(wait(long(&[&unknown], "any")).await, (vec![], json!([]), json!([unknown])));
    assert_eq!(wait(long(&[&unknown, &done], "all")).await, (vec![done.clone()], json!([]), json!([unknown])));
    assert_eq!(wait(long(&[&open, &done], "any")).await, (vec![done.clone()], json!([open]), json!([])));
    // Without a time, or when that is over: as they stand. An event that is named twice is told once.
    assert_eq!(wait(json!({"event_ids": [open, open]})).await, (vec![], json!([open]), json!([])));
    assert_eq!(wait(json!({"event_ids": [open], "wait_seconds": 1})).await, (vec![], json!([open]), json!([])));
}

#[tokio::test]
async fn ends_on_another_replica_are_found_and_a_stop_ends_the_wait() {
    let mut lab = Lab::start_with(&["--recheck-interval-ms", "100"]).await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let ids = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];
    let wait = start_wait(&lab, &[&ids[0], &ids[1]], "all");
    wait_for_waits(&lab, 1).await;
    for _ in 0..2 {
        let leased = lab.poll_at(&replica, "dialogue", &engine, "limit=1").await.expect(200).body["events"][0].clone();
        let path = format!("{replica}/api/v1/events/{}/status", leased["event_id"].as_str().expect("an id"));
        let body = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
        Reply::of(lab.request("PUT", &path).json(&body)).await.expect(200);
    }
    assert_eq!(told(&wait.await.expect("a reply").expect(200)).0, ids);

    let open = lab.enqueue("dialogue", json!({})).await;
    let wait = start_wait(&lab, &[&open], "all");
    wait_for_waits(&lab, 1).await;
    lab.stop().await;
    assert_eq!(told(&wait.await.expect("a reply").expect(200)), (vec![], json!([open]), json!([])));
}

#[tokio::test]
async fn a_wait_takes_one_place_and_is_refused_where_there_is_none() {
    let lab = Lab::start_with(&["--max-parked-requests", "1"]).await;
    let ids = [lab.enqueue("dialogue", json!({})).await, lab.enqueue("dialogue", json!({})).await];
    let wait = start_wait(&lab, &[&ids[0], &ids[1]], "all");
    wait_for_waits(&lab, 1).await;
    let body = json!({"event_ids": [ids[0]], "wait_seconds": 1});
    lab.post(WAIT, &body).await.problem(429, "overloaded");
    // Who does not wait needs no place.
    lab.post(WAIT, &json!({"event_ids": [ids[0]]})).await.expect(200);
    for event_id in &ids {
        lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(200);
    }
    wait.await.expect("a reply").expect(200);
    wait_for_waits(&lab, 0).await;
}

#[tokio::test]
async fn every_bad_place_of_a_wait_is_named() {
    let lab = Lab::start().await;
    let body = json!({"event_ids": ["no", unknown_id(), 7], "wait_seconds": 31, "until": "some", "for": 1});
    let refused = lab.post(WAIT, &body).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/event_ids/0", "/event_ids/2", "/for", "/until", "/wait_seconds"]);
    for event_ids in [json!([]), json!(null), json!("x"), json!(vec![unknown_id(); 101])] {
        let refused = lab.post(WAIT, &json!({"event_ids": event_ids})).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["/event_ids"]);
    }
    let refused = lab.post(WAIT, &json!({"event_ids": ["x"]})).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/event_ids/0"], "the list is not empty");
    lab.post(WAIT, &json!({"event_ids": vec![unknown_id(); 100]})).await.expect(200);
}

#[tokio::test]
async fn what_is_beyond_the_callers_reach_is_unknown() {
    let guarded = Guarded::start().await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let event_id = guarded.enqueue(&shop, "dialogue").await;
    let body = json!({"event_ids": [event_id]});
    let seen = async |token: &str| {
        let reply = guarded.send(token, "POST", WAIT, &body).await.expect(200);
        match told(&reply) {
            (ended, open, unknown) if ended.is_empty() && unknown == json!([]) => assert_eq!(open, json!([event_id])),
            other => {
                assert_eq!(other, (vec![], json!([]), json!([event_id])));
                return false;
            }
        }
        true
    };
    assert!(seen(&shop).await);
    assert!(!seen(&mill).await);
    for role in ["operator", "reader", "orchestrator"] {
        assert!(seen(&guarded.token(role, json!({})).await).await, "{role}");
        assert!(seen(&guarded.token(role, json!({"engine_types": ["dialogue"]})).await).await, "{role}");
        assert!(!seen(&guarded.token(role, json!({"engine_types": ["chess"]})).await).await, "{role}");
    }
    let elsewhere = guarded.token("producer", json!({"name": "shop", "engine_types": ["chess"]})).await;
    assert!(!seen(&elsewhere).await);
}
