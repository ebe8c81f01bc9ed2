//! `migrate`: brings the schema up to date, or tells what that would do.

use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::app::Database;
use crate::config::{DatabaseConfig, LogConfig};
use crate::store::migrations::{self, Migration};

/// All of it needs the database: what is pending is known to it alone.
#[derive(Args, Debug)]
pub struct MigrateArguments {
    /// Change nothing; print a table of the migrations, applied and pending.
    #[arg(long, conflicts_with_all = ["check", "sql"])]
    status: bool,

    /// Change nothing; exit with 1 if a migration is pending.
    #[arg(long, conflicts_with = "sql")]
    check: bool,

    /// Change nothing; print the SQL of the pending migrations, each a transaction that also notes it as applied.
    #[arg(long)]
    sql: bool,

    #[command(flatten)]
    pub database: DatabaseConfig,

    #[command(flatten)]
    pub logs: LogConfig,
}

pub async fn run(arguments: &MigrateArguments) -> Outcome {
    let database = Database::open(&arguments.database).await?;
    let done = if arguments.status || arguments.check || arguments.sql {
        tell(&database, arguments).await
    } else {
        bring_up_to_date(&database).await
    };
    // The private database is stopped also where the work failed.
    database.close().await?;
    done
}

async fn bring_up_to_date(database: &Database) -> Outcome {
    database.migrate().await?;
    println!("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

async fn tell(database: &Database, arguments: &MigrateArguments) -> Outcome {
    let all = migrations::list(&database.pool).await?;
    let pending: Vec<&Migration> = all.iter().filter(|migration| migration.applied_at.is_none()).collect();
    if arguments.status {
        print!("{}", table(&all));
    } else if arguments.sql {
        if let Some(preparation) = migrations::preparation(&all) {
            println!("{preparation}");
        }
        for migration in pending {
            println!("{}", migration.script());
        }
    } else if pending.is_empty() {
        println!("the schema is up to date");
    } else {
        println!("{} of {} migrations are pending; run: eventlease migrate", pending.len(), all.len());
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
