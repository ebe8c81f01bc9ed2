//! `make bench`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use eventlease_bench::arguments::Arguments;
use eventlease_bench::figures::Figures;
use eventlease_bench::postgres::Postgres;
use eventlease_bench::{modes, report, server};

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
    let figures = tokio::select! {
        figures = all_rounds(arguments, &postgres) => figures,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    postgres.stop()?;
    println!("\n{}", report::table(&figures?));
    Ok(())
}

/// Every round runs every mode once, with what it is compared with right before it.
async fn all_rounds(arguments: &Arguments, postgres: &Postgres) -> Result<Figures> {
    let mut figures = Figures::default();
    for round in 1..=arguments.rounds {
        for step in modes::in_order(arguments) {
            let outcome = step.run(arguments, postgres).await.with_context(|| format!("{step}, round {round}"))?;
            println!("[{round}/{}] {step:<15} {outcome}", arguments.rounds);
            figures.add_all(&outcome.figures);
        }
    }
    Ok(figures)
}
