//! What the lookout has to find out for parked polls, and what follows from it.

use std::sync::Arc;

use tokio::time::Instant;

use super::queue::{MANY, Place};
use super::{Known, Parking};
use crate::broker::lease::Polled;
use crate::domain::ids::{EngineId, EventId, LeaseToken};

/// What is to be found out.
#[derive(Debug, Default)]
pub struct Round {
    pub queues: Vec<Arc<str>>,
    pub engines: Vec<EngineId>,
}

/// When a queue has something due: at a time in the past, now.
#[derive(Debug)]
pub struct Facts {
    pub engine_type: Arc<str>,
    pub next_due: Option<Instant>,
    /// Events that only an idle engine may have, and nobody knows whose poll that is.
    pub has_due_suspects: bool,
}

impl Parking {
    /// Everything there is to find out for all that are parked. Those that could take nothing look for themselves.
    pub fn round(&self) -> Round {
        let mut state = self.lock();
        state.peeks.clear();
        let mut round = Round::default();
        let names: Vec<Arc<str>> = state.queues.keys().cloned().collect();
        for name in names {
            let Some(queue) = state.queues.get_mut(&name) else { continue };
            let mut blocked = std::mem::take(&mut queue.blocked);
            queue.eager.append(&mut blocked);
            if !queue.patient.is_empty() {
                round.queues.push(Arc::clone(&name));
            } else if queue.is_forgettable() && queue.seen_empty_at.is_none_or(|at| at.elapsed() > self.trust) {
                state.queues.remove(&name);
                continue;
            }
            state.heat(&name);
        }
        round.engines = state.engines.keys().copied().collect();
        self.done(state);
        round
    }

    /// The queues to be asked about out of turn, and the next time at which something is to be done.
    pub fn peeks(&self) -> (Vec<Arc<str>>, Option<Instant>) {
        let mut state = self.lock();
        let now = Instant::now();
        let due: Vec<Arc<str>> = state
            .queues
            .iter()
            .filter(|(_, queue)| queue.next_due.is_some_and(|at| at <= now))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in due {
            if let Some(queue) = state.queues.get_mut(&name) {
                queue.next_due = None;
                // After the look for it, the next time is asked for.
                queue.is_peek_wanted = !queue.patient.is_empty();
                queue.hint = queue.hint.saturating_add(1);
                queue.seen_empty_at = None;
            }
            state.heat(&name);
        }
        let next = state.queues.values().filter_map(|queue| queue.next_due).min();
        let peeks = std::mem::take(&mut state.peeks);
        self.done(state);
        (peeks, next)
    }

    /// These leases reach nobody any more.
    pub fn orphan(&self, polled: &Polled) {
        let leases = polled.events.iter().map(|event| (event.event_id, event.lease_token));
        self.orphans.lock().extend(leases);
        self.lookout_wanted.notify_one();
    }

    pub fn take_orphans(&self) -> Vec<(EventId, LeaseToken)> {
        std::mem::take(&mut *self.orphans.lock())
    }

    /// Something of the queue becomes due then.
    pub fn will_be_due(&self, engine_type: &str, at: Instant) {
        let mut state = self.lock();
        if let Some(queue) = state.queues.get_mut(engine_type)
            && queue.next_due.is_none_or(|known| at < known)
        {
            queue.next_due = Some(at);
            drop(state);
            self.lookout_wanted.notify_one();
        }
    }

    /// What was found out of queues, as it was at `asked_at`.
    pub fn note_queues(&self, facts: Vec<Facts>, asked_at: Instant) {
        let mut state = self.lock();
        for Facts { engine_type, next_due, has_due_suspects } in facts {
            if let Some(queue) = state.queues.get_mut(&engine_type) {
                match next_due {
                    Some(at) if at <= asked_at => {
                        queue.hint = queue.hint.max(if has_due_suspects { MANY } else { 1 });
                    }
                    next_due => {
                        if queue.hint == 0 {
                            queue.seen_empty_at = Some(asked_at);
                        }
                        // One that was told of meanwhile may come sooner.
                        let told = queue.next_due.filter(|told| *told > asked_at);
                        queue.next_due = next_due.into_iter().chain(told).min();
                    }
                }
            }
            state.heat(&engine_type);
        }
        self.done(state);
    }

    /// What was found out of engines that polls are parked for; one that is not among them is gone.
    pub fn note_engines(&self, asked: &[EngineId], found: Vec<(EngineId, Known)>, asked_at: Instant) {
        let mut found: std::collections::HashMap<EngineId, Known> = found.into_iter().collect();
        let mut state = self.lock();
        for engine_id in asked {
            let known = found.remove(engine_id);
            for number in state.engines.get(engine_id).cloned().unwrap_or_default() {
                let Some(ticket) = state.tickets.get(&number) else { continue };
                let is_as_before = known.as_ref().is_some_and(|known| {
                    known.engine_type == ticket.poll.engine_type.as_str()
                        && Some(known.is_draining) == ticket.was_draining
                        && !(ticket.is_assumed && ticket.poll.poll_id.is_some() && known.holds_any)
                });
                if !is_as_before && let Some(ticket) = state.remove(number) {
                    state.put(ticket, Place::Eager);
                }
            }
            match known {
                Some(known) => state.known.note(*engine_id, known, asked_at),
                None => state.known.forget(*engine_id),
            }
        }
        self.done(state);
    }

    /// Nothing could be found out: each poll is to find out for itself.
    pub fn wake_all(&self) {
        let mut state = self.lock();
        let names: Vec<Arc<str>> = state.queues.keys().cloned().collect();
        for name in names {
            if let Some(queue) = state.queues.get_mut(&name) {
                queue.make_all_eager();
            }
            state.heat(&name);
        }
        self.done(state);
    }
}
