//! Heartbeats: what an engine says of itself, and the renewal of the leases it lists.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::batching::Mode;
use crate::broker::batchers::{Answers, locking};
use crate::broker::heartbeat::{Heartbeat, HeartbeatAnswer, HeldLease, LeaseAnswer, LeaseVerdict, WrittenHeartbeat};
use crate::broker::state::Broker;
use crate::domain::engine::{HoldingOffChange, heartbeat_interval_seconds};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::json::SentJson;
use crate::domain::limits::{MAX_HEARTBEAT_WAIT_SECONDS, MAX_HOLDING_OFF_SECONDS};
use crate::domain::settlement::Renewal;
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::beat::{Beat, Beaten, Locked};
use crate::store::leases::open_events::{self, Locking, OpenEvent, Renewed};
use crate::store::pool::commit;

impl Broker {
    /// Takes a heartbeat, and renews the leases it lists. Where it may wait, the answer goes to `wait_for_news` next.
    pub async fn heartbeat(&self, engine_id: EngineId, heartbeat: Heartbeat) -> Result<WrittenHeartbeat> {
        let (size, touches) = (heartbeat.size(), heartbeat.touches(engine_id));
        let (wait, holds_off, incarnation) = (heartbeat.wait, heartbeat.holding_off.is_some(), heartbeat.incarnation);
        // Before the heartbeat is written, so that nothing that changes from then on is missed.
        let arrival = self.dispatch.heartbeat_arrived(engine_id, incarnation);
        let answer: HeartbeatAnswer =
            self.batchers.heartbeats.submit(Arc::new((engine_id, heartbeat)), size, touches).await??;
        self.dispatch.heartbeat_written(engine_id);
        if holds_off {
            self.dispatch.engine_changed(engine_id);
        }
        let wait = wait.min(longest_wait(answer.heartbeat_timeout_seconds));
        Ok(WrittenHeartbeat { engine_id, incarnation, arrival, wait, answer })
    }

