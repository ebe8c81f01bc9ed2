//! A good request for every operation of the interface, to be spoilt.

use axum::http::Method;
use serde_json::{Value, json};

pub const ID: &str = "0199b76d-a800-7000-8000-000000000001";
pub const TOKEN: &str = "00112233445566778899aabbccddeeff";
const TIME: &str = "2026-01-31T12:00:00Z";

#[derive(Clone, Debug)]
pub struct Good {
    pub method: Method,
    /// As the document has it.
    pub operation: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Good {
    /// The path with good names in the place of its parameters.
    pub fn path(&self) -> String {
        self.operation
            .replace("{event_id}", ID)
            .replace("{job_id}", ID)
            .replace("{engine_id}", ID)
            .replace("{engine_type}", "dialogue")
            .replace("{event_type}", "dialogue.requested")
            .replace("{scenario_run_id}", "run-1")
            .replace("{token_id}", ID)
    }
}

fn policy() -> Value {
    json!({"max_retries": 3, "retry_delay": {"initial": 30, "max": 300, "multiplier": 2.5},
        "dead_letter_threshold": 3, "jitter": 0.1})
}

fn registration() -> Value {
    json!({"engine_id": ID, "engine_type": "dialogue", "scenario_run_id": 7, "heartbeat_timeout_seconds": 45, "may_enqueue": ["speech"], "metadata": {
        "static_config": {"capabilities": ["dialogue_generation"], "engine_software_version": "1.0.0",
            "resource_limits": {"max_concurrent_events": 5, "memory_limit_mb": 1024}},
        "dynamic_state": {"resource_utilization": {"cpu_percent": 45.2}, "current_scenario_run_id": "run-1"}}})
}

fn event() -> Value {
    json!({"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "é\u{0000}", "big": 1e300},
        "priority": 5, "delay_seconds": 3, "scenario_run_id": "run-1", "visibility_timeout_seconds": 60,
        "retry_policy": policy(), "idempotency_key": "key-1", "unique_key": "scene-7", "discard_after_seconds": 60,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "rojo=00f067aa0ba902b7"})
}

fn settlements() -> Value {
    json!([
        {"event_id": ID, "lease_token": TOKEN, "status": "completed", "result": {"lines": ["a"]},
            "enqueue": [event()]},
        {"event_id": ID, "lease_token": TOKEN, "status": "failed", "retryable": true, "delay_seconds": 5,
            "error": {"type": "timeout", "message": "took too long", "fingerprint": "gateway", "details": {"after": 30}}},
        {"event_id": ID, "lease_token": TOKEN, "status": "queued", "delay_seconds": 1},
        {"event_id": ID, "lease_token": TOKEN, "status": "processing", "visibility_timeout_seconds": 60, "progress": 0.5},
    ])
}

fn dead_letter_filter() -> Vec<(&'static str, &'static str)> {
    vec![
        ("engine_type", "dialogue"),
        ("event_type", "dialogue.requested"),
        ("reason", "not_retryable"),
        ("error_type", "timeout"),
        ("error_fingerprint", "29d3d95d8739da98"),
        ("error_contains", "too long"),
        ("scenario_run_id", "run-1"),
        ("engine_software_version", "1.0.0"),
        ("dead_lettered_after", TIME),
        ("dead_lettered_before", TIME),
        ("redrives_max", "1"),
    ]
}

fn with(method: Method, operation: &'static str, query: &[(&'static str, &str)], body: Option<Value>) -> Good {
    let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Good { method, operation, query, body }
}

fn get(operation: &'static str, query: &[(&'static str, &str)]) -> Good {
    with(Method::GET, operation, query, None)
}

fn post(operation: &'static str, body: Value) -> Good {
    with(Method::POST, operation, &[], Some(body))
}

fn delete(operation: &'static str) -> Good {
    with(Method::DELETE, operation, &[], None)
}

/// The cursor is not one of the server's own.
const PAGE: [(&str, &str); 2] = [("limit", "10"), ("cursor", "WyJhIl0")];

const RANGE: [(&str, &str); 3] = [("from", "2026-01-31T11:00:00Z"), ("to", TIME), ("step_seconds", "60")];

pub fn good_requests() -> Vec<Good> {
    [of_dead_letters(), of_engines(), of_events(), of_queues(), of_tokens()].concat()
}

