//! `dead-letters groups`: what they died of, and which versions fail more often than others.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use super::filter::Filter;
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::cli::table::{Column, Table};
use crate::cli::text::from_now;
use crate::domain::counted::counted;
use crate::output;

/// Versions in the table below the groups; the JSON has all.
const MAX_VERSIONS: usize = 10;

/// The flags of `dead-letters groups`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease dead-letters groups --by engine_type,error_type")]
pub struct GroupsArguments {
    /// Any of `engine_type,reason,event_type,error_type,error_fingerprint,engine_software_version`.
    #[arg(long, default_value = "engine_type,reason,error_type,error_fingerprint,engine_software_version")]
    by: String,

    /// Groups at most; for --json, the server says how many.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    filter: Filter,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
    has_more: bool,
    /// A server of an older version does not say it.
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Group {
    engine_type: Option<String>,
    reason: Option<String>,
    event_type: Option<String>,
    error_type: Option<String>,
    error_fingerprint: Option<String>,
    engine_software_version: Option<String>,
    count: i64,
    redrivable: i64,
    first_dead_lettered_at: DateTime<Utc>,
    last_dead_lettered_at: DateTime<Utc>,
    sample_event_id: String,
    sample_message: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    engine_type: String,
    #[serde(rename = "engine_software_version")]
    software: Option<String>,
    attempts: i64,
    failed: i64,
    lost: i64,
    failure_ratio: f64,
    is_enough: bool,
}

/// Each column, with what the letters have to be grouped by for it to be shown.
const COLUMNS: [(Column, Option<&str>); 11] = [
    (Column::Text("FINGERPRINT"), Some("error_fingerprint")),
    (Column::Number("COUNT"), None),
    (Column::Text("QUEUE"), Some("engine_type")),
    (Column::SpareText("VERSION"), Some("engine_software_version")),
    (Column::SpareText("REASON"), Some("reason")),
    (Column::SpareText("EVENT TYPE"), Some("event_type")),
    (Column::Text("LAST"), None),
    (Column::SpareText("FIRST"), None),
    (Column::SpareNumber("REDRIVABLE"), None),
    (Column::SpareText("FOR EXAMPLE"), None),
    (Column::Text("ERROR"), None),
];

const VERSION_COLUMNS: [Column; 6] = [
    Column::Text("QUEUE"),
    Column::Text("VERSION"),
    Column::Number("ATTEMPTS"),
    Column::Number("FAILED"),
    Column::Number("LOST"),
    Column::Text("NOT COMPLETED"),
];

/// Carries out the command.
pub async fn groups(arguments: &GroupsArguments) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    let mut query = arguments.filter.query();
    query.push(("by", Some(arguments.by.clone())));
    let answer = client.get(&["dead-letters", "groups"], &query).await?;
    print_answer(&answer, arguments.asking.json, |answer| {
        let Groups { items, has_more, versions } = answer.read()?;
        let (count, limit) = (items.len(), arguments.limit as usize);
        let is_shown =
            |needed: Option<&str>| needed.is_none_or(|needed| arguments.by.split(',').any(|by| by == needed));
        let shown: Vec<bool> = COLUMNS.iter().map(|(_, needed)| is_shown(*needed)).collect();
        let columns = COLUMNS.iter().zip(&shown).filter(|(_, is_shown)| **is_shown).map(|((column, _), _)| *column);
        let mut table = Table::new(columns);
        for group in items.into_iter().take(limit) {
            let cells = group.cells(answer.now).into_iter().zip(&shown);
            table.row(cells.filter(|(_, is_shown)| **is_shown).map(|(cell, _)| cell));
        }
        table.print()?;
        if count == 0 {
            output::say("no dead letters");
        } else if has_more || count > limit {
            output::say("the largest groups; there are more");
        }
        print_versions(versions)
    })
}

fn print_versions(versions: Vec<Version>) -> Result<(), Box<dyn std::error::Error>> {
    if versions.is_empty() {
        return Ok(());
    }
    let left_out = versions.len().saturating_sub(MAX_VERSIONS);
    let mut table = Table::new(VERSION_COLUMNS);
    for version in versions.into_iter().take(MAX_VERSIONS) {
        table.row(version.cells());
    }
    table.print_below()?;
    if left_out > 0 {
        let more = counted(left_out, "version");
        output::say(format_args!("{more} more with fewer attempts: see --json"));
    }
    Ok(())
}

impl Group {
    fn cells(self, now: DateTime<Utc>) -> [String; 11] {
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let error = match (self.error_type, self.sample_message) {
            (Some(kind), Some(message)) => format!("{kind}: {message}"),
            (kind, message) => message.or(kind).unwrap_or_else(|| "leases lost without a report".to_owned()),
        };
        [
            or_nothing(self.error_fingerprint),
            self.count.to_string(),
            or_nothing(self.engine_type),
            or_nothing(self.engine_software_version),
            or_nothing(self.reason),
            or_nothing(self.event_type),
            from_now(self.last_dead_lettered_at, now),
            from_now(self.first_dead_lettered_at, now),
            self.redrivable.to_string(),
            self.sample_event_id,
            error,
        ]
    }
}

impl Version {
    fn cells(self) -> [String; 6] {
        [
            self.engine_type,
            self.software.unwrap_or_else(|| "-".to_owned()),
            self.attempts.to_string(),
            self.failed.to_string(),
            self.lost.to_string(),
            if self.is_enough { format!("{:.1} %", 100.0 * self.failure_ratio) } else { "too few to say".to_owned() },
        ]
    }
}
