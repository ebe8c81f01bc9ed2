//! `queues`: how they stand; below, what is done with one.

mod change;
mod pause;
mod peek;
mod quarantine;
mod queue;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::asking::{Asking, print_answer};
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};

pub use pause::{PauseArguments, ResumeArguments, pause, resume};
pub use peek::{PeekArguments, peek};
use queue::facts;
pub use queue::{Queue, standing_in_words};

const EXAMPLES: &str = "Examples:
  eventlease queues
  eventlease queues dialogue
  eventlease queues set dialogue --max-processing 5";

/// The flags of `queues`, and the commands below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct QueuesArguments {
    #[command(subcommand)]
    command: Option<QueuesCommand>,

    /// One queue, in detail. One that is named like a command: `queues -- delete`.
    queue: Option<String>,

    /// Queues at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum QueuesCommand {
    /// Change a queue's settings. What is not named stays.
    Set(change::SetArguments),
    /// Stop leasing from a queue, like `eventlease pause`.
    Pause(PauseArguments),
    /// Lease from a queue again, like `eventlease resume`.
    Resume(ResumeArguments),
    /// Give engines of a version nothing of a queue, however often they restart. What they hold goes on.
    Quarantine(quarantine::QuarantineArguments),
    /// Show the quarantines of a queue.
    Quarantines(quarantine::QuarantinesArguments),
    /// Lift a quarantine: engines of that version get events again.
    Lift(quarantine::LiftArguments),
    /// Show the events that would be leased next, like `eventlease peek`.
    Peek(PeekArguments),
    /// Delete a queue, with its settings. It must have no open events, engines or dead letters.
    Delete(change::DeleteArguments),
}

const COLUMNS: [Column; 11] = [
    Column::Text("QUEUE"),
    Column::Number("DUE"),
    Column::SpareNumber("DELAYED"),
    Column::Number("PROCESSING"),
    Column::Number("DEAD"),
    Column::Number("OLDEST DUE"),
    Column::SpareNumber("ENGINES"),
    Column::SpareNumber("SLOTS"),
    Column::SpareNumber("IN/S"),
    Column::SpareNumber("DONE/S"),
    Column::Text("STATE"),
];

/// A line for each queue.
pub fn table_of(queues: &[Queue], now: DateTime<Utc>) -> Table {
    let mut table = Table::new(COLUMNS);
    for queue in queues {
        table.row(queue.cells(now));
    }
    table
}

/// Carries out the command.
pub async fn run(arguments: &QueuesArguments) -> Outcome {
    match &arguments.command {
        Some(QueuesCommand::Set(arguments)) => return change::set(arguments).await,
        Some(QueuesCommand::Pause(arguments)) => return pause(arguments).await,
        Some(QueuesCommand::Resume(arguments)) => return resume(arguments).await,
        Some(QueuesCommand::Quarantine(arguments)) => return quarantine::quarantine(arguments).await,
        Some(QueuesCommand::Quarantines(arguments)) => return quarantine::list(arguments).await,
        Some(QueuesCommand::Lift(arguments)) => return quarantine::lift(arguments).await,
        Some(QueuesCommand::Peek(arguments)) => return peek(arguments).await,
        Some(QueuesCommand::Delete(arguments)) => return change::delete(arguments).await,
        None => {}
    }
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    if let Some(queue) = &arguments.queue {
        let answer = client.get(&["queues", queue], &[]).await?;
        return print_answer(&answer, *json, |answer| facts(answer)?.print().map_err(Into::into));
    }
    let list = client.list(&["queues"], &[], arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    table_of(&list.read::<Queue>()?, list.now).print()?;
    list.say_what_is_missing("queue");
    Ok(ExitCode::SUCCESS)
}