    /// Answers a heartbeat that was written when there is something to tell that its engine was not told before, or when it has
    /// waited so long. A newer heartbeat of the engine ends the wait.
    pub async fn wait_for_news(&self, written: WrittenHeartbeat) -> Result<HeartbeatAnswer> {
        let WrittenHeartbeat { engine_id, incarnation, arrival, wait, answer } = written;
        if wait.is_zero() {
            return Ok(answer);
        }
        let began = Instant::now();
        let news = self.dispatch.wait_for_news(arrival, &answer.engine_type, answer.orders.clone(), wait).await?;
        if let Some(incarnation) = incarnation {
            self.dispatch.check_incarnation(engine_id, incarnation, began.elapsed()).await?;
        }
        let orders = news.unwrap_or_else(|| answer.orders.clone());
        Ok(HeartbeatAnswer { orders, ..answer }.after(began.elapsed()))
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
                Some(engine) => match check_holding_off(engine, &item.1).and_then(|()| self.merged(engine, &item.1)) {
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
        heartbeat: &'a Heartbeat,
        metadata: Option<(&'a str, &'a str)>,
    ) -> Beat<'a> {
        let held_since = self.dispatch.oldest_lease_of(engine_id);
        let Heartbeat { incarnation, current_workload, ref holding_off, .. } = *heartbeat;
        Beat { engine_id, incarnation, current_workload, metadata, held_since, holding_off: holding_off.as_ref() }
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

fn answer(beaten: &Beaten, leases: Vec<LeaseAnswer>) -> HeartbeatAnswer {
    let Beaten { engine_type, orders, heartbeat_timeout_seconds, .. } = beaten.clone();
    HeartbeatAnswer { engine_type, heartbeat_timeout_seconds, orders, leases }
}

/// How long the reply to a heartbeat may wait: the next one is due by then.
fn longest_wait(heartbeat_timeout_seconds: Option<u32>) -> Duration {
    let interval = heartbeat_timeout_seconds.map_or(MAX_HEARTBEAT_WAIT_SECONDS, heartbeat_interval_seconds);
    Duration::from_secs(interval.min(MAX_HEARTBEAT_WAIT_SECONDS).into())
}

fn check_holding_off(engine: &Locked, heartbeat: &Heartbeat) -> Result<()> {
    let until = heartbeat.holding_off.as_ref().and_then(HoldingOffChange::holding_off).map(|held| held.until);
    let latest = engine.now + TimeDelta::seconds(MAX_HOLDING_OFF_SECONDS.into());
    if until.is_some_and(|until| until > latest) { Err(Error::HoldsOffTooLong) } else { Ok(()) }
}

/// Renews the leases that engines list: those whose token is current and which they hold themselves. `None` for
/// an engine that lists one that is not open, or that somebody else has locked: alone, it waits for that.
async fn renew_listed(
    connection: &mut store::PgConnection,
    engines: &[&(EngineId, Heartbeat)],
    locking: Locking,
) -> Result<Vec<Option<Vec<LeaseAnswer>>>> {
    let listed = |is_to_be_renewed| -> Vec<EventId> {
        let leases = engines.iter().flat_map(|(_, heartbeat)| &heartbeat.leases);
        leases.filter(|lease| lease.is_to_be_renewed == is_to_be_renewed).map(|lease| lease.event_id).collect()
    };
    let (to_renew, to_read) = (listed(true), listed(false));
    if to_renew.is_empty() && to_read.is_empty() {
        return Ok(engines.iter().map(|_| Some(Vec::new())).collect());
    }
    let mut open = open_events::lock(connection, &to_renew, locking).await?;
    open.extend(open_events::read_leases(connection, &to_read).await?);
    let open: HashMap<EventId, OpenEvent> = open.into_iter().map(|event| (event.event_id, event)).collect();
    let is_all_there = |heartbeat: &Heartbeat| {
        let is_there = |lease: &HeldLease| !lease.is_to_be_renewed || open.contains_key(&lease.event_id);
        locking == Locking::Wait || heartbeat.leases.iter().all(is_there)
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
        .filter(|(engine_id, lease)| lease.is_to_be_renewed && held(*engine_id, lease).is_some())
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
            let held = held(*engine_id, lease);
            let verdict = match (held, renewed.get(&lease.event_id)) {
                (Some(event), Some(renewed)) => LeaseVerdict::Renewed(Renewal {
                    expires_at: renewed.expires_at,
                    expires_in_seconds: renewed.expires_in_seconds,
                    is_cancel_requested: event.is_cancel_requested,
                }),
                (Some(event), None) if !lease.is_to_be_renewed => LeaseVerdict::Held(standing(event)),
                (Some(_) | None, _) => lost(connection, *engine_id, lease).await?,
            };
            of_engine.push(LeaseAnswer { event_id: lease.event_id, verdict });
        }
        answers.push(Some(of_engine));
    }
    Ok(answers)
}

/// A lease as it stands. One that has run out is held until the reaper ends it.
fn standing(event: &OpenEvent) -> Renewal {
    Renewal {
        expires_at: event.expires_at.expect("a lease has an end"),
        expires_in_seconds: event.expires_in_seconds.max(0.0),
        is_cancel_requested: event.is_cancel_requested,
    }
}

/// How a lease ended that the engine does not hold.
async fn lost(connection: &mut store::PgConnection, engine_id: EngineId, lease: &HeldLease) -> Result<LeaseVerdict> {
    let token = Some(lease.lease_token);
    let found = store::settlement::late_report::past_lease(connection, lease.event_id, token, Some(engine_id)).await?;
    // An engine of another type is told what it would be told of an event that does not exist.
    let found = found.filter(|found| !found.is_of_another_type);
    Ok(LeaseVerdict::Lost { ended_by: found.and_then(|found| found.ended).map(|ended| ended.outcome) })
}
