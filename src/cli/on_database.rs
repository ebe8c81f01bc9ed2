//! What `migrate` and `after-restore` share: they work on the database itself, without a server.

use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::outcome::Outcome;
use crate::app::{self, Database, Signals};
use crate::config::DatabaseConfig;
use crate::output;

/// After a signal, for what is under way to be undone.
const STOPPING_PATIENCE: Duration = Duration::from_secs(30);

/// Opens the database, does the work, and closes it also where the work failed: a private cluster is stopped then. A signal undoes
/// the transaction that is under way, and `interrupted` is printed.
pub async fn on_database(
    config: &DatabaseConfig,
    interrupted: &str,
    work: impl AsyncFnOnce(&Database) -> Outcome,
) -> Outcome {
    // Before all else: without it, a process with the id 1 is not ended by them.
    let mut signals = Signals::receive()?;
    let stop = CancellationToken::new();
    let work = Box::pin(async {
        let Some(database) = Database::open(config, &stop).await? else { return Ok(None) };
        let done = stop.run_until_cancelled(work(&database)).await;
        database.close().await?;
        done.transpose()
    });
    match app::until_signal(&mut signals, &stop, STOPPING_PATIENCE, work).await {
        Some(Ok(Some(code))) => Ok(code),
        Some(Ok(None)) => {
            output::say(interrupted);
            Ok(ExitCode::FAILURE)
        }
        Some(Err(error)) => Err(error),
        None => Ok(ExitCode::FAILURE),
    }
}
