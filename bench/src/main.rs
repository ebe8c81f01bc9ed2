//! `make bench`: how fast `EventLease` is over HTTP, beside raw SQL doing the same work on the same `PostgreSQL`.
//!
//! In reading order:

mod api; // the requests, and what is read of the replies
mod arguments; // what can be chosen
mod bench; // what all modes share
mod check; // every event ended once
mod client; // one HTTP connection, as lean as can be
mod cost; // processor time, WAL, statements, memory
mod engines; // those who lease and complete
mod figures; // what was measured, over all rounds
mod ledger; // who got what, and how long it took
mod modes; // one file a mode
mod postgres; // the cluster: durable, warm, kept between runs
mod producers; // those who enqueue
mod raw; // the same work by hand-written SQL
mod report;
mod server; // the service, a process of its own // the table of results

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::arguments::Arguments;
use crate::bench::Bench;
use crate::figures::Figures;

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
    let bench = Bench::start(arguments).await?;
    let rounds = tokio::select! {
        figures = all_rounds(arguments, &bench) => figures,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let server_peak = bench.server.peak_bytes();
    bench.stop().await?;
    let mut figures = rounds?;
    figures.add("memory", bytes_as_mib(server_peak.context("the server's peak of memory")?));
    println!("\n{}", report::table(&figures));
    Ok(())
}

/// Every round runs every mode once, with its raw counterpart right before it.
async fn all_rounds(arguments: &Arguments, bench: &Bench) -> Result<Figures> {
    let mut figures = Figures::default();
    for round in 1..=arguments.rounds {
        for step in modes::in_order(arguments) {
            let outcome = step.run(bench, round).await.with_context(|| format!("{step}, round {round}"))?;
            println!("[{round}/{}] {step:<15} {outcome}", arguments.rounds);
            figures.add_all(&outcome.figures);
        }
    }
    Ok(figures)
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn bytes_as_mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
