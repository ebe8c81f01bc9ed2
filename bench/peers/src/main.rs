//! `make bench-peers`: `EventLease` beside what people would take instead, on the same `PostgreSQL` in the same run.

mod contests; // who does what, in which order
mod graphile; // the crate `graphile_worker`
mod lines; // the table of results
mod service; // EventLease itself, over HTTP
mod sql_queues; // a hand-written table, and PGMQ: how each is driven by SQL
mod sql_work; // emptying such a queue, and keeping it busy

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use eventlease_bench::conditions::Conditions;
use eventlease_bench::document::{self, Document};
use eventlease_bench::postgres::Postgres;
use eventlease_bench::results::Results;
use eventlease_bench::{report, server};

use crate::contests::Contest;

const METHOD: &str = include_str!("method.md");

/// Measures other queues on `PostgreSQL` beside `EventLease`.
#[derive(Parser, Debug)]
#[command(name = "eventlease-bench-peers", max_term_width = 100)]
struct Arguments {
    /// What to measure, several with commas. [default: all]
    #[arg(long = "contest", value_enum, value_delimiter = ',')]
    contests: Vec<Contest>,

    /// Write the results to this file too. [default: docs/benchmarks-peers.md]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "docs/benchmarks-peers.md")]
    write: Option<PathBuf>,

    #[command(flatten)]
    conditions: Conditions,
}

/// Two threads: some of the contestants work within this process.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    server::allow_many_connections()?;
    let conditions = &arguments.conditions;
    let postgres = Postgres::start(&conditions.data_dir(), conditions.fresh).await?;
    postgres.show().await?;
    println!("server {}\n", conditions.server().display());
    let results = tokio::select! {
        results = all_rounds(arguments, &postgres) => Some(results),
        _ = tokio::signal::ctrl_c() => None,
    };
    let Some(results) = results else {
        postgres.stop()?;
        bail!("interrupted");
    };
    let table = report::table(lines::LINES, &results.figures);
    println!("\n{table}");
    if let Some(path) = &arguments.write {
        let (command, failures) = (document::command_line(), &results.failures[..]);
        let title = "EventLease beside other queues on PostgreSQL";
        Document { title, command, table, failures, method: METHOD }.write(path, &postgres).await?;
    }
    postgres.stop()?;
    results.verdict()
}

/// The contestants take turns.
async fn all_rounds(arguments: &Arguments, postgres: &Postgres) -> Results {
    let mut results = Results::new(arguments.conditions.rounds);
    for round in 1..=arguments.conditions.rounds {
        for contest in Contest::chosen(&arguments.contests) {
            results.note(round, contest.name(), contest.run(&arguments.conditions, postgres).await);
        }
    }
    results
}
