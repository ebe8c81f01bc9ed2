//! Heartbeats: what an engine says of itself, and the renewal of the leases it lists.

use std::collections::HashMap;
use std::sync::Arc;

use crate::batching::Mode;
use crate::broker::batchers::{Answers, locking};
use crate::broker::heartbeat::{Heartbeat, HeartbeatAnswer, HeldLease, LeaseAnswer, LeaseVerdict};
use crate::broker::state::Broker;
use crate::domain::engine::Command;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::SentJson;
use crate::domain::settlement::Renewal;
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::beat::{Beat, Beaten, Locked};
use crate::store::leases::open_events::{self, Locking, OpenEvent, Renewed};
use crate::store::pool::commit;

impl Broker {
    /// Takes a heartbeat, and renews the leases it lists.
    pub async fn heartbeat(&self, engine_id: EngineId, heartbeat: Heartbeat) -> Result<HeartbeatAnswer> {
        let (size, touches) = (heartbeat.size(), heartbeat.touches(engine_id));
        self.batchers.heartbeats.submit(Arc::new((engine_id, heartbeat)), size, touches).await?
    }

    /// Takes heartbeats of several engines, with one commit.
    pub(in crate::broker) async fn take_heartbeats(
        &self,
        items: &[Arc<(EngineId, Heartbeat)>],
        mode: Mode,
    ) -> Result<Answers<HeartbeatAnswer>> {
        if mode == Mode::Together && items.iter().all(|item| item.1.is_plain()) {
            return self.beat_plainly(items).await;
        }
        self.beat_together(items, locking(mode)).await
    }

    async fn beat_plainly(&self, items: &[Arc<(EngineId, Heartbeat)>]) -> Result<Answers<HeartbeatAnswer>> {
        let beats: Vec<Beat<'_>> = items.iter().map(|item| self.beat_of(item.0, &item.1, None)).collect();
        let mut connection = self.connection().await?;
        let beaten = self.by_engine(store::engines::beat::beat(&mut connection, &beats).await?);
        Ok(items.iter().map(|item| Some(Ok(answer(beaten.get(&item.0)?, Vec::new())))).collect())
    }

    async fn beat_together(
        &self,
        items: &[Arc<(EngineId, Heartbeat)>],
        locking: Locking,
    ) -> Result<Answers<HeartbeatAnswer>> {
        let mut transaction = self.begin().await?;
        let ids: Vec<EngineId> = items.iter().map(|item| item.0).collect();
        let locked = store::engines::beat::lock(&mut transaction, &ids, locking).await?;
        let locked: HashMap<EngineId, Locked> = locked.into_iter().map(|engine| (engine.engine_id, engine)).collect();
        let mut answers: Answers<HeartbeatAnswer> = Vec::with_capacity(items.len());
        let mut merged: Vec<Option<String>> = Vec::with_capacity(items.len());
        for item in items {
            let (state, refused) = match locked.get(&item.0) {
                Some(engine) if item.1.incarnation.is_some_and(|meant| meant != engine.incarnation) => {
                    let registered_at = engine.registered_at;
                    (None, Some(Err(Error::EngineSuperseded { engine_id: item.0, registered_at })))
                }
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
                let static_config = locked[engine_id].description.static_config.get();
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
        let &Heartbeat { incarnation, current_workload, .. } = heartbeat;
        Beat { engine_id, incarnation, current_workload, metadata, held_since }
    }

    /// The dynamic state with what the heartbeat changes of it; `None` where that is nothing.
    fn merged(&self, engine: &Locked, heartbeat: &Heartbeat) -> Result<Option<String>> {
        if !heartbeat.changes_state() {
            return Ok(None);
        }
        let stored = &engine.description.dynamic_state;
        let merged = heartbeat.merged_into(stored);
        if merged == stored.get() {
            return Ok(None);
        }
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
            let verdict = if let (Some(event), Some(renewed)) = (held(*engine_id, lease), renewed.get(&lease.event_id))
            {
                LeaseVerdict::Renewed(Renewal {
                    expires_at: renewed.expires_at,
                    expires_in_seconds: renewed.expires_in_seconds,
                    is_cancel_requested: event.is_cancel_requested,
                })
            } else {
                let token = Some(lease.lease_token);
                let found =
                    store::settlement::late_report::past_lease(connection, lease.event_id, token, Some(*engine_id))
                        .await?;
                // An engine of another type is told what it would be told of an event that does not exist.
                let found = found.filter(|found| !found.is_of_another_type);
                LeaseVerdict::Lost { ended_by: found.and_then(|found| found.ended).map(|ended| ended.outcome) }
            };
            of_engine.push(LeaseAnswer { event_id: lease.event_id, verdict });
        }
        answers.push(Some(of_engine));
    }
    Ok(answers)
}
