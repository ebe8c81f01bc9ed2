//! Something to see to, and the stable code that programs know it by.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::database_health::warnings::{Warning, WarningCode};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::words::words;

/// The stable codes, in the order in which items of one severity and age are listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, ToSchema)]
#[schema(as = AttentionCode)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The database slows the queue down, or endangers it.
    Database,
    /// Events are due, and no engine is active.
    NobodyWorks,
    /// Most attempts fail or are lost.
    Dying,
    /// The oldest due event has waited for long, and waits longer and longer.
    FallingBehind,
    /// An event was lost in silence again and again.
    Poison,
    /// Engines count as active and ask for no work.
    Zombies,
    /// Far more events died than usual.
    DeadLettersNew,
    /// A queue has been paused for long, with no end.
    PausedLong,
    /// A version of engines is given nothing.
    VersionQuarantined,
}

words!(Code {
    Database = "database",
    NobodyWorks = "nobody_works",
    Dying = "dying",
    FallingBehind = "falling_behind",
    Poison = "poison",
    Zombies = "zombies",
    DeadLettersNew = "dead_letters_new",
    PausedLong = "paused_long",
    VersionQuarantined = "version_quarantined",
});

/// How urgent something is, the most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, ToSchema)]
#[schema(as = AttentionSeverity)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Work is not done, or fails.
    Critical,
    /// Work is late, or will fail.
    Warning,
    /// Somebody decided it and may have forgotten it.
    Notice,
}

/// What an item is about.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, Serialize, ToSchema)]
#[schema(as = AttentionSubject)]
pub struct Subject {
    /// The queue; null: the whole service.
    pub engine_type: Option<String>,
    /// The event, where it is about one.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub event_id: Option<EventId>,
    /// The engine, where it is about one.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub engine_id: Option<EngineId>,
    /// The version of engines, where it is about one.
    pub engine_software_version: Option<String>,
    /// The database's warning, where it is about one.
    pub database_warning: Option<WarningCode>,
    /// What that warning is about, where the database can have several of the kind: a table, or who holds an old snapshot.
    pub database_object: Option<String>,
}

impl Subject {
    /// A queue.
    pub fn queue(engine_type: &str) -> Self {
        Self { engine_type: Some(engine_type.to_owned()), ..Self::default() }
    }

    /// A warning about the database.
    pub fn warning(warning: &Warning) -> Self {
        Self { database_warning: Some(warning.code), database_object: warning.object.clone(), ..Self::default() }
    }
}

/// Something that somebody should see to.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What it is, for programs.
    pub code: Code,
    /// How urgent it is.
    pub severity: Severity,
    /// What it is, for people.
    pub message: String,
    /// What to do about it, for people.
    pub what_to_do: String,
    /// What it is about.
    pub subject: Subject,
    /// Since when it has been so; `None`: since it was first seen.
    pub since: Option<DateTime<Utc>>,
    /// How many events, engines or attempts it is about.
    pub count: i64,
}
