//! `redrive-jobs`: dead letters that the server puts back into their queues in steps; below, paused, continued and cancelled.

mod job;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::asking::{Asking, print_answer};
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};
use crate::output;
use job::{Job, facts};

const EXAMPLES: &str = "Examples:
  eventlease redrive-jobs
  eventlease redrive-jobs 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease redrive-jobs continue 01a20093-1ca2-7da5-8000-86c2b092a5fc
Jobs are made by: eventlease dead-letters redrive --job";

/// From one look at a job that is followed to the next.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The flags of `redrive-jobs`, and the commands below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct RedriveJobsArguments {
    #[command(subcommand)]
    command: Option<RedriveJobsCommand>,

    /// One job, in detail.
    job_id: Option<String>,

    /// Wait until the job is over, or paused.
    #[arg(long, requires = "job_id")]
    wait: bool,

    /// Only jobs whose filter names that queue.
    #[arg(long, conflicts_with = "job_id")]
    engine_type: Option<String>,

    /// Jobs at most, the newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum RedriveJobsCommand {
    /// Redrive nothing until the job is continued.
    Pause(ChangeArguments),
    /// Go on, also where the canary is undecided.
    Continue(ChangeArguments),
    /// Redrive nothing any more. What was redriven goes on.
    Cancel(ChangeArguments),
}

/// The flags of `redrive-jobs pause`, `continue` and `cancel`.
#[derive(Args, Debug)]
struct ChangeArguments {
    /// The job.
    job_id: String,

    #[command(flatten)]
    asking: Asking,
}

const COLUMNS: [Column; 8] = [
    Column::Text("JOB"),
    Column::Text("STATE"),
    Column::Number("REDRIVEN"),
    Column::SpareNumber("MATCHED"),
    Column::SpareNumber("OPEN"),
    Column::SpareNumber("COMPLETED"),
    Column::SpareNumber("DIED AGAIN"),
    Column::SpareText("CREATED"),
];

/// Carries out the command.
pub async fn run(arguments: &RedriveJobsArguments) -> Outcome {
    match &arguments.command {
        Some(RedriveJobsCommand::Pause(arguments)) => return change(arguments, "pause").await,
        Some(RedriveJobsCommand::Continue(arguments)) => return change(arguments, "continue").await,
        Some(RedriveJobsCommand::Cancel(arguments)) => return change(arguments, "cancel").await,
        None => {}
    }
    let client = Client::new(&arguments.asking.server)?;
    match &arguments.job_id {
        Some(job_id) if arguments.wait => follow(&client, job_id, arguments.asking.json).await,
        Some(job_id) => {
            let answer = client.get(&["redrive-jobs", job_id], &[]).await?;
            print_answer(&answer, arguments.asking.json, |answer| facts(answer)?.print().map_err(Into::into))
        }
        None => list(&client, arguments).await,
    }
}

async fn list(client: &Client, arguments: &RedriveJobsArguments) -> Outcome {
    let query = [("engine_type", arguments.engine_type.clone())];
    let list = client.list(&["redrive-jobs"], &query, arguments.limit).await?;
    if arguments.asking.json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for job in list.read::<Job>()? {
        table.row(job.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("redrive job");
    Ok(ExitCode::SUCCESS)
}

async fn change(arguments: &ChangeArguments, verb: &str) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let answer = client.post(&["redrive-jobs", &arguments.job_id, verb], &json!({})).await?;
    print_answer(&answer, arguments.asking.json, |answer| {
        let job: Job = answer.read()?;
        Ok(output::line(job.in_words())?)
    })
}

/// Says how far a job is whenever that changes, until it is over or paused. Fails where it does not finish.
pub async fn follow(client: &Client, job_id: &str, is_json: bool) -> Outcome {
    let mut told = String::new();
    loop {
        let answer = client.get(&["redrive-jobs", job_id], &[]).await?;
        let job: Job = answer.read()?;
        if job.is_at_work() {
            let now = job.in_words();
            if now != told {
                output::say(&now);
                told = now;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            continue;
        }
        print_answer(&answer, is_json, |answer| facts(answer)?.print().map_err(Into::into))?;
        return Ok(if job.is_finished() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
}
