//! The fence, and what becomes of an engine's word.

use uuid::Uuid;

use super::findings::Findings;
use super::index::{Index, Said, seconds};
use super::leases::CLOCKS_APART;
use crate::history::{Answer, Attempt, Event, Terms, Word};

/// Once an engine has heard of a lease, no token of an earlier one is good for more than to hear the first answer again.
pub fn fenced(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for (event, words) in &index.words {
        for said in words.iter().filter(|said| said.item.answer.done().is_some()) {
            findings.look();
            if let Some(text) = stale(index, *event, words, said) {
                findings.of_engine(*event, Some(said.engine), text);
            }
        }
    }
}

fn stale(index: &Index<'_>, event: Uuid, words: &[Said<'_>], said: &Said<'_>) -> Option<String> {
    let item = said.item;
    let accepted = item.answer.done()?;
    if let Some(attempt) = accepted.attempt.filter(|attempt| *attempt != item.attempt) {
        return Some(format!("a report of attempt {} was taken for one of attempt {attempt}", item.attempt));
    }
    let next = index.leases_of(event).iter().filter(|heard| heard.lease.attempt > item.attempt);
    let next = next.min_by_key(|heard| heard.span.ended).filter(|heard| heard.span.ended < said.span.sent)?;
    let is_repeat = item.word != Word::Renew
        && words.iter().any(|before| {
            before.item.token == item.token
                && before.item.word.status() == item.word.status()
                && before.item.answer.may_be_done()
                && before.span.sent < next.span.ended
        });
    (!is_repeat).then(|| {
        format!(
            "{} of attempt {} sent at {:.3} s was accepted, after engine {} had heard of attempt {} at {:.3} s",
            item.word.status(),
            item.attempt,
            seconds(said.span.sent),
            next.engine,
            next.lease.attempt,
            seconds(next.span.ended)
        )
    })
}

/// What was accepted is the attempt's outcome, and no attempt has an outcome that nobody reported.
pub fn stand(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for (event, words) in &index.words {
        let Some(state) = index.stock.get(event) else { continue };
        for said in words.iter().filter(|said| said.item.answer.done().is_some()) {
            let Some(outcome) = said.item.word.outcome() else { continue };
            findings.look();
            if let Some(text) = contradiction(state, said, outcome) {
                findings.of_engine(*event, Some(said.engine), text);
            }
        }
    }
    for state in index.stock.values() {
        for attempt in state.attempts.iter().flatten() {
            findings.look();
            if let Some(text) = unheard_of(index, state.event, attempt) {
                findings.of_engine(state.event, attempt.engine, text);
            }
        }
    }
}

fn contradiction(state: &Event, said: &Said<'_>, outcome: &str) -> Option<String> {
    let attempt = said.item.attempt;
    if outcome == "completed" && (state.status != "completed" || state.attempt != attempt) {
        return Some(format!("accepted as completed by attempt {attempt}; it is {}", state.status));
    }
    let attempts = state.attempts.as_deref()?;
    match attempts.iter().find(|ended| ended.attempt == attempt) {
        Some(ended) if ended.outcome == outcome => None,
        Some(ended) => Some(format!("attempt {attempt} was accepted as {outcome}; it is kept as {}", ended.outcome)),
        None => Some(format!("attempt {attempt} was accepted as {outcome}; it is not kept")),
    }
}

fn unheard_of(index: &Index<'_>, event: Uuid, attempt: &Attempt) -> Option<String> {
    let number = attempt.attempt;
    let was_said = || {
        index.words_on(event).iter().any(|said| {
            said.item.attempt == number
                && said.item.word.outcome() == Some(attempt.outcome.as_str())
                && said.item.answer.may_be_done()
        })
    };
    let was_heard = || index.leases_of(event).iter().any(|heard| heard.lease.attempt == number);
    match attempt.outcome.as_str() {
        "completed" | "failed" if !was_said() => {
            Some(format!("attempt {number} is kept as {}, which nobody reported", attempt.outcome))
        }
        // What was leased for a caller that had hung up is given back by the server.
        "released" if was_heard() && !was_said() => {
            Some(format!("attempt {number} is kept as released: its engine had it, and did not"))
        }
        "engine_restarted" => {
            let is_right = attempt.engine.is_some_and(|engine| {
                index.registers_of(engine).iter().any(|register| {
                    !matches!(register.answer, Answer::Unsent) && register.span.sent <= attempt.ended_at + CLOCKS_APART
                })
            });
            (!is_right).then(|| format!("attempt {number} was lost by a restart that was none"))
        }
        "cancelled" if index.may_be_cancelled(event) => None,
        "deregistered" | "cancelled" | "max_lease" => {
            Some(format!("attempt {number} is kept as {}, for which there was no cause", attempt.outcome))
        }
        _ => None,
    }
}
