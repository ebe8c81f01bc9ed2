//! `/engines`.

use serde_json::{Value, json};

use super::{Untouched, nested};
use crate::support::{Lab, unknown_id};

const PATH: &str = "/api/v1/engines";

#[tokio::test]
async fn flat_metadata_is_told_where_it_belongs() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let body = json!({"engine_type": "dialogue", "metadata": {
        "capabilities": ["dialogue_generation"], "resource_limits": {"max_concurrent_events": 5},
        "engine_software_version": "1.0.0", "resource_utilization": {"cpu_percent": 45.2},
        "current_scenario_run_id": "7", "colour": "red",
    }});
    let homes = [
        ("capabilities", "belongs into metadata.static_config"),
        ("resource_limits", "belongs into metadata.static_config"),
        ("engine_software_version", "belongs into metadata.static_config"),
        ("resource_utilization", "belongs into metadata.dynamic_state"),
        ("current_scenario_run_id", "belongs into metadata.dynamic_state"),
        ("colour", "is not a field of metadata, which has static_config and dynamic_state"),
    ];
    let places: Vec<String> = homes.iter().map(|(name, _)| format!("/metadata/{name}")).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let reply = untouched.names("POST", PATH, &body.to_string(), &places).await;
    for (name, detail) in homes {
        let told = json!({"pointer": format!("/metadata/{name}"), "detail": detail});
        assert!(reply.body["errors"].as_array().is_some_and(|errors| errors.contains(&told)), "{told}: {reply:?}");
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_place_of_a_registration_is_named() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let too_deep: Value = serde_json::from_str(&nested(64)).expect("JSON");
    let too_large = json!({"notes": "x".repeat(1000)});
    let config = |config: Value| json!({"engine_type": "dialogue", "metadata": {"static_config": config}});
    let limit = |limit: Value| config(json!({"resource_limits": {"max_concurrent_events": limit}}));
    let bad: Vec<(Value, &[&str])> = vec![
        (json!({}), &["/engine_type"]),
        (json!([]), &[""]),
        (json!({"engine_type": "a b", "engine_id": "me", "name": "x"}), &["/engine_type", "/engine_id", "/name"]),
        (json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": 2}), &["/heartbeat_timeout_seconds"]),
        (json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": 86401}), &["/heartbeat_timeout_seconds"]),
        (json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": "45"}), &["/heartbeat_timeout_seconds"]),
        (json!({"engine_type": "dialogue", "scenario_run_id": {}, "metadata": 5}), &["/scenario_run_id", "/metadata"]),
        (
            json!({"engine_type": "dialogue", "metadata": {"static_config": 5, "dynamic_state": []}}),
            &["/metadata/static_config", "/metadata/dynamic_state"],
        ),
        (config(json!({"capabilities": "one"})), &["/metadata/static_config/capabilities"]),
        (config(json!({"capabilities": vec!["one"; 101]})), &["/metadata/static_config/capabilities"]),
        (
            config(json!({"capabilities": ["", "fine", 5]})),
            &["/metadata/static_config/capabilities/0", "/metadata/static_config/capabilities/2"],
        ),
        (
            config(json!({"engine_software_version": "x".repeat(65)})),
            &["/metadata/static_config/engine_software_version"],
        ),
        (config(json!({"engine_software_version": "1\u{0}"})), &["/metadata/static_config/engine_software_version"]),
        (config(json!({"resource_limits": 5})), &["/metadata/static_config/resource_limits"]),
        (limit(json!(0)), &["/metadata/static_config/resource_limits/max_concurrent_events"]),
        (limit(json!(-5)), &["/metadata/static_config/resource_limits/max_concurrent_events"]),
        (limit(json!("5")), &["/metadata/static_config/resource_limits/max_concurrent_events"]),
        (config(json!({"deep": too_deep})), &["/metadata/static_config"]),
        (config(too_large), &["/metadata/static_config"]),
    ];
    for (body, places) in bad {
        untouched.names("POST", PATH, &body.to_string(), places).await;
    }
    let repeated = r#"{"engine_type": "dialogue", "metadata": {"static_config": {"a": 1, "a": 2}}}"#;
    untouched.names("POST", PATH, repeated, &["/metadata/static_config/a"]).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn an_id_of_another_types_engine_is_not_taken_over() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let request = lab.request("POST", PATH).json(&json!({"engine_id": engine, "engine_type": "narration"}));
    let reply = untouched.refuses(request, 409, "engine_id_taken").await;
    assert_eq!(reply.body["engine_type"], "dialogue");
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn an_engine_that_is_not_registered_or_has_no_uuid_is_refused_everywhere() {
    let lab = Lab::start().await;
    lab.register("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let calls = [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/heartbeat"),
        ("POST", "/drain"),
        ("POST", "/resume"),
        ("GET", "/leases"),
    ];
    for (method, call) in calls {
        let unknown = lab.request(method, &format!("{PATH}/{}{call}", unknown_id()));
        untouched.refuses(unknown, 404, "engine_not_found").await;
        for id in ["me", "5", "%00", "%7B00000000-0000-0000-0000-000000000000%7D"] {
            untouched.names_in(method, &format!("{PATH}/{id}{call}?fast=1"), &["engine_id", "fast"]).await;
        }
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn calls_without_a_body_of_their_own_take_an_empty_object_at_most() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    for call in ["drain", "resume"] {
        let path = format!("{PATH}/{engine}/{call}");
        untouched.names("POST", &path, r#"{"dry_run": true}"#, &["/dry_run"]).await;
        untouched.names("POST", &path, "[]", &[""]).await;
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_filter_is_named() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let query = "engine_type=a%20b&status=dead&scenario_run_id=&capability=%00&engine_software_version=1%00&typ=x";
    let places = ["engine_type", "status", "scenario_run_id", "capability", "engine_software_version", "typ"];
    untouched.names_in("GET", &format!("{PATH}?{query}"), &places).await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_place_of_a_patch_is_named() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let config = json!({"notes": "x".repeat(900), "resource_limits": {"max_concurrent_events": 5}});
    let engine = lab.register("dialogue", json!({"metadata": {"static_config": config}})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let path = format!("{PATH}/{engine}");
    let config = |config: Value| json!({"metadata": {"static_config": config}});
    let bad: Vec<(Value, &[&str])> = vec![
        (json!([]), &[""]),
        (json!({"engine_type": "narration", "status": "active"}), &["/engine_type", "/status"]),
        (json!({"static_config": {}, "resource_limits": {}}), &["/static_config", "/resource_limits"]),
        (json!({"metadata": 5}), &["/metadata"]),
        (
            json!({"metadata": {"dynamic_state": {}, "capabilities": [], "static_config": []}}),
            &["/metadata/dynamic_state", "/metadata/capabilities", "/metadata/static_config"],
        ),
        (
            config(
                json!({"capabilities": ["fine", 5], "engine_software_version": "", "resource_limits": {"max_concurrent_events": 0}}),
            ),
            &[
                "/metadata/static_config/capabilities/1",
                "/metadata/static_config/engine_software_version",
                "/metadata/static_config/resource_limits/max_concurrent_events",
            ],
        ),
        (config(json!({"resource_limits": 5})), &["/metadata/static_config/resource_limits"]),
        (
            config(json!({"deep": serde_json::from_str::<Value>(&nested(64)).expect("JSON")})),
            &["/metadata/static_config"],
        ),
        // Only together with what is there already.
        (config(json!({"more": "x".repeat(200)})), &["/metadata/static_config"]),
    ];
    for (body, places) in bad {
        untouched.names("PATCH", &path, &body.to_string(), places).await;
    }
    untouched.names("PATCH", &format!("{PATH}/me"), "{}", &["engine_id"]).await;
    let unknown = lab.request("PATCH", &format!("{PATH}/{}", unknown_id())).json(&json!({}));
    untouched.refuses(unknown, 404, "engine_not_found").await;
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn every_bad_place_of_a_drain_of_many_is_named() {
    let lab = Lab::start().await;
    lab.register("dialogue", json!({})).await;
    let untouched = Untouched::from_now_on(&lab).await;
    let bad: Vec<(Value, &[&str])> = vec![
        (json!({}), &["/filter"]),
        (json!({"filter": null, "dry_run": "yes"}), &["/filter", "/dry_run"]),
        (json!({"filter": {}}), &["/filter"]),
        (json!({"filter": {"engine_type": null}, "all": true}), &["/filter", "/all"]),
        (json!({"filter": "dialogue"}), &["/filter"]),
        (
            json!({"filter": {"engine_type": "a b", "engine_software_version": "\0", "status": "active"}}),
            &["/filter/engine_type", "/filter/engine_software_version", "/filter/status"],
        ),
    ];
    for (body, places) in bad {
        untouched.names("POST", &format!("{PATH}/drain"), &body.to_string(), places).await;
    }
    let dry = json!({"filter": {"engine_type": "dialogue"}, "dry_run": true});
    untouched.leaves(lab.request("POST", &format!("{PATH}/drain")).json(&dry)).await;
    untouched.and_the_server_serves().await;
}
