//! `GET /events/queue/{engine_type}`: whatever is wrong, no event is leased.

use serde_json::json;

use super::Untouched;
use crate::support::{Lab, unknown_id};

const PATH: &str = "/api/v1/events/queue/dialogue";

async fn lab_with_an_event() -> Lab {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab
}

#[tokio::test]
async fn every_bad_parameter_of_a_poll_is_named() {
    let lab = lab_with_an_event().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let bad: [(&str, &[&str]); 5] = [
        ("limit", &["0", "-1", "101", "abc", "", "%2B3", "3.0", "1e1", "99999999999999999999", "%00", "3&limit=3"]),
        ("wait_seconds", &["31", "-1", "abc", "0.5"]),
        ("visibility_timeout_seconds", &["0", "43201", "-300", "abc"]),
        ("poll_id", &["abc", "%7B00000000-0000-0000-0000-000000000000%7D", "00000000000000000000000000000000"]),
        ("engine_id", &["abc", "urn:uuid:00000000-0000-0000-0000-000000000000", ""]),
    ];
    for (parameter, values) in bad {
        for value in values {
            untouched.names_in("GET", &format!("{PATH}?{parameter}={value}"), &[parameter]).await;
        }
    }
    for misspelt in ["limt=3", "Limit=3", "=3", "%00=1"] {
        let name = misspelt.split('=').next().expect("a name").replace("%00", "\0");
        untouched.names_in("GET", &format!("{PATH}?{misspelt}"), &[&name]).await;
    }
    let path = "/api/v1/events/queue/a%20b?limit=0&wait_seconds=31&visibility_timeout_seconds=0&poll_id=1&max=5";
    let places = ["engine_type", "limit", "wait_seconds", "visibility_timeout_seconds", "poll_id", "max"];
    untouched.names_in("GET", path, &places).await;
    let request = lab.request("GET", PATH).header("x-engine-id", "me");
    assert_eq!(untouched.refuses(request, 422, "invalid_input").await.places(), ["X-Engine-Id"]);
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_queue_name_in_the_path_is_checked_like_one_in_a_body() {
    let lab = lab_with_an_event().await;
    let untouched = Untouched::from_now_on(&lab).await;
    for name in [&"x".repeat(65), "a%20b", "na%C3%AFve", "a%2Fb", "a%00b", "%27%3B--"] {
        untouched.names_in("GET", &format!("/api/v1/events/queue/{name}"), &["engine_type"]).await;
    }
    untouched.refuses(lab.request("GET", "/api/v1/events/queue/%FF"), 404, "not_found").await;
    untouched.refuses(lab.request("GET", "/api/v1/events/queue/a/b"), 404, "not_found").await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn head_and_browsers_lease_nothing() {
    let lab = lab_with_an_event().await;
    let untouched = Untouched::from_now_on(&lab).await;

    let head = lab.request("HEAD", PATH).send().await.expect("a reply");
    assert_eq!(head.status(), 405);
    assert_eq!(head.headers()["allow"], "GET");
    let post = untouched.refuses(lab.request("POST", PATH), 405, "method_not_allowed").await;
    assert_eq!(post.header("allow"), "GET");

    let browsers = [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")];
    for (name, value) in browsers {
        untouched.refuses(lab.request("GET", PATH).header(name, value), 403, "not_for_browsers").await;
    }
    untouched.and_the_server_serves().await;

    // A page of the service's own, or a person who types curl, may lease.
    let own = lab.request("GET", PATH).header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "cors");
    let leased = crate::support::Reply::of(own).await.expect(200);
    assert_eq!(leased.body["events"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_engine_that_is_unknown_or_of_another_type_leases_nothing() {
    let lab = lab_with_an_event().await;
    let narrator = lab.register("narration", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let unknown = lab.request("GET", PATH).header("x-engine-id", unknown_id());
    untouched.refuses(unknown, 404, "engine_not_found").await;
    let by_parameter = lab.request("GET", &format!("{PATH}?wait_seconds=30&engine_id={}", unknown_id()));
    untouched.refuses(by_parameter, 404, "engine_not_found").await;
    let mismatch = lab.request("GET", PATH).header("x-engine-id", &narrator);
    let mismatch = untouched.refuses(mismatch, 409, "engine_type_mismatch").await;
    assert_eq!(mismatch.body["engine_type"], "narration");
    untouched.and_the_server_serves().await;
}
