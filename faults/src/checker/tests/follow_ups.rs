//! Follow-ups, and the completions that bring them.

use uuid::Uuid;

use super::invented_run::{BROUGHT, DONE_AT_ONCE, LOST_ONCE, brought, sound};
use crate::history::{Answer, Entry, Refusal};

const FOLLOW_UPS: &str = "a follow-up is there if its completion stands";

#[test]
fn a_follow_up_that_is_lost_made_twice_or_answered_otherwise_is_found() {
    let mut run = sound();
    run.stock.retain(|state| state.event != BROUGHT);
    run.breaks(FOLLOW_UPS);
    let mut run = sound();
    run.stock(Uuid::from_u128(21), "after", "cancelled", Vec::new());
    run.breaks(FOLLOW_UPS);
    let mut run = sound();
    run.follow_up(2.6, DONE_AT_ONCE, "after", brought(&[BROUGHT]));
    run.breaks_nothing();
    for other in [brought(&[]), brought(&[Uuid::from_u128(21)])] {
        let mut run = sound();
        run.follow_up(2.6, DONE_AT_ONCE, "after", other);
        run.breaks(FOLLOW_UPS);
    }
}

#[test]
fn without_a_reply_a_follow_up_is_there_as_its_completion_is() {
    let mut run = sound();
    for entry in &mut run.history {
        if let Entry::Report(report) = entry
            && report.items[0].follow_up.is_some()
        {
            report.items[0].answer = Answer::Unsure("cut".to_owned());
        }
    }
    run.breaks_nothing();
    run.stock.retain(|state| state.event != BROUGHT);
    run.breaks(FOLLOW_UPS);
    // Another engine completed it: the first one's follow-up must not be there.
    let mut run = sound();
    let refusal = Refusal { status: 409, code: "lease_lost".to_owned(), ended_by: None };
    run.follow_up(7.2, LOST_ONCE, "g", Answer::Refused(refusal));
    run.stock(Uuid::from_u128(21), "g", "cancelled", Vec::new());
    run.breaks(FOLLOW_UPS);
}
