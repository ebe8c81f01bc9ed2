//! What is said of redrive jobs that redrive a dead letter twice, or forget one.

use uuid::Uuid;

use super::REDRIVEN_ONCE;
use super::invented_run::{Run, sound};
use crate::history::{Entry, RedriveJobs, Redriven};

const JOB: Uuid = Uuid::from_u128(31);
const LETTERS: [Uuid; 2] = [Uuid::from_u128(32), Uuid::from_u128(33)];
const MADE_OF_IT: Uuid = Uuid::from_u128(34);

fn event(event: Uuid, status: &str, redrives: u32, redriven_from: Option<Uuid>) -> Redriven {
    Redriven { event, status: status.to_owned(), redrives, redriven_from }
}

fn run_of(is_cancelled: bool, redriven: u32, events: Vec<Redriven>) -> Run {
    let mut run = sound();
    let label = "doomed-0-1".to_owned();
    run.history.push(Entry::RedriveJobs(RedriveJobs {
        label,
        size: LETTERS.len(),
        is_cancelled,
        jobs: vec![JOB],
        redriven,
        events,
    }));
    run
}

#[test]
fn each_dead_letter_is_redriven_once_itself_or_as_a_new_event() {
    let completed = |letter| event(letter, "completed", 1, None);
    run_of(false, 2, LETTERS.map(completed).to_vec()).breaks_nothing();
    let patched = vec![
        completed(LETTERS[0]),
        event(LETTERS[1], "failed", 0, None),
        event(MADE_OF_IT, "completed", 0, Some(LETTERS[1])),
    ];
    run_of(false, 2, patched).breaks_nothing();
    // A job that was cancelled leaves some of them.
    run_of(true, 1, vec![completed(LETTERS[0]), event(LETTERS[1], "failed", 0, None)]).breaks_nothing();
}

#[test]
fn a_dead_letter_that_is_redriven_twice_is_found() {
    let completed = |letter, redrives| event(letter, "completed", redrives, None);
    run_of(false, 3, vec![completed(LETTERS[0], 1), completed(LETTERS[1], 2)]).breaks(REDRIVEN_ONCE);
    let and_as_new =
        vec![completed(LETTERS[0], 1), completed(LETTERS[1], 1), event(MADE_OF_IT, "completed", 0, Some(LETTERS[1]))];
    run_of(true, 3, and_as_new).breaks(REDRIVEN_ONCE);
}

#[test]
fn a_dead_letter_that_is_forgotten_is_found_and_so_is_a_wrong_count() {
    let completed = |letter| event(letter, "completed", 1, None);
    let dead = || event(LETTERS[1], "failed", 0, None);
    run_of(false, 1, vec![completed(LETTERS[0]), dead()]).breaks(REDRIVEN_ONCE);
    run_of(true, 1, vec![completed(LETTERS[0])]).breaks(REDRIVEN_ONCE);
    run_of(true, 2, vec![completed(LETTERS[0]), dead()]).breaks(REDRIVEN_ONCE);
    run_of(true, 1, vec![completed(LETTERS[0]), event(LETTERS[1], "completed", 0, None)]).breaks(REDRIVEN_ONCE);
}
