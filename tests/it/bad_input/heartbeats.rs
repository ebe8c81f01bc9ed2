//! `POST /engines/{engine_id}/heartbeat`.

use serde_json::{Value, json};

use super::{Untouched, nested};
use crate::support::{Lab, unknown_id};

#[tokio::test]
async fn every_bad_place_of_a_heartbeat_is_named_and_no_lease_is_renewed() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let path = format!("/api/v1/engines/{engine}/heartbeat");

    let good = json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"]});
    let beside_a_good_one = |lease: Value| json!({"leases": [good, lease]});
    let too_large = json!("x".repeat(999));
    let too_deep: Value = serde_json::from_str(&nested(65)).expect("JSON");
    let many: Vec<Value> =
        (0..1001).map(|_| json!({"event_id": unknown_id(), "lease_token": "0".repeat(32)})).collect();
    let bad: Vec<(Value, &[&str])> = vec![
        (json!([]), &[""]),
        (json!({"workload": 1, "current_workload": -1}), &["/workload", "/current_workload"]),
        (
            json!({"current_workload": 1_000_001, "resource_utilization": 5}),
            &["/current_workload", "/resource_utilization"],
        ),
        (json!({"dynamic_state": 5, "leases": {}}), &["/dynamic_state", "/leases"]),
        (json!({"dynamic_state": {"a": 1, "big": too_large}}), &["/dynamic_state"]),
        (json!({"dynamic_state": {"a": 1, "deep": too_deep}}), &["/dynamic_state"]),
        (beside_a_good_one(json!(5)), &["/leases/1"]),
        (beside_a_good_one(json!({})), &["/leases/1/event_id", "/leases/1/lease_token"]),
        (
            beside_a_good_one(json!({"event_id": "x", "lease_token": "x", "progress": too_large, "status": 1})),
            &["/leases/1/event_id", "/leases/1/lease_token", "/leases/1/progress", "/leases/1/status"],
        ),
        (beside_a_good_one(good.clone()), &["/leases"]),
        (json!({"leases": many}), &["/leases"]),
        (json!({"wait_seconds": 61, "holding_off": 5}), &["/wait_seconds", "/holding_off"]),
        (
            json!({"wait_seconds": -1, "holding_off": {}}),
            &["/wait_seconds", "/holding_off/until", "/holding_off/reason"],
        ),
        (
            json!({"holding_off": {"until": "tomorrow", "reason": "", "since": 1}}),
            &["/holding_off/until", "/holding_off/reason", "/holding_off/since"],
        ),
        (json!({"holding_off": {"until": "9999-01-01T00:00:00Z", "reason": "for ever"}}), &["/holding_off/until"]),
        (
            beside_a_good_one(json!({
                "event_id": unknown_id(), "lease_token": "0".repeat(32), "renew": "no", "progress": 1
            })),
            &["/leases/1/renew"],
        ),
        (
            beside_a_good_one(json!({
                "event_id": unknown_id(), "lease_token": "0".repeat(32), "renew": false, "progress": 1
            })),
            &["/leases/1/progress"],
        ),
    ];
    for (body, places) in bad {
        untouched.names("POST", &path, &body.to_string(), places).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_dynamic_state_does_not_grow_beyond_its_limit_from_heartbeat_to_heartbeat() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let path = format!("/api/v1/engines/{engine}/heartbeat");
    let heartbeat = |name: &str| json!({"dynamic_state": {name: "x".repeat(600)}});
    lab.post(&path, &heartbeat("one")).await.expect(200);

    let untouched = Untouched::from_now_on(&lab).await;
    untouched.names("POST", &path, &heartbeat("two").to_string(), &[""]).await;
    let utilization = json!({"resource_utilization": {"notes": "x".repeat(600)}});
    untouched.names("POST", &path, &utilization.to_string(), &[""]).await;
    untouched.and_the_server_serves().await;
    lab.post(&path, &heartbeat("one")).await.expect(200);
    lab.post(&path, &json!({"dynamic_state": {"one": null}})).await.expect(200);
    lab.post(&path, &heartbeat("two")).await.expect(200);
}

#[tokio::test]
async fn leases_of_others_and_made_up_ones_are_answered_as_lost() {
    let lab = Lab::start().await;
    let holder = lab.register("dialogue", json!({})).await;
    let stranger = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &holder).await;
    let lease_of = async || -> String {
        sqlx::query_scalar("select row(lease_token, leased_by, lease_expires_at)::text from eventlease.event_leases")
            .fetch_one(&lab.db)
            .await
            .expect("the lease")
    };
    let before = lease_of().await;
    let event_id = &leased["event_id"];
    let cases = [
        (&stranger, json!({"event_id": event_id, "lease_token": leased["lease"]["lease_token"]})),
        (&holder, json!({"event_id": event_id, "lease_token": "0".repeat(32)})),
        (&holder, json!({"event_id": unknown_id(), "lease_token": "0".repeat(32)})),
    ];
    for (engine, lease) in cases {
        let reply = lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &json!({"leases": [lease]})).await;
        assert_eq!(reply.expect(200).body["leases"], json!([{"event_id": lease["event_id"], "outcome": "lost"}]));
        assert_eq!(lease_of().await, before);
    }
}
