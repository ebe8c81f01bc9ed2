//! What an engine says of itself in a heartbeat, and what it is answered.

use std::time::Duration;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::batching::Size;
use crate::dispatch::Arrival;
use crate::domain::engine::HoldingOffChange;
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::object::{Member, members};
use crate::domain::json::string::JsonString;
use crate::domain::json::{RawJson, SentJson};
use crate::domain::merge_patch;
use crate::domain::orders::Orders;
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
    /// What it says of holding off, if it says anything.
    pub holding_off: Option<HoldingOffChange>,
    /// An event may occur once.
    pub leases: Vec<HeldLease>,
    /// How long the reply may wait for something to tell.
    pub wait: Duration,
}

/// A lease that the engine says it holds.
#[derive(Debug)]
pub struct HeldLease {
    /// The event it works on.
    pub event_id: EventId,
    /// The token that was given with the lease.
    pub lease_token: LeaseToken,
    /// It is to be renewed; else the engine only asks whether it still holds.
    pub is_to_be_renewed: bool,
    /// Stored with the attempt; `None` leaves what is stored.
    pub progress: Option<SentJson>,
}

/// The reply to a heartbeat.
#[derive(Debug)]
pub struct HeartbeatAnswer {
    /// The queue that the engine leases from.
    pub engine_type: String,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
    /// How the engine stands.
    pub orders: Orders,
    /// One for each lease that was listed.
    pub leases: Vec<LeaseAnswer>,
}

/// A heartbeat that was written, and may yet wait for its answer.
#[derive(Debug)]
pub struct WrittenHeartbeat {
    /// Whose it is.
    pub engine_id: EngineId,
    /// As it named itself; `None`: it did not.
    pub incarnation: Option<i32>,
    /// When it came, beside others of its engine.
    pub arrival: Arrival,
    /// How long it may wait.
    pub wait: Duration,
    /// What there was to answer when it was written.
    pub answer: HeartbeatAnswer,
}

/// What became of a lease that a heartbeat listed.
#[derive(Debug)]
pub struct LeaseAnswer {
    /// The event whose lease it is.
    pub event_id: EventId,
    /// Renewed, held or lost.
    pub verdict: LeaseVerdict,
}

/// How a listed lease stands.
#[derive(Debug)]
pub enum LeaseVerdict {
    /// It was held by this engine.
    Renewed(Renewal),
    /// It is held by this engine, which did not ask for more.
    Held(Renewal),
    /// `None`: there never was such a lease of that event.
    Lost {
        /// How the lease ended.
        ended_by: Option<Outcome>,
    },
}

impl HeartbeatAnswer {
    /// The answer after some time, in which nothing was renewed. What somebody wants cancelled by then is told with the leases too.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        let to_cancel = &self.orders.events_to_cancel;
        for lease in &mut self.leases {
            if let LeaseVerdict::Renewed(renewal) | LeaseVerdict::Held(renewal) = &mut lease.verdict {
                renewal.expires_in_seconds = (renewal.expires_in_seconds - elapsed.as_secs_f64()).max(0.0);
                renewal.is_cancel_requested |= to_cancel.contains(&lease.event_id);
            }
        }
        self
    }
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
        !self.changes_state() && self.leases.is_empty() && self.holding_off.is_none()
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
