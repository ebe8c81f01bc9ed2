//! Settling many at once, and settling and leasing in one call.

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

fn entry(leased: &Value, status: &str) -> Value {
    json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"], "status": status})
}

async fn exchange(lab: &Lab, engine: &str, body: &Value) -> Reply {
    Reply::of(lab.request("POST", "/api/v1/events/queue/dialogue/lease").header("x-engine-id", engine).json(body)).await
}

#[tokio::test]
async fn an_exchange_settles_what_is_done_and_leases_what_is_next() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..4 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let first = exchange(&lab, &engine, &json!({"limit": 2})).await.expect(200);
    assert_eq!(first.body["results"], json!([]));
    let held = first.body["events"].as_array().expect("events").clone();
    assert_eq!(held.len(), 2);

    let settlements: Vec<Value> = held.iter().map(|leased| entry(leased, "completed")).collect();
    let second = exchange(&lab, &engine, &json!({"limit": 5, "settlements": settlements})).await.expect(200);
    assert_eq!(second.body["results"][0]["outcome"], "completed");
    assert_eq!(second.body["results"][1]["outcome"], "completed");
    assert_eq!(second.body["events"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_exchange_frees_room_before_it_leases() {
    let lab = Lab::start().await;
    let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": 1}}});
    let engine = lab.register("dialogue", json!({"metadata": limits})).await;
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let held = lab.lease_one("dialogue", &engine).await;
    let next = exchange(&lab, &engine, &json!({"settlements": [entry(&held, "completed")]})).await.expect(200);
    assert_eq!(next.body["events"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_refused_settlement_ends_the_waiting() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let stale = json!({"event_id": unknown_id(), "lease_token": "0".repeat(32), "status": "completed"});
    let started = std::time::Instant::now();
    let reply = exchange(&lab, &engine, &json!({"wait_seconds": 30, "settlements": [stale]})).await.expect(200);
    assert_eq!(reply.body["results"][0]["error"]["code"], "event_not_found");
    assert!(started.elapsed().as_secs() < 25, "it waited all the same");
}

#[tokio::test]
async fn each_settlement_has_a_verdict_of_its_own_in_the_order_sent() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let held = lab.poll("dialogue", &engine, "limit=3").await.expect(200).body["events"].clone();
    let mut failed = entry(&held[1], "failed");
    failed["error"] = json!("no");
    let mut wrong = entry(&held[2], "failed");
    wrong["error"] = json!({"message": 7, "kind": "x"});
    let body = json!({"settlements": [
        entry(&held[0], "completed"), failed, wrong, {"status": "completed"}, entry(&held[0], "completed"),
    ]});
    let results = lab.put("/api/v1/events/status", &body).await.expect(200).body["results"].clone();
    assert_eq!(results[0]["outcome"], "completed");
    assert_eq!(results[1]["outcome"], "retry_scheduled");
    assert_eq!(results[2]["event_id"], held[2]["event_id"]);
    let pointers: Vec<&str> = results[2]["error"]["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["pointer"].as_str().expect("a pointer"))
        .collect();
    assert_eq!(pointers, ["/settlements/2/error/message", "/settlements/2/error/kind"]);
    assert_eq!(results[3]["error"]["errors"][0]["pointer"], "/settlements/3/event_id");
    assert_eq!(results[4]["outcome"], "completed", "the same word again is answered alike");
}

/// Whatever keeps the leasing half from being done, what was settled before it is answered.
#[tokio::test]
async fn verdicts_are_told_where_leasing_is_refused_after_them() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let stranger = lab.register("narration", json!({})).await;
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.poll("dialogue", &engine, "limit=2").await.expect(200).body["events"].clone();
    let settlements = json!({"settlements": [entry(&leased[0], "completed"), entry(&leased[1], "completed")]});

    // Somebody removed the engine meanwhile: its leases went back, and the reports come late.
    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    let told = exchange(&lab, &engine, &settlements).await.expect(200);
    assert_eq!(told.body["results"][0]["outcome"], "completed", "{told:?}");
    assert_eq!(told.body["results"][1]["outcome"], "completed", "{told:?}");
    assert_eq!((&told.body["events"], &told.body["notice"]), (&json!([]), &Value::Null));
    let problem = &told.body["lease_error"];
    assert_eq!((&problem["code"], &problem["status"]), (&json!("engine_not_found"), &json!(404)));
    assert_eq!(problem["type"], "urn:eventlease:problem:engine_not_found");

    // What was refused of the settlements is told as well.
    let told = exchange(&lab, &stranger, &settlements).await.expect(200);
    assert_eq!(told.body["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(told.body["lease_error"]["code"], "engine_type_mismatch");
    assert_eq!(told.body["lease_error"]["engine_type"], "narration");

    // Without settlements, the problem is the reply; where leasing is not refused, there is no such member.
    exchange(&lab, &engine, &json!({"settlements": []})).await.problem(404, "engine_not_found");
    let other = lab.register("dialogue", json!({})).await;
    let told = exchange(&lab, &other, &settlements).await.expect(200);
    assert!(told.body.get("lease_error").is_none(), "{told:?}");

    // Nothing is settled where anything of the request is bad.
    lab.enqueue("dialogue", json!({})).await;
    let again = lab.lease_one("dialogue", &other).await;
    let bad = json!({"limit": 0, "settlements": [entry(&again, "completed")]});
    exchange(&lab, &other, &bad).await.problem(422, "invalid_input");
    assert_eq!(lab.event(again["event_id"].as_str().expect("an id")).await["status"], "processing");
}

/// The wait of a refusal stands in the body: a reply of success has no `Retry-After`.
#[tokio::test]
async fn a_refusal_for_want_of_room_says_when_to_come_back() {
    let lab = Lab::start_with(&["--max-parked-requests", "1"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let other = lab.register("dialogue", json!({})).await;
    let waits = lab.poll("dialogue", &other, "wait_seconds=30");
    let exchanges = async {
        lab.wait_for_parked_polls(1).await;
        let body = json!({"wait_seconds": 30, "settlements": [entry(&leased, "completed")]});
        let told = exchange(&lab, &engine, &body).await.expect(200);
        assert_eq!(told.body["results"][0]["outcome"], "completed");
        assert_eq!(told.body["lease_error"]["code"], "overloaded");
        let seconds = told.body["lease_error"]["retry_after_seconds"].as_u64().expect("seconds");
        assert!((1..=5).contains(&seconds), "{told:?}");
        lab.post(&format!("/api/v1/engines/{other}/drain"), &json!({})).await.expect(200);
    };
    tokio::join!(waits, exchanges).0.expect(200);
}
