//! `runs`: scenario runs and how they stand; below, cancelled and reopened.

mod change;
mod run;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::from_now;

pub use change::cancel_run;
use run::facts;

const EXAMPLES: &str = "Examples:
  eventlease runs
  eventlease runs show night-42 --wait-seconds 30
  eventlease runs cancel night-42";

/// The flags of `runs`, and the commands below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct RunsArguments {
    #[command(subcommand)]
    command: Option<RunsCommand>,

    /// Runs at most, in the order of their names.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum RunsCommand {
    /// Count the events of a run by their status.
    Show(ShowArguments),
    /// Cancel a run, with all its open events. It takes no events until it is reopened.
    Cancel(change::CancelArguments),
    /// Let a cancelled run take events again. What was cancelled stays so.
    Reopen(change::ReopenArguments),
}

/// The flags of `runs show`.
#[derive(Args, Debug)]
struct ShowArguments {
    /// The run.
    scenario_run_id: String,

    /// Wait until none of its events is open, for so many seconds at most.
    #[arg(long)]
    wait_seconds: Option<u32>,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct ListedRun {
    scenario_run_id: String,
    status: String,
    has_open_events: bool,
    cancelled_at: Option<DateTime<Utc>>,
    cancelled_by: Option<String>,
    cancelled_in: Vec<String>,
}

const COLUMNS: [Column; 6] = [
    Column::Text("RUN"),
    Column::Text("STATUS"),
    Column::Text("OPEN EVENTS"),
    Column::Text("CANCELLED"),
    Column::SpareText("BY"),
    Column::SpareText("IN QUEUES"),
];

/// Carries out the command.
pub async fn run(arguments: &RunsArguments) -> Outcome {
    match &arguments.command {
        Some(RunsCommand::Show(arguments)) => show(arguments).await,
        Some(RunsCommand::Cancel(arguments)) => change::cancel(arguments).await,
        Some(RunsCommand::Reopen(arguments)) => change::reopen(arguments).await,
        None => list(arguments).await,
    }
}

async fn list(arguments: &RunsArguments) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let list = client.list(&["scenario-runs"], &[], arguments.limit).await?;
    if arguments.asking.json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for run in list.read::<ListedRun>()? {
        table.row([
            run.scenario_run_id,
            run.status,
            if run.has_open_events { "yes" } else { "no" }.to_owned(),
            run.cancelled_at.map_or_else(|| "-".to_owned(), |at| from_now(at, list.now)),
            run.cancelled_by.unwrap_or_else(|| "-".to_owned()),
            if run.cancelled_in.is_empty() { "-".to_owned() } else { run.cancelled_in.join(", ") },
        ]);
    }
    table.print()?;
    list.say_what_is_missing("run");
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &ShowArguments) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let wait = ("wait_seconds", arguments.wait_seconds.map(|seconds| seconds.to_string()));
    let answer = client.get(&["scenario-runs", &arguments.scenario_run_id], &[wait]).await?;
    print_answer(&answer, arguments.asking.json, |answer| facts(answer)?.print().map_err(Into::into))
}
