//! `engines`: who is registered, and what they hold; below, drained and resumed.

mod drain;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Answer, Client, Result};
use super::table::{Column, Facts, Table};
use super::text::{from_now, in_full};
use super::{Asking, Outcome, print_answer};
use crate::domain::json::object::member_named;
use crate::domain::json::string::JsonString;

const EXAMPLES: &str = "Examples:
  eventlease engines --engine-type dialogue --status unresponsive
  eventlease engines 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease engines drain --engine-type dialogue --engine-software-version 1.4.0";

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct EnginesArguments {
    #[command(subcommand)]
    command: Option<EnginesCommand>,

    /// One engine, in detail, with what it holds.
    #[arg(conflicts_with_all = ["engine_type", "status", "capability", "scenario_run_id", "engine_software_version"])]
    engine_id: Option<String>,

    /// Only of that type.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only in that status: active, draining or unresponsive.
    #[arg(long)]
    status: Option<String>,

    /// Only with that capability.
    #[arg(long)]
    capability: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// Only with that version.
    #[arg(long)]
    engine_software_version: Option<String>,

    /// Engines at most, the newest registrations first.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum EnginesCommand {
    /// Give engines no more events. They finish what they hold.
    Drain(drain::DrainArguments),
    /// Give engines events again that were drained.
    Resume(drain::ResumeArguments),
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Engine {
    engine_id: String,
    engine_type: String,
    status: String,
    last_heartbeat: Option<DateTime<Utc>>,
    current_workload: Option<i64>,
    leases_held: i64,
    scenario_run_id: Option<String>,
    metadata: Metadata,
    incarnation: i64,
    registered_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    last_poll_at: Option<DateTime<Utc>>,
    heartbeat_timeout_seconds: Option<i64>,
}

#[derive(Deserialize)]
struct Metadata {
    static_config: Box<RawValue>,
    dynamic_state: Box<RawValue>,
}

#[derive(Deserialize)]
struct Held {
    event_id: String,
    event_type: String,
    attempt: i64,
    lease: Lease,
}

#[derive(Deserialize)]
struct Lease {
    leased_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

const COLUMNS: [Column; 9] = [
    Column::Text("ENGINE"),
    Column::SpareText("TYPE"),
    Column::Text("STATUS"),
    Column::Number("HELD"),
    Column::Number("LIMIT"),
    Column::Text("LAST POLL"),
    Column::SpareText("LAST SEEN"),
    Column::SpareText("VERSION"),
    Column::SpareText("RUN"),
];

const HELD_COLUMNS: [Column; 5] = [
    Column::Text("HOLDS EVENT"),
    Column::SpareText("EVENT TYPE"),
    Column::SpareNumber("ATTEMPT"),
    Column::Text("LEASED"),
    Column::Text("EXPIRES"),
];

pub async fn run(arguments: &EnginesArguments) -> Outcome {
    match &arguments.command {
        Some(EnginesCommand::Drain(arguments)) => return drain::drain(arguments).await,
        Some(EnginesCommand::Resume(arguments)) => return drain::resume(arguments).await,
        None => {}
    }
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    if let Some(engine_id) = &arguments.engine_id {
        let answer = client.get(&["engines", engine_id], &[]).await?;
        if *json {
            return print_answer(&answer, true, |_| Ok(()));
        }
        facts(&answer)?.print()?;
        return print_held(&client, engine_id).await;
    }
    let query = [
        ("engine_type", arguments.engine_type.clone()),
        ("status", arguments.status.clone()),
        ("capability", arguments.capability.clone()),
        ("scenario_run_id", arguments.scenario_run_id.clone()),
        ("engine_software_version", arguments.engine_software_version.clone()),
    ];
    let list = client.list(&["engines"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&COLUMNS);
    for engine in list.read::<Engine>()? {
        table.row(engine.cells(list.now));
    }
    table.print()?;
    list.say_what_is_missing("engines");
    Ok(ExitCode::SUCCESS)
}

async fn print_held(client: &Client, engine_id: &str) -> Outcome {
    let list = client.list(&["engines", engine_id, "leases"], &[], u32::MAX).await?;
    let held: Vec<Held> = list.read()?;
    if held.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&HELD_COLUMNS);
    for Held { event_id, event_type, attempt, lease } in held {
        let (leased, expires) = (from_now(lease.leased_at, list.now), from_now(lease.expires_at, list.now));
        table.row([event_id, event_type, attempt.to_string(), leased, expires]);
    }
    table.print_below()?;
    Ok(ExitCode::SUCCESS)
}

impl Engine {
    fn static_text(&self, path: &[&str]) -> Option<String> {
        let found = path.iter().try_fold(&*self.metadata.static_config, |json, name| member_named(json, name))?;
        Some(JsonString::decode(found).map_or_else(|| found.get().to_owned(), |text| text.storable(usize::MAX)))
    }

    fn version(&self) -> Option<String> {
        self.static_text(&["engine_software_version"])
    }

    fn limit(&self) -> Option<String> {
        self.static_text(&["resource_limits", "max_concurrent_events"])
    }

    fn cells(self, now: DateTime<Utc>) -> [String; 9] {
        let nothing = || "-".to_owned();
        [
            self.engine_id.clone(),
            self.engine_type.clone(),
            self.status.clone(),
            self.leases_held.to_string(),
            self.limit().unwrap_or_else(nothing),
            self.last_poll_at.map_or_else(|| "never".to_owned(), |at| from_now(at, now)),
            from_now(self.last_seen_at, now),
            self.version().unwrap_or_else(nothing),
            self.scenario_run_id.unwrap_or_else(nothing),
        ]
    }
}

fn facts(answer: &Answer) -> Result<Facts> {
    let engine: Engine = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let mut facts = Facts::default();
    facts
        .add("engine", engine.engine_id.clone())
        .add("type", engine.engine_type.clone())
        .add("status", engine.status.clone())
        .add("leases held", engine.leases_held.to_string())
        .add("limit", engine.limit().unwrap_or_else(|| "none".to_owned()))
        .add_some("own workload", engine.current_workload.map(|workload| workload.to_string()))
        .add_some("version", engine.version())
        .add_some("scenario run", engine.scenario_run_id.clone())
        .add("registered", at(engine.registered_at))
        .add("incarnation", engine.incarnation.to_string())
        .add("last seen", at(engine.last_seen_at))
        .add("last heartbeat", engine.last_heartbeat.map_or("never".to_owned(), at))
        .add("last poll", engine.last_poll_at.map_or("never".to_owned(), at))
        .add(
            "judged by",
            match engine.heartbeat_timeout_seconds {
                Some(seconds) if engine.last_heartbeat.is_none() => {
                    format!("its calls, after {seconds} s of silence; its leases end when they expire")
                }
                Some(seconds) => format!("its calls, after {seconds} s of silence; its leases end then"),
                None => "its leases alone".to_owned(),
            },
        )
        .add("static config", engine.metadata.static_config.get().to_owned())
        .add("dynamic state", engine.metadata.dynamic_state.get().to_owned());
    Ok(facts)
}
