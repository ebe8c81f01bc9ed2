//! Heartbeats: what an engine says of itself, and the renewal of the leases it lists.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::broker::coalesce::{self, Answers, Size, Verb};
use crate::broker::{Broker, Error, Result, commit};
use crate::domain::engine::{Command, EngineStatus};
use crate::domain::event::Outcome;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::object::{Member, members};
use crate::domain::json::string::JsonString;
use crate::domain::json::{RawJson, SentJson};
use crate::domain::merge_patch;
use crate::store;
use crate::store::engines::beat::{Beat, Beaten, Locked};
use crate::store::open_events::{self, Locking, OpenEvent, Renewed};

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
    pub fate: LeaseFate,
}

#[derive(Debug)]
pub enum LeaseFate {
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

/// Heartbeats of several engines, taken with one commit.
#[derive(Debug)]
pub struct Beating;

impl Verb for Beating {
    type Item = (EngineId, Heartbeat);
    type Answer = HeartbeatAnswer;

    const KIND: &'static str = "heartbeats";

    fn alone(broker: &Broker) -> &Semaphore {
        &broker.heartbeats_alone
    }

    fn size((_, heartbeat): &Self::Item) -> Size {
        let of_state =
            heartbeat.dynamic_state.iter().chain(&heartbeat.resource_utilization).map(|json| json.get().len());
        let of_progress =
            heartbeat.leases.iter().filter_map(|lease| lease.progress.as_ref()).map(|json| json.get().len());
        Size { rows: 1 + heartbeat.leases.len(), bytes: of_state.chain(of_progress).sum() }
    }

    fn touches((engine_id, heartbeat): &Self::Item) -> impl Iterator<Item = Uuid> {
        std::iter::once(engine_id.0).chain(heartbeat.leases.iter().map(|lease| lease.event_id.0))
    }

    async fn run(broker: &Broker, items: &[Arc<Self::Item>]) -> Result<Answers<Self>> {
        // Alone, it waits for whoever holds its row.
        let locking = if items.len() > 1 { Locking::SkipLocked } else { Locking::Wait };
        if locking == Locking::SkipLocked && items.iter().all(|item| item.1.is_plain()) {
            return broker.beat_plainly(items).await;
        }
        broker.beat_together(items, locking).await
    }
}

impl Heartbeat {
    /// Nothing has to be read before it can be written.
    const fn is_plain(&self) -> bool {
        !self.changes_state() && self.leases.is_empty()
    }

    const fn changes_state(&self) -> bool {
        self.dynamic_state.is_some() || self.resource_utilization.is_some()
    }

    /// The dynamic state as it is after this heartbeat.
    fn merged_into(&self, dynamic_state: &RawValue) -> String {
        let mut changes = self.dynamic_state.as_deref().and_then(members).unwrap_or_default();
        changes.extend(self.resource_utilization.as_deref().map(|value| Member {
            name: JsonString::from("resource_utilization"),
            spelling: "\"resource_utilization\"",
            value,
        }));
        merge_patch::set_members(dynamic_state, &changes)
    }
}

impl Broker {
    /// Takes a heartbeat, and renews the leases it lists.
    pub async fn heartbeat(self: &Arc<Self>, engine_id: EngineId, heartbeat: Heartbeat) -> Result<HeartbeatAnswer> {
        coalesce::submit(self, |lanes| &lanes.heartbeats, Arc::new((engine_id, heartbeat))).await
    }

    async fn beat_plainly(&self, items: &[Arc<(EngineId, Heartbeat)>]) -> Result<Answers<Beating>> {
        let beats: Vec<Beat<'_>> = items.iter().map(|item| self.beat_of(item.0, &item.1, None)).collect();
        let mut connection = self.connection().await?;
        let beaten = self.by_engine(store::engines::beat::beat(&mut connection, &beats).await?);
        Ok(items.iter().map(|item| Some(Ok(answer(beaten.get(&item.0)?, Vec::new())))).collect())
    }

    async fn beat_together(&self, items: &[Arc<(EngineId, Heartbeat)>], locking: Locking) -> Result<Answers<Beating>> {
        let mut transaction = self.begin().await?;
        let ids: Vec<EngineId> = items.iter().map(|item| item.0).collect();
        let locked = store::engines::beat::lock(&mut transaction, &ids, locking).await?;
        let locked: HashMap<EngineId, Locked> = locked.into_iter().map(|engine| (engine.engine_id, engine)).collect();
        let mut answers: Answers<Beating> = Vec::with_capacity(items.len());
        let mut merged: Vec<Option<String>> = Vec::with_capacity(items.len());
        for item in items {
            let (state, refused) = match locked.get(&item.0) {
                Some(engine) => match self.merged(engine, &item.1) {
                    Ok(state) => (state, None),
                    Err(error) => (None, Some(Err(error))),
                },
                None if locking == Locking::Wait => (None, Some(Err(Error::EngineNotFound(item.0)))),
                None => (None, None),
            };
            merged.push(state);
            answers.push(refused);
        }
        let is_taken = |index: usize| answers[index].is_none() && locked.contains_key(&items[index].0);
        let taken: Vec<usize> = (0..items.len()).filter(|&index| is_taken(index)).collect();

        let listed: Vec<&(EngineId, Heartbeat)> = taken.iter().map(|&index| &*items[index]).collect();
        let renewed = renew_listed(&mut transaction, &listed, locking).await?;
        let beats: Vec<Beat<'_>> = taken
            .iter()
            .map(|&index| {
                let (engine_id, heartbeat) = &*items[index];
                let static_config = locked[engine_id].static_config.get();
                let metadata = merged[index].as_deref().map(|dynamic_state| (static_config, dynamic_state));
                self.beat_of(*engine_id, heartbeat, metadata)
            })
            .collect();
        let beaten = store::engines::beat::beat(&mut transaction, &beats).await?;
        commit(transaction).await?;
        let beaten = self.by_engine(beaten);
        for (index, leases) in taken.into_iter().zip(renewed) {
            answers[index] = leases.and_then(|leases| Some(Ok(answer(beaten.get(&items[index].0)?, leases))));
        }
        Ok(answers)
    }

