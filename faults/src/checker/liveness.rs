//! Who is taken for dead: engines that are, soon; and nobody for the service's own absence.

use uuid::Uuid;

use super::findings::Findings;
use super::idleness::Engines;
use super::index::{Heard, Index, seconds};
use super::leases::{CLOCKS_APART, SIGN_AGE};
use crate::history::{At, Fault, Kind, SECOND, Silence, Terms, Word};

/// Parked polls hear of what is due within that.
const TOLD_WITHIN: At = SECOND;
/// Shorter absences of the whole service are no grace to engines, and need none.
const NO_GRACE: At = 3 * SECOND / 2;

pub fn leased_again(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    let engines = Engines::of(index);
    for silence in &index.silences {
        let deadline = deadline(index, silence.from, terms);
        // It came back before it had to be taken for dead, or the run was over.
        if silence.to.is_some_and(|to| to < deadline) || deadline > terms.read_at {
            continue;
        }
        for (event, heard) in &index.leases {
            for lease in heard.iter().filter(|lease| is_held(index, *event, lease, silence)) {
                findings.look();
                if let Some(text) = late(index, &engines, terms, *event, lease, deadline) {
                    findings.of_engine(*event, Some(silence.engine), text);
                }
            }
        }
    }
}

/// Whether an engine that falls silent takes the lease along.
fn is_held(index: &Index<'_>, event: Uuid, heard: &Heard<'_>, silence: &Silence) -> bool {
    let lease = heard.lease;
    heard.engine == silence.engine
        && heard.span.ended < silence.from
        && index.expires_at(event, lease) > silence.from
        && !index.words_on(event).iter().any(|said| {
            said.item.token == lease.token
                && said.item.word != Word::Renew
                && said.item.answer.may_be_done()
                && said.span.sent <= silence.from
        })
        && !index.registers_of(heard.engine).iter().any(|register| {
            register.answer.may_be_done() && register.span.ended > heard.span.ended && register.span.sent < silence.from
        })
        // Another has it already.
        && !index.leases_of(event).iter().any(|other| {
            other.lease.attempt > lease.attempt && other.span.ended <= silence.from
        })
}

fn late(
    index: &Index<'_>,
    engines: &Engines<'_>,
    terms: &Terms,
    event: Uuid,
    heard: &Heard<'_>,
    deadline: At,
) -> Option<String> {
    let state = index.stock.get(&event)?;
    let attempts = state.attempts.as_deref()?;
    let number = heard.lease.attempt;
    let ended = attempts.iter().find(|attempt| attempt.attempt == number);
    // A late report took the loss back; the lease had ended before.
    let lost_at = ended.map(|attempt| attempt.ended_at - attempt.late_by.unwrap_or(0));
    let is_given_back = lost_at.is_some_and(|at| at <= deadline + CLOCKS_APART);
    let is_final = ended.is_some_and(|attempt| attempt.final_status.is_some() && attempt.late_by.is_none());
    let next = attempts.iter().find(|attempt| attempt.attempt == number + 1).and_then(|attempt| attempt.leased_at);
    // Its engine came back and reported before anybody else was given it.
    let taken_back = ended.filter(|attempt| attempt.late_by.is_some()).map(|attempt| attempt.ended_at);
    let over = next.or(taken_back);
    let is_leased = over.is_some_and(|at| at <= deadline + CLOCKS_APART);
    // It may be leased alone: an engine with nothing in hand must have been there for it, once it was due.
    let due_at = lost_at.unwrap_or(deadline) + terms.max_retry_delay + TOLD_WITHIN;
    let had_a_taker = || engines.asked_in_vain(index, heard.engine, due_at, deadline + CLOCKS_APART);
    let is_right = is_given_back && (is_final || is_leased || !had_a_taker());
    (!is_right).then(|| {
        let when = |at: Option<At>| at.map_or_else(|| "never".to_owned(), |at| format!("at {:.3} s", seconds(at)));
        format!(
            "attempt {number} of a dead engine was to be over and leased again by {:.3} s; it ended {}, the next began {}",
            seconds(deadline),
            when(lost_at),
            when(next)
        )
    })
}

/// By when what a silent engine held is leased again: its timeout, the bound, and the longest pause after a loss; not
/// counting the time in which the service was away, and after a longer absence of all of it the timeout begins anew.
fn deadline(index: &Index<'_>, from: At, terms: &Terms) -> At {
    let patience = terms.heartbeat_timeout + terms.resumed_within + terms.max_retry_delay;
    let mut deadline = from + patience;
    for fault in index.faults.iter().filter(|fault| fault.kind.is_outage()) {
        if fault.over <= from || fault.began >= deadline {
            continue;
        }
        let counts_anew = is_of_all(fault) && fault.over - fault.began > NO_GRACE;
        let restarted = if counts_anew { fault.over + patience } else { 0 };
        deadline = (deadline + fault.over - fault.began.max(from)).max(restarted);
    }
    for pause in index.pauses.iter().filter(|pause| pause.to > from) {
        if pause.from < deadline {
            deadline = deadline.max(pause.to + patience);
        }
    }
    deadline
}

fn is_of_all(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::PostgresKilled | Kind::DiskFull | Kind::Failover) || fault.replica.is_none()
}

pub fn judged_rightly(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    for state in index.stock.values() {
        for attempt in state.attempts.iter().flatten().filter(|attempt| attempt.outcome == "engine_unresponsive") {
            if index.is_paused(attempt.ended_at - terms.heartbeat_timeout, attempt.ended_at + SIGN_AGE) {
                continue;
            }
            findings.look();
            let is_right = attempt.engine.is_some_and(|engine| {
                index.silences_of(engine).any(|silence| {
                    let dead_from = silence.from + terms.heartbeat_timeout - SIGN_AGE;
                    attempt.ended_at >= dead_from
                        && silence.to.is_none_or(|to| to >= dead_from && attempt.ended_at <= to + SIGN_AGE)
                })
            });
            if !is_right {
                let text = format!(
                    "attempt {} ended at {:.3} s since its engine was taken for dead, which was not silent",
                    attempt.attempt,
                    seconds(attempt.ended_at)
                );
                findings.of_engine(state.event, attempt.engine, text);
            }
        }
    }
}
