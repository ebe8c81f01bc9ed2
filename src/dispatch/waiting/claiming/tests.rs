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
        incarnation: None,
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
    let found = ClaimCounts { wanted: 6, taken: 3, has_left: false, is_cut };
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

fn end_with(group: PollGroup, notice: PollNotice) {
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
    end_with(group, PollNotice::QueuePaused);
    assert_eq!(polls.next_groups().len(), 1);
}

#[tokio::test]
async fn a_place_that_is_freed_during_a_claim_is_not_missed_and_serves_one_poll() {
    let polls = waiting_polls();
    let (_first, group) = serve_engine(&polls);
    let (_second, other) = serve_engine(&polls);
    polls.place_freed("dialogue");
    end_with(group, PollNotice::QueueAtMaxProcessing { processing: 1 });
    end_with(other, PollNotice::QueueAtMaxProcessing { processing: 1 });
    let mut groups = polls.next_groups();
    assert_eq!(groups.iter().map(|group| group.polls.len()).collect::<Vec<_>>(), [1]);
    end_with(groups.remove(0), PollNotice::QueueAtMaxProcessing { processing: 1 });
    assert!(polls.next_groups().is_empty());
}

#[tokio::test]
async fn what_a_claim_found_of_an_engine_before_it_changed_is_not_used() {
    let polls = waiting_polls();
    let (caller, group) = serve_engine(&polls);
    let known = Known {
        engine_type: "dialogue".to_owned(),
        incarnation: 1,
        is_draining: false,
        is_kept_out: false,
        holds_any: false,
        has_room: true,
        asked_at: group.began_at,
    };
    polls.engine_changed(ENGINE);
    drop(caller);
    let found = ClaimCounts { wanted: 3, ..ClaimCounts::default() };
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

/// Has a claim find the queue empty and the engine in order.
fn waiting_polls_of_known_engine(holds_any: bool, has_room: bool) -> Arc<WaitingPolls> {
    let polls = waiting_polls();
    let (_pending, group) = serve_engine(&polls);
    let (engine_type, asked_at) = ("dialogue".to_owned(), group.began_at);
    let (is_draining, is_kept_out) = (false, false);
    let known = Known { engine_type, incarnation: 1, is_draining, is_kept_out, holds_any, has_room, asked_at };
    let found = ClaimCounts { wanted: 3, ..ClaimCounts::default() };
    group.end(Ok(Claimed { answers: vec![Ok(Polled::default())], found, engines: vec![(ENGINE, known)] }));
    polls
}

fn has_claim_for(polls: &Arc<WaitingPolls>, poll: Poll) -> bool {
    let _pending = polls.admit(poll, Instant::now() + Duration::from_mins(1)).0;
    !polls.next_groups().is_empty()
}

#[tokio::test]
async fn a_known_engine_that_polls_an_empty_queue_waits_without_a_claim() {
    assert!(!has_claim_for(&waiting_polls_of_known_engine(false, true), poll(Some(ENGINE))));
    assert!(!has_claim_for(&waiting_polls_of_known_engine(true, true), poll(Some(ENGINE))), "it has room for more");
    assert!(has_claim_for(&waiting_polls_of_known_engine(true, false), poll(Some(ENGINE))), "it is to hear why");
    let other = poll(Some(EngineId(Uuid::from_u128(2))));
    assert!(has_claim_for(&waiting_polls_of_known_engine(false, true), other));
    let may_be_a_repeat = Poll { poll_id: Some(Uuid::nil()), ..poll(Some(ENGINE)) };
    assert!(has_claim_for(&waiting_polls_of_known_engine(true, true), may_be_a_repeat));
    let polls = waiting_polls_of_known_engine(false, true);
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
