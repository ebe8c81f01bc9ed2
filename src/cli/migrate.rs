//! `migrate`: brings the schema up to date, or tells what that would do.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::outcome::Outcome;
use crate::app::{self, Database, Signals};
use crate::config::{DatabaseConfig, LogConfig};
use crate::domain::counted::{are, counted};
use crate::output;
use crate::store::migrations::{self, Migration};

/// All of it needs the database: what is pending is known to it alone.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct MigrateArguments {
    /// Change nothing; print a table of the migrations, applied and pending.
    #[arg(long, conflicts_with_all = ["check", "sql", "pooler_settings"])]
    status: bool,

    /// Change nothing; exit with 1 if a migration is pending.
    #[arg(long, conflicts_with_all = ["sql", "pooler_settings"])]
    check: bool,

    /// Change nothing; print the SQL of the pending migrations, each a transaction that also notes it as applied.
    #[arg(long, conflicts_with = "pooler_settings")]
    sql: bool,

    /// Change nothing; print the SQL that gives the role the settings that its sessions need behind a transaction pooler.
    #[arg(long)]
    pooler_settings: bool,

    /// The database whose schema is meant.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// What is logged while it works.
    #[command(flatten)]
    pub logs: LogConfig,
}

/// After a signal, for what is under way to be undone.
const STOPPING_PATIENCE: Duration = Duration::from_secs(30);

/// Carries out the command; a signal undoes what is under way.
pub async fn run(arguments: &MigrateArguments) -> Outcome {
    // Before all else: without it, a process with the id 1 is not ended by them.
    let mut signals = Signals::receive()?;
    let stop = CancellationToken::new();
    let work = Box::pin(work(arguments, &stop));
    app::until_signal(&mut signals, &stop, STOPPING_PATIENCE, work).await.unwrap_or(Ok(ExitCode::FAILURE))
}

async fn work(arguments: &MigrateArguments, stop: &CancellationToken) -> Outcome {
    let Some(database) = Database::open(&arguments.database, stop).await? else { return Ok(interrupted()) };
    let done = stop.run_until_cancelled(async {
        if arguments.pooler_settings {
            print_pooler_settings(&database).await
        } else if arguments.status || arguments.check || arguments.sql {
            tell(&database, arguments).await
        } else {
            bring_up_to_date(&database).await
        }
    });
    let done = done.await;
    // The private database is stopped also where the work failed.
    database.close().await?;
    done.unwrap_or_else(|| Ok(interrupted()))
}

fn interrupted() -> ExitCode {
    output::say("interrupted; what was not done yet can be done by another run");
    ExitCode::FAILURE
}

async fn bring_up_to_date(database: &Database) -> Outcome {
    database.migrate().await?;
    output::line("the schema is up to date")?;
    Ok(ExitCode::SUCCESS)
}

async fn print_pooler_settings(database: &Database) -> Outcome {
    let statements = database.pools.working.statements_for_role().await?;
    if statements.is_empty() {
        output::line("-- the role has all settings")?;
    }
    for statement in statements {
        output::line(statement)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn tell(database: &Database, arguments: &MigrateArguments) -> Outcome {
    let all = migrations::list(&database.pools.working).await?;
    let pending: Vec<&Migration> = all.iter().filter(|migration| migration.applied_at.is_none()).collect();
    if arguments.status {
        output::text(&table(&all))?;
    } else if arguments.sql {
        if let Some(preparation) = migrations::preparation(&database.pools.working).await? {
            output::line(preparation)?;
        }
        for migration in pending {
            output::line(migration.script())?;
        }
    } else if pending.is_empty() {
        output::line("the schema is up to date")?;
    } else {
        let (are, pending, all) = (are(pending.len()), pending.len(), counted(all.len(), "migration"));
        output::line(format_args!("{pending} of {all} {are} pending; run: eventlease migrate"))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn table(all: &[Migration]) -> String {
    let width = all.iter().map(|migration| migration.description.len()).max().unwrap_or(0);
    let line =
        |version: &str, description: &str, state: &str| format!("{version:<7}  {description:<width$}  {state}\n");
    let lines = all.iter().map(|migration| {
        let state = match migration.applied_at {
            Some(at) => format!("applied {}", at.format("%Y-%m-%d %H:%M:%SZ")),
            None => "pending".to_owned(),
        };
        let newer = if migration.is_known() { "" } else { ", by a newer version" };
        line(&migration.version.to_string(), &migration.description, &format!("{state}{newer}"))
    });
    std::iter::once(line("version", "migration", "state")).chain(lines).collect()
}
