//! An engine as the server describes it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::client::{Answer, Result};
use crate::cli::table::Facts;
use crate::cli::text::{from_now, in_full};
use crate::domain::json::object::member_named;
use crate::domain::json::string::JsonString;

/// An item of `GET /engines`, or one engine.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Engine {
    /// Its id.
    pub engine_id: String,
    /// The queue that it is for.
    pub engine_type: String,
    /// `active`, `draining` or `unresponsive`; a later server may know others.
    pub status: String,
    last_heartbeat: Option<DateTime<Utc>>,
    current_workload: Option<i64>,
    /// Events that it holds.
    pub leases_held: i64,
    scenario_run_id: Option<String>,
    metadata: Metadata,
    incarnation: i64,
    registered_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    last_poll_at: Option<DateTime<Utc>>,
    heartbeat_timeout_seconds: Option<i64>,
    // Servers of earlier versions say none of these.
    drain: Option<Drain>,
    holding_off: Option<HoldingOff>,
    #[serde(default)]
    is_quarantined: bool,
}

#[derive(Deserialize)]
struct Drain {
    reason: Option<String>,
    then: String,
    since: DateTime<Utc>,
}

#[derive(Deserialize)]
struct HoldingOff {
    until: DateTime<Utc>,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    static_config: Box<RawValue>,
    dynamic_state: Box<RawValue>,
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

    /// With why it is given nothing where it is active.
    fn status_in_short(&self) -> String {
        match (self.is_quarantined, &self.holding_off) {
            (true, _) => format!("{}, quarantined", self.status),
            (false, Some(_)) => format!("{}, holds off", self.status),
            (false, None) => self.status.clone(),
        }
    }

    /// Its line in the table of all engines.
    pub fn cells(self, now: DateTime<Utc>) -> [String; 9] {
        let nothing = || "-".to_owned();
        [
            self.engine_id.clone(),
            self.engine_type.clone(),
            self.status_in_short(),
            self.leases_held.to_string(),
            self.last_poll_at.map_or_else(|| "never".to_owned(), |at| from_now(at, now)),
            self.limit().unwrap_or_else(nothing),
            from_now(self.last_seen_at, now),
            self.version().unwrap_or_else(nothing),
            self.scenario_run_id.unwrap_or_else(nothing),
        ]
    }
}

/// All there is to know of one engine.
pub fn facts(answer: &Answer) -> Result<Facts> {
    let engine: Engine = answer.read()?;
    let at = |time| in_full(time, answer.now);
    let mut facts = Facts::default();
    facts
        .add("engine", engine.engine_id.clone())
        .add("type", engine.engine_type.clone())
        .add("status", engine.status.clone())
        .add_some("draining since", engine.drain.as_ref().map(|drain| at(drain.since)))
        .add_some("drained because", engine.drain.as_ref().and_then(|drain| drain.reason.clone()))
        .add_some("then", engine.drain.as_ref().map(|drain| drain.then.clone()))
        .add_some(
            "holds off",
            engine.holding_off.as_ref().map(|held| format!("until {}: {}", at(held.until), held.reason)),
        )
        .add_some("quarantined", engine.is_quarantined.then_some("yes, its version: it gets no events"))
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
