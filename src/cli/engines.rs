//! `engines`: who is registered, and what they hold; below, drained and resumed.

mod drain;
mod summary;
mod engine;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::from_now;
use engine::{Engine, facts};

const EXAMPLES: &str = "Examples:
  eventlease engines --engine-type dialogue --status unresponsive
  eventlease engines --zombie
  eventlease engines summary
  eventlease engines 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease engines drain --engine-type dialogue --engine-software-version 1.4.0";

/// The flags of `engines`, and the commands below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct EnginesArguments {
    #[command(subcommand)]
    command: Option<EnginesCommand>,

    /// One engine, in detail, with what it holds.
    #[arg(conflicts_with_all = ["engine_type", "status", "capability", "scenario_run_id", "engine_software_version",
        "idle", "zombie", "held_over_seconds", "silent_over_seconds"])]
    engine_id: Option<String>,

    /// Only of that type.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only in that status: active, draining or unresponsive.
    #[arg(long)]
    status: Option<String>,

    /// Only with that capability.
    #[arg(long)]
    capability: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// Only with that version.
    #[arg(long)]
    engine_software_version: Option<String>,

    /// Only those that hold nothing.
    #[arg(long)]
    idle: bool,

    /// Only those that live, hold nothing and have not asked for work for a minute, though their queue has had due events for
    /// half a minute.
    #[arg(long)]
    zombie: bool,

    /// Only those that have held some event for longer.
    #[arg(long)]
    held_over_seconds: Option<u32>,

    /// Only those that have sent nothing at all for longer.
    #[arg(long)]
    silent_over_seconds: Option<u32>,

    /// Engines at most, the newest registrations first.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum EnginesCommand {
    /// Count engines by type, version and status, and by what they do.
    Summary(summary::SummaryArguments),
    /// Give engines no more events. They finish what they hold.
    Drain(drain::DrainArguments),
    /// Give engines events again that were drained.
    Resume(drain::ResumeArguments),
}

#[derive(Deserialize)]
struct Held {
    event_id: String,
    event_type: String,
    attempt: i64,
    lease: Lease,
}

#[derive(Deserialize)]
struct Lease {
    leased_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

const COLUMNS: [Column; 9] = [
    Column::Text("ENGINE"),
    Column::Text("TYPE"),
    Column::Text("STATUS"),
    Column::Number("HELD"),
    Column::SpareText("LAST POLL"),
    Column::SpareNumber("LIMIT"),
    Column::SpareText("LAST SEEN"),
    Column::SpareText("VERSION"),
    Column::SpareText("RUN"),
];

const HELD_COLUMNS: [Column; 5] = [
    Column::Text("HOLDS EVENT"),
    Column::SpareText("EVENT TYPE"),
    Column::SpareNumber("ATTEMPT"),
    Column::Text("LEASED"),
    Column::Text("EXPIRES"),
];

/// Carries out the command.
pub async fn run(arguments: &EnginesArguments) -> Outcome {
    match &arguments.command {
        Some(EnginesCommand::Summary(arguments)) => return summary::summarize(arguments).await,
        Some(EnginesCommand::Drain(arguments)) => return drain::drain(arguments).await,
        Some(EnginesCommand::Resume(arguments)) => return drain::resume(arguments).await,
        None => {}
    }
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    if let Some(engine_id) = &arguments.engine_id {
        let answer = client.get(&["engines", engine_id], &[]).await?;
        if *json {
            return print_answer(&answer, true, |_| Ok(()));
        }
        facts(&answer)?.print()?;
        return print_held(&client, engine_id).await;
    }
    let query = [
        ("engine_type", arguments.engine_type.clone()),
        ("status", arguments.status.clone()),
        ("capability", arguments.capability.clone()),
        ("scenario_run_id", arguments.scenario_run_id.clone()),
        ("engine_software_version", arguments.engine_software_version.clone()),
        ("idle", arguments.idle.then(|| "true".to_owned())),
        ("zombie", arguments.zombie.then(|| "true".to_owned())),
        ("held_over_seconds", arguments.held_over_seconds.map(|seconds| seconds.to_string())),
        ("silent_over_seconds", arguments.silent_over_seconds.map(|seconds| seconds.to_string())),
        ("view", (!json).then(|| "brief".to_owned())),
    ];
    let list = client.list(&["engines"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for engine in list.read::<Engine>()? {
        table.row(engine.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("engine");
    Ok(ExitCode::SUCCESS)
}

async fn print_held(client: &Client, engine_id: &str) -> Outcome {
    let list = client.list(&["engines", engine_id, "leases"], &[("view", Some("brief".to_owned()))], u32::MAX).await?;
    let held: Vec<Held> = list.read()?;
    if held.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(HELD_COLUMNS);
    for Held { event_id, event_type, attempt, lease } in held {
        let (leased, expires) = (from_now(lease.leased_at, list.now), from_now(lease.expires_at, list.now));
        table.row([event_id, event_type, attempt.to_string(), leased, expires]);
    }
    table.print_below()?;
    Ok(ExitCode::SUCCESS)
}
