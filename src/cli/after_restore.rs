//! `after-restore`: ends the leases and tokens that a restored database still holds, and marks its engines as unresponsive.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use super::on_database::on_database;
use super::outcome::Outcome;
use crate::app::Database;
use crate::broker::after_restore::{self, Changes, RUNNING_WITHIN_SECONDS};
use crate::config::{DatabaseConfig, LogConfig};
use crate::domain::counted::{agreeing, counted};
use crate::output;
use crate::store;

/// Takes the same database as `migrate`, without a server.
#[derive(Args, Debug)]
pub struct AfterRestoreArguments {
    /// The time of the restore, by RFC 3339, as in 2026-05-04T12:30:00Z. Leases, tokens and calls
    /// before it are taken to be older than the restore. A time in the future by the database's
    /// clock is refused.
    #[arg(long, value_name = "TIME", value_parser = time)]
    older_than: DateTime<Utc>,

    /// Change nothing; print what would be changed.
    #[arg(long)]
    dry_run: bool,

    /// The database that was restored.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// What is logged while it works.
    #[command(flatten)]
    pub logs: LogConfig,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "a time by RFC 3339 is expected, with its offset, as in 2026-05-04T12:30:00Z".to_owned())
}

/// Carries out the command; a signal undoes the transaction that is under way.
pub async fn run(arguments: &AfterRestoreArguments) -> Outcome {
    let interrupted = "interrupted; run it again to do what is left";
    on_database(&arguments.database, interrupted, async |database: &Database| change(database, arguments).await).await
}

async fn change(database: &Database, arguments: &AfterRestoreArguments) -> Outcome {
    let (pool, before) = (&database.pools.working, arguments.older_than);
    check(pool, before).await?;
    let changes = if arguments.dry_run {
        after_restore::preview(pool, before).await?
    } else {
        after_restore::carry_out(pool, before).await?
    };
    output::text(&shown(&changes, arguments.dry_run))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a schema with pending migrations, a time in the future, and a database that a server works on.
async fn check(pool: &store::Pool, before: DateTime<Utc>) -> Result<(), Box<dyn std::error::Error>> {
    if store::migrations::count_pending(pool).await? > 0 {
        return Err("the schema is not that of this version; run `eventlease migrate` first".into());
    }
    let standing = store::restore::standing(&mut *pool.acquire().await?, before).await?;
    if let Some(seconds) = standing.seconds_since_sign.filter(|seconds| *seconds < RUNNING_WITHIN_SECONDS) {
        let problem = format!(
            "a server is running on this database, or was {:.0} s ago: stop all servers, wait {RUNNING_WITHIN_SECONDS:.0} \
             seconds, and run this again",
            seconds.max(0.0)
        );
        return Err(problem.into());
    }
    if standing.is_in_future {
        return Err("the time of --older-than is in the future by the database's clock".into());
    }
    Ok(())
}

fn shown(changes: &Changes, is_dry_run: bool) -> String {
    let counts = changes.counts;
    let (ended, revoked, marked) =
        if is_dry_run { ("would end", "would revoke", "would mark") } else { ("ended", "revoked", "marked") };
    let back = counts.leases - counts.cancelled;
    let mut lines = vec![
        format!(
            "{ended} {}: {} {} due at once, {} {} cancelled as asked before",
            counted(counts.leases, "lease"),
            counted(back, "event"),
            agreeing(back, "is", "are"),
            counts.cancelled,
            agreeing(counts.cancelled, "is", "are"),
        ),
        format!("{revoked} {} and {}", counted(counts.tokens, "token"), counted(counts.sessions, "session")),
        format!("{marked} {} as unresponsive until they call", counted(counts.engines, "engine")),
    ];
    if changes.lacks_admin {
        lines.push(
            "no admin's token is left: the next `eventlease serve` with authentication writes a new one to the file of \
             --admin-token-file, or takes the one in the file of --admin-token-from-file"
                .to_owned(),
        );
    }
    lines.join("\n") + "\n"
}
