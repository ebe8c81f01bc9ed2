//! What heartbeats are told: events to cancel, limits, drains with their reasons; and leases that are only asked about.

use serde_json::{Value, json};

use super::{listed, read, told};
use crate::support::{Lab, Reply, unknown_id};

/// A registration's members for an engine with such a limit.
pub fn with_limit(limit: u32) -> Value {
    json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": limit}}}})
}

async fn drain(lab: &Lab, engine: &str, body: Value) -> Reply {
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &body).await
}

#[tokio::test]
async fn a_heartbeat_tells_of_events_to_cancel_whether_they_are_listed_or_not() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", with_limit(5)).await;
    let mut leased = Vec::new();
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
        leased.push(lab.lease_one("dialogue", &engine).await);
    }
    for event in &leased[..2] {
        let event_id = event["event_id"].as_str().expect("an id");
        lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(202);
    }
    let mut to_cancel = vec![leased[0]["event_id"].clone(), leased[1]["event_id"].clone()];
    to_cancel.sort_by_key(ToString::to_string);

    for body in [json!({}), listed(&leased[0], json!({})), listed(&leased[2], json!({"renew": false}))] {
        let answer = lab.heartbeat(&engine, body).await.expect(200).body;
        assert_eq!((&answer["leases_held"], &answer["max_concurrent_events"]), (&json!(3), &json!(5)));
        assert_eq!(answer["events_to_cancel"], json!(to_cancel));
        assert_eq!((&answer["command"], answer.get("drain")), (&json!("continue"), None));
    }
    let other = lab.register("dialogue", json!({})).await;
    let answer = lab.heartbeat(&other, json!({})).await.expect(200).body;
    assert_eq!((&answer["leases_held"], &answer["events_to_cancel"]), (&json!(0), &json!([])));

    lab.settle(&leased[0], "queued", json!({})).await.expect(200);
    let answer = lab.heartbeat(&engine, json!({})).await.expect(200).body;
    assert_eq!(answer["events_to_cancel"], json!([leased[1]["event_id"]]));
}

#[tokio::test]
async fn a_lease_that_is_only_asked_about_is_not_renewed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let event_id = leased["event_id"].as_str().expect("an id");
    lab.sql("update eventlease.event_leases set lease_expires_at = statement_timestamp() + interval '100 s'").await;
    let before = lab.event(event_id).await["lease_expires_at"].clone();
    let asked = listed(&leased, json!({"renew": false}));

    let held = lab.heartbeat(&engine, asked.clone()).await.expect(200).body["leases"][0].clone();
    assert_eq!((&held["outcome"], &held["expires_at"]), (&json!("held"), &before));
    assert!(held["expires_in_seconds"].as_f64().is_some_and(|left| left > 0.0 && left <= 100.0), "{held}");
    assert_eq!((held.get("cancel_requested"), held.get("reason")), (None, None));
    assert_eq!(lab.event(event_id).await["lease_expires_at"], before);

    // It is held by this engine alone, and under this token.
    let thief = lab.register("dialogue", json!({})).await;
    let stolen = lab.heartbeat(&thief, asked.clone()).await.expect(200).body;
    assert_eq!(stolen["leases"][0]["outcome"], "lost");
    let other_token = listed(&leased, json!({"renew": false, "lease_token": "0".repeat(32)}));
    assert_eq!(lab.heartbeat(&engine, other_token).await.expect(200).body["leases"][0]["outcome"], "lost");

    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(202);
    let held = lab.heartbeat(&engine, asked.clone()).await.expect(200).body["leases"][0].clone();
    assert_eq!((&held["outcome"], &held["cancel_requested"]), (&json!("held"), &json!(true)));
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let lost = lab.heartbeat(&engine, asked).await.expect(200).body["leases"][0].clone();
    assert_eq!((&lost["outcome"], &lost["reason"]), (&json!("lost"), &json!("completed")));
}

