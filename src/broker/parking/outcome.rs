//! What follows from a look for the polls it was for.

use std::sync::Arc;

use tokio::time::Instant;

use super::queue::Place;
use super::{Look, Parking, State};
use crate::broker::claim::Claimed;
use crate::broker::lease::{Notice, Polled};

impl Parking {
    /// Makes a look for each of a look's polls, since together they fail.
    pub fn split(&self, look: Look) -> Vec<Look> {
        let mut state = self.lock();
        state.looks = state.looks.saturating_sub(1);
        if let Some(queue) = state.queues.get_mut(&look.engine_type) {
            queue.looks = queue.looks.saturating_sub(1);
            queue.hint = queue.hint.saturating_add(look.reserved);
        }
        state.heat(&look.engine_type);
        self.done(state);
        let Look { engine_type, tickets, began_at, began_after, .. } = look;
        let single = |ticket| Look {
            engine_type: Arc::clone(&engine_type),
            tickets: vec![ticket],
            reserved: 0,
            began_at,
            began_after,
            is_counted: false,
        };
        tickets.into_iter().map(single).collect()
    }

    /// Looks that never came to their end; their tickets are gone with them.
    pub fn abandon(&self, engine_types: &[Arc<str>]) {
        let mut state = self.lock();
        for engine_type in engine_types {
            state.looks = state.looks.saturating_sub(1);
            if let Some(queue) = state.queues.get_mut(engine_type) {
                queue.looks = queue.looks.saturating_sub(1);
                queue.make_all_eager();
            }
            state.heat(engine_type);
        }
        self.done(state);
    }
}

impl State {
    /// Answers who got something, or must not wait any longer; parks the others again. Gives back what was leased for
    /// callers that are gone.
    pub fn note_look(&mut self, look: Look, claimed: Claimed) -> Vec<Polled> {
        for (engine_id, known) in claimed.engines {
            self.known.note(engine_id, known, look.began_at);
        }
        if let Some(queue) = self.queues.get_mut(&look.engine_type) {
            queue.note(look.began_at, look.reserved, claimed.found);
        }
        let now = Instant::now();
        let mut unwanted = Vec::new();
        for (mut ticket, answer) in look.tickets.into_iter().zip(claimed.answers) {
            let notice = match answer {
                Ok(polled) if polled.events.is_empty() => polled.notice,
                answer => {
                    unwanted.extend(ticket.answer(answer));
                    continue;
                }
            };
            let is_draining = matches!(notice, Some(Notice::EngineDraining { .. }));
            let starts_to_drain = is_draining && ticket.was_draining == Some(false);
            if starts_to_drain || now >= ticket.deadline || self.is_closing {
                ticket.answer(Ok(Polled { notice, ..Polled::default() }));
                continue;
            }
            if ticket.reply.is_closed() {
                continue;
            }
            ticket.notice = notice;
            ticket.was_draining = Some(is_draining);
            ticket.has_been_looked_for = true;
            ticket.is_assumed = false;
            let changed_at = ticket.poll.engine_id.and_then(|engine_id| self.changed.get(&engine_id));
            let place = match notice {
                _ if changed_at.is_some_and(|at| *at > look.began_after) => Place::Eager,
                Some(_) => Place::Blocked,
                None => Place::Patient,
            };
            self.put(ticket, place);
        }
        unwanted
    }
}
