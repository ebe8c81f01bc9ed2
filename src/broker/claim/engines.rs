//! The engines that poll: locked, and with what they hold.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use super::Ask;
use crate::broker::lease::{Poll, Polled};
use crate::broker::parking::Known;
use crate::broker::{Broker, Result};
use crate::domain::dealing::Hand;
use crate::domain::engine::EngineStatus;
use crate::domain::ids::EngineId;
use crate::store;
use crate::store::PgConnection;
use crate::store::leases::LockedEngine;
use crate::store::queues::Gate;

/// The engines that poll, locked.
#[derive(Debug)]
pub struct Engines {
    pub locked: Vec<LockedEngine>,
    pub hands: Vec<Hand>,
    /// By engine, the polls whose leases it holds.
    pub polls: HashMap<EngineId, HashSet<Uuid>>,
}

impl Broker {
    /// Locks the polling engines, and counts what they hold.
    pub(super) async fn lock_engines(&self, connection: &mut PgConnection, asks: &[Ask<'_>]) -> Result<Engines> {
        let polls = asks.iter().flat_map(|ask| &ask.polls);
        let mut ids: Vec<EngineId> = polls.filter_map(|poll| poll.engine_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let locked = lock_and_wake(connection, &ids).await?;
        let counted: Vec<_> =
            locked.iter().map(|engine| (engine.engine_id, self.held_since.count_from(engine.engine_id))).collect();
        let held = store::leases::count_held(connection, &counted).await?;
        let mut polls = HashMap::new();
        let hands = locked
            .iter()
            .zip(held)
            .map(|(engine, held)| {
                self.held_since.note(engine.engine_id, &held);
                let leases = held.leases();
                if !held.poll_ids.is_empty() {
                    polls.insert(engine.engine_id, held.poll_ids.into_iter().collect());
                }
                Hand {
                    engine_id: engine.engine_id,
                    held: leases,
                    is_holding_a_suspect: held.has_suspect,
                    max_concurrent_events: engine.max_concurrent_events,
                }
            })
            .collect();
        Ok(Engines { locked, hands, polls })
    }
}

impl Engines {
    /// That of the queue of that name, if an engine of it is among them.
    pub fn gate(&self, engine_type: &str) -> Option<Gate> {
        self.locked.iter().find(|engine| engine.engine_type == engine_type).map(|engine| engine.gate)
    }

    /// They are in the order of their ids.
    pub fn position(&self, engine_id: EngineId) -> Option<usize> {
        self.locked.binary_search_by_key(&engine_id, |engine| engine.engine_id).ok()
    }

    pub fn held_by(&self, engine_id: Option<EngineId>) -> u32 {
        engine_id.and_then(|engine_id| self.position(engine_id)).map_or(0, |index| self.hands[index].held)
    }

    /// What the polls' engines are known by from now on.
    pub fn known_after(&self, ask: &Ask<'_>, answers: &[Result<Polled>]) -> Vec<(EngineId, Known)> {
        let known = |poll: &Poll, answer: &Result<Polled>| {
            let index = self.position(poll.engine_id?)?;
            let engine = &self.locked[index];
            let got_any = answer.as_ref().is_ok_and(|polled| !polled.events.is_empty());
            let known = Known {
                engine_type: engine.engine_type.clone(),
                is_draining: engine.status == EngineStatus::Draining,
                holds_any: got_any || self.hands[index].held > 0,
            };
            Some((engine.engine_id, known))
        };
        ask.polls.iter().zip(answers).filter_map(|(poll, answer)| known(poll, answer)).collect()
    }
}

/// Locks engines. One that was unresponsive has just given a sign of life.
async fn lock_and_wake(connection: &mut PgConnection, ids: &[EngineId]) -> Result<Vec<LockedEngine>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let engines = store::leases::lock_engines(connection, ids).await?;
    let back: Vec<(EngineId, bool, Duration)> = engines
        .iter()
        .filter(|engine| engine.status == EngineStatus::Unresponsive)
        .map(|engine| (engine.engine_id, true, Duration::ZERO))
        .collect();
    if back.is_empty() {
        return Ok(engines);
    }
    store::engines::liveness::note_signs(connection, &back).await?;
    Ok(store::leases::lock_engines(connection, ids).await?)
}
