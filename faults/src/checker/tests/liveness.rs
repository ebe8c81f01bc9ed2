//! What is said of dead engines, and of those that are taken for dead.

use uuid::Uuid;

use super::invented_run::{ENGINE, OTHER_ENGINE, Run, at, ended, sound};
use super::{IN_TIME, JUDGED, LEASED_AGAIN};
use crate::history::{Entry, Kind, Pause, Word};

fn with_dead_engine(ended_at: f64, leased_at: f64) -> Run {
    let mut run = sound();
    run.enqueue(20.0, 1, "e", &[ENGINE]);
    run.lease(20.0, ENGINE, ENGINE, 1, "t8", (0, 0)).silence(ENGINE, 21.0, None);
    run.lease(leased_at, OTHER_ENGINE, ENGINE, 2, "t9", (0, 1));
    run.report(leased_at + 0.1, OTHER_ENGINE, ENGINE, 2, "t9", Word::Completed);
    let lost = ended(1, ENGINE, "engine_unresponsive", 20.0, ended_at);
    run.stock(ENGINE, "e", "completed", vec![lost, ended(2, OTHER_ENGINE, "completed", leased_at, leased_at + 0.1)]);
    run
}

/// The same, and the other engine has asked since before the first one died.
fn with_waiting_engine(ended_at: f64, leased_at: f64) -> Run {
    let mut run = with_dead_engine(ended_at, leased_at);
    for entry in &mut run.history {
        if let Entry::Poll(poll) = entry
            && poll.engine == OTHER_ENGINE
            && poll.span.ended >= at(leased_at)
        {
            poll.span.sent = at(20.5);
        }
    }
    run
}

#[test]
fn a_dead_engines_event_that_waits_too_long_is_found() {
    with_dead_engine(27.5, 28.0).breaks_nothing();
    with_waiting_engine(27.5, 36.0).breaks(LEASED_AGAIN);
    // 21 + 6 + 5 + 3 s; and an outage of 2 s begins its timeout anew.
    let mut run = with_waiting_engine(27.5, 36.0);
    run.fault(24.0, 26.0, Kind::PostgresKilled, None);
    run.enqueue(27.0, 1, "c", &[]).enqueue(27.0, 2, "c", &[]);
    assert!(run.broken().iter().all(|(rule, _)| *rule != LEASED_AGAIN), "{:?}", run.broken());
}

#[test]
fn where_nobody_is_idle_a_dead_engines_event_is_only_given_back_in_time() {
    let busy = Uuid::from_u128(31);
    let with_busy_engine = |ended_at: f64| {
        let mut run = with_waiting_engine(ended_at, 40.0);
        run.enqueue(27.0, 1, "f", &[busy]).lease(27.2, OTHER_ENGINE, busy, 1, "t7", (0, 0));
        run.report(39.0, OTHER_ENGINE, busy, 1, "t7", Word::Completed);
        run.stock(busy, "f", "completed", vec![ended(1, OTHER_ENGINE, "completed", 27.2, 39.0)]);
        run
    };
    with_busy_engine(27.5).breaks_nothing();
    with_busy_engine(37.0).breaks(LEASED_AGAIN);
    with_waiting_engine(27.5, 40.0).breaks(LEASED_AGAIN);
}

#[test]
fn while_the_program_stood_still_nobody_is_late() {
    let still = |from: f64, to: f64| Entry::Pause(Pause { from: at(from), to: at(to) });
    let mut run = with_waiting_engine(27.5, 36.0);
    run.history.push(still(22.0, 24.0));
    assert!(run.broken().iter().all(|(rule, _)| *rule != LEASED_AGAIN), "{:?}", run.broken());
    let mut run = sound();
    run.history.retain(|entry| !matches!(entry, Entry::Poll(poll) if poll.span.sent > at(11.0)));
    run.breaks(IN_TIME);
    run.history.push(still(12.0, 14.0));
    assert!(run.broken().iter().all(|(rule, _)| *rule != IN_TIME), "{:?}", run.broken());
}

#[test]
fn an_engine_that_was_not_silent_and_is_taken_for_dead_is_found() {
    let mut run = with_dead_engine(27.5, 28.0);
    run.history.retain(|entry| !matches!(entry, Entry::Silence(_)));
    run.breaks(JUDGED);
    run.silence(ENGINE, 21.0, Some(22.0));
    run.breaks(JUDGED);
    with_dead_engine(22.0, 28.0).breaks(JUDGED);
}
