//! `PUT /events/{event_id}/status`: reports that are not the holder's, or are no reports at all.

use serde_json::{Value, json};

use super::{Untouched, nested};
use crate::support::{Lab, Reply, merge, unknown_id};

async fn lab_with_a_lease() -> (Lab, String, Value) {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    (lab, engine, leased)
}

fn path_of(leased: &Value) -> String {
    format!("/api/v1/events/{}/status", leased["event_id"].as_str().expect("an event"))
}

fn with_token(leased: &Value, more: Value) -> Value {
    let mut body = json!({"lease_token": leased["lease"]["lease_token"]});
    merge(&mut body, more);
    body
}

#[tokio::test]
async fn every_bad_place_of_a_report_is_named() {
    let (lab, _, leased) = lab_with_a_lease().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let too_deep: Value = serde_json::from_str(&nested(65)).expect("JSON");
    let too_large = json!("x".repeat(999));
    let failed = |error: Value| json!({"status": "failed", "error": error});
    let bad: Vec<(Value, &[&str])> = vec![
        (json!({}), &["/status"]),
        (json!({"status": null}), &["/status"]),
        (json!({"status": 1}), &["/status"]),
        (json!({"status": "done"}), &["/status"]),
        (json!({"status": "cancelled"}), &["/status"]),
        (json!({"status": "Completed"}), &["/status"]),
        (
            json!({"status": "done", "result": 1, "progress": 1, "error": "x", "delay_seconds": 1, "reslt": 1}),
            &["/status", "/reslt"],
        ),
        (json!({"status": "completed", "lease_token": "made-up"}), &["/lease_token"]),
        (json!({"status": "completed", "lease_token": "G".repeat(32)}), &["/lease_token"]),
        (json!({"status": "completed", "lease_token": 5}), &["/lease_token"]),
        (json!({"status": "completed", "error": "x"}), &["/error"]),
        (json!({"status": "completed", "result": too_deep}), &["/result"]),
        (json!({"status": "completed", "result": too_large}), &["/result"]),
        (json!({"status": "failed"}), &["/error"]),
        (failed(json!(null)), &["/error"]),
        (failed(json!(5)), &["/error"]),
        (failed(json!(["x"])), &["/error"]),
        (failed(json!("x".repeat(999))), &["/error"]),
        (failed(json!({})), &["/error/message"]),
        (failed(json!({"message": too_large})), &["/error/message"]),
        (failed(json!({"message": null, "type": "x"})), &["/error/message"]),
        (failed(json!({"message": 5, "type": 5, "detail": {}})), &["/error/message", "/error/type", "/error/detail"]),
        (failed(json!({"message": "x", "type": too_large})), &["/error/type"]),
        (failed(json!({"message": "x", "type": ["x"]})), &["/error/type"]),
        (failed(json!({"message": "x", "details": too_deep})), &["/error/details"]),
        (failed(json!({"message": "x", "details": too_large})), &["/error/details"]),
        (
            json!({"status": "failed", "error": "x", "retryable": "no", "delay_seconds": 86401}),
            &["/retryable", "/delay_seconds"],
        ),
        (json!({"status": "failed", "error": "x", "delay_seconds": -1}), &["/delay_seconds"]),
        (json!({"status": "queued", "delay_seconds": -1}), &["/delay_seconds"]),
        (json!({"status": "queued", "result": 1}), &["/result"]),
        (json!({"status": "processing", "visibility_timeout_seconds": 0}), &["/visibility_timeout_seconds"]),
        (json!({"status": "processing", "visibility_timeout_seconds": 43201}), &["/visibility_timeout_seconds"]),
        (json!({"status": "processing", "progress": too_deep}), &["/progress"]),
        (json!({"status": "processing", "progress": too_large}), &["/progress"]),
    ];
    for (more, places) in bad {
        untouched.names("PUT", &path_of(&leased), &with_token(&leased, more).to_string(), places).await;
    }
    let body = json!({"status": "failed", "lease_token": "x", "eror": "x"}).to_string();
    let path = "/api/v1/events/not-an-id/status?force=true";
    untouched.names("PUT", path, &body, &["event_id", "force", "/lease_token", "/error", "/eror"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_report_on_an_event_that_does_not_exist_is_refused() {
    let (lab, engine, leased) = lab_with_a_lease().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let path = format!("/api/v1/events/{}/status", unknown_id());
    for report in [json!({"status": "completed"}), json!({"status": "processing"}), json!({"status": "queued"})] {
        let request = lab.request("PUT", &path).header("x-engine-id", &engine).json(&with_token(&leased, report));
        untouched.refuses(request, 404, "event_not_found").await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_made_up_token_settles_nothing() {
    let (lab, engine, leased) = lab_with_a_lease().await;
    let untouched = Untouched::from_now_on(&lab).await;
    for status in ["completed", "queued", "processing"] {
        let body = json!({"status": status, "lease_token": "0123456789abcdef0123456789abcdef"});
        let request = lab.request("PUT", &path_of(&leased)).header("x-engine-id", &engine).json(&body);
        let reply = untouched.refuses(request, 409, "lease_lost").await;
        assert_eq!(reply.body["lease_ended_by"], Value::Null);
        assert_eq!(reply.body["event_status"], "processing");
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn another_engine_settles_nothing_with_the_token_or_without() {
    let (lab, _, leased) = lab_with_a_lease().await;
    let stranger = lab.register("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for status in ["completed", "queued", "processing"] {
        let with_token = with_token(&leased, json!({"status": status}));
        let request = lab.request("PUT", &path_of(&leased)).header("x-engine-id", &stranger).json(&with_token);
        untouched.refuses(request, 403, "forbidden").await;
        let without = json!({"status": status});
        let request = lab.request("PUT", &path_of(&leased)).header("x-engine-id", &stranger).json(&without);
        untouched.refuses(request, 409, "lease_lost").await;
        untouched.refuses(lab.request("PUT", &path_of(&leased)).json(&without), 409, "lease_lost").await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_stale_token_settles_nothing_once_the_event_is_leased_again() {
    let (lab, engine, stale) = lab_with_a_lease().await;
    let event_id = stale["event_id"].as_str().expect("an event");
    lab.expire(event_id).await;
    lab.wait_for_status(event_id, "queued").await;
    let fresh = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&fresh["event_id"], &fresh["attempt"]), (&stale["event_id"], &json!(2)));

    // That it came is noted with the lost attempt, the first time.
    lab.settle(&stale, "completed", json!({})).await.problem(409, "lease_lost");
    let untouched = Untouched::from_now_on(&lab).await;
    for status in ["completed", "queued", "processing"] {
        let body = with_token(&stale, json!({"status": status}));
        let request = lab.request("PUT", &path_of(&stale)).header("x-engine-id", &engine).json(&body);
        let reply = untouched.refuses(request, 409, "lease_lost").await;
        assert_eq!(reply.body["lease_ended_by"], "expired");
        assert_eq!((&reply.body["event_status"], &reply.body["current_attempt"]), (&json!("processing"), &json!(2)));
    }
    untouched.and_the_server_serves().await;
    lab.settle(&fresh, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn settling_twice_alike_gets_the_first_reply_and_otherwise_a_conflict() {
    let settlements = [
        json!({"status": "completed", "result": "first"}),
        json!({"status": "failed", "error": "first"}),
        json!({"status": "failed", "error": "first", "retryable": false}),
        json!({"status": "queued", "delay_seconds": 60}),
    ];
    for settlement in settlements {
        let (lab, engine, leased) = lab_with_a_lease().await;
        let put = |body: Value| lab.request("PUT", &path_of(&leased)).header("x-engine-id", &engine).json(&body);
        let first = Reply::of(put(with_token(&leased, settlement.clone()))).await.expect(200);
        let untouched = Untouched::from_now_on(&lab).await;

        // The first body stands, whatever the second one says.
        let again = match settlement["status"].as_str() {
            Some("completed") => json!({"status": "completed", "result": "second"}),
            Some("failed") => json!({"status": "failed", "error": "second", "delay_seconds": 5}),
            _ => json!({"status": "queued"}),
        };
        for repeat in [settlement.clone(), again] {
            let reply = Reply::of(put(with_token(&leased, repeat))).await.expect(200);
            assert_eq!(reply.raw, first.raw);
        }
        for status in ["completed", "failed", "queued", "processing"] {
            if settlement["status"] == status {
                continue;
            }
            let mut other = json!({"status": status});
            if status == "failed" {
                other["error"] = json!("otherwise");
            }
            let reply = untouched.refuses(put(with_token(&leased, other)), 409, "already_settled").await;
            assert_eq!(reply.body["settled_as"], settlement["status"]);
            assert!(reply.text("settled_at").ends_with('Z'));
        }
        untouched.and_the_server_serves().await;
    }
}

#[tokio::test]
async fn a_final_event_takes_no_report_of_anybody_else() {
    let (lab, _, leased) = lab_with_a_lease().await;
    let stranger = lab.register("dialogue", json!({})).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let untouched = Untouched::from_now_on(&lab).await;
    for status in ["completed", "queued", "processing"] {
        let put = || lab.request("PUT", &path_of(&leased)).header("x-engine-id", &stranger);
        let made_up = json!({"status": status, "lease_token": "0123456789abcdef0123456789abcdef"});
        for body in [json!({"status": status}), made_up] {
            let reply = untouched.refuses(put().json(&body), 409, "lease_lost").await;
            assert_eq!(reply.body["event_status"], "completed");
        }
    }
    untouched.and_the_server_serves().await;
}
