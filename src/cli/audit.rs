//! `audit`: what operators and admins changed.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::asking::Asking;
use super::client::Client;
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::from_now;

const EXAMPLES: &str = "Examples:
  eventlease audit --subject dialogue
  eventlease audit --action redrive_dead_letters --recorded-after 2030-01-31T12:00:00Z";

/// The flags of `audit`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct AuditArguments {
    /// Only what was done by that name: a token's, or anonymous, database, `first start`.
    #[arg(long)]
    actor: Option<String>,

    /// Only that operation, like `pause_queue`.
    #[arg(long)]
    action: Option<String>,

    /// Only what was done to that: the id or name of an event, engine, queue, event type, run or token.
    #[arg(long)]
    subject: Option<String>,

    /// Only from then on, like 2030-01-31T12:00:00Z.
    #[arg(long)]
    recorded_after: Option<String>,

    /// Only before then.
    #[arg(long)]
    recorded_before: Option<String>,

    /// Entries at most, the newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Entry {
    recorded_at: DateTime<Utc>,
    actor: String,
    role: Option<String>,
    address: Option<String>,
    via: Option<String>,
    action: String,
    subject: String,
    details: Box<RawValue>,
}

const COLUMNS: [Column; 8] = [
    Column::Text("WHEN"),
    Column::Text("ACTOR"),
    Column::Text("ACTION"),
    Column::Text("SUBJECT"),
    Column::SpareText("ROLE"),
    Column::SpareText("ADDRESS"),
    Column::SpareText("VIA"),
    Column::SpareText("DETAILS"),
];

/// Carries out the command.
pub async fn run(arguments: &AuditArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let query = [
        ("actor", arguments.actor.clone()),
        ("action", arguments.action.clone()),
        ("subject", arguments.subject.clone()),
        ("recorded_after", arguments.recorded_after.clone()),
        ("recorded_before", arguments.recorded_before.clone()),
    ];
    let list = Client::new(server)?.list(&["audit"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for entry in list.read::<Entry>()? {
        let nothing = || "-".to_owned();
        table.row([
            from_now(entry.recorded_at, list.now),
            entry.actor,
            entry.action,
            entry.subject,
            entry.role.unwrap_or_else(nothing),
            entry.address.unwrap_or_else(nothing),
            entry.via.unwrap_or_else(nothing),
            entry.details.get().to_owned(),
        ]);
    }
    table.print()?;
    list.say_what_is_missing("entry");
    Ok(ExitCode::SUCCESS)
}
