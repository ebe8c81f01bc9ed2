//! Replies as the OpenAPI document shows them.

use serde_json::{Value, json};

fn read(example: &str) -> Value {
    serde_json::from_str(example).expect("the files are JSON")
}

/// Of `GET /overview`.
pub fn overview() -> Value {
    read(include_str!("examples/overview.json"))
}

/// Of the history of a queue.
pub fn history() -> Value {
    read(include_str!("examples/history.json"))
}

/// The same of all queues together.
pub fn history_of_all() -> Value {
    let mut history = history();
    history["engine_type"] = Value::Null;
    history
}

/// Of an event that an engine holds.
pub fn explained_event() -> Value {
    read(include_str!("examples/explained_event.json"))
}

/// Of a queue that fails.
pub fn explained_queue() -> Value {
    read(include_str!("examples/explained_queue.json"))
}

/// Of `GET /dead-letters/groups`.
pub fn dead_letter_groups() -> Value {
    read(include_str!("examples/dead_letter_groups.json"))
}

/// One that is under way.
pub fn redrive_job() -> Value {
    read(include_str!("examples/redrive_job.json"))
}

/// Of `POST /redrive-jobs`.
pub fn created_redrive_job() -> Value {
    let job = redrive_job();
    json!({"matched": job["matched"], "job": job})
}

/// Of `GET /redrive-jobs`.
pub fn redrive_jobs() -> Value {
    json!({"items": [redrive_job()], "next_cursor": null})
}
