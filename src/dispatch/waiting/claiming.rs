//! Polls are taken out to be served by a claim, and what follows from it.

use std::mem;
use std::sync::Arc;

use tokio::time::Instant;

use super::known::Known;
use super::queue::{Due, Found, Place, Queue};
use super::state::{State, WaitingPolls};
use super::waiting_poll::{Seen, WaitingPoll};
use crate::dispatch::poll::{Notice, Polled};
use crate::domain::ids::EngineId;
use crate::error::Result;

/// Queues of one claim.
const QUEUES_OF_ONE_CLAIM: usize = 64;

/// Polls of one queue that one claim serves. Where that does not come to its end, they are gone with this, and the others
/// of the queue find out for themselves.
#[derive(Debug)]
pub struct PollGroup {
    waiting: Arc<WaitingPolls>,
    pub engine_type: Arc<str>,
    pub polls: Vec<WaitingPoll>,
    /// How many of the events that are known to be due the claim is to find.
    claimed_due: Due,
    pub began_at: Instant,
    /// It is among the few claims that a queue has under way at once, and not for a single poll that was set apart.
    is_counted: bool,
}

/// What became of the polls of a group.
#[derive(Debug, Default)]
pub struct Claimed {
    /// In the order of the polls.
    pub answers: Vec<Result<Polled>>,
    pub found: Found,
    pub engines: Vec<(EngineId, Known)>,
}

impl WaitingPolls {
    /// Polls to serve together: of each ready queue those that its events may suffice for.
    pub fn next_groups(self: &Arc<Self>) -> Vec<PollGroup> {
        let mut state = self.lock();
        let (mut groups, mut rows): (Vec<PollGroup>, usize) = (Vec::new(), 0);
        while groups.len() < QUEUES_OF_ONE_CLAIM && rows < self.settings.max_rows {
            let Some(engine_type) = state.ready.pop_front() else { break };
            let Some(queue) = state.queues.get_mut(&engine_type) else { continue };
            queue.is_ready = false;
            // One claim has each queue once: its transaction does not pass over rows that it has locked itself.
            if queue.is_claim_wanted() && !groups.iter().any(|group| group.engine_type == engine_type) {
                let (group, wanted) = self.take_group(&mut state, engine_type, self.settings.max_rows - rows);
                rows += wanted;
                groups.push(group);
            }
        }
        for group in &groups {
            state.mark_ready(&group.engine_type);
        }
        self.release(state);
        groups
    }

    /// Takes out the polls of one queue, and says how many events they want.
    fn take_group(self: &Arc<Self>, state: &mut State, engine_type: Arc<str>, max_rows: usize) -> (PollGroup, usize) {
        let State { polls, queues, .. } = state;
        let limit_of = |number: u64| {
            let limit = polls.get(&number).and_then(|poll| poll.poll.limit).unwrap_or(self.settings.default_limit);
            usize::try_from(limit).unwrap_or(usize::MAX)
        };
        let queue = queues.entry(Arc::clone(&engine_type)).or_default();
        let (numbers, claimed_due, wanted) = queue.take(max_rows, limit_of);
        queue.claims_under_way += 1;
        let mut polls: Vec<WaitingPoll> = numbers.into_iter().filter_map(|number| state.take_out(number)).collect();
        for poll in &mut polls {
            poll.generation = state.generation_of(&poll.poll);
        }
        let (waiting, began_at) = (Arc::clone(self), Instant::now());
        (PollGroup { waiting, engine_type, polls, claimed_due, began_at, is_counted: true }, wanted)
    }

    /// The service stops: no poll waits again, and those that claims are serving are answered with what these find.
    pub fn close(&self) {
        self.lock().is_closing = true;
    }
}

impl PollGroup {
    /// Nobody waits for its answers any more.
    pub fn is_unwanted(&self) -> bool {
        self.polls.iter().all(|poll| poll.reply.is_closed())
    }

    /// Makes a group of each of its polls, since together they fail.
    pub fn split(mut self) -> Vec<Self> {
        let polls = mem::take(&mut self.polls);
        let mut state = self.waiting.lock();
        state.end_claim(&self.engine_type, self.is_counted, |queue| queue.add_due(self.claimed_due));
        self.waiting.release(state);
        let single = |poll| Self {
            waiting: Arc::clone(&self.waiting),
            engine_type: Arc::clone(&self.engine_type),
            polls: vec![poll],
            claimed_due: Due::NONE,
            began_at: self.began_at,
            is_counted: false,
        };
        polls.into_iter().map(single).collect()
    }

