//! What the checker says of a history in which all is well, once it is broken.

mod follow_ups;
mod unique_keys;
mod cancelled_runs;
mod redrive_jobs;
mod liveness;
mod invented_run;

use uuid::Uuid;

use super::{check, story};
use crate::history::{Answer, Entry, Kind, Quarantine, Refusal, Register, SECOND, Word};
use invented_run::{
    DONE_AT_ONCE, ENGINE, FAILING, LOST_ONCE, OTHER_ENGINE, Run, TERMS, accepted, at, ended, sound, span,
};

const EXIST: &str = "every acknowledged event exists";
const ENDED: &str = "every event has ended, or is open with a reason";
const ONE_OF_TWO: &str = "an enqueue without a reply is done, or not";
const ONE_HOLDER: &str = "two open events never share a unique key";
const BY_HOLDER: &str = "a unique key is answered with an event that has it";
const CANCELLED: &str = "a cancelled run gets nothing new";
const REDRIVEN_ONCE: &str = "a redrive job redrives each dead letter once";
const ONE_AT_A_TIME: &str = "no event has two leases at once";
const FINAL: &str = "no completed event is leased again";
const CUT_SHORT: &str = "no lease ends before its time";
const QUARANTINED: &str = "no engine is given anything while its version is quarantined";
const FENCED: &str = "no stale token is accepted";
const STAND: &str = "what was accepted stands, and nothing else";
const ADD_UP: &str = "attempts add up";
const BUDGETS: &str = "budgets add up";
const IN_TIME: &str = "after a fault service resumes in time";
const OTHERS: &str = "a dead replica does not touch those of the other";
const LEASED_AGAIN: &str = "a dead engine's events are leased again in time";
const JUDGED: &str = "no engine is judged dead for an outage";

#[test]
fn a_sound_history_breaks_no_rule_and_every_rule_of_events_has_looked_at_something() {
    sound().breaks_nothing();
    let run = sound();
    let idle: Vec<_> = check(&run.history, &run.stock, &TERMS)
        .into_iter()
        .filter(|verdict| verdict.looked_at == 0)
        .map(|verdict| verdict.rule)
        .collect();
    let of_what_did_not_happen =
        [ONE_HOLDER, BY_HOLDER, CANCELLED, REDRIVEN_ONCE, QUARANTINED, OTHERS, LEASED_AGAIN, JUDGED];
    assert_eq!(
        idle, of_what_did_not_happen,
        "no key was sent, no run was cancelled, nothing was redriven, and nobody died"
    );
}

#[test]
fn a_lost_event_is_found() {
    let mut run = sound();
    run.stock.retain(|state| state.event != DONE_AT_ONCE);
    run.breaks(EXIST);
    assert!(story(&run.history, &run.stock, DONE_AT_ONCE).last().unwrap().contains("no such event"));
}

#[test]
fn an_event_left_open_is_found_unless_it_is_due_later() {
    let mut run = sound();
    run.enqueue(13.0, 1, "e", &[ENGINE]).stock(ENGINE, "e", "queued", Vec::new());
    run.state(ENGINE).available_at = Some(at(20.0));
    run.breaks(ENDED);
    run.state(ENGINE).available_at = Some(TERMS.read_at + SECOND);
    run.breaks_nothing();
    run.state(ENGINE).status = "processing".to_owned();
    run.breaks(ENDED);
}

#[test]
fn without_a_reply_all_of_an_atomic_batch_is_there_or_none() {
    let mut run = sound();
    let unsure = || Answer::Unsure("cut".to_owned());
    run.enqueue_answered(13.0, 1, "e", 2, unsure());
    run.breaks_nothing();
    run.stock(Uuid::from_u128(21), "e", "cancelled", Vec::new());
    run.breaks(ONE_OF_TWO);
    run.stock(Uuid::from_u128(22), "e", "cancelled", Vec::new());
    assert!(run.broken().iter().all(|(rule, _)| *rule != ONE_OF_TWO));
    run.stock(Uuid::from_u128(23), "e", "cancelled", Vec::new());
    run.breaks(ONE_OF_TWO);
}