fn of_dead_letters() -> Vec<Good> {
    let filtered = |more: &[(&'static str, &'static str)]| [dead_letter_filter().as_slice(), more].concat();
    let filter: Value = dead_letter_filter()
        .into_iter()
        .filter(|(name, _)| *name != "redrives_max")
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    vec![
        get("/api/v1/dead-letters", &filtered(&[("include", "payload"), ("limit", "10")])),
        get("/api/v1/dead-letters", &PAGE),
        get("/api/v1/dead-letters/groups", &filtered(&[("by", "engine_type,error_fingerprint")])),
        post(
            "/api/v1/dead-letters/purge",
            json!({"filter": filter, "limit": 10, "expected_count": 3, "dry_run": true}),
        ),
        post(
            "/api/v1/dead-letters/redrive",
            json!({"filter": filter, "limit": 10, "spread_seconds": 60, "priority": 1, "expected_count": 3}),
        ),
        post("/api/v1/dead-letters/redrive", json!({"all": true, "retry_policy": policy(), "dry_run": true})),
        post(
            "/api/v1/redrive-jobs",
            json!({"filter": filter, "canary": {"count": 10, "continue_at_success_ratio": 0.5, "wait_seconds": 60},
                "events_per_second": 0.5, "stop_at_failure_ratio": 0.2, "priority": 1, "retry_policy": policy(),
                "payload_patch": {"a": null}, "expected_count": 3}),
        ),
        post("/api/v1/redrive-jobs", json!({"all": true, "visibility_timeout_seconds": 9, "dry_run": true})),
        get("/api/v1/redrive-jobs", &[("engine_type", "dialogue"), ("limit", "10")]),
        get("/api/v1/redrive-jobs/{job_id}", &[]),
        post("/api/v1/redrive-jobs/{job_id}/pause", json!({})),
        post("/api/v1/redrive-jobs/{job_id}/continue", json!({})),
        post("/api/v1/redrive-jobs/{job_id}/cancel", json!({})),
        get("/api/v1/dead-letters/{event_id}", &[]),
        delete("/api/v1/dead-letters/{event_id}"),
        post(
            "/api/v1/dead-letters/{event_id}/redrive",
            json!({"payload": [1], "priority": 1, "delay_seconds": 1, "visibility_timeout_seconds": 9, "retry_policy": policy()}),
        ),
    ]
}

