//! The checker: from the history of a run, and from how its events stand at the end, whether the service kept its word.
//! No I/O, no clock, no randomness; a rule is a function of what has been said.

mod enqueued; // nothing lost, nothing made up
mod words; // the fence, and that what was accepted stands
mod runs; // a cancelled one stays so
mod redrive_jobs; // each dead letter once
mod attempts; // they and both budgets add up
mod resumption; // after a fault
mod liveness; // who is taken for dead, and when
mod quarantines; // nothing is given to engines in quarantine
mod leases; // one at a time, and none of what is done
mod unique_keys; // one open event has it
mod idleness; // who waited for events, and when
mod index; // the history by event, by engine
mod findings; // what a rule finds
#[cfg(test)]
mod tests;

use serde::Serialize;
use uuid::Uuid;

use crate::history::{Entry, Event, Terms};
use findings::Findings;
pub use findings::Violation;
use index::Index;
pub use resumption::GIVEN_UP;

/// What a rule came to.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub rule: &'static str,
    /// Events, leases, words or faults that it was held to: a rule that looked at nothing says nothing.
    pub looked_at: usize,
    pub violations: Vec<Violation>,
}

type Rule = (&'static str, fn(&Index<'_>, &Terms, &mut Findings));

const RULES: [Rule; 20] = [
    ("every acknowledged event exists", enqueued::exist),
    ("every event has ended, or is open with a reason", enqueued::ended),
    ("an enqueue without a reply is done, or not", enqueued::one_of_two),
    ("a follow-up is there if its completion stands", enqueued::with_completions),
    ("two open events never share a unique key", unique_keys::one_holder),
    ("a unique key is answered with an event that has it", unique_keys::answered_by_holder),
    ("a cancelled run gets nothing new", runs::stay_cancelled),
    ("a redrive job redrives each dead letter once", redrive_jobs::redrive_once),
    ("no event has two leases at once", leases::one_at_a_time),
    ("no completed event is leased again", leases::completed_is_final),
    ("no lease ends before its time", leases::not_cut_short),
    ("no engine is given anything while its version is quarantined", quarantines::respected),
    ("no stale token is accepted", words::fenced),
    ("what was accepted stands, and nothing else", words::stand),
    ("attempts add up", attempts::add_up),
    ("budgets add up", attempts::budgets),
    ("after a fault service resumes in time", resumption::in_time),
    ("a dead replica does not touch those of the other", resumption::others_unaffected),
    ("a dead engine's events are leased again in time", liveness::leased_again),
    ("no engine is judged dead for an outage", liveness::judged_rightly),
];

/// Holds a run to every rule. `stock` is all that there is in the service's queues at the end.
#[must_use]
pub fn check(history: &[Entry], stock: &[Event], terms: &Terms) -> Vec<Verdict> {
    let index = Index::of(history, stock);
    let verdict = |(rule, judge): &Rule| {
        let mut findings = Findings::default();
        judge(&index, terms, &mut findings);
        Verdict { rule, looked_at: findings.looked_at, violations: findings.violations }
    };
    RULES.iter().map(verdict).collect()
}

/// All that was said of an event, in order, and how it stands.
#[must_use]
pub fn story(history: &[Entry], stock: &[Event], event: Uuid) -> Vec<String> {
    index::story(history, stock, event)
}