    /// Its claim has ended: polls that got something, or must not wait any longer, are answered; the others wait again.
    pub fn end(mut self, claimed: Result<Claimed>) {
        let polls = mem::take(&mut self.polls);
        let mut state = self.waiting.lock();
        let (mut is_check_wanted, mut has_free_place) = (false, false);
        let mut check = |queue: &mut Queue| {
            is_check_wanted = mem::take(&mut queue.is_check_wanted);
            has_free_place = mem::take(&mut queue.has_free_place);
        };
        match claimed {
            Ok(claimed) => {
                state.end_claim(&self.engine_type, self.is_counted, |queue| {
                    queue.note(self.began_at, self.claimed_due, claimed.found);
                    check(queue);
                });
                for undelivered in state.answer_or_put_back(polls, claimed) {
                    self.waiting.undelivered.add(&undelivered);
                }
            }
            Err(error) => {
                state.end_claim(&self.engine_type, self.is_counted, |queue| {
                    queue.add_due(self.claimed_due);
                    queue.seen_empty_at = None;
                    check(queue);
                });
                for poll in polls {
                    state.leave(&poll);
                    poll.answer(Err(error.clone()));
                }
            }
        }
        if has_free_place {
            state.serve_one_without_place(&self.engine_type);
        }
        if is_check_wanted {
            state.to_check.push(Arc::clone(&self.engine_type));
            self.waiting.checks_wanted.notify_one();
        }
        self.waiting.release(state);
    }
}

impl Drop for PollGroup {
    fn drop(&mut self) {
        if self.polls.is_empty() {
            return;
        }
        let mut state = self.waiting.lock();
        for poll in &self.polls {
            state.leave(poll);
        }
        state.end_claim(&self.engine_type, self.is_counted, Queue::make_all_query);
        self.waiting.release(state);
    }
}

impl State {
    fn end_claim(&mut self, engine_type: &str, is_counted: bool, change: impl FnOnce(&mut Queue)) {
        self.change_queue(engine_type, |queue| {
            queue.claims_under_way = queue.claims_under_way.saturating_sub(is_counted.into());
            change(queue);
        });
    }

