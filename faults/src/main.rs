//! `make faults`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a harness, run by people who read what it prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use eventlease_bench::server::allow_many_connections;
use eventlease_faults::checker::{Verdict, check};
use eventlease_faults::history::{Entry, Event, SECOND, Terms};
use eventlease_faults::report;
use eventlease_faults::run::{Outcome, Plan, run};

/// Runs a fleet of producers and engines against two replicas and a `PostgreSQL` of its own, injects faults, and
/// checks afterwards that the service kept its word.
#[derive(Parser, Debug)]
struct Arguments {
    /// For how long faults are injected.
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,

    /// Of the schedule of faults; at random if it is not given, and printed either way.
    #[arg(long)]
    seed: Option<u64>,

    /// Events enqueued per second while faults are injected.
    #[arg(long, default_value_t = 260.0)]
    rate: f64,

    /// The program that is put to the test.
    #[arg(long, default_value = "target/debug/eventlease")]
    server: PathBuf,

    /// Where the database, the logs and the history are; emptied first.
    #[arg(long, default_value = "target/faults")]
    folder: PathBuf,

    /// Runs nothing, and checks what the last run left in the folder.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    match runtime.block_on(play(&Arguments::parse())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was violated.
async fn play(arguments: &Arguments) -> Result<bool> {
    if arguments.check {
        return check_again(&arguments.folder);
    }
    allow_many_connections()?;
    fs::create_dir_all(&arguments.folder).with_context(|| format!("cannot make {}", arguments.folder.display()))?;
    let seed = arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a run")]
    let length = (arguments.minutes * 60.0) as i64 * SECOND;
    let command = format!("make faults MINUTES={} SEED={seed}", arguments.minutes);
    println!("seed {seed}; the same schedule again: {command}\n");
    let plan = Plan {
        seed,
        length,
        events_per_second: arguments.rate,
        server: arguments.server.clone(),
        folder: fs::canonicalize(&arguments.folder)?,
    };
    let outcome = tokio::select! {
        outcome = run(&plan) => outcome?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    };
    let Outcome { history, stock, terms, verdicts } = outcome;
    fs::write(plan.folder.join("stock.json"), serde_json::to_vec(&(&terms, &stock))?)?;
    report::print(&history, &stock, &verdicts);
    let violations = count(&verdicts);
    println!("\n{violations} violations; {command}; every call: {}", plan.folder.join("history.jsonl").display());
    Ok(violations == 0)
}

fn check_again(folder: &Path) -> Result<bool> {
    let (terms, stock): (Terms, Vec<Event>) = serde_json::from_slice(&fs::read(folder.join("stock.json"))?)?;
    let lines = fs::read_to_string(folder.join("history.jsonl"))?;
    let history = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Entry>, _>>()?;
    let verdicts = check(&history, &stock, &terms);
    report::print(&history, &stock, &verdicts);
    Ok(count(&verdicts) == 0)
}

fn count(verdicts: &[Verdict]) -> usize {
    verdicts.iter().map(|verdict| verdict.violations.len()).sum()
}
