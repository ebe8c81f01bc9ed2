//! The requests as bytes, and the little that is read of the replies.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;
use serde_json::value::RawValue;

pub const PAYLOAD_BYTES: usize = 200;

/// Whole requests, ready to be sent. `out` is emptied first, so that it can be used again.
pub fn write_request(out: &mut Vec<u8>, method: &str, path: &str, engine_id: Option<&str>, body: &str) {
    out.clear();
    let written = match engine_id {
        Some(id) => write!(out, "{method} {path} HTTP/1.1\r\nHost: bench\r\nX-Engine-Id: {id}\r\n"),
        None => write!(out, "{method} {path} HTTP/1.1\r\nHost: bench\r\n"),
    };
    written.expect("memory takes all");
    if body.is_empty() {
        out.extend_from_slice(b"\r\n");
    } else {
        write!(out, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len())
            .expect("memory takes all");
        out.extend_from_slice(body.as_bytes());
    }
}

pub fn request(method: &str, path: &str, engine_id: Option<&str>, body: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_request(&mut out, method, path, engine_id, body);
    out
}

/// JSON of exactly [`PAYLOAD_BYTES`].
pub fn payload() -> String {
    let words = r#"{"npc":"Mira","scene":"tavern","line":"the storm took the north bridge before dawn, and whoever asks for passage now asks too late"#;
    let mut text = words.to_owned();
    text.push_str(r#"","notes":""#);
    let end = "\"}";
    text.extend(('a'..='z').cycle().take(PAYLOAD_BYTES - text.len() - end.len()));
    text.push_str(end);
    text
}

fn event(queue: &str) -> String {
    format!(r#"{{"engine_type":"{queue}","event_type":"bench.event","payload":{}}}"#, payload())
}

pub fn enqueue(queue: &str) -> Vec<u8> {
    request("POST", "/api/v1/events", None, &event(queue))
}

/// An event whose payload says when it was sent, as time since the mode began.
pub fn enqueue_at(queue: &str, since_start: Duration) -> Vec<u8> {
    let notes = "abcdefghijklmnopqrstuvwxyz".repeat(6);
    let payload = format!(r#"{{"sent_at_micros":{},"notes":"{notes}"}}"#, since_start.as_micros());
    let body = format!(r#"{{"engine_type":"{queue}","event_type":"bench.event","payload":{payload}}}"#);
    request("POST", "/api/v1/events", None, &body)
}

/// The payload of such an event.
#[derive(Deserialize)]
pub struct SentAt {
    sent_at_micros: u64,
}

impl SentAt {
    pub fn since_start(&self) -> Duration {
        Duration::from_micros(self.sent_at_micros)
    }
}

pub fn enqueue_batch(queue: &str, size: usize) -> Vec<u8> {
    let events = vec![event(queue); size].join(",");
    request("POST", "/api/v1/events/batch", None, &format!(r#"{{"events":[{events}]}}"#))
}

pub fn register(queue: &str, max_concurrent_events: u32) -> Vec<u8> {
    let body = format!(
        r#"{{"engine_type":"{queue}","metadata":{{"static_config":{{"capabilities":["bench"],"resource_limits":{{"max_concurrent_events":{max_concurrent_events}}},"engine_software_version":"1.0.0"}}}}}}"#
    );
    request("POST", "/api/v1/engines", None, &body)
}

pub fn poll(queue: &str, engine_id: &str, limit: u32, wait_seconds: u32) -> Vec<u8> {
    let path = format!("/api/v1/events/queue/{queue}?limit={limit}&wait_seconds={wait_seconds}");
    request("GET", &path, Some(engine_id), "")
}

pub fn poll_with_timeout(queue: &str, engine_id: &str, limit: u32, wait_seconds: u32, timeout_seconds: u32) -> Vec<u8> {
    let path = format!(
        "/api/v1/events/queue/{queue}?limit={limit}&wait_seconds={wait_seconds}&visibility_timeout_seconds={timeout_seconds}"
    );
    request("GET", &path, Some(engine_id), "")
}

/// With a measure of its load, or with nothing but itself.
pub fn heartbeat(engine_id: &str, has_load: bool) -> Vec<u8> {
    let load = r#"{"current_workload":3,"resource_utilization":{"cpu_percent":45.2,"memory_usage_mb":512}}"#;
    request(
        "POST",
        &format!("/api/v1/engines/{engine_id}/heartbeat"),
        Some(engine_id),
        if has_load { load } else { "" },
    )
}

pub fn write_complete(out: &mut Vec<u8>, engine_id: &str, event: &LeasedEvent<'_>) {
    let path = format!("/api/v1/events/{}/status", event.event_id);
    let body = format!(r#"{{"status":"completed","lease_token":"{}"}}"#, event.lease.lease_token);
    write_request(out, "PUT", &path, Some(engine_id), &body);
}

pub fn write_fail(out: &mut Vec<u8>, engine_id: &str, event: &LeasedEvent<'_>, delay_seconds: usize) {
    let path = format!("/api/v1/events/{}/status", event.event_id);
    let body = format!(
        r#"{{"status":"failed","error":"so the benchmark wants it","retryable":true,"delay_seconds":{delay_seconds},"lease_token":"{}"}}"#,
        event.lease.lease_token
    );
    write_request(out, "PUT", &path, Some(engine_id), &body);
}

/// The settlements of an exchange, or of `PUT /events/status`.
pub fn write_settlements(out: &mut String, events: &[LeasedEvent<'_>]) {
    out.clear();
    out.push('[');
    for (place, event) in events.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(
            out,
            r#"{comma}{{"event_id":"{}","status":"completed","lease_token":"{}"}}"#,
            event.event_id, event.lease.lease_token
        )
        .expect("memory takes all");
    }
    out.push(']');
}

pub fn write_exchange(
    out: &mut Vec<u8>,
    path: &str,
    engine_id: &str,
    limit: u32,
    wait_seconds: u32,
    settlements: &str,
) {
    let body = format!(r#"{{"limit":{limit},"wait_seconds":{wait_seconds},"settlements":{settlements}}}"#);
    write_request(out, "POST", path, Some(engine_id), &body);
}

#[derive(Deserialize)]
pub struct Registered<'a> {
    pub engine_id: &'a str,
}

#[derive(Deserialize)]
pub struct Leased<'a> {
    #[serde(borrow)]
    pub events: Vec<LeasedEvent<'a>>,
    #[serde(borrow, default)]
    pub results: Vec<Settled<'a>>,
}

#[derive(Deserialize)]
pub struct LeasedEvent<'a> {
    pub event_id: &'a str,
    pub attempt: u32,
    #[serde(borrow)]
    pub lease: Lease<'a>,
}

#[derive(Deserialize)]
pub struct Lease<'a> {
    pub lease_token: &'a str,
}

#[derive(Deserialize)]
pub struct Settled<'a> {
    #[serde(default)]
    pub outcome: Option<&'a str>,
    #[serde(borrow, default)]
    pub error: Option<&'a RawValue>,
}

impl Settled<'_> {
    pub fn is_completed(&self) -> bool {
        self.error.is_none() && self.outcome == Some("completed")
    }
}

#[derive(Deserialize)]
pub struct SettledMany<'a> {
    #[serde(borrow)]
    pub results: Vec<Settled<'a>>,
}

#[derive(Deserialize)]
pub struct EnqueuedMany {
    pub accepted: u64,
}

pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    Ok(serde_json::from_slice(body)?)
}

#[cfg(test)]
mod tests {
    use super::{PAYLOAD_BYTES, payload};

    #[test]
    fn a_payload_is_json_of_its_size() {
        assert_eq!(payload().len(), PAYLOAD_BYTES);
        serde_json::from_str::<serde_json::Value>(&payload()).unwrap();
    }
}
