//! What an engine says of itself in a heartbeat, and what it is answered.

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
use crate::domain::settlement::Renewal;

/// A heartbeat, checked.
#[derive(Debug, Default)]
pub struct Heartbeat {
    /// The engine's, which must be the registered one; `None`: it does not say.
    pub incarnation: Option<i32>,
    /// Events the engine says it works on, for operators to read; `None` if it does not say.
    pub current_workload: Option<u32>,
    /// An object of members to set in the dynamic state; `null` removes one.
    pub dynamic_state: Option<RawJson>,
    /// To set in the dynamic state, after those.
    pub resource_utilization: Option<RawJson>,
    /// An event may occur once.
    pub leases: Vec<HeldLease>,
}

/// A lease that the engine says it holds, to be renewed.
#[derive(Debug)]
pub struct HeldLease {
    /// The event it works on.
    pub event_id: EventId,
    /// The token that was given with the lease.
    pub lease_token: LeaseToken,
    /// Stored with the attempt; `None` leaves what is stored.
    pub progress: Option<SentJson>,
}

/// The reply to a heartbeat.
#[derive(Debug)]
pub struct HeartbeatAnswer {
    /// The engine's status after this heartbeat.
    pub status: EngineStatus,
    /// What the engine should do next.
    pub command: Command,
    /// One for each lease that was listed.
    pub leases: Vec<LeaseAnswer>,
}

/// What became of a lease that a heartbeat listed.
#[derive(Debug)]
pub struct LeaseAnswer {
    /// The event whose lease it is.
    pub event_id: EventId,
    /// Renewed, or lost.
    pub verdict: LeaseVerdict,
}

/// The outcome of renewing a listed lease.
#[derive(Debug)]
pub enum LeaseVerdict {
    /// It was held by this engine.
    Renewed(Renewal),
    /// `None`: there never was such a lease of that event.
    Lost {
        /// How the lease ended.
        ended_by: Option<Outcome>,
    },
}

impl Heartbeat {
    /// What it takes up in a batch: one row, one more for each lease, and the bytes of its JSON.
    pub fn size(&self) -> Size {
        let of_state = self.dynamic_state.iter().chain(&self.resource_utilization).map(|json| json.get().len());
        let of_progress = self.leases.iter().filter_map(|lease| lease.progress.as_ref()).map(|json| json.get().len());
        Size { rows: 1 + self.leases.len(), bytes: of_state.chain(of_progress).sum() }
    }

    /// The engine's id and those of its events; no other request in the same batch may have one of them.
    pub fn touches(&self, engine_id: EngineId) -> Vec<Uuid> {
        std::iter::once(engine_id.0).chain(self.leases.iter().map(|lease| lease.event_id.0)).collect()
    }

    /// Nothing has to be read before it can be written.
    pub const fn is_plain(&self) -> bool {
        !self.changes_state() && self.leases.is_empty()
    }

    /// The engine's stored `dynamic_state` has to be read and merged.
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
