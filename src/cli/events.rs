//! `events`: what was sent, and where it stands; below, changed.

mod reschedule;
mod change;
mod cancel;
mod follow_ups;
/// Many at once.
mod queued;
mod json;
mod event;
/// Errors on one line.
mod error_text;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;

use event::{Event, facts};
use follow_ups::FollowUp;

pub use error_text::{error_text, short_error_text};

use super::asking::{Asking, print_answer};
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::from_now;
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease events --engine-type dialogue --status failed --limit 500
  eventlease events --failing --error-type Timeout
  eventlease events reschedule --scenario-run-id night-42 --delay-seconds 3600";

/// The flags of `events`, and the command below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct EventsArguments {
    #[command(subcommand)]
    command: Option<EventsCommand>,

    /// One event, in detail, with its payload and attempts.
    #[arg(conflicts_with_all = ["engine_type", "event_type", "status", "scenario_run_id", "created_after", "created_before",
        "lease_losses_min", "failing", "leased_by", "error_type", "idempotency_key", "unique_key", "caused_by"])]
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

    /// Only open events with that many silent losses at least; with --status completed, failed or cancelled, those that ended
    /// so. That needs --created-after or --scenario-run-id beside it.
    #[arg(long)]
    lease_losses_min: Option<u32>,

    /// Only open events of which a failure was reported since they were enqueued or redriven.
    #[arg(long)]
    failing: bool,

    /// Only events that this engine holds.
    #[arg(long)]
    leased_by: Option<String>,

    /// Only with that type of the last error. Needs --failing, --leased-by, --lease-losses-min or --status failed beside it.
    #[arg(long)]
    error_type: Option<String>,

    /// Only those that this key stands for, while it is remembered. Needs --engine-type beside it.
    #[arg(long)]
    idempotency_key: Option<String>,

    /// Only the open event that has this key. Needs --engine-type beside it.
    #[arg(long)]
    unique_key: Option<String>,

    /// Only follow-ups of that event.
    #[arg(long)]
    caused_by: Option<String>,

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
    /// Have one queued event due at another time, or with another priority.
    Change(change::ChangeArguments),
    /// Have queued events due at another time, or with another priority.
    Reschedule(Box<reschedule::RescheduleArguments>),
    /// Cancel queued events. What an engine works on stays as it is.
    Cancel(Box<cancel::CancelQueuedArguments>),
    /// Print an event's payload alone.
    Payload(json::JsonArguments),
    /// Print an event's result alone.
    Result(json::JsonArguments),
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
    Column::Text("QUEUE"),
    Column::SpareText("EVENT TYPE"),
    Column::Text("STATUS"),
    Column::SpareText("SINCE OR UNTIL"),
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
    match &arguments.command {
        Some(EventsCommand::Change(arguments)) => return change::change(arguments).await,
        Some(EventsCommand::Reschedule(arguments)) => return reschedule::reschedule(arguments).await,
        Some(EventsCommand::Cancel(arguments)) => return cancel::cancel(arguments).await,
        Some(EventsCommand::Payload(arguments)) => return json::print(arguments, "payload").await,
        Some(EventsCommand::Result(arguments)) => return json::print(arguments, "result").await,
        None => {}
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
        ("lease_losses_min", arguments.lease_losses_min.map(|losses| losses.to_string())),
        ("failing", arguments.failing.then(|| "true".to_owned())),
        ("leased_by", arguments.leased_by.clone()),
        ("error_type", arguments.error_type.clone()),
        ("idempotency_key", arguments.idempotency_key.clone()),
        ("unique_key", arguments.unique_key.clone()),
        ("caused_by", arguments.caused_by.clone()),
        ("created_after", arguments.created_after.clone()),
        ("created_before", arguments.created_before.clone()),
    ];
    query.extend(arguments.payload.then(with_payload));
    query.extend((!json).then(|| ("view", Some("brief".to_owned()))));
    let list = client.list(&["events"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for event in list.read::<Event>()? {
        table.row(event.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("event");
    Ok(ExitCode::SUCCESS)
}

/// A table of attempts, where there are any.
pub fn print_attempts(attempts: Vec<Attempt>, now: DateTime<Utc>) -> output::Result {
    if attempts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(ATTEMPT_COLUMNS);
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
