//! One live lease at a time.
//!
//! Whether two leases overlap is asked of the database's clock alone, which gave both their times; what may have ended
//! the first before the second was given is asked of the program's clock: it must have been sent before the second
//! reply came.

use uuid::Uuid;

use super::findings::Findings;
use super::index::{Heard, Index, seconds};
use crate::history::{At, SECOND, Terms, Word};

/// Between the last sign of life that the service has and the moment from which the harness kept the engine silent.
pub const SIGN_AGE: At = 3 * SECOND;
/// The database's clock and the program's are the same machine's, read at different moments.
pub const CLOCKS_APART: At = SECOND / 4;

pub fn one_at_a_time(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    for (event, heard) in &index.leases {
        findings.look();
        for (place, second) in heard.iter().enumerate() {
            for first in &heard[..place] {
                if let Some(text) = clash(index, terms, *event, first, second) {
                    findings.of_engine(*event, Some(second.engine), text);
                }
            }
        }
    }
}

fn clash(index: &Index<'_>, terms: &Terms, event: Uuid, first: &Heard<'_>, second: &Heard<'_>) -> Option<String> {
    let (one, other) = (first.lease, second.lease);
    if one.token == other.token {
        return Some(format!("one token was given to engines {} and {}", first.engine, second.engine));
    }
    if one.attempt == other.attempt {
        return Some(format!("attempt {} was leased twice, to {} and {}", one.attempt, first.engine, second.engine));
    }
    let expires_at = index.expires_at(event, one);
    if other.leased_at >= expires_at || may_have_ended(index, terms, event, first, second) {
        return None;
    }
    Some(format!(
        "leased to {} until {:.3} s, and to {} at {:.3} s",
        first.engine,
        seconds(expires_at),
        second.engine,
        seconds(other.leased_at)
    ))
}

/// Whether something was done before the second lease was heard of that ends the first.
fn may_have_ended(index: &Index<'_>, terms: &Terms, event: Uuid, first: &Heard<'_>, second: &Heard<'_>) -> bool {
    let by = second.span.ended;
    let is_settled = index.words_on(event).iter().any(|said| {
        said.item.token == first.lease.token
            && said.item.word != Word::Renew
            && said.item.answer.may_be_done()
            && said.span.sent <= by
    });
    let is_restarted = index.registers_of(first.engine).iter().any(|register| {
        register.answer.may_be_done() && register.span.ended >= first.span.sent && register.span.sent <= by
    });
    let is_silent = index.silences_of(first.engine).any(|silence| {
        let dead_from = silence.from + terms.heartbeat_timeout - SIGN_AGE;
        dead_from <= second.lease.leased_at && silence.to.is_none_or(|to| to >= dead_from)
    });
    is_settled || is_restarted || is_silent
}

pub fn completed_is_final(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for (event, words) in &index.words {
        let completed =
            words.iter().find(|said| said.item.word == Word::Completed && said.item.answer.done().is_some());
        let Some(completed) = completed else { continue };
        findings.look();
        let attempt = completed.item.attempt;
        if let Some(later) = index.leases_of(*event).iter().find(|heard| heard.lease.attempt > attempt) {
            let text = format!("completed as attempt {attempt}, and leased again as attempt {}", later.lease.attempt);
            findings.of_engine(*event, Some(later.engine), text);
        } else if let Some(state) = index.stock.get(event).filter(|state| state.attempt > attempt) {
            let text = format!("completed as attempt {attempt}, and at the end there is attempt {}", state.attempt);
            findings.of_event(*event, text);
        }
    }
}

/// What is told of a lease's end holds: it is not expired before, and what a reply counts in seconds is the same end.
pub fn not_cut_short(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for (event, heard) in &index.leases {
        let attempts = index.stock.get(event).and_then(|state| state.attempts.as_deref()).unwrap_or_default();
        for first in heard {
            findings.look();
            let lease = first.lease;
            let expires_at = index.expires_at(*event, lease);
            let ended = attempts.iter().find(|attempt| attempt.attempt == lease.attempt);
            if let Some(ended) = ended.filter(|ended| ended.outcome == "expired" && ended.ended_at < expires_at) {
                let (at, due) = (seconds(ended.ended_at), seconds(expires_at));
                findings.of_event(*event, format!("attempt {} expired at {at:.3} s, due at {due:.3} s", lease.attempt));
            }
            // The reply was made while it was waited for.
            let earliest = lease.expires_at - first.span.ended - CLOCKS_APART;
            let latest = lease.expires_at - first.span.sent + CLOCKS_APART;
            if lease.expires_in < earliest || lease.expires_in > latest {
                let text = format!(
                    "the reply says that the lease ends in {:.3} s; it is between {:.3} and {:.3} s",
                    seconds(lease.expires_in),
                    seconds(earliest),
                    seconds(latest)
                );
                findings.of_engine(*event, Some(first.engine), text);
            }
        }
    }
}