#[tokio::test]
async fn a_drain_says_why_and_what_follows() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(read(&lab, &engine).await["drain"], Value::Null);

    let stay = json!({"reason": "the database is being moved", "then": "stay"});
    let drained = drain(&lab, &engine, stay).await.expect(200).body;
    assert_eq!(drained["status"], "draining");
    let shown = drained["drain"].clone();
    assert_eq!((&shown["reason"], &shown["then"]), (&json!("the database is being moved"), &json!("stay")));
    assert!(shown["since"].is_string(), "{shown}");
    let answer = lab.heartbeat(&engine, json!({})).await.expect(200).body;
    assert_eq!((&answer["command"], &answer["drain"]), (&json!("drain"), &shown));

    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let answer = lab.heartbeat(&engine, json!({})).await.expect(200).body;
    assert_eq!((&answer["command"], &answer["leases_held"]), (&json!("drain"), &json!(0)), "it is to stay");

    // Told again, it keeps what is not said anew; it has been draining since before.
    let again = |body: Value| async { drain(&lab, &engine, body).await.expect(200).body["drain"].clone() };
    assert_eq!(again(json!({})).await, shown);
    let other = json!({"reason": "moved", "then": "stay", "since": shown["since"]});
    assert_eq!(again(json!({"reason": "moved"})).await, other);
    let exit = json!({"reason": "moved", "then": "exit", "since": shown["since"]});
    assert_eq!(again(json!({"then": "exit"})).await, exit);
    assert_eq!(lab.heartbeat(&engine, json!({})).await.expect(200).body["command"], "stop");
    assert_eq!(told(&lab, &engine, "resume").await["drain"], Value::Null);
    let answer = lab.heartbeat(&engine, json!({})).await.expect(200).body;
    assert_eq!((&answer["command"], answer.get("drain")), (&json!("continue"), None));
}

#[tokio::test]
async fn a_drain_of_many_gives_its_reason_to_all_as_a_drain_of_one_does() {
    let lab = Lab::start().await;
    let (before, now) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let since = drain(&lab, &before, json!({"reason": "first"})).await.expect(200).body["drain"]["since"].clone();
    let body = json!({"filter": {"engine_type": "dialogue"}, "reason": "second", "then": "stay"});
    lab.post("/api/v1/engines/drain", &body).await.expect(200);
    for engine in [&before, &now] {
        let shown = read(&lab, engine).await["drain"].clone();
        assert_eq!((&shown["reason"], &shown["then"]), (&json!("second"), &json!("stay")));
        assert_eq!(shown["since"] == since, engine == &before, "it has been draining since it was first told so");
    }
    // What a call does not say, stays; one that is told for the first time is given the default.
    let third = lab.register("dialogue", json!({})).await;
    lab.post("/api/v1/engines/drain", &json!({"filter": {"engine_type": "dialogue"}})).await.expect(200);
    for (engine, reason, then) in
        [(&before, json!("second"), "stay"), (&now, json!("second"), "stay"), (&third, Value::Null, "exit")]
    {
        let shown = read(&lab, engine).await["drain"].clone();
        assert_eq!((&shown["reason"], &shown["then"]), (&reason, &json!(then)));
    }
    // Who registers again begins anew, and so does who was resumed.
    told(&lab, &before, "resume").await;
    let drained = drain(&lab, &before, json!({})).await.expect(200).body["drain"].clone();
    assert_eq!((&drained["reason"], &drained["then"]), (&Value::Null, &json!("exit")));
    lab.post("/api/v1/engines", &json!({"engine_id": now, "engine_type": "dialogue"})).await.expect(200);
    assert_eq!(read(&lab, &now).await["drain"], Value::Null);
}

#[tokio::test]
async fn a_drain_that_cannot_be_read_names_every_bad_place_and_drains_nothing() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let refused = drain(&lab, &engine, json!({"reason": "x".repeat(501), "then": "leave", "now": true})).await;
    assert_eq!(refused.problem(422, "invalid_input").places(), ["/now", "/reason", "/then"]);
    let many = json!({"filter": {"engine_type": "dialogue"}, "reason": 5, "then": "Exit"});
    let refused = lab.post("/api/v1/engines/drain", &many).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/reason", "/then"]);
    drain(&lab, &unknown_id(), json!({"then": "stay"})).await.problem(404, "engine_not_found");
    assert_eq!(read(&lab, &engine).await["status"], "active");
}
