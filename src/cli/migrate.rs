//! `migrate`: brings the schema up to date, or tells what that would do.

use std::process::ExitCode;

use clap::Args;

use super::on_database::on_database;
use super::outcome::Outcome;
use crate::app::Database;
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

/// Carries out the command; a signal undoes what is under way.
pub async fn run(arguments: &MigrateArguments) -> Outcome {
    let interrupted = "interrupted; what was not done yet can be done by another run";
    let work = async |database: &Database| {
        if arguments.pooler_settings {
            print_pooler_settings(database).await
        } else if arguments.status || arguments.check || arguments.sql {
            tell(database, arguments).await
        } else {
            bring_up_to_date(database).await
        }
    };
    on_database(&arguments.database, interrupted, work).await
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