fn of_engines() -> Vec<Good> {
    vec![
        get(
            "/api/v1/engines",
            &[
                ("engine_type", "dialogue"),
                ("status", "active"),
                ("capability", "dialogue_generation"),
                ("limit", "10"),
            ],
        ),
        get(
            "/api/v1/engines",
            &[
                ("idle", "true"),
                ("zombie", "false"),
                ("held_over_seconds", "60"),
                ("silent_over_seconds", "60"),
                ("view", "brief"),
            ],
        ),
        get("/api/v1/engines", &PAGE),
        get("/api/v1/engines/summary", &[("engine_type", "dialogue")]),
        post("/api/v1/engines", registration()),
        post(
            "/api/v1/engines/drain",
            json!({"filter": {"engine_type": "dialogue", "engine_software_version": "1"}, "reason": "old", "then": "exit"}),
        ),
        get("/api/v1/engines/{engine_id}", &[]),
        delete("/api/v1/engines/{engine_id}"),
        with(
            Method::PATCH,
            "/api/v1/engines/{engine_id}",
            &[],
            Some(json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": null}}}})),
        ),
        post("/api/v1/engines/{engine_id}/drain", json!({"reason": "old", "then": "stay"})),
        post(
            "/api/v1/engines/{engine_id}/heartbeat",
            json!({"current_workload": 2, "resource_utilization": {"cpu_percent": 45.2}, "dynamic_state": {"a": null},
                "holding_off": {"until": TIME, "reason": "the provider answers 429"}, "wait_seconds": 0,
                "leases": [{"event_id": ID, "lease_token": TOKEN, "renew": true, "progress": {"done": 3}}]}),
        ),
        get("/api/v1/engines/{engine_id}/leases", &[]),
        post("/api/v1/engines/{engine_id}/resume", json!({})),
        post("/api/v1/engines/{engine_id}/token", json!({})),
    ]
}

fn of_events() -> Vec<Good> {
    let [completed, failed, released, renewed] =
        <[Value; 4]>::try_from(settlements().as_array().expect("an array").clone()).expect("four").map(
            |mut settlement| {
                settlement.as_object_mut().expect("an object").remove("event_id");
                settlement
            },
        );
    let settle = |body| with(Method::PUT, "/api/v1/events/{event_id}/status", &[], Some(body));
    vec![
        get("/api/v1/event-types", &PAGE),
        get("/api/v1/event-types/{event_type}/retry-policy", &[]),
        with(Method::PUT, "/api/v1/event-types/{event_type}/retry-policy", &[], Some(policy())),
        delete("/api/v1/event-types/{event_type}/retry-policy"),
        delete("/api/v1/queues/{engine_type}"),
        get(
            "/api/v1/events",
            &[("engine_type", "dialogue"), ("status", "queued"), ("created_after", TIME), ("limit", "9")],
        ),
        get(
            "/api/v1/events",
            &[("lease_losses_min", "1"), ("failing", "true"), ("leased_by", ID), ("error_type", "timeout")],
        ),
        get("/api/v1/events", &[("engine_type", "dialogue"), ("idempotency_key", "key-1"), ("view", "brief")]),
        get("/api/v1/events", &[("engine_type", "dialogue"), ("unique_key", "scene-7")]),
        get("/api/v1/events", &PAGE),
        post("/api/v1/events", event()),
        post("/api/v1/events/batch", json!({"events": [event(), event()], "atomic": true})),
        post("/api/v1/events/wait", json!({"event_ids": [ID], "wait_seconds": 0, "until": "any"})),
        get(
            "/api/v1/events/queue/{engine_type}",
            &[("limit", "3"), ("visibility_timeout_seconds", "60"), ("poll_id", ID), ("engine_id", ID)],
        ),
        post(
            "/api/v1/events/queue/{engine_type}/lease",
            json!({"limit": 3, "visibility_timeout_seconds": 60, "poll_id": ID, "settlements": settlements()}),
        ),
        with(Method::PUT, "/api/v1/events/status", &[], Some(json!({"settlements": settlements()}))),
        get("/api/v1/events/{event_id}", &[("include", "payload")]),
        with(Method::PATCH, "/api/v1/events/{event_id}", &[], Some(json!({"priority": 9, "available_at": TIME}))),
        get("/api/v1/events/{event_id}/explain", &[]),
        get("/api/v1/events/{event_id}/payload", &[]),
        get("/api/v1/events/{event_id}/result", &[]),
        get("/api/v1/events/{event_id}/attempts", &PAGE),
        post("/api/v1/events/{event_id}/cancel", json!({})),
        post(
            "/api/v1/events/reschedule",
            json!({"filter": {"engine_type": "dialogue", "event_type": "e", "scenario_run_id": "run-1", "event_ids": [ID]},
                "available_at": TIME, "priority": 1, "limit": 10, "expected_count": 3, "dry_run": true}),
        ),
        post("/api/v1/events/reschedule", json!({"all": true, "delay_seconds": 5})),
        post(
            "/api/v1/events/cancel",
            json!({"filter": {"engine_type": "dialogue", "event_type": "e", "scenario_run_id": "run-1", "event_ids": [ID]},
                "limit": 10, "expected_count": 3, "dry_run": true}),
        ),
        post("/api/v1/events/cancel", json!({"all": true})),
        settle(completed),
        settle(failed),
        settle(released),
        settle(renewed),
    ]
}

fn of_queues() -> Vec<Good> {
    vec![
        get("/api/v1/health/database", &[]),
        get("/api/v1/openapi.json", &[]),
        get("/api/v1/overview", &[]),
        get("/api/v1/history", &RANGE),
        get("/api/v1/queues/{engine_type}/history", &RANGE),
        get("/api/v1/queues", &PAGE),
        get("/api/v1/queues/{engine_type}", &[]),
        get("/api/v1/queues/{engine_type}/explain", &[]),
        with(
            Method::PATCH,
            "/api/v1/queues/{engine_type}",
            &[],
            Some(json!({"default_limit": 5, "visibility_timeout_seconds": null, "max_lease_seconds": 600,
                "max_processing": 9, "target_clear_seconds": 30, "retry_policy": policy()})),
        ),
        post("/api/v1/queues/{engine_type}/pause", json!({"reason": "maintenance", "resume_after_seconds": 60})),
        get("/api/v1/queues/{engine_type}/quarantines", &[]),
        post(
            "/api/v1/queues/{engine_type}/quarantines",
            json!({"engine_software_version": "1.4.0", "reason": "wrong language", "lift_after_seconds": 60}),
        ),
        with(Method::DELETE, "/api/v1/queues/{engine_type}/quarantines", &[("engine_software_version", "1.4.0")], None),
        get("/api/v1/queues/{engine_type}/peek", &[("limit", "3"), ("include", "payload")]),
        post("/api/v1/queues/{engine_type}/resume", json!({})),
        get("/api/v1/scenario-runs", &PAGE),
        get("/api/v1/scenario-runs/{scenario_run_id}", &[("wait_seconds", "0")]),
        post("/api/v1/scenario-runs/{scenario_run_id}/cancel", json!({})),
        post("/api/v1/scenario-runs/{scenario_run_id}/reopen", json!({})),
        get("/healthz", &[]),
        get("/metrics", &[]),
        get("/readyz", &[]),
    ]
}

fn of_tokens() -> Vec<Good> {
    let query = [("actor", "shop"), ("action", "create_token"), ("recorded_after", TIME), ("recorded_before", TIME)];
    vec![
        get("/api/v1/audit", &query),
        get("/api/v1/audit", &PAGE),
        get("/api/v1/tokens", &[("role", "producer"), ("name", "shop"), ("limit", "10")]),
        get("/api/v1/tokens", &PAGE),
        post(
            "/api/v1/tokens",
            json!({"name": "shop", "role": "producer", "engine_types": ["dialogue"], "expires_in_seconds": 60}),
        ),
        delete("/api/v1/tokens/{token_id}"),
        get("/api/v1/server", &[]),
        post("/api/v1/session", json!({})),
        get("/api/v1/session", &[]),
        delete("/api/v1/session"),
    ]
}