#[test]
fn a_refused_enqueue_a_second_event_of_a_key_and_one_that_nobody_sent_are_found() {
    let mut run = sound();
    let refusal = Refusal { status: 422, code: "invalid_input".to_owned(), ended_by: None };
    run.enqueue_answered(13.0, 1, "e", 1, Answer::Refused(refusal));
    run.breaks_nothing();
    run.stock(Uuid::from_u128(21), "e", "cancelled", Vec::new());
    run.breaks(ONE_OF_TWO);
    let mut run = sound();
    run.stock(Uuid::from_u128(21), "b", "cancelled", Vec::new());
    run.breaks(ONE_OF_TWO);
    let mut run = sound();
    run.stock(Uuid::from_u128(21), "nobody's", "cancelled", Vec::new());
    run.breaks(ONE_OF_TWO);
}

#[test]
fn a_double_lease_is_found() {
    let mut run = sound();
    run.lease(3.0, OTHER_ENGINE, LOST_ONCE, 2, "t9", (0, 0));
    run.breaks(ONE_AT_A_TIME);
    let mut run = sound();
    run.lease(4.0, OTHER_ENGINE, LOST_ONCE, 1, "t9", (0, 0));
    run.breaks(ONE_AT_A_TIME);
    let mut run = sound();
    run.lease(6.5, ENGINE, LOST_ONCE, 2, "t3", (0, 1));
    run.breaks(ONE_AT_A_TIME);
}

#[test]
fn what_an_engine_in_quarantine_is_given_is_found() {
    let quarantine = |from, to| Entry::Quarantine(Quarantine { engine: OTHER_ENGINE, from: at(from), to: at(to) });
    let broken = |entry| {
        let mut run = sound();
        run.lease(3.0, OTHER_ENGINE, LOST_ONCE, 2, "t9", (0, 0));
        run.history.push(entry);
        run.broken().iter().any(|(rule, _)| *rule == QUARANTINED)
    };
    assert!(broken(quarantine(1.0, 4.0)));
    assert!(!broken(quarantine(2.5, 5.0)), "a claim that was under way may have given it");
    assert!(!broken(quarantine(1.0, 3.1)), "it may have been lifted");
    assert!(!broken(Entry::Quarantine(Quarantine { engine: ENGINE, from: at(2.5), to: at(3.5) })));
}

#[test]
fn a_renewed_lease_lives_on() {
    let mut run = sound();
    let renewed = Answer::Done(accepted("renewed", 1, Some(at(9.0))));
    run.report_answered(5.0, ENGINE, LOST_ONCE, 1, "t2", Word::Renew, renewed).breaks(ONE_AT_A_TIME);
    run.breaks(CUT_SHORT);
}

#[test]
fn a_lease_that_its_engine_may_have_ended_is_not_doubled() {
    let early = |run: &mut Run| {
        for entry in &mut run.history {
            if let Entry::Poll(poll) = entry
                && let Answer::Done(leases) = &mut poll.answer
                && leases[0].token == "t3"
            {
                (leases[0].leased_at, leases[0].expires_at) = (at(3.0), at(7.0));
                poll.span = span(1, 3.0);
            }
        }
        *run.attempt(LOST_ONCE, 2) = ended(2, OTHER_ENGINE, "completed", 3.0, 7.0);
    };
    let mut run = sound();
    early(&mut run);
    run.breaks(ONE_AT_A_TIME);
    run.report_answered(2.8, ENGINE, LOST_ONCE, 1, "t2", Word::Released, Answer::Unsure("cut".to_owned()));
    run.attempt(LOST_ONCE, 1).outcome = "released".to_owned();
    run.state(LOST_ONCE).lease_losses = 0;
    assert!(run.broken().iter().all(|(rule, _)| *rule != ONE_AT_A_TIME), "{:?}", run.broken());

    let mut run = sound();
    early(&mut run);
    run.history.push(Entry::Register(Register { span: span(1, 2.9), engine: ENGINE, answer: Answer::Done(2) }));
    *run.attempt(LOST_ONCE, 1) = ended(1, ENGINE, "engine_restarted", 2.0, 2.9);
    run.breaks_nothing();
    run.history.pop();
    run.breaks(STAND);
}

