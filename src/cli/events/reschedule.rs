//! `events reschedule`: queued events that become due at another time, or get another priority.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use serde_json::{Map, json};

use super::change::PAST;
use super::queued::{Change, Queued};
use crate::cli::outcome::{Outcome, UsageError};

const EXAMPLES: &str = "Examples:
  eventlease events reschedule 01a20093-1ca2-7da5-8000-86c2b092a5fc --now
  eventlease events reschedule --scenario-run-id night-42 --available-at 2030-01-31T12:00:00Z --dry-run";

/// The flags of `events reschedule`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RescheduleArguments {
    /// When they are due, like 2030-01-31T12:00:00Z; a time in the past means now.
    #[arg(long, conflicts_with = "delay_seconds")]
    available_at: Option<String>,

    /// Seconds until they are due, from now on.
    #[arg(long)]
    delay_seconds: Option<u32>,

    /// They are due now.
    #[arg(long, conflicts_with_all = ["available_at", "delay_seconds"])]
    now: bool,

    /// Another priority, 0 to 9.
    #[arg(long)]
    priority: Option<u8>,

    #[command(flatten)]
    queued: Queued,
}

/// Carries out the command.
pub async fn reschedule(arguments: &RescheduleArguments) -> Outcome {
    let at = arguments.available_at.as_deref().or(arguments.now.then_some(PAST));
    let members = [
        ("available_at", at.map(|at| json!(at))),
        ("delay_seconds", arguments.delay_seconds.map(|seconds| json!(seconds))),
        ("priority", arguments.priority.map(|priority| json!(priority))),
    ];
    let members: Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if members.is_empty() {
        let detail = "what is to change? Name --priority, --available-at, --delay-seconds or --now";
        return Err(UsageError(detail.to_owned()).into());
    }
    let change = Change { call: "reschedule", asked: "Reschedule", done: "rescheduled", members };
    // Events that are due then already do not match any more, and so a later call goes on.
    let at_one_time = |members: &mut Map<_, _>, now| {
        if members.remove("delay_seconds").is_some()
            && let Some(seconds) = arguments.delay_seconds
        {
            members.insert("available_at".to_owned(), json!(time_after(now, seconds)));
        }
    };
    arguments.queued.change(change, at_one_time).await
}

fn time_after(now: DateTime<Utc>, seconds: u32) -> String {
    (now + TimeDelta::seconds(i64::from(seconds))).to_rfc3339_opts(SecondsFormat::Micros, true)
}
