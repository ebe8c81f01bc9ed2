//! What an engine says of itself in a heartbeat, and what it is answered.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::batching::Size;
use crate::domain::engine::{Command, EngineStatus};
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::object::{Member, members};
use crate::domain::json::string::JsonString;
use crate::domain::json::{RawJson, SentJson};
use crate::domain::merge_patch;

/// A heartbeat, checked.
#[derive(Debug, Default)]
pub struct Heartbeat {
    pub current_workload: Option<u32>,
    /// An object of members to set in the dynamic state; `null` removes one.
    pub dynamic_state: Option<RawJson>,
    /// To set in the dynamic state, after those.
    pub resource_utilization: Option<RawJson>,
    /// An event may occur once.
    pub leases: Vec<HeldLease>,
}

#[derive(Debug)]
pub struct HeldLease {
    pub event_id: EventId,
    pub lease_token: LeaseToken,
    pub progress: Option<SentJson>,
}

#[derive(Debug)]
pub struct HeartbeatAnswer {
    pub status: EngineStatus,
    pub command: Command,
    pub leases: Vec<LeaseAnswer>,
}

#[derive(Debug)]
pub struct LeaseAnswer {
    pub event_id: EventId,
    pub verdict: LeaseVerdict,
}

#[derive(Debug)]
pub enum LeaseVerdict {
    Renewed {
        expires_at: DateTime<Utc>,
        expires_in_seconds: f64,
        is_cancel_requested: bool,
    },
    /// `None`: there never was such a lease of that event.
    Lost {
        ended_by: Option<Outcome>,
    },
}

impl Heartbeat {
    pub fn size(&self) -> Size {
        let of_state = self.dynamic_state.iter().chain(&self.resource_utilization).map(|json| json.get().len());
        let of_progress = self.leases.iter().filter_map(|lease| lease.progress.as_ref()).map(|json| json.get().len());
        Size { rows: 1 + self.leases.len(), bytes: of_state.chain(of_progress).sum() }
    }

    pub fn touches(&self, engine_id: EngineId) -> Vec<Uuid> {
        std::iter::once(engine_id.0).chain(self.leases.iter().map(|lease| lease.event_id.0)).collect()
    }

    /// Nothing has to be read before it can be written.
    pub const fn is_plain(&self) -> bool {
        !self.changes_state() && self.leases.is_empty()
    }

    pub const fn changes_state(&self) -> bool {
        self.dynamic_state.is_some() || self.resource_utilization.is_some()
    }

    /// The dynamic state as it is after this heartbeat.
    pub fn merged_into(&self, dynamic_state: &RawValue) -> String {
        let mut changes = self.dynamic_state.as_deref().and_then(members).unwrap_or_default();
        changes.extend(self.resource_utilization.as_deref().map(|value| Member {
            name: JsonString::from("resource_utilization"),
            spelling: "\"resource_utilization\"",
            value,
        }));
        merge_patch::set_members(dynamic_state, &changes)
    }
}
