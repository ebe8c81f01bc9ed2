//! The command line: `serve`, `migrate`, `openapi`.

mod logs;
mod migrate;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::app::{self, Ending, Server};
use crate::config::{ServeConfig, without_password};
use crate::http;

/// An engine registry and a lease-based event queue over HTTP, on PostgreSQL alone.
#[derive(Parser, Debug)]
#[command(name = "eventlease", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve the HTTP interface, and do the background work.
    Serve(Box<ServeConfig>),
    /// Bring the database's schema up to this version, and end.
    Migrate(Box<migrate::MigrateArguments>),
    /// Print the OpenAPI document.
    Openapi,
}

impl Cli {
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Serve(config) => {
                logs::start(&config.logs);
                in_runtime(serve(&config))
            }
            Command::Migrate(arguments) => {
                logs::start(&arguments.logs);
                in_runtime(migrate::run(&arguments))
            }
            Command::Openapi => print_openapi(),
        };
        outcome.unwrap_or_else(|error| {
            eprintln!("eventlease: {}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        })
    }
}

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

fn in_runtime(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // After a hard end, what still runs is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome
}

async fn serve(config: &ServeConfig) -> Outcome {
    log_configuration(config);
    let server = Server::start(config).await?;
    // For scripts: with port 0 the only way to learn the address.
    println!("listening on http://{}", server.address);
    std::io::stdout().flush()?;
    tracing::info!(address = %server.address, "listening");
    match app::run_until_told(server, Duration::from_secs(config.shutdown_timeout_seconds)).await? {
        Ending::InOrder => Ok(ExitCode::SUCCESS),
        Ending::Hard | Ending::Failed => Ok(ExitCode::FAILURE),
    }
}

fn print_openapi() -> Outcome {
    println!("{}", http::document().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}

/// The effective configuration, secrets starred.
fn log_configuration(config: &ServeConfig) {
    let mut shown = config.clone();
    shown.database.database_url = shown.database.database_url.as_deref().map(without_password);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), database = ?shown.database, listen = %shown.listen,
        limits = ?shown.limits, leases = ?shown.leases, tasks = ?shown.tasks,
        shutdown_timeout_seconds = shown.shutdown_timeout_seconds, "configuration"
    );
}

/// An error with all its causes, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
