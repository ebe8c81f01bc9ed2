//! The command line: `serve`, `migrate`, `after-restore`, `openapi`; and for operators, who ask a server over HTTP, the rest.

mod overview;
mod history;
mod explain;
mod doctor;
mod dead_letters;
mod redrive_jobs;
mod events;
mod queues;
mod engines;
mod cancel;
mod runs;
mod policies;
mod policy_flags;
mod tokens;
mod audit;
mod whoami;
mod migrate;
mod after_restore;
mod on_database;
mod arguments;
mod asking;
mod tally;
mod pages;
mod client;
mod confirm;
mod table;
mod traces;
mod outcome;
mod text;
mod logs;
#[cfg(test)]
mod advice;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::app::{self, RunEnd, Signals};
use crate::config::{DatabaseConfig, ServeConfig};
use crate::http;
use crate::output;
use outcome::{Outcome, failed};
use traces::Traces;

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
    /// End the leases and revoke the tokens that a restored database still holds, while no server runs.
    ///
    /// A database restored from a backup is as of an earlier time. Leases that engines held then are still in
    /// it, and tokens and sessions that were revoked later are valid again. This command ends all leases granted
    /// before --older-than: their events are due at once, and no failure or loss is counted. It revokes all
    /// tokens made before that time with their sessions, and marks the engines that last called before it as
    /// unresponsive. Running it again changes nothing.
    AfterRestore(Box<after_restore::AfterRestoreArguments>),
    /// Print the OpenAPI document.
    Openapi,
    /// Show how the service stands: what needs attention, the totals, and the worst queues.
    Overview(overview::OverviewArguments),
    /// Show how a queue, or all of them together, stood in the last hours.
    History(history::HistoryArguments),
    /// Explain why an event is not worked on, or why a queue grows, and say what to do.
    Explain(explain::ExplainArguments),
    /// List queues and how they stand, read one, or change its settings.
    Queues(Box<queues::QueuesArguments>),
    /// List engines, read one and what it holds, or drain them.
    Engines(Box<engines::EnginesArguments>),
    /// List events, read one with its payload and attempts, or reschedule them.
    Events(Box<events::EventsArguments>),
    /// List scenario runs and how they stand, cancel or reopen one.
    Runs(Box<runs::RunsArguments>),
    /// Cancel events, or a scenario run with all its open events.
    Cancel(cancel::CancelArguments),
    /// List, count, read, redrive and purge dead letters.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
    /// List redrive jobs, read one, pause, continue or cancel it.
    RedriveJobs(Box<redrive_jobs::RedriveJobsArguments>),
    /// Stop leasing from a queue. What engines hold goes on, and events are taken in.
    Pause(queues::PauseArguments),
    /// Lease from a queue again.
    Resume(queues::ResumeArguments),
    /// Show the events that would be leased next from a queue, without leasing them.
    Peek(queues::PeekArguments),
    /// List the retry policies of event types, read one, or change it.
    Policies(Box<policies::PoliciesArguments>),
    /// Make, list and revoke tokens.
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// Show whose token this is, and what it may do.
    Whoami(whoami::WhoamiArguments),
    /// List what operators and admins changed.
    Audit(audit::AuditArguments),
    /// Check a server and its database, and say what to do.
    Doctor(doctor::DoctorArguments),
}

impl Cli {
    /// What was asked for, or the code to end with where an error, or the help, was printed instead.
    pub fn of_command_line() -> Result<Self, ExitCode> {
        arguments::parse()
    }

