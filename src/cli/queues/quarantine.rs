//! `queues quarantine`, `queues quarantines` and `queues lift`: versions of engines that are given nothing.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::queue::{Quarantine, version_in_words, warn_if_new};
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::cli::table::{Column, Facts, Table};
use crate::cli::text::{from_now, in_full};

/// The version that is meant, or engines without one.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Which {
    /// Engines with that version.
    #[arg(long)]
    engine_software_version: Option<String>,

    /// Engines that register no version.
    #[arg(long)]
    without_version: bool,
}

/// The flags of `queues quarantine`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  eventlease queues quarantine dialogue --engine-software-version 1.4.0 --reason \"wrong language\""
)]
pub struct QuarantineArguments {
    /// The queue. One that does not exist is made.
    queue: String,

    #[command(flatten)]
    which: Which,

    /// Why; the queue's report shows it.
    #[arg(long)]
    reason: String,

    /// Seconds after which it is lifted by itself.
    #[arg(long)]
    lift_after_seconds: Option<u32>,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `queues quarantines`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease queues quarantines dialogue")]
pub struct QuarantinesArguments {
    /// The queue.
    queue: String,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `queues lift`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease queues lift dialogue --engine-software-version 1.4.0")]
pub struct LiftArguments {
    /// The queue.
    queue: String,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    asking: Asking,
}

/// The reply of `GET /queues/{engine_type}/quarantines`.
#[derive(Deserialize)]
struct Quarantines {
    items: Vec<Quarantine>,
}

const COLUMNS: [Column; 5] = [
    Column::Text("VERSION"),
    Column::Text("SINCE"),
    Column::Text("ENDS"),
    Column::SpareText("BY"),
    Column::Text("REASON"),
];

fn cells(quarantine: Quarantine, now: DateTime<Utc>) -> [String; 5] {
    [
        quarantine.version(),
        from_now(quarantine.since, now),
        quarantine.end(|at| from_now(at, now)),
        quarantine.by.unwrap_or_else(|| "-".to_owned()),
        quarantine.reason,
    ]
}

/// Quarantines the version: its engines get no more events of the queue.
pub async fn quarantine(arguments: &QuarantineArguments) -> Outcome {
    let QuarantineArguments { queue, which, reason, lift_after_seconds, asking } = arguments;
    let client = Client::new(&asking.server)?;
    warn_if_new(&client, queue).await?;
    let mut body = Map::new();
    body.insert("engine_software_version".to_owned(), json!(which.engine_software_version));
    body.insert("reason".to_owned(), json!(reason));
    if let Some(seconds) = lift_after_seconds {
        body.insert("lift_after_seconds".to_owned(), json!(seconds));
    }
    let answer = client.post(&["queues", queue, "quarantines"], &Value::Object(body)).await?;
    print_answer(&answer, asking.json, |answer| {
        let made: Quarantine = answer.read()?;
        let mut told = Facts::default();
        told.add("quarantined", made.version())
            .add("ends", made.end(|at| in_full(at, answer.now)))
            .add("reason", made.reason);
        Ok(told.print()?)
    })
}

/// Shows the quarantines of a queue.
pub async fn list(arguments: &QuarantinesArguments) -> Outcome {
    let QuarantinesArguments { queue, asking } = arguments;
    let answer = Client::new(&asking.server)?.get(&["queues", queue, "quarantines"], &[]).await?;
    print_answer(&answer, asking.json, |answer| {
        let mut table = Table::new(COLUMNS);
        for quarantine in answer.read::<Quarantines>()?.items {
            table.row(cells(quarantine, answer.now));
        }
        Ok(table.print()?)
    })
}

/// Lifts a quarantine: engines of the version get events again.
pub async fn lift(arguments: &LiftArguments) -> Outcome {
    let LiftArguments { queue, which, asking } = arguments;
    let client = Client::new(&asking.server)?;
    let query = [
        ("engine_software_version", which.engine_software_version.clone()),
        ("without_version", which.without_version.then(|| "true".to_owned())),
    ];
    let answer = client.delete_by(&["queues", queue, "quarantines"], &query).await?;
    print_answer(&answer, asking.json, |_| {
        let mut told = Facts::default();
        told.add("lifted", version_in_words(which.engine_software_version.as_deref()));
        Ok(told.print()?)
    })
}
