//! `events`: what was sent, and where it stands; below, rescheduled.

mod follow_ups;
mod reschedule;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;

use follow_ups::FollowUp;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client, Result};
use super::outcome::Outcome;
use super::table::{Column, Facts, Table};
use super::text::{cut, from_now, in_full};
use crate::domain::json::object::member_named;
use crate::domain::json::string::JsonString;
use crate::output;

/// Enough of an error's message to know it again, in a list.
const ERROR_CHARS: usize = 60;

const EXAMPLES: &str = "Examples:
  eventlease events --engine-type dialogue --status failed --limit 500
  eventlease events reschedule --scenario-run-id night-42 --delay-seconds 3600";

/// The flags of `events`, and the command below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct EventsArguments {
    #[command(subcommand)]
    command: Option<EventsCommand>,

    /// One event, in detail, with its payload and attempts.
    #[arg(conflicts_with_all = ["engine_type", "event_type", "status", "scenario_run_id", "created_after", "created_before"])]
    event_id: Option<String>,

    /// Only of that queue.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only of that event type.
    #[arg(long)]
    event_type: Option<String>,

    /// Only in that status: queued, processing, completed, failed or cancelled. Needs another filter beside it.
    #[arg(long)]
    status: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// Only from then on, like 2030-01-31T12:00:00Z.
    #[arg(long)]
    created_after: Option<String>,

    /// Only before then.
    #[arg(long)]
    created_before: Option<String>,

    /// With payloads; for --json.
    #[arg(long, requires = "json")]
    payload: bool,

    /// Events at most, the newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum EventsCommand {
    /// Have queued events due at another time, or with another priority.
    Reschedule(Box<reschedule::RescheduleArguments>),
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Event {
    event_id: String,
    engine_type: String,
    event_type: String,
    status: String,
    payload: Option<Box<RawValue>>,
    payload_bytes: i64,
    priority: i64,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    available_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    attempt: i64,
    failures: i64,
    lease_losses: i64,
    redrives: i64,
    lock: Option<String>,
    lease_expires_at: Option<DateTime<Utc>>,
    progress: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    error: Option<Box<RawValue>>,
    dead_letter_reason: Option<String>,
    cancel_requested: bool,
    redriven_from: Option<String>,
    redriven_as: Option<String>,
    // A server of an older version says none of these.
    caused_by: Option<String>,
    traceparent: Option<String>,
    unique_key: Option<String>,
}

/// One attempt, as the server describes it.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Attempt {
    attempt: i64,
    engine_id: Option<String>,
    engine_software_version: Option<String>,
    leased_at: Option<DateTime<Utc>>,
    ended_at: DateTime<Utc>,
    outcome: String,
    error: Option<Box<RawValue>>,
    // Of a release; servers of earlier versions say neither.
    code: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    enqueued: Vec<FollowUp>,
}

impl Attempt {
    /// Its error, or why it was released.
    fn words(&self) -> String {
        match (&self.error, &self.code, &self.reason) {
            (Some(error), ..) => error_text(error),
            (None, Some(code), Some(reason)) => format!("{code}: {reason}"),
            (None, Some(words), None) | (None, None, Some(words)) => words.clone(),
            (None, None, None) => String::new(),
        }
    }
}

const COLUMNS: [Column; 8] = [
    Column::Text("EVENT"),
    Column::SpareText("QUEUE"),
    Column::SpareText("EVENT TYPE"),
    Column::Text("STATUS"),
    Column::Text("SINCE OR UNTIL"),
    Column::SpareNumber("ATTEMPT"),
    Column::SpareText("CREATED"),
    Column::Text("ERROR"),
];

const ATTEMPT_COLUMNS: [Column; 6] = [
    Column::Number("ATTEMPT"),
    Column::Text("OUTCOME"),
    Column::Text("ENDED"),
    Column::SpareText("ENGINE"),
    Column::SpareText("VERSION"),
    Column::Text("ERROR OR REASON"),
];

