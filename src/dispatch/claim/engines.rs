//! The engines that poll: locked, and with what they hold.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::dispatch::poll::PollNotice;
use crate::dispatch::scan_positions::HeldPositions;
use crate::dispatch::waiting::{Known, PollGroup};
use crate::domain::assignment::Capacity;
use crate::domain::engine::EngineStatus;
use crate::domain::ids::EngineId;
use crate::domain::lane::Lane;
use crate::store::engines::liveness::Sign;
use crate::store::leases::LockedEngine;
use crate::store::queues::Gate;
use crate::store::{self, PgConnection};

/// The engines that poll, locked, in the order of their ids.
#[derive(Debug)]
pub struct Engines {
    /// As they were found under their locks.
    pub locked: Vec<LockedEngine>,
    /// What each of them may still take, in the same order.
    pub capacities: Vec<Capacity>,
    /// When they were locked.
    locked_at: tokio::time::Instant,
    /// By engine, the polls whose leases it holds.
    pub polls: HashMap<EngineId, HashSet<Uuid>>,
}

impl Engines {
    /// Locks the polling engines, and counts what they hold.
    pub async fn lock(
        connection: &mut PgConnection,
        groups: &[PollGroup],
        positions: &HeldPositions,
    ) -> store::Result<Self> {
        let polls = groups.iter().flat_map(|group| &group.polls);
        let mut ids: Vec<EngineId> = polls.filter_map(|poll| poll.poll.engine_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let locked = lock_and_wake(connection, &ids).await?;
        let now = Instant::now();
        let counted: Vec<_> =
            locked.iter().map(|engine| (engine.engine_id, positions.count_from(engine.engine_id, now))).collect();
        let held = store::leases::count_held(connection, &counted).await?;
        let (capacities, locked_at) = (Vec::with_capacity(held.len()), tokio::time::Instant::from_std(now));
        let mut engines = Self { locked, capacities, locked_at, polls: HashMap::new() };
        for (engine, held) in engines.locked.iter().zip(held) {
            positions.note(engine.engine_id, &held, now);
            engines.capacities.push(Capacity {
                engine_id: engine.engine_id,
                held: held.leases(),
                highest_lane: held.highest_lane,
                max_concurrent_events: engine.max_concurrent_events,
            });
            if !held.poll_ids.is_empty() {
                engines.polls.insert(engine.engine_id, held.poll_ids.into_iter().collect());
            }
        }
        Ok(engines)
    }

    /// That of the queue of that name, if an engine of it is among them.
    pub fn gate(&self, engine_type: &str) -> Option<&Gate> {
        self.locked.iter().find(|engine| engine.engine_type == engine_type).map(|engine| &engine.gate)
    }

    /// Why the engine at this place is given nothing, whatever its queue has; draining apart.
    pub fn kept_out(&self, index: usize) -> Option<PollNotice> {
        let engine = &self.locked[index];
        if let Some(quarantine) = engine.quarantine() {
            return Some(PollNotice::VersionQuarantined(Box::new(quarantine.clone())));
        }
        let (holding_off, seconds) = engine.holding_off.clone().zip(engine.holds_off_seconds)?;
        let ends_at = self.locked_at + Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Some(PollNotice::EngineHoldingOff { ends_at, holding_off: Box::new(holding_off) })
    }

    /// Whether it is given nothing for such a reason.
    fn is_kept_out(&self, index: usize) -> bool {
        let engine = &self.locked[index];
        engine.quarantine().is_some() || (engine.holding_off.is_some() && engine.holds_off_seconds.is_some())
    }

    /// Where an engine stands in `locked`; `None` if it is not among them.
    pub fn position(&self, engine_id: EngineId) -> Option<usize> {
        self.locked.binary_search_by_key(&engine_id, |engine| engine.engine_id).ok()
    }

    /// How many events an engine holds; 0 for one that is not among them.
    pub fn held_by(&self, engine_id: Option<EngineId>) -> u32 {
        engine_id.and_then(|engine_id| self.position(engine_id)).map_or(0, |index| self.capacities[index].held)
    }

    /// Counts an event that an engine was given.
    pub fn take(&mut self, engine_id: EngineId, lane: Lane) {
        if let Some(index) = self.position(engine_id) {
            self.capacities[index].take(lane);
        }
    }

    /// What is known of the engines that polled.
    pub fn known(&self, group: &PollGroup) -> Vec<(EngineId, Known)> {
        let polling = group.polls.iter().filter_map(|poll| self.position(poll.poll.engine_id?));
        let known = |index: usize| {
            let (engine, capacity) = (&self.locked[index], self.capacities[index]);
            let known = Known {
                engine_type: engine.engine_type.clone(),
                incarnation: engine.incarnation,
                is_draining: engine.status == EngineStatus::Draining,
                is_kept_out: self.is_kept_out(index),
                holds_any: capacity.held > 0,
                has_room: capacity.room() > 0,
                asked_at: group.began_at,
            };
            (engine.engine_id, known)
        };
        polling.map(known).collect()
    }
}

/// Locks engines. One that was unresponsive is heard of by its poll.
async fn lock_and_wake(connection: &mut PgConnection, ids: &[EngineId]) -> store::Result<Vec<LockedEngine>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let engines = store::leases::lock_engines(connection, ids).await?;
    let back: Vec<Sign> = engines
        .iter()
        .filter(|engine| engine.status == EngineStatus::Unresponsive)
        .map(|engine| Sign { engine_id: engine.engine_id, has_polled: true, has_settled: false, ago: Duration::ZERO })
        .collect();
    if back.is_empty() {
        return Ok(engines);
    }
    store::engines::liveness::note_signs(connection, &back).await?;
    store::leases::lock_engines(connection, ids).await
}
