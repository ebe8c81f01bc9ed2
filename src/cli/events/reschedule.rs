//! `events reschedule`: counted first, then asked about, then done to as many as were shown.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::asking::Asking;
use crate::cli::client::{Client, Result};
use crate::cli::confirm::Consent;
use crate::cli::outcome::{Outcome, UsageError};
use crate::cli::text::plain_json;
use crate::domain::limits::MAX_BULK_EVENTS;
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease events reschedule 01a20093-1ca2-7da5-8000-86c2b092a5fc --delay-seconds 0
  eventlease events reschedule --scenario-run-id night-42 --available-at 2030-01-31T12:00:00Z --dry-run";

/// The flags of `events reschedule`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RescheduleArguments {
    /// These events.
    #[arg(conflicts_with = "all")]
    event_ids: Vec<String>,

    /// Every queued event.
    #[arg(long, conflicts_with_all = ["engine_type", "event_type", "scenario_run_id"])]
    all: bool,

    /// Only of that queue.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only of that event type.
    #[arg(long)]
    event_type: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// When they are due, like 2030-01-31T12:00:00Z; a time in the past means now.
    #[arg(long, conflicts_with = "delay_seconds")]
    available_at: Option<String>,

    /// Seconds until they are due, from now on.
    #[arg(long)]
    delay_seconds: Option<u32>,

    /// Another priority, 0 to 9.
    #[arg(long)]
    priority: Option<u8>,

    /// The oldest so many; more than 10000 are done in several calls. [default: all that match]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// Count, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// If another number matches, change nothing.
    #[arg(long)]
    expected_count: Option<u64>,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Clone, Default, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_count: Option<u64>,
}

/// How far a call came.
#[derive(Deserialize)]
struct Progress {
    matched: u64,
    rescheduled: u64,
    remaining: u64,
}

impl RescheduleArguments {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let texts = [
            ("engine_type", &self.engine_type),
            ("event_type", &self.event_type),
            ("scenario_run_id", &self.scenario_run_id),
        ];
        texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)))
    }

    fn filter(&self) -> Value {
        let ids = (!self.event_ids.is_empty()).then(|| json!(self.event_ids));
        let texts = self.texts().map(|(name, text)| (name, json!(text)));
        let members = texts.chain(ids.map(|ids| ("event_ids", ids)));
        Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Which ones, behind their number in a question.
    fn in_words(&self) -> String {
        if self.all {
            return ", of all queues".to_owned();
        }
        let named = match self.event_ids.as_slice() {
            [] => "",
            [_] => " that is named",
            _ => " of those that are named",
        };
        let texts: Vec<String> = self.texts().map(|(name, text)| format!("{name} {text:?}")).collect();
        if texts.is_empty() { named.to_owned() } else { format!("{named} with {}", texts.join(", ")) }
    }

    fn body(&self, filter: &Value) -> Body {
        Body {
            all: self.all.then_some(true),
            filter: (!self.all).then(|| filter.clone()),
            available_at: self.available_at.clone(),
            delay_seconds: self.delay_seconds,
            priority: self.priority,
            dry_run: true,
            expected_count: self.expected_count,
            ..Body::default()
        }
    }
}

/// Carries out the command.
pub async fn reschedule(arguments: &RescheduleArguments) -> Outcome {
    let filter = arguments.filter();
    if !arguments.all && filter.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(UsageError("which ones? Name events, a filter like --scenario-run-id, or --all".to_owned()).into());
    }
    let client = Client::new(&arguments.asking.server)?;
    let mut body = arguments.body(&filter);
    let answer = client.post(&["events", "reschedule"], &body).await?;
    let mut matched = answer.read::<Progress>()?.matched;
    if let Some(seconds) = arguments.delay_seconds
        && matched.min(arguments.limit.unwrap_or(u64::MAX)) > MAX_BULK_EVENTS.into()
    {
        // One time for all calls: events that are due then already do not match any more, and so a later call goes on. Counted
        // again, since those that are due then by themselves do not match either.
        body = Body {
            available_at: Some(time_after(answer.now, seconds)),
            delay_seconds: None,
            expected_count: None,
            ..body
        };
        matched = client.post(&["events", "reschedule"], &body).await?.read::<Progress>()?.matched;
    }
    let total = matched.min(arguments.limit.unwrap_or(u64::MAX));
    if arguments.dry_run || total == 0 {
        report(arguments, matched, 0)?;
        return Ok(ExitCode::SUCCESS);
    }
    let events = if matched == 1 { "queued event" } else { "queued events" };
    let count = if total < matched { format!("the oldest {total} of {matched}") } else { total.to_string() };
    if !arguments.consent.to(&format!("Reschedule {count} {events}{}?", arguments.in_words()))? {
        output::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    body.dry_run = false;
    let mut done = 0;
    let outcome = work(&client, &body, matched, total, &mut done).await;
    // What was done before a trouble is done.
    if outcome.is_ok() || done > 0 {
        report(arguments, matched, done)?;
    }
    outcome?;
    Ok(ExitCode::SUCCESS)
}

fn time_after(now: DateTime<Utc>, seconds: u32) -> String {
    (now + TimeDelta::seconds(i64::from(seconds))).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// In as many calls as it takes; with a delay it is one.
async fn work(client: &Client, body: &Body, matched: u64, total: u64, done: &mut u64) -> Result<()> {
    let mut expected_count = matched;
    while *done < total {
        let limit = Some((total - *done).min(MAX_BULK_EVENTS.into()));
        let body = Body { limit, expected_count: Some(expected_count), ..body.clone() };
        let progress: Progress = client.post(&["events", "reschedule"], &body).await?.read()?;
        *done += progress.rescheduled;
        expected_count = progress.remaining;
        // With a delay, what was rescheduled matches again: one call is all, and what it passed over stays.
        if progress.rescheduled == 0 || body.delay_seconds.is_some() {
            break;
        }
    }
    Ok(())
}

fn report(arguments: &RescheduleArguments, matched: u64, done: u64) -> output::Result {
    if arguments.asking.json {
        let report = json!({"matched": matched, "rescheduled": done, "remaining": matched.saturating_sub(done)});
        return output::line(plain_json(&report.to_string()));
    }
    if matched == 0 {
        output::line("no queued event matches")
    } else if arguments.dry_run {
        let events = if matched == 1 { "queued event matches" } else { "queued events match" };
        output::line(format_args!("{matched} {events}; nothing was changed"))
    } else if done == matched {
        output::line(format_args!("{done} rescheduled"))
    } else {
        output::line(format_args!("{done} of {matched} rescheduled"))
    }
}