    /// Carries out the command; what it ends with is the program's exit code.
    pub fn run(self) -> ExitCode {
        if let Some(database) = self.own_database() {
            app::Database::prepare_environment(database);
        }
        let outcome = match self.command {
            Command::Serve(config) => {
                let traces = Traces::from_environment();
                logs::start(&config.logs, traces.layer());
                traces.tell();
                let outcome = in_runtime(serve(&config));
                traces.flush();
                outcome
            }
            Command::Migrate(arguments) => {
                logs::start(&arguments.logs, None);
                in_runtime(migrate::run(&arguments))
            }
            Command::AfterRestore(arguments) => {
                logs::start(&arguments.logs, None);
                in_runtime(after_restore::run(&arguments))
            }
            Command::Openapi => print_openapi(),
            Command::Overview(arguments) => in_runtime(overview::run(&arguments)),
            Command::History(arguments) => in_runtime(history::run(&arguments)),
            Command::Explain(arguments) => in_runtime(explain::run(&arguments)),
            Command::Queues(arguments) => in_runtime(queues::run(&arguments)),
            Command::Engines(arguments) => in_runtime(engines::run(&arguments)),
            Command::Events(arguments) => in_runtime(events::run(&arguments)),
            Command::DeadLetters(command) => in_runtime(dead_letters::run(&command)),
            Command::RedriveJobs(arguments) => in_runtime(redrive_jobs::run(&arguments)),
            Command::Pause(arguments) => in_runtime(queues::pause(&arguments)),
            Command::Resume(arguments) => in_runtime(queues::resume(&arguments)),
            Command::Peek(arguments) => in_runtime(queues::peek(&arguments)),
            Command::Policies(arguments) => in_runtime(policies::run(&arguments)),
            Command::Runs(arguments) => in_runtime(runs::run(&arguments)),
            Command::Cancel(arguments) => in_runtime(cancel::run(&arguments)),
            Command::Whoami(arguments) => in_runtime(whoami::run(&arguments)),
            Command::Audit(arguments) => in_runtime(audit::run(&arguments)),
            Command::Token(command) => in_runtime(tokens::run(&command)),
            Command::Doctor(arguments) => in_runtime(doctor::run(&arguments)),
        };
        outcome.unwrap_or_else(|error| failed(error.as_ref()))
    }
}

/// `EX_SOFTWARE` of sysexits.h: an internal error, which a restart may cure.
const EXIT_OF_A_FAILED_TASK: u8 = 70;
impl Cli {
    /// The database of a command that opens one, rather than asking a server.
    fn own_database(&self) -> Option<&DatabaseConfig> {
        if let Command::Serve(config) = &self.command {
            Some(&config.database)
        } else if let Command::Migrate(arguments) = &self.command {
            Some(&arguments.database)
        } else if let Command::AfterRestore(arguments) = &self.command {
            Some(&arguments.database)
        } else {
            None
        }
    }
}

fn in_runtime(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // After a hard end, what still runs is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome
}

async fn serve(config: &ServeConfig) -> Outcome {
    // Before all else: without it, a process with the id 1 is not ended by them.
    let signals = Signals::receive()?;
    log_configuration(config);
    let ending = app::run(config, signals, |server| {
        tracing::info!(address = %server.address, "listening");
        // For scripts: with port 0 the only way to learn the address.
        let mut lines = format!("listening on http://{}", server.address);
        if config.dashboard.is_on() {
            write!(lines, "\nthe dashboard is at http://{}/dashboard/", reachable(server.address))
                .expect("a text takes whatever is written");
        }
        if let Err(error) = output::line(lines) {
            tracing::warn!(%error, "the address was not printed");
        }
        Ok(())
    });
    match ending.await? {
        RunEnd::InOrder => Ok(ExitCode::SUCCESS),
        RunEnd::Hard | RunEnd::Failed => Ok(ExitCode::FAILURE),
        RunEnd::TaskFailed => Ok(ExitCode::from(EXIT_OF_A_FAILED_TASK)),
    }
}

fn print_openapi() -> Outcome {
    output::line(http::document().to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Where a browser on this machine finds what listens there: everywhere is no address to go to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The effective configuration: in short, and with each setting for who looks for one. The type of each secret sees to it that it is not shown.
fn log_configuration(config: &ServeConfig) {
    let named = config.database.database_url.is_some() || config.database.database_url_file.is_some();
    let database = if named { "as named" } else { "private" };
    let authentication = if config.is_auth_required() { "on" } else { "off" };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), database, listen = %config.listen, authentication, "configuration"
    );
    tracing::debug!(
        database = ?config.database, listen = %config.listen,
        is_auth_required = config.is_auth_required(), access = ?config.access,
        limits = ?config.limits, leases = ?config.leases, tasks = ?config.tasks,
        shutdown_delay_seconds = config.shutdown_delay_seconds,
        shutdown_timeout_seconds = config.shutdown_timeout_seconds, "configuration in full"
    );
}
