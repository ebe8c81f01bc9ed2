//! The rules of assignment one by one; below, whom poison takes along.

mod poison;

use uuid::Uuid;

use super::*;

const NORMAL: Candidate = Candidate { payload_bytes: 100, lane: Lane::Normal, is_overdue: false };
const ONCE_LOST: Candidate = Candidate { lane: Lane::OnePerEngine, ..NORMAL };
const SUSPECT: Candidate = Candidate { lane: Lane::Isolated, ..NORMAL };
const OVERDUE: Candidate = Candidate { is_overdue: true, ..SUSPECT };

fn engine(number: u128) -> EngineId {
    EngineId(Uuid::from_u128(number))
}

fn anyone() -> Eligible {
    Eligible::default()
}

fn capacity(number: u128, held: u32, max: Option<u32>) -> Capacity {
    Capacity { engine_id: engine(number), held, highest_lane: Lane::Normal, max_concurrent_events: max }
}

fn taker(limit: u32, capacity: usize) -> Taker {
    Taker { limit, capacity: Some(capacity) }
}

#[test]
fn nobody_gets_more_than_its_limit_or_its_room() {
    let capacities = [capacity(1, 3, Some(5)), capacity(2, 0, None)];
    let assignment = assign(&[taker(3, 0), taker(3, 1)], &capacities, &[NORMAL; 9], &anyone());
    assert_eq!(assignment.given, [vec![0, 1], vec![2, 3, 4]]);
}

#[test]
fn polls_of_one_engine_in_one_batch_share_its_room() {
    let assignment = assign(&[taker(4, 0), taker(4, 0)], &[capacity(1, 0, Some(5))], &[NORMAL; 9], &anyone());
    assert_eq!(assignment.given, [vec![0, 1, 2, 3], vec![4]]);
}

#[test]
fn a_reply_stops_before_its_bytes_but_has_one_event() {
    let big = Candidate { payload_bytes: MAX_LEASE_REPLY_PAYLOAD_BYTES + 1, ..NORMAL };
    let anonymous = Taker { limit: 3, capacity: None };
    assert_eq!(assign(&[anonymous], &[], &[big, NORMAL], &anyone()).given, [vec![0]]);
    assert_eq!(assign(&[anonymous], &[], &[NORMAL, big, NORMAL], &anyone()).given, [vec![0]]);
}

#[test]
fn an_isolated_suspect_goes_alone_to_an_idle_engine() {
    let assignment = assign(
        &[taker(3, 0), taker(3, 1)],
        &[capacity(1, 0, None), capacity(2, 0, None)],
        &[SUSPECT, NORMAL, NORMAL],
        &anyone(),
    );
    assert_eq!(assignment.given, [vec![0], vec![1, 2]]);
}

#[test]
fn an_engine_that_holds_an_isolated_suspect_gets_nothing_more() {
    let holding = Capacity { highest_lane: Lane::Isolated, ..capacity(1, 1, None) };
    assert_eq!(assign(&[taker(3, 0)], &[holding], &[NORMAL], &anyone()).given, [Vec::<usize>::new()]);
    let twice = assign(&[taker(3, 0), taker(3, 0)], &[capacity(1, 0, None)], &[SUSPECT, NORMAL], &anyone());
    assert_eq!(twice.given, [vec![0], vec![]]);
}

#[test]
fn suspects_hold_nobody_up() {
    let assignment = assign(&[taker(3, 0)], &[capacity(1, 2, None)], &[SUSPECT, SUSPECT, NORMAL], &anyone());
    assert_eq!(assignment.given, [vec![2]]);
    assert_eq!(assignment.exclusive, None);
}

#[test]
fn an_overdue_suspect_has_one_busy_engine_reserved() {
    let capacities = [capacity(1, 2, None), capacity(2, 2, None)];
    let takers = [taker(3, 0), taker(3, 1)];
    let first = assign(&takers, &capacities, &[OVERDUE, NORMAL, NORMAL], &anyone());
    assert_eq!((first.given, first.exclusive), (vec![vec![], vec![1, 2]], Some(engine(1))));
    let exclusive = Eligible { exclusive: Some(engine(2)), ..anyone() };
    let second = assign(&takers, &capacities, &[OVERDUE, NORMAL, NORMAL], &exclusive);
    assert_eq!((second.given, second.exclusive), (vec![vec![1, 2], vec![]], Some(engine(2))));
}

#[test]
fn an_engine_that_was_reserved_in_vain_is_given_events_and_another_one_is_reserved() {
    let capacities = [capacity(1, 2, None), capacity(2, 2, None)];
    let eligible = Eligible { exclusive: None, resting: vec![engine(1)] };
    let alone = assign(&[taker(3, 0)], &capacities, &[OVERDUE, NORMAL], &eligible);
    assert_eq!((alone.given, alone.exclusive), (vec![vec![1]], None));
    let both = assign(&[taker(3, 0), taker(3, 1)], &capacities, &[OVERDUE, NORMAL], &eligible);
    assert_eq!((both.given, both.exclusive), (vec![vec![1], vec![]], Some(engine(2))));
    let idle = assign(&[taker(3, 0)], &[capacity(1, 0, None)], &[OVERDUE, NORMAL], &eligible);
    assert_eq!(idle.given, [vec![0]], "idle, it is given the suspect at once");
}

#[test]
fn strict_priority_holds_for_suspects_too() {
    let assignment = assign(&[taker(3, 0)], &[capacity(1, 0, None)], &[NORMAL, OVERDUE], &anyone());
    assert_eq!(assignment.given, [vec![0]]);
}

#[test]
fn an_engine_gets_one_suspect_beside_others_and_the_next_engine_another_one() {
    let candidates = [ONCE_LOST, ONCE_LOST, NORMAL, NORMAL, ONCE_LOST];
    let capacities = [capacity(1, 2, None), capacity(2, 0, None)];
    let assignment = assign(&[taker(2, 0), taker(3, 1)], &capacities, &candidates, &anyone());
    assert_eq!(assignment.given, [vec![0, 2], vec![1, 3]]);
}

#[test]
fn an_engine_that_holds_a_suspect_gets_others_and_no_second_suspect() {
    let holding = Capacity { highest_lane: Lane::OnePerEngine, ..capacity(1, 1, None) };
    let candidates = [ONCE_LOST, NORMAL, SUSPECT, NORMAL];
    assert_eq!(assign(&[taker(5, 0)], &[holding], &candidates, &anyone()).given, [vec![1, 3]]);
    let in_two_replies = assign(&[taker(1, 0), taker(1, 0)], &[capacity(1, 0, None)], &[ONCE_LOST; 2], &anyone());
    assert_eq!(in_two_replies.given, [vec![0], vec![]]);
}

#[test]
fn no_engine_is_reserved_for_a_suspect_that_is_leased_beside_others() {
    let holding = Capacity { highest_lane: Lane::OnePerEngine, ..capacity(1, 1, None) };
    let overdue = Candidate { is_overdue: true, ..ONCE_LOST };
    let assignment = assign(&[taker(3, 0)], &[holding], &[overdue, NORMAL], &anyone());
    assert_eq!((assignment.given, assignment.exclusive), (vec![vec![1]], None));
}

#[test]
fn an_anonymous_reply_has_one_suspect_beside_others() {
    let anonymous = Taker { limit: 5, capacity: None };
    let assignment = assign(&[anonymous; 2], &[], &[ONCE_LOST, ONCE_LOST, NORMAL], &anyone());
    assert_eq!(assignment.given, [vec![0, 2], vec![1]]);
}
