//! After a fault: how soon calls are answered again, by each replica; and that one replica's end is not the other's.

use uuid::Uuid;

use super::findings::Findings;
use super::index::{Index, seconds};
use crate::history::{Answer, At, Fault, Kind, Span, Terms};

/// Recorded of a call that the harness itself broke off.
pub const GIVEN_UP: &str = "given up";
/// A cut strikes a connection when it carries something again, which is some seconds later where nobody had anything to say.
const CUT_LASTS: At = 5_000_000;

pub fn in_time(index: &Index<'_>, terms: &Terms, findings: &mut Findings) {
    let outages: Vec<&&Fault> = index.faults.iter().filter(|fault| fault.kind.is_outage()).collect();
    for fault in &outages {
        let until = fault.over + terms.resumed_within;
        // Struck again before it could get over it: the bound is that of the other fault.
        if outages.iter().any(|other| other.number != fault.number && other.began < until && other.over > fault.over) {
            continue;
        }
        if index.is_paused(fault.began, until) {
            continue;
        }
        findings.look();
        let is_then = |span: &Span| span.ended >= fault.over && span.ended <= until;
        for replica in [1, 2] {
            let is_its = |span: &Span| is_then(span) && span.replica == replica;
            if !index.enqueues.iter().any(|call| call.answer.done().is_some() && is_its(&call.span)) {
                findings.of_service(late(fault, &format!("replica {replica} acknowledged no event")));
            }
        }
        let is_leased = |poll: &&crate::history::Poll| poll.answer.done().is_some_and(|leases| !leases.is_empty());
        if !index.polls.iter().any(|poll| is_leased(poll) && is_then(&poll.span)) {
            findings.of_service(late(fault, "nothing was leased"));
        }
        let has_done = |report: &crate::history::Report| report.items.iter().any(|item| item.answer.done().is_some());
        if !index.reports.iter().any(|report| has_done(report) && is_then(&report.span)) {
            findings.of_service(late(fault, "no report was accepted"));
        }
        if fault.kind == Kind::ReplicaDrained && fault.exit_code != Some(0) {
            findings.of_service(late(fault, &format!("the drained replica ended with {:?}", fault.exit_code)));
        }
    }
}

fn late(fault: &Fault, what: &str) -> String {
    let Fault { number, kind, note, .. } = fault;
    format!("fault {number}, {kind} {note}, over at {:.3} s: {what} within the bound", seconds(fault.over))
}

/// While a replica is dead, calls to the other one are answered.
pub fn others_unaffected(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for fault in index.faults.iter().filter(|fault| fault.kind == Kind::ReplicaKilled) {
        findings.look();
        let other = if fault.replica == Some(1) { 2 } else { 1 };
        let is_meanwhile = |span: &Span| span.replica == other && span.sent >= fault.began && span.sent <= fault.over;
        let unanswered = |what: &str, span: Span, engine: Option<Uuid>, answer: Option<&str>| {
            let why = answer.filter(|why| {
                *why != GIVEN_UP
                    && is_meanwhile(&span)
                    && !is_cut(index, span, engine)
                    && !index.is_paused(span.sent, span.ended)
            })?;
            Some(format!(
                "fault {}: replica {other} did not answer {what} sent at {:.3} s: {why}",
                fault.number,
                seconds(span.sent)
            ))
        };
        let enqueues =
            index.enqueues.iter().filter_map(|call| unanswered("an enqueue", call.span, None, trouble(&call.answer)));
        let polls = index
            .polls
            .iter()
            .filter_map(|call| unanswered("a poll", call.span, Some(call.engine), trouble(&call.answer)));
        let reports = index.reports.iter().filter_map(|call| {
            let answer = call.items.first().and_then(|item| trouble(&item.answer));
            unanswered("a report", call.span, Some(call.engine), answer)
        });
        for text in enqueues.chain(polls).chain(reports) {
            findings.of_service(text);
        }
    }
}

fn trouble<T>(answer: &Answer<T>) -> Option<&str> {
    match answer {
        Answer::Unsure(why) => Some(why),
        Answer::Unsent => Some("no connection"),
        Answer::Done(_) | Answer::Refused(_) => None,
    }
}

/// Whether the harness cut connections to that replica, or had begun to, while the call was under way. An engine that hung
/// meets the cut with its first call afterwards, however late.
fn is_cut(index: &Index<'_>, span: Span, engine: Option<Uuid>) -> bool {
    index.faults.iter().any(|fault| {
        matches!(fault.kind, Kind::RequestsCut | Kind::RepliesCut)
            && fault.replica.is_none_or(|replica| replica == span.replica)
            && fault.began <= span.ended
            && (fault.over + CUT_LASTS >= span.sent
                || engine.is_some_and(|engine| !was_answered(index, engine, span.replica, fault.over, span.sent)))
    })
}

/// Whether that replica answered a call that the engine sent between these times.
fn was_answered(index: &Index<'_>, engine: Uuid, replica: u8, from: At, to: At) -> bool {
    let is_between = |span: &Span| span.replica == replica && span.sent >= from && span.ended <= to;
    index.polls.iter().any(|call| call.engine == engine && is_between(&call.span) && trouble(&call.answer).is_none())
        || index.reports.iter().any(|call| {
            call.engine == engine
                && is_between(&call.span)
                && call.items.iter().any(|item| trouble(&item.answer).is_none())
        })
}
