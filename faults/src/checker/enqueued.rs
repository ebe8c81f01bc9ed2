//! Nothing is lost, nothing is made up.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::findings::Findings;
use super::index::Index;
use crate::history::{Answer, Enqueue, Terms};

pub fn exist(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for enqueue in &index.enqueues {
        for event in enqueue.answer.done().into_iter().flatten() {
            findings.look();
            if !index.stock.contains_key(event) {
                findings.of_event(*event, format!("acknowledged as of {}, and not there", enqueue.label));
            }
        }
    }
}

/// Open with a reason: not due yet.
pub fn ended(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    for event in index.stock.values() {
        findings.look();
        let is_final = matches!(event.status.as_str(), "completed" | "failed" | "cancelled");
        let is_later = event.status == "queued" && event.available_at.is_some_and(|at| at > terms.read_at);
        if !is_final && !is_later {
            findings.of_event(event.event, format!("is {} after all others have ended", event.status));
        }
    }
}

/// The events of one label are those that were acknowledged; without a reply all or none of them, or of a batch that
/// is not atomic any; with a refusal none.
pub fn one_of_two(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    let mut calls: HashMap<&str, Vec<&Enqueue>> = HashMap::new();
    for enqueue in &index.enqueues {
        calls.entry(&enqueue.label).or_default().push(enqueue);
    }
    let mut there: HashMap<&str, HashSet<Uuid>> = HashMap::new();
    for event in index.stock.values() {
        there.entry(&event.label).or_default().insert(event.event);
    }
    for (label, events) in &there {
        if !calls.contains_key(label) && !index.follow_ups.contains_key(label) {
            findings.of_event(*events.iter().next().expect("no label without one"), format!("nobody sent {label}"));
        }
    }
    let none = HashSet::new();
    for (label, calls) in calls {
        findings.look();
        let there = there.get(label).unwrap_or(&none);
        let acknowledged: HashSet<Uuid> =
            calls.iter().filter_map(|call| call.answer.done()).flatten().copied().collect();
        let may_be_done = calls.iter().any(|call| matches!(call.answer, Answer::Unsure(_)));
        let size = calls[0].size;
        // What was acknowledged and is missing is the other rule's.
        let too_many = there.difference(&acknowledged).next().copied();
        let is_right = if !acknowledged.is_empty() {
            too_many.is_none() && acknowledged.len() == size
        } else if !may_be_done {
            there.is_empty()
        } else if calls[0].is_atomic || size == 1 {
            there.is_empty() || there.len() == size
        } else {
            there.len() <= size
        };
        if !is_right {
            let (sent, got, found) = (calls.len(), acknowledged.len(), there.len());
            let text = format!("{label}, {size} events in {sent} calls: {got} acknowledged, {found} there");
            match too_many {
                Some(event) => findings.of_event(event, text),
                None => findings.of_service(text),
            }
        }
    }
}

/// The follow-up event of a completion is there once where the completion stands, and else not: also without a reply, and
/// however often the completion was said.
pub fn with_completions(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    let mut there: HashMap<&str, HashSet<Uuid>> = HashMap::new();
    for event in index.stock.values() {
        there.entry(&event.label).or_default().insert(event.event);
    }
    let none = HashSet::new();
    for (label, items) in &index.follow_ups {
        findings.look();
        let there = there.get(label).unwrap_or(&none);
        let acknowledged: Vec<&Vec<Uuid>> =
            items.iter().filter_map(|item| item.answer.done()).map(|accepted| &accepted.enqueued).collect();
        let (event, attempt) = (items[0].event, items[0].attempt);
        let is_acknowledged = !acknowledged.is_empty();
        if acknowledged.iter().any(|ids| ids.len() != 1 || ids[0] != acknowledged[0][0]) {
            findings.of_event(event, format!("{label} was answered in more than one way: {acknowledged:?}"));
        } else if is_acknowledged && !(there.len() == 1 && there.contains(&acknowledged[0][0])) {
            findings.of_event(event, format!("{label} was acknowledged as {}, there: {there:?}", acknowledged[0][0]));
        } else if !is_acknowledged && there.len() != usize::from(is_completed(index, event, attempt)) {
            let found = there.len();
            findings
                .of_event(event, format!("attempt {attempt} was not acknowledged, and {label} is there {found} times"));
        }
    }
}

/// Whether that attempt ended as completed. What has a report without a good answer was read with its attempts.
fn is_completed(index: &Index<'_>, event: Uuid, attempt: u32) -> bool {
    let attempts = index.stock.get(&event).and_then(|event| event.attempts.as_ref());
    attempts.into_iter().flatten().any(|ended| ended.attempt == attempt && ended.outcome == "completed")
}
