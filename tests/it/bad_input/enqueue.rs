//! `POST /events`.

use serde_json::json;

use super::{Untouched, nested};
use crate::support::Lab;

const PATH: &str = "/api/v1/events";

fn event_with(member: &str) -> String {
    format!(r#"{{"engine_type": "dialogue", "event_type": "asked", "payload": 1, {member}}}"#)
}

#[tokio::test]
async fn every_bad_place_of_an_event_is_named_at_once() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    untouched.names("POST", PATH, "{}", &["/engine_type", "/event_type", "/payload"]).await;
    let body = r#"{"engine_type": "a b", "event_type": 5, "priority": 10, "delay_seconds": -1, "scenario_run_id": [],
        "visibility_timout_seconds": 5, "visibility_timeout_seconds": "5", "a/b~c": 1,
        "retry_policy": {"max_retries": -1, "retries": 3, "retry_delay": {"initial": -5, "max": 1e99, "factor": 2}}}"#;
    let places = [
        "/engine_type",
        "/event_type",
        "/payload",
        "/priority",
        "/delay_seconds",
        "/scenario_run_id",
        "/visibility_timout_seconds",
        "/visibility_timeout_seconds",
        "/a~1b~0c",
        "/retry_policy/max_retries",
        "/retry_policy/retries",
        "/retry_policy/retry_delay/initial",
        "/retry_policy/retry_delay/max",
        "/retry_policy/retry_delay/factor",
    ];
    let reply = untouched.names("POST", PATH, body, &places).await;
    assert!(reply.text("detail").starts_with("14 places"), "{reply:?}");
    // A body, a query and headers together.
    let request = lab.request("POST", "/api/v1/events?sync=1").header("x-engine-id", "me").json(&json!({}));
    let reply = untouched.refuses(request, 422, "invalid_input").await;
    assert_eq!(reply.places(), ["/engine_type", "/event_type", "/payload", "X-Engine-Id", "sync"]);
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn type_names_have_1_to_64_plain_characters() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let too_long = "x".repeat(65);
    let odd = ["", &too_long, "a b", "naïve", "a/b", "a%20b", "a\\u0000b", "a\\nb", "\\ud83d", "'; drop table x; --"];
    for name in odd {
        let body = format!(r#"{{"engine_type": "{name}", "event_type": "{name}", "payload": 1}}"#);
        untouched.names("POST", PATH, &body, &["/engine_type", "/event_type"]).await;
    }
    for name in ["5", "null", "true", "[]", r#"{"name": "dialogue"}"#] {
        let body = format!(r#"{{"engine_type": {name}, "event_type": {name}, "payload": 1}}"#);
        untouched.names("POST", PATH, &body, &["/engine_type", "/event_type"]).await;
    }
    untouched.and_the_server_serves().await;
    let longest = format!("Az09._:-{}", "x".repeat(56));
    let event_id = lab.enqueue(&longest, json!({"event_type": longest})).await;
    assert_eq!(lab.event(&event_id).await["event_type"], longest);
}

#[tokio::test]
async fn numbers_times_and_ids_keep_to_their_bounds() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let long_text = format!("\"{}\"", "x".repeat(65));
    let long_number = "1".repeat(65);
    let bad: [(&str, &[&str]); 6] = [
        ("priority", &["10", "-1", "5.5", "\"5\"", "true", "[]", "{}", "1e400", "99999999999999999999"]),
        ("delay_seconds", &["-1", "31536001", "0.5", "\"10\"", "-1e400"]),
        ("visibility_timeout_seconds", &["0", "43201", "-300", "\"300\"", "1e5"]),
        ("scenario_run_id", &["\"\"", &long_text, &long_number, "true", "1.5", "[]", "\"a\\u0000\"", "\"a\\n\""]),
        (
            "available_at",
            &["5", "\"\"", "\"tomorrow\"", "\"2030-01-01\"", "\"2030-01-01T00:00:00\"", "\"9999-01-01T00:00:00Z\""],
        ),
        ("retry_policy", &["5", "\"none\"", "[]", "true"]),
    ];
    for (member, values) in bad {
        for value in values {
            let body = event_with(&format!("\"{member}\": {value}"));
            untouched.names("POST", PATH, &body, &[&format!("/{member}")]).await;
        }
    }
    let both = event_with(r#""delay_seconds": 5, "available_at": "2030-01-01T00:00:00Z""#);
    untouched.names("POST", PATH, &both, &["/available_at"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_policy_with_negative_or_absurd_numbers_is_refused() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let bad: [(&str, &[&str]); 4] = [
        ("max_retries", &["-1", "101", "2.5", "\"3\"", "1e400", "[]"]),
        ("dead_letter_threshold", &["0", "-3", "101", "\"3\""]),
        ("jitter", &["-0.1", "1.01", "\"0.1\"", "1e400"]),
        ("retry_delay", &["30", "[30]", "\"30\""]),
    ];
    for (member, values) in bad {
        for value in values {
            let body = event_with(&format!(r#""retry_policy": {{"{member}": {value}}}"#));
            untouched.names("POST", PATH, &body, &[&format!("/retry_policy/{member}")]).await;
        }
    }
    let bad_delays: [(&str, &[&str]); 3] = [
        ("initial", &["-30", "86401", "1e400"]),
        ("max", &["-1", "86401", "\"300\""]),
        ("multiplier", &["0.5", "-2", "10.1", "1e400", "true"]),
    ];
    for (member, values) in bad_delays {
        for value in values {
            let body = event_with(&format!(r#""retry_policy": {{"retry_delay": {{"{member}": {value}}}}}"#));
            untouched.names("POST", PATH, &body, &[&format!("/retry_policy/retry_delay/{member}")]).await;
        }
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_payload_over_its_limit_is_refused_and_one_at_it_is_taken() {
    let lab = Lab::start_with(&["--max-payload-bytes", "100"]).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let payload = |bytes: usize| json!("x".repeat(bytes - 2));
    let too_large = json!({"engine_type": "dialogue", "event_type": "asked", "payload": payload(101)});
    untouched.names("POST", PATH, &too_large.to_string(), &["/payload"]).await;
    untouched.and_the_server_serves().await;
    let event_id = lab.enqueue("dialogue", json!({"payload": payload(100)})).await;
    assert_eq!(lab.event(&event_id).await["payload_bytes"], 100);
}

#[tokio::test]
async fn a_payload_is_nested_64_deep_and_no_deeper() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let sent = |payload: &str| format!(r#"{{"engine_type": "dialogue", "event_type": "asked", "payload": {payload}}}"#);
    for depth in [65, 200, 100_000] {
        untouched.names("POST", PATH, &sent(&nested(depth)), &["/payload"]).await;
        untouched.names("POST", PATH, &nested(depth), &[""]).await;
    }
    let objects = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
    untouched.names("POST", PATH, &sent(&objects), &["/payload"]).await;
    untouched.and_the_server_serves().await;

    let deepest = nested(64);
    let event_id = lab.send_raw("POST", PATH, sent(&deepest)).await.expect(201).text("event_id");
    let event = lab.get(&format!("/api/v1/events/{event_id}?include=payload")).await.expect(200);
    assert!(event.raw.contains(&format!("\"payload\":{deepest}")), "{event:?}");
}

#[tokio::test]
async fn a_member_given_twice_is_an_error() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    untouched.names("POST", PATH, &event_with(r#""payload": 2"#), &["/payload"]).await;
    untouched.names("POST", PATH, &event_with(r#""p\u0061yload": 2, "payload": 3"#), &["/payload"]).await;
    let policy = event_with(r#""retry_policy": {"max_retries": 1, "max_retries": 2}"#);
    untouched.names("POST", PATH, &policy, &["/retry_policy/max_retries"]).await;
    untouched.and_the_server_serves().await;
}
