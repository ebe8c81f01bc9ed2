//! `POST /events/batch`: each event with a verdict of its own.

use serde_json::{Value, json};

use crate::bad_input::Untouched;
use crate::support::{Lab, Reply};

const PATH: &str = "/api/v1/events/batch";

fn event(n: u32) -> Value {
    json!({"engine_type": "dialogue", "event_type": "asked", "payload": {"n": n}})
}

fn pointers(result: &Value) -> Vec<&str> {
    let errors = result["error"]["errors"].as_array().unwrap_or_else(|| panic!("no errors: {result}"));
    errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect()
}

#[tokio::test]
async fn a_batch_of_good_events_is_taken_in_order() {
    let lab = Lab::start().await;
    let events: Vec<Value> = (0..1000).map(event).collect();
    let reply = lab.post(PATH, &json!({"events": events, "atomic": false})).await.expect(201);
    assert_eq!((&reply.body["accepted"], &reply.body["rejected"]), (&json!(1000), &json!(0)));
    let results = reply.body["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().map(|result| result["event_id"].as_str().expect("an id")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "ids go up in the order sent");
    assert!(results.iter().all(|result| result["outcome"] == "enqueued"));
    let last = lab.get(&format!("/api/v1/events/{}?include=payload", ids[999])).await.expect(200);
    assert_eq!(last.body["payload"], json!({"n": 999}));
}

#[tokio::test]
async fn bad_events_are_named_with_their_index_and_keep_no_good_one_out() {
    let lab = Lab::start().await;
    let mut urgent = event(3);
    urgent["priority"] = json!(10);
    let mut far = event(4);
    far["available_at"] = json!("9999-01-01T00:00:00Z");
    let events = json!([event(0), 5, {"engine_type": "a b", "payload": 1, "x": 1}, urgent, far, event(5)]);
    let reply = lab.post(PATH, &json!({"events": events})).await.expect(207);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!((&reply.body["accepted"], &reply.body["rejected"]), (&json!(2), &json!(4)));
    let results = reply.body["results"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    for good in [0, 5] {
        let event_id = results[good]["event_id"].as_str().expect("an id");
        assert_eq!(lab.event(event_id).await["status"], "queued");
    }
    assert_eq!(pointers(&results[1]), ["/events/1"]);
    let mut several = pointers(&results[2]);
    several.sort_unstable();
    assert_eq!(several, ["/events/2/engine_type", "/events/2/event_type", "/events/2/x"]);
    assert_eq!(pointers(&results[3]), ["/events/3/priority"]);
    assert_eq!(pointers(&results[4]), ["/events/4/available_at"]);
    for refused in &results[1..=4] {
        assert_eq!(refused["event_id"], Value::Null);
        assert_eq!(refused["error"]["code"], "invalid_input");
        assert_eq!(refused["error"]["status"], 422);
    }
    let stored: i64 =
        sqlx::query_scalar("select count(*) from eventlease.events").fetch_one(&lab.db).await.expect("a number");
    assert_eq!(stored, 2);
}

#[tokio::test]
async fn a_batch_without_a_good_event_changes_nothing() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let reply = lab.post(PATH, &json!({"events": [{}, 1]})).await.expect(422);
    assert_eq!((&reply.body["accepted"], &reply.body["rejected"]), (&json!(0), &json!(2)));
    assert_eq!(pointers(&reply.body["results"][1]), ["/events/1"]);

    untouched.names("POST", PATH, "{}", &["/events"]).await;
    untouched.names("POST", PATH, r#"{"events": []}"#, &["/events"]).await;
    untouched.names("POST", PATH, r#"{"events": {}, "atomc": true}"#, &["/events", "/atomc"]).await;
    untouched.names("POST", PATH, r#"{"events": null}"#, &["/events"]).await;
    untouched.names("POST", PATH, r#"{"events": [{}], "events": [{}]}"#, &["/events"]).await;
    let too_many = json!({"events": vec![event(1); 1001], "atomic": "no"}).to_string();
    untouched.names("POST", PATH, &too_many, &["/events", "/atomic"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_batch_keeps_payloads_byte_for_byte() {
    let lab = Lab::start().await;
    let payloads = [r#"{ "b":1.0,"a" : "\u0000" }"#, "1E400", "[ ]"];
    let events: Vec<String> = payloads
        .iter()
        .map(|payload| format!(r#"{{"engine_type": "dialogue", "event_type": "asked", "payload": {payload}}}"#))
        .collect();
    let reply = lab.send_raw("POST", PATH, format!(r#"{{"events": [{}]}}"#, events.join(","))).await.expect(201);
    for (result, payload) in reply.body["results"].as_array().expect("results").iter().zip(payloads) {
        let path = format!("/api/v1/events/{}?include=payload", result["event_id"].as_str().expect("an id"));
        let event: Reply = lab.get(&path).await.expect(200);
        assert!(event.raw.contains(&format!("\"payload\":{payload}")), "{event:?}");
    }
}

#[tokio::test]
async fn batches_that_make_the_same_queues_do_not_block_each_other_for_good() {
    let lab = Lab::start().await;
    let of_queue = |n: u32| json!({"engine_type": format!("kind{n}"), "event_type": "asked", "payload": {}});
    let events: Vec<Value> = (0..8).map(of_queue).collect();
    let make = "insert into eventlease.queues (engine_type) select 'kind' || n from generate_series($1, $2) as n";
    let mut other = lab.db.begin().await.expect("a transaction");
    sqlx::query(make).bind(0).bind(0).execute(&mut *other).await.expect("the first queue");
    let rest = async {
        lab.wait_for_a_blocked_server().await;
        sqlx::query(make).bind(1).bind(7).execute(&mut *other).await.expect("the other queues");
        other.commit().await.expect("a commit");
    };
    let batch = json!({"events": events});
    let (taken, ()) = tokio::join!(lab.post(PATH, &batch), rest);
    taken.expect(201);
}
