//! A run that was cancelled gets nothing new.

use super::findings::Findings;
use super::index::Index;
use crate::history::{Answer, Terms};

/// After the reply to a cancel, no enqueue into the run is acknowledged, and none of its events is open.
pub fn stay_cancelled(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for cancel in index.cancels.iter().filter(|cancel| matches!(cancel.answer, Answer::Done(()))) {
        findings.look();
        let later = index
            .enqueues
            .iter()
            .filter(|enqueue| enqueue.label == cancel.label && enqueue.span.sent >= cancel.span.ended);
        for event in later.filter_map(|enqueue| enqueue.answer.done()).flatten() {
            findings.of_event(*event, format!("acknowledged as of {}, which was cancelled before", cancel.label));
        }
        for event in index.stock.values().filter(|event| event.label == cancel.label && event.status != "cancelled") {
            findings.of_event(event.event, format!("is {}, and {} was cancelled", event.status, cancel.label));
        }
    }
}
