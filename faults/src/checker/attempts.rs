//! Attempts are numbered from 1 without a gap; what they came to is what the two budgets have spent.

use super::findings::Findings;
use super::index::Index;
use crate::history::{Attempt, Event, Terms, Word};

const LOSSES: [&str; 5] = ["expired", "engine_unresponsive", "engine_restarted", "deregistered", "max_lease"];

pub fn add_up(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for state in index.stock.values() {
        findings.look();
        let heard = index.leases_of(state.event).iter().map(|heard| heard.lease.attempt).max().unwrap_or(0);
        if heard > state.attempt {
            let text = format!("attempt {heard} was leased; at the end there are {}", state.attempt);
            findings.of_event(state.event, text);
        }
        if let Some(text) = state.attempts.as_deref().and_then(|attempts| gap(state, attempts)) {
            findings.of_event(state.event, text);
        }
    }
}

fn gap(state: &Event, attempts: &[Attempt]) -> Option<String> {
    let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.attempt).collect();
    let is_running = state.status == "processing";
    // The end of an event that was cancelled in its queue is kept behind its leases, and is none.
    let is_cancelled_in_its_queue =
        attempts.last().is_some_and(|attempt| attempt.outcome == "cancelled" && attempt.leased_at.is_none());
    let last = state.attempt.saturating_sub(u32::from(is_running)) + u32::from(is_cancelled_in_its_queue);
    let expected: Vec<u32> = (1..=last).collect();
    if numbers != expected {
        return Some(format!("attempt {} is the last, and those kept are {numbers:?}", state.attempt));
    }
    let is_final = matches!(state.status.as_str(), "completed" | "failed" | "cancelled");
    let said: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.final_status.is_some()).collect();
    let last = attempts.last().and_then(|attempt| attempt.final_status.as_deref());
    if is_final && (said.len() != 1 || last != Some(state.status.as_str())) || !is_final && !said.is_empty() {
        return Some(format!("it is {}, and {} attempts are said to have ended it", state.status, said.len()));
    }
    None
}

pub fn budgets(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    for state in index.stock.values() {
        findings.look();
        if let Some(text) = overspent(index, state, terms) {
            findings.of_event(state.event, text);
        }
        let Some(attempts) = state.attempts.as_deref() else { continue };
        let spent = spent_before(attempts, u32::MAX);
        if spent != (state.failures, state.lease_losses) {
            let text = format!(
                "{} failures and {} losses are counted; its attempts have {} and {}",
                state.failures, state.lease_losses, spent.0, spent.1
            );
            findings.of_event(state.event, text);
        }
        for heard in index.leases_of(state.event) {
            let (failures, losses) = spent_before(attempts, heard.lease.attempt);
            let left = (terms.max_retries.saturating_sub(failures), terms.dead_letter_threshold.saturating_sub(losses));
            let told = (heard.lease.retries_left, heard.lease.losses_left);
            if told != left {
                let text = format!("attempt {} was told {told:?} are left; it is {left:?}", heard.lease.attempt);
                findings.of_engine(state.event, Some(heard.engine), text);
            }
        }
    }
}

/// Failures and losses of the attempts before that one.
fn spent_before(attempts: &[Attempt], number: u32) -> (u32, u32) {
    let before = || attempts.iter().filter(|attempt| attempt.attempt < number);
    let failures = before().filter(|attempt| attempt.outcome == "failed").count();
    let losses = before().filter(|attempt| LOSSES.contains(&attempt.outcome.as_str())).count();
    (u32::try_from(failures).unwrap_or(u32::MAX), u32::try_from(losses).unwrap_or(u32::MAX))
}

fn overspent(index: &Index<'_>, state: &Event, terms: &Terms) -> Option<String> {
    let Event { failures, lease_losses, .. } = *state;
    let told = format!("{} for {:?}, with {failures} failures and {lease_losses} losses", state.status, state.reason);
    let is_right = match (state.status.as_str(), state.reason.as_deref()) {
        ("failed", Some("retries_exhausted")) => failures == terms.max_retries + 1,
        ("failed", Some("lease_losses_exhausted")) => lease_losses == terms.dead_letter_threshold,
        ("failed", Some("not_retryable")) => {
            let words = index.words_on(state.event);
            words.iter().any(|said| said.item.word == Word::Refused && said.item.attempt == state.attempt)
        }
        ("cancelled", _) => index.may_be_cancelled(state.event),
        ("failed", _) => false,
        _ => failures <= terms.max_retries && lease_losses < terms.dead_letter_threshold,
    };
    (!is_right).then_some(told)
}
