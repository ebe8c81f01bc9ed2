//! `peek`: what would be leased next, without leasing it.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use crate::cli::asking::Asking;
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::cli::table::{Column, Table};
use crate::cli::text::from_now;

/// The flags of `peek`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease peek dialogue --limit 3")]
pub struct PeekArguments {
    /// The queue.
    queue: String,

    /// With payloads; for --json.
    #[arg(long, requires = "json")]
    payload: bool,

    /// Events at most, in the order in which they would be leased.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Event {
    event_id: String,
    event_type: String,
    payload_bytes: i64,
    priority: i64,
    attempt: i64,
    is_suspect: bool,
    created_at: DateTime<Utc>,
    available_at: DateTime<Utc>,
}

const COLUMNS: [Column; 8] = [
    Column::Text("EVENT"),
    Column::Text("EVENT TYPE"),
    Column::Number("PRIORITY"),
    Column::Text("DUE"),
    Column::SpareNumber("ATTEMPTS"),
    Column::SpareText("SUSPECT"),
    Column::SpareText("CREATED"),
    Column::SpareNumber("BYTES"),
];

/// Shows the events that are next.
pub async fn peek(arguments: &PeekArguments) -> Outcome {
    let PeekArguments { queue, payload, limit, asking } = arguments;
    let query = [("include", payload.then(|| "payload".to_owned()))];
    let list = Client::new(&asking.server)?.list(&["queues", queue, "peek"], &query, *limit).await?;
    if asking.json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for event in list.read::<Event>()? {
        table.row([
            event.event_id,
            event.event_type,
            event.priority.to_string(),
            from_now(event.available_at, list.now),
            event.attempt.to_string(),
            if event.is_suspect { "yes" } else { "" }.to_owned(),
            from_now(event.created_at, list.now),
            event.payload_bytes.to_string(),
        ]);
    }
    table.print()?;
    list.say_what_is_missing("due event");
    Ok(ExitCode::SUCCESS)
}
