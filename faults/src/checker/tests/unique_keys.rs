//! Events that share a unique key.

use uuid::Uuid;

use super::invented_run::{DONE_AT_ONCE, Run, at, sound};
use super::{BY_HOLDER, ONE_HOLDER};
use crate::history::Entry;

#[test]
fn two_open_events_of_a_unique_key_are_found() {
    let mut run = sound();
    let key = Some(("short".to_owned(), "unique-1".to_owned()));
    for (number, label, created_at, finished_at) in
        [(21, "e", 2.0, Some(3.0)), (22, "f", 3.0, Some(4.0)), (23, "g", 5.0, None)]
    {
        let event = Uuid::from_u128(number);
        run.enqueue(created_at, 1, label, &[event]).stock(event, label, "cancelled", Vec::new());
        let state = run.state(event);
        (state.unique_key, state.created_at, state.finished_at) =
            (key.clone(), Some(at(created_at)), finished_at.map(at));
    }
    let violations = |run: &Run, rule: &str| run.broken().into_iter().filter(|(broken, _)| *broken == rule).count();
    assert_eq!(violations(&run, ONE_HOLDER), 0);
    run.state(Uuid::from_u128(22)).finished_at = Some(at(5.1));
    assert_eq!(violations(&run, ONE_HOLDER), 1);
    run.state(Uuid::from_u128(22)).finished_at = None;
    assert_eq!(violations(&run, ONE_HOLDER), 1);
    // Another queue has keys of its own.
    run.state(Uuid::from_u128(22)).unique_key = Some(("long".to_owned(), "unique-1".to_owned()));
    assert_eq!(violations(&run, ONE_HOLDER), 0);
}

#[test]
fn an_answer_that_has_another_unique_key_is_found() {
    let mut run = sound();
    run.enqueue(13.0, 1, "e", &[DONE_AT_ONCE]);
    let Some(Entry::Enqueue(enqueue)) = run.history.last_mut() else { panic!("an enqueue") };
    enqueue.unique_key = Some("unique-1".to_owned());
    run.breaks(BY_HOLDER);
    run.state(DONE_AT_ONCE).unique_key = Some(("short".to_owned(), "unique-1".to_owned()));
    assert!(run.broken().iter().all(|(rule, _)| *rule != BY_HOLDER));
}