#[test]
fn a_completed_event_that_is_leased_again_is_found() {
    let mut run = sound();
    run.lease(20.0, OTHER_ENGINE, DONE_AT_ONCE, 2, "t9", (0, 0));
    run.breaks(FINAL);
    let mut run = sound();
    run.state(DONE_AT_ONCE).attempt = 2;
    run.breaks(FINAL);
}

#[test]
fn an_accepted_stale_report_is_found() {
    for word in [Word::Completed, Word::Failed, Word::Released, Word::Renew] {
        let mut run = sound();
        run.report(6.8, ENGINE, LOST_ONCE, 1, "t2", word);
        run.breaks(FENCED);
    }
    let mut run = sound();
    let refusal = Refusal { status: 409, code: "lease_lost".to_owned(), ended_by: Some("expired".to_owned()) };
    run.report_answered(6.8, ENGINE, LOST_ONCE, 1, "t2", Word::Completed, Answer::Refused(refusal));
    run.breaks_nothing();
}

#[test]
fn the_same_word_again_is_no_stale_report() {
    let mut run = sound();
    run.report(13.0, ENGINE, FAILING, 1, "t4", Word::Failed);
    run.breaks_nothing();
    run.report(13.0, ENGINE, FAILING, 1, "t4", Word::Released);
    run.breaks(FENCED);
}

#[test]
fn a_report_taken_for_another_attempts_is_found() {
    let mut run = sound();
    let other = Answer::Done(accepted("completed", 2, None));
    run.report_answered(2.6, ENGINE, DONE_AT_ONCE, 1, "t1", Word::Completed, other).breaks(FENCED);
}

#[test]
fn a_word_that_does_not_stand_is_found() {
    let mut run = sound();
    run.attempt(FAILING, 1).outcome = "released".to_owned();
    run.breaks(STAND);
    let mut run = sound();
    run.state(DONE_AT_ONCE).status = "queued".to_owned();
    run.breaks(STAND);
}

#[test]
fn a_word_that_nobody_said_is_found() {
    let mut run = sound();
    run.history.retain(|entry| !matches!(entry, Entry::Report(report) if report.items[0].token == "t4"));
    run.breaks(STAND);
    let mut run = sound();
    run.attempt(LOST_ONCE, 1).outcome = "released".to_owned();
    run.breaks(STAND);
}

#[test]
fn a_word_whose_reply_was_lost_may_stand_or_not() {
    let mut run = sound();
    for entry in &mut run.history {
        if let Entry::Report(report) = entry
            && report.items[0].token == "t4"
        {
            report.items[0].answer = Answer::Unsure("cut".to_owned());
        }
    }
    run.breaks_nothing();
    *run.attempt(FAILING, 1) = ended(1, ENGINE, "expired", 8.0, 12.0);
    let state = run.state(FAILING);
    (state.failures, state.lease_losses) = (0, 1);
    // Then the next lease is told of the loss.
    for entry in &mut run.history {
        if let Entry::Poll(poll) = entry
            && let Answer::Done(leases) = &mut poll.answer
            && leases[0].token == "t5"
        {
            (leases[0].retries_left, leases[0].losses_left) = (3, 2);
        }
    }
    run.breaks_nothing();
}

#[test]
fn a_gap_between_attempts_is_found() {
    let mut run = sound();
    run.attempt(LOST_ONCE, 2).attempt = 3;
    run.breaks(ADD_UP);
    let mut run = sound();
    run.attempt(LOST_ONCE, 1).final_status = Some("failed".to_owned());
    run.breaks(ADD_UP);
    let mut run = sound();
    run.lease(14.0, ENGINE, LOST_ONCE, 3, "t9", (0, 1));
    run.breaks(ADD_UP);
}

#[test]
fn a_budget_that_does_not_add_up_is_found() {
    let mut run = sound();
    run.state(FAILING).failures = 2;
    run.breaks(BUDGETS);
    let mut run = sound();
    run.state(LOST_ONCE).lease_losses = 0;
    run.breaks(BUDGETS);
    let mut run = sound();
    run.lease(2.2, ENGINE, FAILING, 1, "t4", (1, 0));
    run.breaks(BUDGETS);
}

