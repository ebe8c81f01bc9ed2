//! What is said of a run that was cancelled, once something gets into it.

use uuid::Uuid;

use super::CANCELLED;
use super::invented_run::{ENGINE, Run, ended, sound, span};
use crate::history::{Answer, Attempt, Cancel, Entry, Refusal};

#[test]
fn what_gets_into_a_cancelled_run_is_found() {
    let (one, other) = (Uuid::from_u128(21), Uuid::from_u128(22));
    let cancel = |run: &mut Run, second: f64| {
        run.history.push(Entry::Cancel(Cancel {
            span: span(1, second),
            label: "e".to_owned(),
            answer: Answer::Done(()),
        }));
    };
    // Nobody had it when it was cancelled.
    let end = || {
        let end = ended(1, ENGINE, "cancelled", 13.5, 14.0);
        vec![Attempt { engine: None, leased_at: None, final_status: Some("cancelled".to_owned()), ..end }]
    };
    let sound_and_cancelled = || {
        let mut run = sound();
        run.enqueue(13.0, 1, "e", &[one]).stock(one, "e", "cancelled", end());
        cancel(&mut run, 14.0);
        let refusal = Refusal { status: 409, code: "run_cancelled".to_owned(), ended_by: None };
        run.enqueue_answered(15.0, 1, "e", 1, Answer::Refused(refusal));
        run
    };
    sound_and_cancelled().breaks_nothing();
    let mut run = sound_and_cancelled();
    run.enqueue(16.0, 2, "e", &[other]).stock(other, "e", "cancelled", end());
    run.breaks(CANCELLED);
    let mut run = sound_and_cancelled();
    run.state(one).status = "completed".to_owned();
    run.breaks(CANCELLED);
    // What was sent before the reply may have come before the cancel.
    let mut run = sound_and_cancelled();
    run.enqueue(14.0, 2, "e", &[other]).stock(other, "e", "cancelled", end());
    assert!(run.broken().iter().all(|(rule, _)| *rule != CANCELLED));
}
