//! `doctor`: checks a server and its database, and says what to do.

mod checks;
mod report;

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::client::{Answer, Client, Error, here};
use super::{Asking, Outcome, database_of};
use crate::config::{DatabaseUrl, DirectDatabase};
use crate::domain::database_health::warnings;
use crate::store;
use checks::Health;
use report::{Report, Standing};

#[derive(Args, Debug)]
pub struct DoctorArguments {
    #[command(flatten)]
    database: DirectDatabase,

    #[command(flatten)]
    asking: Asking,
}

/// Ends with a failure where a check failed; warnings are none.
pub async fn run(arguments: &DoctorArguments) -> Outcome {
    let mut report = Report::default();
    match database_of(&arguments.database)? {
        Some(url) => check_database(&url, &mut report).await?,
        None => check_server(arguments, &mut report).await?,
    }
    report.print(arguments.asking.json)?;
    Ok(if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn check_server(arguments: &DoctorArguments, report: &mut Report) -> Result<(), Error> {
    let client = Client::new(&arguments.asking.server)?;
    match client.get_of_root("healthz").await {
        Ok(answer) => report.add("server", Standing::Ok, told_of_server(&client, &answer)?),
        Err(error) => {
            let hint = "where none runs, check its database alone: eventlease doctor --database-url URL";
            report.add("server", Standing::Failed, format!("{error}; {hint}"));
            return Ok(());
        }
    }
    match client.get_of_root("readyz").await {
        Ok(_) => report.add("readiness", Standing::Ok, "the server is ready"),
        Err(error) => report.add("readiness", Standing::Failed, error.to_string()),
    }
    let asked_at = here();
    let answer = client.get(&["health", "database"], &[]).await;
    match answer.and_then(|answer| Ok((answer.read::<Health>()?, answer.took))) {
        Ok((health, took)) => {
            checks::of_own_clock(&health, asked_at, took, report);
            checks::of_health(&health, report);
        }
        Err(error) => report.add("database", Standing::Failed, error.to_string()),
    }
    Ok(())
}

fn told_of_server(client: &Client, answer: &Answer) -> Result<String, Error> {
    let health: Value = answer.read()?;
    let version = health["version"].as_str().unwrap_or("of an unknown version");
    let own = env!("CARGO_PKG_VERSION");
    let beside = if version == own { String::new() } else { format!(" (this program is {own})") };
    Ok(format!("eventlease {version} at {} answered in {} ms{beside}", client.base(), answer.took.as_millis()))
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
            let told = super::with_causes(&error);
            report.add("database", Standing::Failed, format!("{url} cannot be examined: {told}"));
        }
    }
    Ok(())
}
