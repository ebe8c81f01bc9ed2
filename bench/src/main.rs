//! `make bench`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a harness, run by people who read what it prints")]

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use eventlease_bench::arguments::Arguments;
use eventlease_bench::document::{self, Document};
use eventlease_bench::postgres::Postgres;
use eventlease_bench::results::Results;
use eventlease_bench::{modes, report, server};

const METHOD: &str = include_str!("method.md");

fn main() -> ExitCode {
    // One thread: the load generator shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    match runtime.block_on(run(&Arguments::parse())) {
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
    let table = report::table(report::LINES, &results.figures);
    println!("\n{table}");
    if let Some(path) = &arguments.write {
        let (command, failures) = (document::command_line(), &results.failures[..]);
        let document = Document { title: "Benchmarks", command, table, failures, method: METHOD };
        document.write(path, &postgres).await?;
    }
    postgres.stop()?;
    results.verdict()
}

/// Every round runs every mode once, with what it is compared with right before it.
async fn all_rounds(arguments: &Arguments, postgres: &Postgres) -> Results {
    let mut results = Results::new(arguments.conditions.rounds);
    for round in 1..=arguments.conditions.rounds {
        for step in modes::in_order(arguments.chosen_modes(), !arguments.no_raw) {
            results.note(round, &step.to_string(), step.run(&arguments.conditions, postgres).await);
        }
    }
    results
}
