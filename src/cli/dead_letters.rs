//! `dead-letters`: list, count in groups, read; below: redrive and purge.

/// Those that are named.
mod one_by_one;
/// By a job of the server.
mod job;
/// Many at once.
mod bulk;
/// How a job is asked for.
mod job_flags;
/// What they have in common.
mod groups;
mod filter;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::events::{Attempt, error_text, print_attempts, short_error_text};
use super::outcome::Outcome;
use super::table::{Column, Facts, Table};
use super::text::{from_now, in_full};
use filter::Filter;

/// What can be done with dead letters.
#[derive(Subcommand, Debug)]
pub enum DeadLettersCommand {
    /// List dead letters, the newest first.
    List(ListArguments),
    /// Count dead letters by what they have in common.
    Groups(groups::GroupsArguments),
    /// Read a dead letter, with its payload and attempts.
    Show(ShowArguments),
    /// Put dead letters back into their queues.
    Redrive(Box<bulk::RedriveArguments>),
    /// Remove dead letters for good. Their events stay failed.
    Purge(bulk::PurgeArguments),
}

/// The flags of `dead-letters list`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease dead-letters list --engine-type dialogue --error-type Timeout")]
pub struct ListArguments {
    #[command(flatten)]
    filter: Filter,

    /// With payloads; for --json.
    #[arg(long, requires = "json")]
    payload: bool,

    /// Dead letters at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `dead-letters show`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease dead-letters show 01a20093-1ca2-7da5-8000-86c2b092a5fc")]
pub struct ShowArguments {
    /// The event.
    event_id: String,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct DeadLetter {
    event_id: String,
    engine_type: String,
    event_type: String,
    reason: String,
    payload: Option<Box<RawValue>>,
    payload_bytes: i64,
    priority: i64,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    dead_lettered_at: DateTime<Utc>,
    attempt: i64,
    failures: i64,
    lease_losses: i64,
    redrives: i64,
    error: Option<Box<RawValue>>,
    error_fingerprint: Option<String>,
    engine_software_version: Option<String>,
    redriven_from: Option<String>,
    redriven_as: Option<String>,
    #[serde(default)]
    attempts: Vec<Attempt>,
    attempts_next_cursor: Option<String>,
}

const COLUMNS: [Column; 8] = [
    Column::Text("EVENT"),
    Column::Text("QUEUE"),
    Column::SpareText("EVENT TYPE"),
    Column::SpareText("REASON"),
    Column::SpareText("SINCE"),
    Column::SpareNumber("ATTEMPTS"),
    Column::SpareNumber("REDRIVES"),
    Column::Text("ERROR"),
];

/// Carries out the command.
pub async fn run(command: &DeadLettersCommand) -> Outcome {
    match command {
        DeadLettersCommand::List(arguments) => list(arguments).await,
        DeadLettersCommand::Groups(arguments) => groups::groups(arguments).await,
        DeadLettersCommand::Show(arguments) => show(arguments).await,
        DeadLettersCommand::Redrive(arguments) if arguments.job.is_asked_for() => job::redrive(arguments).await,
        DeadLettersCommand::Redrive(arguments) if arguments.which.are_named() => one_by_one::redrive(arguments).await,
        DeadLettersCommand::Redrive(arguments) => bulk::redrive(arguments).await,
        DeadLettersCommand::Purge(arguments) if arguments.which.are_named() => one_by_one::purge(arguments).await,
        DeadLettersCommand::Purge(arguments) => bulk::purge(arguments).await,
    }
}

async fn list(arguments: &ListArguments) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let mut query = arguments.filter.query();
    query.extend(arguments.payload.then(|| ("include", Some("payload".to_owned()))));
    let list = client.list(&["dead-letters"], &query, arguments.limit).await?;
    if arguments.asking.json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for letter in list.read::<DeadLetter>()? {
        table.row(letter.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("dead letter");
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &ShowArguments) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let answer = client.get(&["dead-letters", &arguments.event_id], &[]).await?;
    if arguments.asking.json {
        return print_answer(&answer, true, |_| Ok(()));
    }
    let mut letter: DeadLetter = answer.read()?;
    let mut attempts = std::mem::take(&mut letter.attempts);
    let rest = letter.attempts_next_cursor.take();
    facts(letter, &answer).print()?;
    if rest.is_some() {
        let path = ["events", &arguments.event_id, "attempts"];
        attempts.extend(client.list_behind(rest, &path, &[], u32::MAX).await?.read::<Attempt>()?);
    }
    print_attempts(attempts, answer.now)?;
    Ok(ExitCode::SUCCESS)
}

impl DeadLetter {
    fn cells(self, now: DateTime<Utc>) -> [String; 8] {
        let error = self.error.as_deref().map(short_error_text).unwrap_or_default();
        [
            self.event_id,
            self.engine_type,
            self.event_type,
            self.reason,
            from_now(self.dead_lettered_at, now),
            self.attempt.to_string(),
            self.redriven_as.map_or_else(|| self.redrives.to_string(), |_| "as another".to_owned()),
            error,
        ]
    }
}

fn facts(letter: DeadLetter, answer: &Answer) -> Facts {
    let at = |time| in_full(time, answer.now);
    let mut facts = Facts::default();
    facts
        .add("event", letter.event_id)
        .add("queue", letter.engine_type)
        .add("event type", letter.event_type)
        .add("reason", letter.reason)
        .add("dead since", at(letter.dead_lettered_at))
        .add("created", at(letter.created_at))
        .add("priority", letter.priority.to_string())
        .add_some("scenario run", letter.scenario_run_id)
        .add("attempts", letter.attempt.to_string())
        .add("failures", letter.failures.to_string())
        .add("silent losses", letter.lease_losses.to_string())
        .add("redrives", letter.redrives.to_string())
        .add_some("redriven from", letter.redriven_from)
        .add_some("redriven as", letter.redriven_as)
        .add_some("last version", letter.engine_software_version)
        .add_some("error fingerprint", letter.error_fingerprint)
        .add_some("error", letter.error.as_deref().map(error_text))
        .add("payload bytes", letter.payload_bytes.to_string())
        .add_some("payload", letter.payload.map(|payload| payload.get().to_owned()));
    facts
}