#[test]
fn a_dead_letter_before_its_budget_is_spent_is_found() {
    for (reason, spent) in [("retries_exhausted", (4, 0)), ("lease_losses_exhausted", (0, 3))] {
        let mut run = sound();
        run.state(DONE_AT_ONCE).attempts = None;
        let state = run.state(DONE_AT_ONCE);
        (state.status, state.reason) = ("failed".to_owned(), Some(reason.to_owned()));
        run.breaks(BUDGETS);
        (run.state(DONE_AT_ONCE).failures, run.state(DONE_AT_ONCE).lease_losses) = spent;
        assert!(run.broken().iter().all(|(rule, _)| *rule != BUDGETS), "{reason}");
    }
}

#[test]
fn a_lease_that_expires_too_early_and_a_wrong_remaining_time_are_found() {
    let mut run = sound();
    run.attempt(LOST_ONCE, 1).ended_at = at(5.0);
    run.breaks(CUT_SHORT);
    let mut run = sound();
    for entry in &mut run.history {
        if let Entry::Poll(poll) = entry
            && let Answer::Done(leases) = &mut poll.answer
        {
            leases[0].expires_in += 3600 * SECOND;
        }
    }
    run.breaks(CUT_SHORT);
}

#[test]
fn service_that_does_not_resume_is_found_for_each_replica_and_each_verb() {
    for replica in [1, 2] {
        let mut run = sound();
        run.history.retain(
            |entry| !matches!(entry, Entry::Enqueue(call) if call.span.sent > at(11.0) && call.span.replica == replica),
        );
        run.breaks(IN_TIME);
    }
    let mut run = sound();
    run.history.retain(|entry| !matches!(entry, Entry::Poll(poll) if poll.span.sent > at(11.0)));
    run.breaks(IN_TIME);
    let mut run = sound();
    run.history.retain(|entry| !matches!(entry, Entry::Report(report) if report.span.sent > at(11.0)));
    run.breaks(IN_TIME);
}

#[test]
fn a_drained_replica_that_does_not_end_in_order_is_found() {
    let mut run = sound();
    run.fault(9.0, 11.0, Kind::ReplicaDrained, Some(1));
    run.breaks(IN_TIME);
    if let Some(Entry::Fault(fault)) = run.history.last_mut() {
        fault.exit_code = Some(0);
    }
    run.breaks_nothing();
}

#[test]
fn a_replica_that_falls_silent_with_the_other_is_found_unless_its_connection_was_cut() {
    let mut run = sound();
    run.fault(11.5, 11.9, Kind::ReplicaKilled, Some(1));
    run.breaks_nothing();
    run.enqueue_answered(11.7, 2, "e", 1, Answer::Unsure("the server closed the connection".to_owned()));
    run.breaks(OTHERS);
    run.fault(11.6, 11.6, Kind::RepliesCut, Some(2));
    run.breaks_nothing();
}

#[test]
fn an_engine_that_said_nothing_since_a_cut_meets_it_late_and_one_that_was_answered_since_does_not() {
    let mut run = sound();
    run.fault(20.0, 20.0, Kind::RequestsCut, Some(1)).fault(29.0, 31.0, Kind::ReplicaKilled, Some(2));
    let cut = Answer::Unsure("the server closed the connection".to_owned());
    run.report_answered(30.0, ENGINE, FAILING, 2, "t5", Word::Completed, cut);
    run.enqueue(32.0, 1, "e", &[]).enqueue(32.0, 2, "f", &[]);
    run.lease(32.0, ENGINE, ENGINE, 1, "t6", (0, 0)).report(32.5, ENGINE, ENGINE, 1, "t6", Word::Completed);
    run.enqueue(29.5, 1, "g", &[ENGINE]).stock(
        ENGINE,
        "g",
        "completed",
        vec![ended(1, ENGINE, "completed", 32.0, 32.5)],
    );
    run.breaks_nothing();
    run.report(25.0, ENGINE, FAILING, 2, "t5", Word::Completed);
    run.breaks(OTHERS);
}
