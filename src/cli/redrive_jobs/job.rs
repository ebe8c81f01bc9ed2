//! One redrive job, as the server describes it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::client::{Answer, Result};
use crate::cli::table::Facts;
use crate::cli::text::{from_now, in_full, plain};

/// A job, as the server describes it.
#[derive(Deserialize)]
pub struct Job {
    #[serde(rename = "job_id")]
    id: String,
    state: String,
    state_reason: Option<String>,
    state_changed_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    created_by: Option<String>,
    filter: Box<RawValue>,
    /// A server of an earlier version does not say it, nor `unknown`.
    engine_types: Option<Vec<String>>,
    canary: Option<Canary>,
    events_per_second: Option<f64>,
    stop_at_failure_ratio: Option<f64>,
    payload_patch: Option<Box<RawValue>>,
    matched: i64,
    redriven: i64,
    skipped: BTreeMap<String, i64>,
    open: i64,
    completed: i64,
    died_again: i64,
    cancelled: i64,
    #[serde(default)]
    unknown: i64,
    redriven_per_second: Option<f64>,
}

#[derive(Deserialize)]
struct Canary {
    count: u32,
    continue_at_success_ratio: f64,
    wait_seconds: u32,
}

impl Job {
    /// Whether it changes by itself.
    pub fn is_at_work(&self) -> bool {
        !["paused", "stopped", "cancelled", "finished"].contains(&self.state.as_str())
    }

    /// Whether it did all that it was to do.
    pub fn is_finished(&self) -> bool {
        self.state == "finished"
    }

    fn state_in_words(&self) -> String {
        match &self.state_reason {
            Some(reason) => format!("{} ({reason})", self.state),
            None => self.state.clone(),
        }
    }

    /// How far it is, on a line.
    pub fn in_words(&self) -> String {
        let Self { id, matched, redriven, open, completed, died_again, .. } = self;
        let state = self.state_in_words();
        let text = format!(
            "{id} {state}: {redriven} of {matched} redriven, {open} open, {completed} completed, {died_again} died again"
        );
        plain(&text).into_owned()
    }

    /// For the table of jobs.
    pub fn cells(self, now: DateTime<Utc>) -> [String; 8] {
        let state = self.state_in_words();
        [
            self.id,
            state,
            self.redriven.to_string(),
            self.matched.to_string(),
            self.open.to_string(),
            self.completed.to_string(),
            self.died_again.to_string(),
            from_now(self.created_at, now),
        ]
    }
}

/// The job, in detail.
pub fn facts(answer: &Answer) -> Result<Facts> {
    let job: Job = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let skipped: Vec<String> =
        job.skipped.iter().filter(|(_, count)| **count > 0).map(|(code, count)| format!("{count} {code}")).collect();
    let canary = job.canary.as_ref().map(|Canary { count, continue_at_success_ratio, wait_seconds }| {
        format!("{count}, of which {continue_at_success_ratio} have to complete within {wait_seconds} s")
    });
    let mut facts = Facts::default();
    facts
        .add("job", job.id.clone())
        .add("state", job.state_in_words())
        .add("since", at(job.state_changed_at))
        .add("created", at(job.created_at))
        .add_some("by", job.created_by)
        .add("filter", job.filter.get())
        .add_some("only of queues", job.engine_types.map(|engine_types| engine_types.join(", ")))
        .add_some("canary", canary)
        .add_some("events per second", job.events_per_second.map(|rate| rate.to_string()))
        .add_some("stops at", job.stop_at_failure_ratio.map(|ratio| format!("{ratio} died again")))
        .add_some("payload patch", job.payload_patch.map(|patch| patch.get().to_owned()))
        .add("matched", job.matched.to_string())
        .add("redriven", job.redriven.to_string())
        .add_some("skipped", Some(skipped.join(", ")).filter(|causes| !causes.is_empty()))
        .add("open", job.open.to_string())
        .add("completed", job.completed.to_string())
        .add("died again", job.died_again.to_string())
        .add("cancelled", job.cancelled.to_string())
        .add_some("end unknown", (job.unknown > 0).then(|| job.unknown.to_string()))
        .add_some("redriven per second", job.redriven_per_second.map(|rate| format!("{rate:.1}")));
    Ok(facts)
}