/// Carries out the command.
pub async fn run(arguments: &EventsArguments) -> Outcome {
    if let Some(EventsCommand::Reschedule(arguments)) = &arguments.command {
        return reschedule::reschedule(arguments).await;
    }
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    let with_payload = || ("include", Some("payload".to_owned()));
    if let Some(event_id) = &arguments.event_id {
        let answer = client.get(&["events", event_id], &[with_payload()]).await?;
        if *json {
            return print_answer(&answer, true, |_| Ok(()));
        }
        facts(&answer)?.print()?;
        let attempts = client.list(&["events", event_id, "attempts"], &[], u32::MAX).await?;
        let mut attempts_of_event: Vec<Attempt> = attempts.read()?;
        let follow_ups =
            attempts_of_event.iter_mut().flat_map(|attempt| std::mem::take(&mut attempt.enqueued)).collect();
        print_attempts(attempts_of_event, attempts.now)?;
        follow_ups::print(follow_ups)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut query = vec![
        ("engine_type", arguments.engine_type.clone()),
        ("event_type", arguments.event_type.clone()),
        ("status", arguments.status.clone()),
        ("scenario_run_id", arguments.scenario_run_id.clone()),
        ("created_after", arguments.created_after.clone()),
        ("created_before", arguments.created_before.clone()),
    ];
    query.extend(arguments.payload.then(with_payload));
    let list = client.list(&["events"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&COLUMNS);
    for event in list.read::<Event>()? {
        table.row(event.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("events");
    Ok(ExitCode::SUCCESS)
}

/// A table of attempts, where there are any.
pub fn print_attempts(attempts: Vec<Attempt>, now: DateTime<Utc>) -> output::Result {
    if attempts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&ATTEMPT_COLUMNS);
    for attempt in attempts {
        let words = attempt.words();
        // An event that was cancelled while it waited has an attempt without an engine.
        let engine = match (attempt.engine_id, attempt.leased_at) {
            (Some(engine_id), _) => engine_id,
            (None, Some(_)) => "anonymous".to_owned(),
            (None, None) => "-".to_owned(),
        };
        table.row([
            attempt.attempt.to_string(),
            attempt.outcome,
            from_now(attempt.ended_at, now),
            engine,
            attempt.engine_software_version.unwrap_or_else(|| "-".to_owned()),
            words,
        ]);
    }
    table.print_below()
}

/// An error on one line: its type and message where it has them, else as it is.
pub fn error_text(error: &RawValue) -> String {
    let text = |name| {
        let found = member_named(error, name).and_then(JsonString::decode);
        found.map(|text| text.storable(usize::MAX))
    };
    match (text("type"), text("message")) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (None, Some(message)) => message,
        (_, None) => error.get().to_owned(),
    }
}

/// The same, no longer than fits into a list.
pub fn short_error_text(error: &RawValue) -> String {
    cut(&error_text(error), ERROR_CHARS)
}

impl Event {
    /// What holds since or until when, whichever tells more of its status.
    fn since_or_until(&self, now: DateTime<Utc>) -> String {
        match (self.finished_at, self.lease_expires_at, self.available_at) {
            (Some(at), ..) => from_now(at, now),
            (None, Some(at), _) => format!("ends {}", from_now(at, now)),
            (None, None, Some(at)) => format!("due {}", from_now(at, now)),
            (None, None, None) => "-".to_owned(),
        }
    }

    fn cells(self, now: DateTime<Utc>) -> [String; 8] {
        let since = self.since_or_until(now);
        [
            self.event_id,
            self.engine_type,
            self.event_type,
            self.status,
            since,
            self.attempt.to_string(),
            from_now(self.created_at, now),
            self.error.as_deref().map(short_error_text).unwrap_or_default(),
        ]
    }
}

fn facts(answer: &Answer) -> Result<Facts> {
    let event: Event = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let json = |raw: Box<RawValue>| raw.get().to_owned();
    let mut facts = Facts::default();
    facts
        .add("event", event.event_id)
        .add("queue", event.engine_type)
        .add("event type", event.event_type)
        .add("status", event.status)
        .add_some("dead letter", event.dead_letter_reason)
        .add_some("cancel", event.cancel_requested.then_some("requested"))
        .add("priority", event.priority.to_string())
        .add_some("scenario run", event.scenario_run_id)
        .add("created", at(event.created_at))
        .add_some("due", event.available_at.map(at))
        .add_some("finished", event.finished_at.map(at))
        .add_some("lock", event.lock)
        .add_some("lease ends", event.lease_expires_at.map(at))
        .add("attempt", event.attempt.to_string())
        .add("failures", event.failures.to_string())
        .add("silent losses", event.lease_losses.to_string())
        .add("redrives", event.redrives.to_string())
        .add_some("redriven from", event.redriven_from)
        .add_some("redriven as", event.redriven_as)
        .add_some("caused by", event.caused_by)
        .add_some("unique key", event.unique_key)
        .add_some("traceparent", event.traceparent)
        .add_some("progress", event.progress.map(json))
        .add_some("result", event.result.map(json))
        .add_some("error", event.error.as_deref().map(error_text))
        .add("payload bytes", event.payload_bytes.to_string())
        .add_some("payload", event.payload.map(json));
    Ok(facts)
}
