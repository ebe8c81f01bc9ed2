//! `make bench`.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use eventlease_bench::arguments::Arguments;
use eventlease_bench::document::{self, Document};
use eventlease_bench::figures::Figures;
use eventlease_bench::postgres::Postgres;
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
    let postgres = Postgres::start(&arguments.data_dir(), arguments.fresh).await?;
    postgres.show().await?;
    println!("server {}\n", arguments.server().display());
    let results = tokio::select! {
        results = all_rounds(arguments, &postgres) => Some(results),
        _ = tokio::signal::ctrl_c() => None,
    };
    let Some(results) = results else {
        postgres.stop()?;
        bail!("interrupted");
    };
    let table = report::table(&results.figures);
    println!("\n{table}");
    if let Some(path) = &arguments.write {
        let (command, failures) = (document::command_line(), &results.failures[..]);
        let document = Document { title: "Benchmarks", command, table, failures, method: METHOD };
        document.write(path, &postgres).await?;
    }
    postgres.stop()?;
    ensure!(results.failures.is_empty(), "failed:\n  {}", results.failures.join("\n  "));
    Ok(())
}

#[derive(Default)]
struct Results {
    figures: Figures,
    failures: Vec<String>,
}

/// Every round runs every mode once, with what it is compared with right before it. A mode that fails leaves the others
/// to go on.
async fn all_rounds(arguments: &Arguments, postgres: &Postgres) -> Results {
    let mut results = Results::default();
    for round in 1..=arguments.rounds {
        for step in modes::in_order(arguments) {
            let turn = format!("[{round}/{}] {step:<15}", arguments.rounds);
            match step.run(arguments, postgres).await {
                Ok(outcome) => {
                    println!("{turn} {outcome}");
                    results.figures.add_all(&outcome.figures);
                    results.figures.add("others", outcome.usage.others / outcome.usage.seconds);
                }
                Err(error) => {
                    println!("{turn} FAILED: {error:#}");
                    results.failures.push(format!("{step}, round {round}: {error:#}"));
                }
            }
        }
    }
    results
}
