//! `/dead-letters`.

use serde_json::{Value, json};

use super::{Untouched, nested};
use crate::support::{Lab, unknown_id};

const PATH: &str = "/api/v1/dead-letters";

async fn lab_with_a_dead_letter() -> (Lab, String) {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let settled = lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    assert_eq!(settled.body["outcome"], "dead_lettered");
    (lab, event_id)
}

#[tokio::test]
async fn every_bad_place_of_a_redrive_is_named() {
    let (lab, event_id) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let body = json!({"priority": 10, "delay_seconds": -1, "visibility_timeout_seconds": 0, "spread": 1,
        "retry_policy": {"max_retries": -1, "jitter": 2, "retry_delay": {"multiplier": 0}}});
    let places = [
        "/priority",
        "/delay_seconds",
        "/visibility_timeout_seconds",
        "/spread",
        "/retry_policy/max_retries",
        "/retry_policy/jitter",
        "/retry_policy/retry_delay/multiplier",
    ];
    let path = format!("{PATH}/{event_id}/redrive");
    untouched.names("POST", &path, &body.to_string(), &places).await;
    untouched.names("POST", &path, "[]", &[""]).await;
    untouched.names("POST", &path, r#"{"priority": "high"}"#, &["/priority"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn only_dead_letters_are_read_redriven_and_discarded() {
    let (lab, _) = lab_with_a_dead_letter().await;
    let queued = lab.enqueue("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for (method, call) in [("GET", ""), ("DELETE", ""), ("POST", "/redrive")] {
        let unknown = lab.request(method, &format!("{PATH}/{}{call}", unknown_id()));
        untouched.refuses(unknown, 404, "event_not_found").await;
        let alive = lab.request(method, &format!("{PATH}/{queued}{call}"));
        let reply = untouched.refuses(alive, 409, "not_a_dead_letter").await;
        assert_eq!(reply.body["event_status"], "queued");
        untouched.names_in(method, &format!("{PATH}/not-an-id{call}?really=1"), &["event_id", "really"]).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_discarded_dead_letter_is_gone_and_its_event_stays_failed() {
    let (lab, event_id) = lab_with_a_dead_letter().await;
    lab.delete(&format!("{PATH}/{event_id}")).await.expect(204);
    let untouched = Untouched::from_now_on(&lab).await;
    for (method, call) in [("GET", ""), ("DELETE", ""), ("POST", "/redrive")] {
        let gone = lab.request(method, &format!("{PATH}/{event_id}{call}"));
        let reply = untouched.refuses(gone, 409, "not_a_dead_letter").await;
        assert_eq!(reply.body["event_status"], "failed");
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_filter_is_named() {
    let (lab, _) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let query = "engine_type=a%20b&event_type=&reason=bored&error_type=%00&error_fingerprint=%00&error_contains=%00&scenario_run_id=%00\
        &engine_software_version=%00&dead_lettered_after=yesterday&dead_lettered_before=2030-01-01&redrives_max=-1\
        &include=everything&why=x";
    let places = [
        "engine_type",
        "event_type",
        "reason",
        "error_type",
        "error_fingerprint",
        "error_contains",
        "scenario_run_id",
        "engine_software_version",
        "dead_lettered_after",
        "dead_lettered_before",
        "redrives_max",
        "include",
        "why",
    ];
    untouched.names_in("GET", &format!("{PATH}?{query}"), &places).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_place_of_a_change_of_many_is_named() {
    let (lab, _) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let bad: Vec<(&str, Value, &[&str])> = vec![
        ("redrive", json!({}), &["/filter"]),
        ("redrive", json!({"filter": null, "dry_run": true}), &["/filter"]),
        ("redrive", json!({"filter": {}}), &["/filter"]),
        ("redrive", json!({"filter": {"engine_type": null}}), &["/filter"]),
        ("redrive", json!({"filter": []}), &["/filter"]),
        ("redrive", json!({"all": false}), &["/all"]),
        ("redrive", json!({"all": true, "filter": {"engine_type": "dialogue"}}), &["/all"]),
        (
            "redrive",
            json!({"all": true, "limit": 0, "spread_seconds": -1, "priority": 10, "delay_seconds": "1", "dry_run": 1,
                "visibility_timeout_seconds": 0, "retry_policy": {"jitter": 2}, "expected_count": -1, "payload": 1}),
            &[
                "/limit",
                "/spread_seconds",
                "/priority",
                "/delay_seconds",
                "/dry_run",
                "/visibility_timeout_seconds",
                "/retry_policy/jitter",
                "/expected_count",
                "/payload",
            ],
        ),
        ("redrive", json!({"all": true, "limit": 10001}), &["/limit"]),
        ("purge", json!({"all": true}), &["/expected_count"]),
        ("purge", json!({"all": true, "dry_run": false, "expected_count": null}), &["/expected_count"]),
        ("purge", json!({"expected_count": 1, "priority": 5}), &["/filter", "/priority"]),
        (
            "purge",
            json!({"filter": {"engine_type": "a b", "event_type": "", "reason": "bored", "error_type": "\0",
                "error_fingerprint": 7, "error_contains": 5, "scenario_run_id": [], "engine_software_version": "\0", "redrives_max": -1,
                "dead_lettered_after": "yesterday", "dead_lettered_before": 5, "eror_type": "x"}}),
            &[
                "/expected_count",
                "/filter/engine_type",
                "/filter/event_type",
                "/filter/reason",
                "/filter/error_type",
                "/filter/error_fingerprint",
                "/filter/error_contains",
                "/filter/scenario_run_id",
                "/filter/engine_software_version",
                "/filter/redrives_max",
                "/filter/dead_lettered_after",
                "/filter/dead_lettered_before",
                "/filter/eror_type",
            ],
        ),
    ];
    for (call, body, places) in bad {
        untouched.names("POST", &format!("{PATH}/{call}"), &body.to_string(), places).await;
    }
    untouched
        .names_in("GET", &format!("{PATH}/groups?by=reason,colour&limit=5&reason=bored"), &["by", "limit", "reason"])
        .await;
    for by in ["", "reason,reason", "reason,%20event_type"] {
        untouched.names_in("GET", &format!("{PATH}/groups?by={by}"), &["by"]).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn another_count_than_expected_changes_nothing() {
    let (lab, _) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    for call in ["redrive", "purge"] {
        for is_dry_run in [false, true] {
            let body = json!({"all": true, "expected_count": 2, "dry_run": is_dry_run});
            let request = lab.request("POST", &format!("{PATH}/{call}")).json(&body);
            let reply = untouched.refuses(request, 409, "count_changed").await;
            assert_eq!((&reply.body["expected_count"], &reply.body["actual_count"]), (&json!(2), &json!(1)));
        }
        let dry = lab.request("POST", &format!("{PATH}/{call}")).json(&json!({"all": true, "dry_run": true}));
        untouched.leaves(dry).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_payload_that_cannot_be_kept_makes_no_event() {
    let (lab, event_id) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let path = format!("{PATH}/{event_id}/redrive");
    let too_large = format!(r#"{{"payload": "{}", "priority": 10}}"#, "x".repeat(1 << 20));
    untouched.names("POST", &path, &too_large, &["/payload", "/priority"]).await;
    untouched.names("POST", &path, &format!(r#"{{"payload": {}}}"#, nested(65)), &["/payload"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn what_a_filter_looks_for_is_short() {
    let (lab, _) = lab_with_a_dead_letter().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let texts =
        [("error_contains", 200), ("error_type", 200), ("error_fingerprint", 200), ("engine_software_version", 64)];
    for (name, most) in texts {
        // In characters, whatever their bytes.
        let (fits, too_long) = ("é".repeat(most), "é".repeat(most + 1));
        for list in [PATH.to_owned(), format!("{PATH}/groups")] {
            lab.get(&format!("{list}?{name}={fits}")).await.expect(200);
            let refused = untouched.names_in("GET", &format!("{list}?{name}={too_long}"), &[name]).await;
            assert!(refused.raw.contains(&format!("at most {most} are taken")), "{refused:?}");
        }
        for call in ["redrive", "purge"] {
            let body = json!({"filter": {name: too_long}, "expected_count": 0}).to_string();
            let place = format!("/filter/{name}");
            untouched.names("POST", &format!("{PATH}/{call}"), &body, &[&place]).await;
        }
    }
    for (list, name, most) in [
        ("/api/v1/engines", "capability", 64),
        ("/api/v1/engines", "engine_software_version", 64),
        ("/api/v1/audit", "actor", 100),
        ("/api/v1/audit", "subject", 200),
        ("/api/v1/tokens", "name", 100),
    ] {
        lab.get(&format!("{list}?{name}={}", "a".repeat(most))).await.expect(200);
        untouched.names_in("GET", &format!("{list}?{name}={}", "a".repeat(most + 1)), &[name]).await;
    }
    untouched.and_the_server_serves().await;
}
