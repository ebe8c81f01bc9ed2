//! One run, as the server describes it.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::cli::client::{Answer, Result};
use crate::cli::table::Facts;
use crate::cli::text::in_full;

/// How many events a run has.
#[derive(Deserialize)]
pub struct Counts {
    /// Waiting for an engine.
    pub queued: u64,
    /// With engines.
    pub processing: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
}

/// A run, as the server describes it.
#[derive(Deserialize)]
pub struct Run {
    scenario_run_id: String,
    status: String,
    /// Up to a bound.
    pub counts: Counts,
    /// The bound was met.
    pub is_approximate: bool,
    first_created_at: Option<DateTime<Utc>>,
    last_ended_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    cancelled_by: Option<String>,
    cancelled_in: Vec<String>,
}

/// The run, in detail.
pub fn facts(answer: &Answer) -> Result<Facts> {
    let run: Run = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let count = |count: u64| count.to_string();
    let mut facts = Facts::default();
    facts
        .add("run", run.scenario_run_id)
        .add("status", run.status)
        .add("queued", count(run.counts.queued))
        .add("processing", count(run.counts.processing))
        .add("completed", count(run.counts.completed))
        .add("failed", count(run.counts.failed))
        .add("cancelled", count(run.counts.cancelled))
        .add_some("counts", run.is_approximate.then_some("there are more than these"))
        .add_some("first created", run.first_created_at.map(at))
        .add_some("last ended", run.last_ended_at.map(at))
        .add_some("run cancelled", run.cancelled_at.map(at))
        .add_some("by", run.cancelled_by)
        .add_some("in queues", Some(run.cancelled_in.join(", ")).filter(|queues| !queues.is_empty()));
    Ok(facts)
}
