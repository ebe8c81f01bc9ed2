//! `doctor`: checks a server and its database, and says what to do.

mod queues;
mod checks;
mod work;
mod report;

use clap::Args;
use serde_json::json;

use super::asking::Asking;
use super::client::{Answer, Client, Error, here};
use super::outcome::{Outcome, database_of};
use crate::config::{DatabaseUrl, DirectDatabase};
use crate::domain::database_health::warnings;
use crate::store;
use checks::Health;
use report::{Report, Standing};

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 a check failed, 3 there are warnings. A check that is unknown, \
as the token or the database's user may not see what it needs, changes nothing.

Examples:
  eventlease doctor
  eventlease doctor --database-url postgres://user@host/eventlease";

/// The flags of `doctor`.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct DoctorArguments {
    #[command(flatten)]
    database: DirectDatabase,

    #[command(flatten)]
    asking: Asking,
}

/// Ends with 1 where a check failed, and with 3 where there are warnings only.
pub async fn run(arguments: &DoctorArguments) -> Outcome {
    let mut report = Report::default();
    match database_of(&arguments.database)? {
        Some(url) => check_database(&url, &mut report).await?,
        None => check_server(arguments, &mut report).await?,
    }
    report.print(arguments.asking.json)?;
    Ok(report.exit_code())
}

async fn check_server(arguments: &DoctorArguments, report: &mut Report) -> Result<(), Error> {
    let client = Client::new(&arguments.asking.server)?;
    let alive = match client.get_of_root("healthz").await {
        Ok(answer) => answer,
        Err(error) => {
            let hint = "where none runs, check its database alone: eventlease doctor --database-url URL";
            report.add("server", Standing::Failed, format!("{error}; {hint}"));
            return Ok(());
        }
    };
    let asked_at = here();
    let answer = client.get(&["health", "database"], &[]).await;
    let health = answer.and_then(|answer| Ok((answer.read::<Health>()?, answer.took)));
    let version = health.as_ref().ok().and_then(|(health, _)| health.version());
    report.add("server", Standing::Ok, told_of_server(&client, &alive, version));
    match client.get_of_root("readyz").await {
        Ok(_) => report.add("readiness", Standing::Ok, "the server is ready"),
        Err(error) => report.add("readiness", Standing::Failed, error.to_string()),
    }
    match health {
        Ok((health, took)) => {
            checks::of_own_clock(&health, asked_at, took, report);
            checks::of_health(&health, report);
        }
        Err(error) => report.add_error("database", &error),
    }
    queues::check(&client, report).await;
    Ok(())
}

/// The version stands in what only a token may read, so that it may be missing.
fn told_of_server(client: &Client, alive: &Answer, version: Option<&str>) -> String {
    let own = env!("CARGO_PKG_VERSION");
    let answered = format!("at {} answered in {} ms", client.base(), alive.took.as_millis());
    match version {
        Some(version) if version == own => format!("eventlease {version} {answered}"),
        Some(version) => format!("eventlease {version} {answered} (this program is {own})"),
        None => format!("eventlease {answered}"),
    }
}

/// The same checks, but for those of a server.
async fn check_database(url: &DatabaseUrl, report: &mut Report) -> Result<(), serde_json::Error> {
    match store::health::examine_url(url).await {
        Ok(found) => {
            report.add("database", Standing::Ok, format!("{url} answers"));
            let mut warnings = warnings::of_database(&found.database);
            warnings.extend(warnings::of_clock(&found.clock, "this machine's"));
            let health = json!({"warnings": warnings, "database": found.database, "clock": found.clock});
            checks::of_health(&serde_json::from_value(health)?, report);
        }
        Err(error) => {
            let told = super::outcome::with_causes(&error);
            report.add("database", Standing::Failed, format!("{url} cannot be examined: {told}"));
        }
    }
    Ok(())
}
