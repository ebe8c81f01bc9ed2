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
        let Look { number, engine_type, tickets, reserved, began_at, began_after } = look;
        let mut state = self.lock();
        // These begin before that one ends, so that changes since then are kept for them.
        let single = |ticket| Look {
            number: state.begin_look(&engine_type, false),
            engine_type: Arc::clone(&engine_type),
            tickets: vec![ticket],
            reserved: 0,
            began_at,
            began_after,
        };
        let singles = tickets.into_iter().map(single).collect();
        state.end_look(number);
        if let Some(queue) = state.queues.get_mut(&engine_type) {
            queue.hint = queue.hint.saturating_add(reserved);
        }
        state.heat(&engine_type);
        self.done(state);
        singles
    }

    /// Ends looks that never came to their end; their tickets are gone with them. Those that were split or have ended are
    /// passed over.
    pub fn abandon(&self, numbers: &[u64]) {
        let mut state = self.lock();
        for number in numbers {
            let Some(engine_type) = state.end_look(*number) else { continue };
            if let Some(queue) = state.queues.get_mut(&engine_type) {
                queue.make_all_eager();
            }
            state.heat(&engine_type);
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
            // Others took so much that there may be something that this look did not come to.
            let was_passed_over = claimed.found.is_cut && notice.is_none() && !ticket.has_been_looked_for;
            if starts_to_drain || self.is_closing || (now >= ticket.deadline && !was_passed_over) {
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
            let has_changed = ticket.poll.engine_id.is_some_and(|engine_id| {
                let changed_at = self.changed.get(&engine_id).copied().unwrap_or_default();
                changed_at.max(self.all_changed) > look.began_after
            });
            let place = match notice {
                _ if was_passed_over || has_changed => Place::Eager,
                Some(_) => Place::Blocked,
                None => Place::Patient,
            };
            self.put(ticket, place);
        }
        unwanted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::broker::Result;
    use crate::broker::lease::Poll;
    use crate::broker::parking::{Found, MAX_CHANGED, ParkingLimits, Waiting};
    use crate::domain::ids::EngineId;
    use crate::domain::names::EngineType;
    use crate::metrics::Metrics;

    fn parking() -> Arc<Parking> {
        let limits = ParkingLimits { polls_of_engine: 10, requests: 10 };
        Arc::new(Parking::new(100, 3, Duration::from_secs(1), limits, &Metrics::new(10)))
    }

    fn poll(engine_id: Option<EngineId>) -> Poll {
        Poll {
            engine_type: EngineType::parse("dialogue").expect("a name"),
            engine_id,
            limit: None,
            wait: Duration::ZERO,
            visibility_timeout_seconds: None,
            poll_id: None,
        }
    }

    fn admit_without_wait(parking: &Arc<Parking>) -> Waiting {
        parking.admit(poll(None), Instant::now()).0
    }

    fn engine(number: usize) -> EngineId {
        EngineId(Uuid::from_u128(number as u128))
    }

    /// A look that had something for others, but nothing for this poll.
    fn end_in_vain(parking: &Parking, is_cut: bool) {
        let look = parking.next_looks().pop().expect("a look");
        let found = Found { wanted: 6, taken: 3, has_left: false, is_cut };
        let answers: Vec<Result<Polled>> = vec![Ok(Polled::default())];
        let unwanted = parking.end(look, Ok(Claimed { answers, found, engines: Vec::new() }));
        assert!(unwanted.is_empty());
    }

    #[tokio::test]
    async fn who_does_not_wait_and_was_passed_over_is_looked_for_once_more() {
        let parking = parking();
        let mut waiting = admit_without_wait(&parking);
        end_in_vain(&parking, true);
        end_in_vain(&parking, true);
        assert!(waiting.answer().await.expect("an answer").events.is_empty());
    }

    #[tokio::test]
    async fn a_change_during_a_look_is_not_missed_however_many_engines_changed() {
        for changes in [1, MAX_CHANGED + 5] {
            let parking = parking();
            let _waiting = parking.admit(poll(Some(engine(0))), Instant::now() + Duration::from_mins(1));
            let look = parking.next_looks().pop().expect("a look");
            for number in 0..changes {
                parking.engine_freed(engine(number));
            }
            assert!(parking.lock().changed.len() <= MAX_CHANGED);
            let answers: Vec<Result<Polled>> = vec![Ok(Polled::default())];
            parking.end(look, Ok(Claimed { answers, ..Claimed::default() }));
            assert_eq!(parking.next_looks().len(), 1, "after {changes} changes");
        }
    }

    #[tokio::test]
    async fn who_does_not_wait_has_an_answer_after_one_look_that_left_nothing_out() {
        let parking = parking();
        let mut waiting = admit_without_wait(&parking);
        end_in_vain(&parking, false);
        assert!(parking.next_looks().is_empty());
        assert!(waiting.answer().await.expect("an answer").events.is_empty());
    }

    /// Parks a poll of engine 0 that is being looked for.
    fn look_for_engine(parking: &Arc<Parking>) -> (Waiting, Look) {
        let waiting = parking.admit(poll(Some(engine(0))), Instant::now() + Duration::from_mins(1)).0;
        (waiting, parking.next_looks().pop().expect("a look"))
    }

    fn end_without_events(parking: &Parking, look: Look) {
        let answers: Vec<Result<Polled>> = vec![Ok(Polled::default())];
        parking.end(look, Ok(Claimed { answers, ..Claimed::default() }));
    }

    #[tokio::test]
    async fn abandoning_a_look_that_was_split_or_has_ended_touches_no_other_look() {
        let parking = parking();
        let (_first, split) = look_for_engine(&parking);
        let (_second, under_way) = look_for_engine(&parking);
        let number = split.number;
        let singles = parking.split(split);
        parking.engine_freed(engine(0));
        for single in singles {
            parking.abandon(&[number, single.number]);
        }
        assert_eq!(parking.lock().looks.len(), 1);
        assert_eq!(parking.lock().queues["dialogue"].looks, 1);
        end_without_events(&parking, under_way);
        assert_eq!(parking.next_looks().len(), 1, "its engine was freed while it was under way");
    }

    #[tokio::test]
    async fn a_change_is_not_missed_by_a_poll_that_was_set_apart() {
        let parking = parking();
        let (_waiting, look) = look_for_engine(&parking);
        let single = parking.split(look).pop().expect("a look for one poll");
        parking.engine_freed(engine(0));
        end_without_events(&parking, single);
        assert_eq!(parking.next_looks().len(), 1);
    }
}