    /// Answers polls that got something, or must not wait any longer; lets the others wait again. Gives back what was leased
    /// for callers that are gone.
    fn answer_or_put_back(&mut self, polls: Vec<WaitingPoll>, claimed: Claimed) -> Vec<Polled> {
        for (engine_id, known) in claimed.engines {
            if let Some(engine) = self.engines.get_mut(&engine_id) {
                engine.note(Some(known));
            }
        }
        let now = Instant::now();
        let mut undelivered = Vec::new();
        for (mut poll, answer) in polls.into_iter().zip(claimed.answers) {
            let notice = match answer {
                Ok(polled) if polled.events.is_empty() => polled.notice,
                answer => {
                    self.leave(&poll);
                    undelivered.extend(poll.answer(answer));
                    continue;
                }
            };
            let is_draining = matches!(notice, Some(Notice::EngineDraining { .. }));
            let starts_to_drain = is_draining && poll.seen.is_draining() == Some(false);
            // Others took so much that there may be something that this claim did not scan.
            let was_passed_over = claimed.found.is_cut && notice.is_none() && poll.seen == Seen::NotYet;
            let must_not_wait = starts_to_drain || self.is_closing || (now >= poll.deadline && !was_passed_over);
            if must_not_wait || poll.reply.is_closed() {
                self.leave(&poll);
                poll.answer(Ok(Polled { notice, ..Polled::default() }));
                continue;
            }
            let has_changed = self.generation_of(&poll.poll) != poll.generation;
            poll.seen = Seen::Claimed(notice);
            let place = match notice {
                _ if was_passed_over || has_changed => Place::MustQuery,
                Some(_) => Place::CannotTake,
                None => Place::WaitsForHint,
            };
            self.put(poll, place);
        }
        undelivered
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use uuid::Uuid;

    use super::*;
    use crate::dispatch::context::Settings;
    use crate::dispatch::poll::Poll;
    use crate::dispatch::waiting::admission::PendingAnswer;
    use crate::domain::names::EngineType;
    use crate::error::Error;
    use crate::metrics::Metrics;
    use crate::store::leases::LeaseDefaults;

    fn waiting_polls() -> Arc<WaitingPolls> {
        let settings = Settings {
            lease_defaults: LeaseDefaults { visibility_timeout_seconds: 300, max_lease_seconds: 3600 },
            default_limit: 3,
            max_rows: 100,
            recheck: Duration::from_secs(1),
            max_polls_of_engine: 10,
            max_waiting: 10,
            call_timeout: Duration::from_secs(10),
        };
        let parked = Metrics::new(10).polls_parked.clone();
        Arc::new(WaitingPolls::new(settings, Arc::new(Semaphore::new(settings.max_waiting)), parked))
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

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    fn admit_without_wait(polls: &Arc<WaitingPolls>) -> PendingAnswer {
        polls.admit(poll(None), Instant::now()).0
    }

    /// A claim that had something for others, but nothing for this poll.
    fn end_in_vain(polls: &Arc<WaitingPolls>, is_cut: bool) {
        let group = polls.next_groups().pop().expect("a group");
        let found = Found { wanted: 6, taken: 3, has_left: false, is_cut };
        group.end(Ok(Claimed { answers: vec![Ok(Polled::default())], found, engines: Vec::new() }));
        assert!(polls.undelivered.take().is_empty());
    }

    /// A poll of the engine that a claim is serving.
    fn serve_engine(polls: &Arc<WaitingPolls>) -> (PendingAnswer, PollGroup) {
        let pending = polls.admit(poll(Some(ENGINE)), Instant::now() + Duration::from_mins(1)).0;
        (pending, polls.next_groups().pop().expect("a group"))
    }

    fn end_without_events(group: PollGroup) {
        group.end(Ok(Claimed { answers: vec![Ok(Polled::default())], ..Claimed::default() }));
    }

    fn end_with(group: PollGroup, notice: Notice) {
        group.end(Ok(Claimed { answers: vec![Ok(Polled::nothing(notice))], ..Claimed::default() }));
    }

    #[tokio::test]
    async fn a_poll_that_does_not_wait_and_was_passed_over_is_served_once_more() {
        let polls = waiting_polls();
        let mut pending = admit_without_wait(&polls);
        end_in_vain(&polls, true);
        end_in_vain(&polls, true);
        assert!(pending.answer().await.expect("an answer").events.is_empty());
    }

    #[tokio::test]
    async fn a_poll_that_does_not_wait_has_an_answer_after_one_claim_that_left_nothing_out() {
        let polls = waiting_polls();
        let mut pending = admit_without_wait(&polls);
        end_in_vain(&polls, false);
        assert!(polls.next_groups().is_empty());
        assert!(pending.answer().await.expect("an answer").events.is_empty());
    }

    #[tokio::test]
    async fn a_change_during_a_claim_is_not_missed() {
        let polls = waiting_polls();
        let (_pending, group) = serve_engine(&polls);
        polls.engine_freed(ENGINE);
        end_without_events(group);
        assert_eq!(polls.next_groups().len(), 1);
    }

    #[tokio::test]
    async fn a_queue_that_is_resumed_during_a_claim_is_not_missed() {
        let polls = waiting_polls();
        let (_pending, group) = serve_engine(&polls);
        polls.queue_changed("dialogue");
        end_with(group, Notice::QueuePaused);
        assert_eq!(polls.next_groups().len(), 1);
    }

    #[tokio::test]
    async fn a_place_that_is_freed_during_a_claim_is_not_missed_and_serves_one_poll() {
        let polls = waiting_polls();
        let (_first, group) = serve_engine(&polls);
        let (_second, other) = serve_engine(&polls);
        polls.place_freed("dialogue");
        end_with(group, Notice::QueueAtMaxProcessing { processing: 1 });
        end_with(other, Notice::QueueAtMaxProcessing { processing: 1 });
        let mut groups = polls.next_groups();
        assert_eq!(groups.iter().map(|group| group.polls.len()).collect::<Vec<_>>(), [1]);
        end_with(groups.remove(0), Notice::QueueAtMaxProcessing { processing: 1 });
        assert!(polls.next_groups().is_empty());
    }

    #[tokio::test]
    async fn what_a_claim_found_of_an_engine_before_it_changed_is_not_used() {
        let polls = waiting_polls();
        let (caller, group) = serve_engine(&polls);
        let known = Known {
            engine_type: "dialogue".to_owned(),
            is_draining: false,
            holds_any: false,
            asked_at: group.began_at,
        };
        polls.engine_changed(ENGINE);
        drop(caller);
        let found = Found { wanted: 3, ..Found::default() };
        group.end(Ok(Claimed { answers: vec![Ok(Polled::default())], found, engines: vec![(ENGINE, known)] }));
        assert!(has_claim_for(&polls, poll(Some(ENGINE))));
    }

    #[tokio::test]
    async fn a_claim_without_a_change_is_not_repeated() {
        let polls = waiting_polls();
        let (_pending, group) = serve_engine(&polls);
        polls.engine_freed(EngineId(Uuid::from_u128(2)));
        end_without_events(group);
        assert!(polls.next_groups().is_empty());
    }

    #[tokio::test]
    async fn a_change_is_not_missed_by_a_poll_that_was_set_apart() {
        let polls = waiting_polls();
        let (_pending, group) = serve_engine(&polls);
        let single = group.split().pop().expect("a group of one poll");
        polls.engine_freed(ENGINE);
        end_without_events(single);
        assert_eq!(polls.next_groups().len(), 1);
    }

    #[tokio::test]
    async fn dropping_a_group_that_was_split_or_has_ended_touches_no_other_claim() {
        let polls = waiting_polls();
        let (mut first, split) = serve_engine(&polls);
        let (_second, under_way) = serve_engine(&polls);
        drop(split.split());
        assert!(matches!(first.answer().await, Err(Error::Crashed)));
        assert_eq!(polls.lock().queues["dialogue"].claims_under_way, 1);
        assert_eq!(polls.lock().engines[&ENGINE].numbers.len(), 1);
        end_without_events(under_way);
        assert_eq!(polls.lock().queues["dialogue"].claims_under_way, 0);
    }

    /// Has a claim find the queue empty and the engine in order, holding leases.
    fn waiting_polls_of_known_engine() -> Arc<WaitingPolls> {
        let polls = waiting_polls();
        let (_pending, group) = serve_engine(&polls);
        let (engine_type, asked_at) = ("dialogue".to_owned(), group.began_at);
        let known = Known { engine_type, is_draining: false, holds_any: true, asked_at };
        let found = Found { wanted: 3, ..Found::default() };
        group.end(Ok(Claimed { answers: vec![Ok(Polled::default())], found, engines: vec![(ENGINE, known)] }));
        polls
    }

    fn has_claim_for(polls: &Arc<WaitingPolls>, poll: Poll) -> bool {
        let _pending = polls.admit(poll, Instant::now() + Duration::from_mins(1)).0;
        !polls.next_groups().is_empty()
    }

    #[tokio::test]
    async fn a_known_engine_that_polls_an_empty_queue_waits_without_a_claim() {
        assert!(!has_claim_for(&waiting_polls_of_known_engine(), poll(Some(ENGINE))));
        let other = poll(Some(EngineId(Uuid::from_u128(2))));
        assert!(has_claim_for(&waiting_polls_of_known_engine(), other));
        let may_be_a_repeat = Poll { poll_id: Some(Uuid::nil()), ..poll(Some(ENGINE)) };
        assert!(has_claim_for(&waiting_polls_of_known_engine(), may_be_a_repeat));
        let polls = waiting_polls_of_known_engine();
        polls.engine_changed(ENGINE);
        assert!(has_claim_for(&polls, poll(Some(ENGINE))));
    }

    #[tokio::test]
    async fn nothing_is_remembered_of_an_engine_whose_polls_are_answered() {
        let polls = waiting_polls();
        let (pending, group) = serve_engine(&polls);
        drop(pending);
        assert_eq!(polls.lock().engines.len(), 1, "a claim is serving it");
        end_without_events(group);
        assert!(polls.lock().engines.is_empty());
        assert_eq!(polls.places.available_permits(), polls.settings.max_waiting);
    }
}