    /// To be called after the commit.
    fn by_engine(&self, beaten: Vec<Beaten>) -> HashMap<EngineId, Beaten> {
        for beaten in &beaten {
            self.liveness.beaten(beaten.engine_id, beaten.heartbeat_timeout_seconds);
        }
        beaten.into_iter().map(|beaten| (beaten.engine_id, beaten)).collect()
    }

    fn beat_of<'a>(
        &self,
        engine_id: EngineId,
        heartbeat: &Heartbeat,
        metadata: Option<(&'a str, &'a str)>,
    ) -> Beat<'a> {
        let held_since = self.dispatch.oldest_lease_of(engine_id);
        Beat { engine_id, current_workload: heartbeat.current_workload, metadata, held_since }
    }

    /// The dynamic state with what the heartbeat changes of it; `None` where that is nothing.
    fn merged(&self, engine: &Locked, heartbeat: &Heartbeat) -> Result<Option<String>> {
        if !heartbeat.changes_state() {
            return Ok(None);
        }
        let merged = heartbeat.merged_into(&engine.dynamic_state);
        let (bytes, limit) = (merged.len(), self.settings.max_dynamic_state_bytes);
        if bytes > limit { Err(Error::DynamicStateTooLarge { bytes, limit }) } else { Ok(Some(merged)) }
    }
}

const fn answer(beaten: &Beaten, leases: Vec<LeaseAnswer>) -> HeartbeatAnswer {
    let command = Command::for_engine(beaten.is_draining, beaten.leases_held);
    HeartbeatAnswer { status: beaten.status, command, leases }
}

/// Renews the leases that engines list: those whose token is current and which they hold themselves. `None` for
/// an engine that lists one that is not open, or that somebody else has locked: alone, it waits for that.
async fn renew_listed(
    connection: &mut store::PgConnection,
    engines: &[&(EngineId, Heartbeat)],
    locking: Locking,
) -> Result<Vec<Option<Vec<LeaseAnswer>>>> {
    let ids: Vec<EventId> =
        engines.iter().flat_map(|(_, heartbeat)| heartbeat.leases.iter().map(|lease| lease.event_id)).collect();
    if ids.is_empty() {
        return Ok(engines.iter().map(|_| Some(Vec::new())).collect());
    }
    let open = open_events::lock(connection, &ids, locking).await?;
    let open: HashMap<EventId, OpenEvent> = open.into_iter().map(|event| (event.event_id, event)).collect();
    let is_all_there = |heartbeat: &Heartbeat| {
        locking == Locking::Wait || heartbeat.leases.iter().all(|lease| open.contains_key(&lease.event_id))
    };
    let held = |engine_id: EngineId, lease: &HeldLease| {
        open.get(&lease.event_id).filter(|event| {
            event.lease.is_processing
                && event.lease.lease_token == Some(lease.lease_token)
                && event.lease.holder == Some(engine_id)
                && !(event.is_at_max_lease && event.late_by_seconds.is_some())
        })
    };
    let asked: Vec<_> = engines
        .iter()
        .filter(|(_, heartbeat)| is_all_there(heartbeat))
        .flat_map(|(engine_id, heartbeat)| heartbeat.leases.iter().map(move |lease| (*engine_id, lease)))
        .filter(|(engine_id, lease)| held(*engine_id, lease).is_some())
        .map(|(_, lease)| (lease.event_id, None, lease.progress.as_ref().map(SentJson::get)))
        .collect();
    let renewed = open_events::renew(connection, &asked, false).await?;
    let renewed: HashMap<EventId, Renewed> = renewed.into_iter().map(|lease| (lease.event_id, lease)).collect();
    let mut answers = Vec::with_capacity(engines.len());
    for (engine_id, heartbeat) in engines {
        if !is_all_there(heartbeat) {
            answers.push(None);
            continue;
        }
        let mut of_engine = Vec::with_capacity(heartbeat.leases.len());
        for lease in &heartbeat.leases {
            let fate = if let (Some(event), Some(renewed)) = (held(*engine_id, lease), renewed.get(&lease.event_id)) {
                LeaseFate::Renewed {
                    expires_at: renewed.expires_at,
                    expires_in_seconds: renewed.expires_in_seconds,
                    is_cancel_requested: event.is_cancel_requested,
                }
            } else {
                let token = Some(lease.lease_token);
                let found = store::attempts::look_back(connection, lease.event_id, token, Some(*engine_id)).await?;
                // An engine of another type is told what it would be told of an event that does not exist.
                let found = found.filter(|found| !found.is_of_another_type);
                LeaseFate::Lost { ended_by: found.and_then(|found| found.ended).map(|ended| ended.outcome) }
            };
            of_engine.push(LeaseAnswer { event_id: lease.event_id, fate });
        }
        answers.push(Some(of_engine));
    }
    Ok(answers)
}
