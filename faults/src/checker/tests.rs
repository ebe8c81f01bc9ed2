//! A history in which all is well, and what the checker says of it once it is broken.

use uuid::Uuid;

use super::{check, story};
use crate::history::{
    Accepted, Answer, At, Attempt, Enqueue, Entry, Event, Fault, Kind, Lease, Pause, Poll, Refusal, Register, Report,
    ReportItem, SECOND, Silence, Span, Terms, Word,
};

const TERMS: Terms = Terms {
    max_retries: 3,
    dead_letter_threshold: 3,
    max_retry_delay: 3 * SECOND,
    heartbeat_timeout: 6 * SECOND,
    resumed_within: 5 * SECOND,
    faults_ended: 100 * SECOND,
    read_at: 200 * SECOND,
};

const ENGINE: Uuid = Uuid::from_u128(1);
const OTHER_ENGINE: Uuid = Uuid::from_u128(2);
const DONE_AT_ONCE: Uuid = Uuid::from_u128(11);
const LOST_ONCE: Uuid = Uuid::from_u128(12);
const FAILING: Uuid = Uuid::from_u128(13);

/// A call of 10 ms, the reply in the middle of whose making was at that second.
fn span(replica: u8, second: f64) -> Span {
    let at = at(second);
    Span { replica, sent: at - 5_000, ended: at + 5_000 }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
fn at(second: f64) -> At {
    (second * 1e6).round() as At
}

struct Run {
    history: Vec<Entry>,
    stock: Vec<Event>,
}

impl Run {
    fn enqueue(&mut self, second: f64, replica: u8, label: &str, events: &[Uuid]) -> &mut Self {
        let answer = Answer::Done(events.to_vec());
        self.enqueue_answered(second, replica, label, events.len(), answer)
    }

    fn enqueue_answered(
        &mut self,
        second: f64,
        replica: u8,
        label: &str,
        size: usize,
        answer: Answer<Vec<Uuid>>,
    ) -> &mut Self {
        let (span, label) = (span(replica, second), label.to_owned());
        self.history.push(Entry::Enqueue(Enqueue { span, label, size, is_atomic: true, is_keyed: false, answer }));
        self
    }

    fn lease(
        &mut self,
        second: f64,
        engine: Uuid,
        event: Uuid,
        attempt: u32,
        token: &str,
        spent: (u32, u32),
    ) -> &mut Self {
        let lease = Lease {
            event,
            token: token.to_owned(),
            attempt,
            retries_left: 3 - spent.0,
            losses_left: 3 - spent.1,
            leased_at: at(second),
            expires_at: at(second + 4.0),
            expires_in: 4 * SECOND,
        };
        let poll_id = Uuid::from_u128(99);
        self.history.push(Entry::Poll(Poll {
            span: span(1, second),
            engine,
            poll_id,
            answer: Answer::Done(vec![lease]),
        }));
        self
    }

    fn report(&mut self, second: f64, engine: Uuid, event: Uuid, attempt: u32, token: &str, word: Word) -> &mut Self {
        let outcome = word.status().to_owned();
        let answer = Answer::Done(Accepted { outcome, attempt: Some(attempt), expires_at: None });
        self.report_answered(second, engine, event, attempt, token, word, answer)
    }

    #[expect(clippy::too_many_arguments, reason = "all that a report is")]
    fn report_answered(
        &mut self,
        second: f64,
        engine: Uuid,
        event: Uuid,
        attempt: u32,
        token: &str,
        word: Word,
        answer: Answer<Accepted>,
    ) -> &mut Self {
        let item = ReportItem { event, token: token.to_owned(), attempt, word, answer };
        self.history.push(Entry::Report(Report { span: span(1, second), engine, items: vec![item] }));
        self
    }

    fn fault(&mut self, began: f64, over: f64, kind: Kind, replica: Option<u8>) -> &mut Self {
        let (number, note) = (self.history.len(), String::new());
        let (began, over) = (at(began), at(over));
        self.history.push(Entry::Fault(Fault {
            number,
            kind,
            replica,
            began,
            over,
            exit_code: None,
            note,
            skipped: None,
        }));
        self
    }

    fn silence(&mut self, engine: Uuid, from: f64, to: Option<f64>) -> &mut Self {
        self.history.push(Entry::Silence(Silence { engine, from: at(from), to: to.map(at) }));
        self
    }

    fn stock(&mut self, event: Uuid, label: &str, status: &str, attempts: Vec<Attempt>) -> &mut Self {
        let count = |outcomes: &[&str]| {
            let found = attempts.iter().filter(|attempt| outcomes.contains(&attempt.outcome.as_str())).count();
            u32::try_from(found).unwrap()
        };
        self.stock.push(Event {
            event,
            label: label.to_owned(),
            status: status.to_owned(),
            attempt: u32::try_from(attempts.len()).unwrap(),
            failures: count(&["failed"]),
            lease_losses: count(&["expired", "engine_unresponsive", "engine_restarted"]),
            reason: None,
            available_at: None,
            attempts: Some(attempts),
        });
        self
    }

    fn state(&mut self, event: Uuid) -> &mut Event {
        self.stock.iter_mut().find(|state| state.event == event).unwrap()
    }

    fn attempt(&mut self, event: Uuid, number: usize) -> &mut Attempt {
        &mut self.state(event).attempts.as_mut().unwrap()[number - 1]
    }

    /// The rules that are broken, and what is said of it.
    fn broken(&self) -> Vec<(&'static str, Vec<String>)> {
        check(&self.history, &self.stock, &TERMS)
            .into_iter()
            .filter(|verdict| !verdict.violations.is_empty())
            .map(|verdict| (verdict.rule, verdict.violations.into_iter().map(|found| found.text).collect()))
            .collect()
    }

    #[track_caller]
    fn breaks(&self, rule: &str) {
        let broken = self.broken();
        assert!(broken.iter().any(|(found, _)| *found == rule), "only {broken:?}");
    }

    #[track_caller]
    fn breaks_nothing(&self) {
        assert_eq!(self.broken(), []);
    }
}

fn ended(number: u32, engine: Uuid, outcome: &str, leased: f64, ended: f64) -> Attempt {
    let (leased_at, ended_at) = (Some(at(leased)), at(ended));
    let final_status = (outcome == "completed").then(|| "completed".to_owned());
    Attempt {
        attempt: number,
        engine: Some(engine),
        outcome: outcome.to_owned(),
        late_by: None,
        leased_at,
        ended_at,
        final_status,
    }
}

/// One event is completed at once; one's lease runs out, and another engine completes it; one fails first. The
/// database is away for two seconds, and service resumes.
fn sound() -> Run {
    let mut run = Run { history: Vec::new(), stock: Vec::new() };
    run.enqueue(1.0, 1, "a", &[DONE_AT_ONCE, LOST_ONCE]).enqueue(1.0, 2, "b", &[FAILING]);
    run.lease(2.0, ENGINE, DONE_AT_ONCE, 1, "t1", (0, 0)).report(2.5, ENGINE, DONE_AT_ONCE, 1, "t1", Word::Completed);
    run.lease(2.0, ENGINE, LOST_ONCE, 1, "t2", (0, 0));
    run.lease(6.5, OTHER_ENGINE, LOST_ONCE, 2, "t3", (0, 1));
    run.report(7.0, OTHER_ENGINE, LOST_ONCE, 2, "t3", Word::Completed);
    run.lease(8.0, ENGINE, FAILING, 1, "t4", (0, 0)).report(8.5, ENGINE, FAILING, 1, "t4", Word::Failed);
    run.fault(9.0, 11.0, Kind::PostgresKilled, None);
    run.enqueue(12.0, 1, "c", &[]).enqueue(12.0, 2, "d", &[]);
    run.lease(12.0, ENGINE, FAILING, 2, "t5", (1, 0)).report(12.5, ENGINE, FAILING, 2, "t5", Word::Completed);
    run.stock(DONE_AT_ONCE, "a", "completed", vec![ended(1, ENGINE, "completed", 2.0, 2.5)]);
    let (lost, done) = (ended(1, ENGINE, "expired", 2.0, 6.2), ended(2, OTHER_ENGINE, "completed", 6.5, 7.0));
    run.stock(LOST_ONCE, "a", "completed", vec![lost, done]);
    let (failed, done) = (ended(1, ENGINE, "failed", 8.0, 8.5), ended(2, ENGINE, "completed", 12.0, 12.5));
    run.stock(FAILING, "b", "completed", vec![failed, done]);
    // Labels without an event.
    run.history.retain(|entry| !matches!(entry, Entry::Enqueue(call) if call.size == 0 && call.span.sent < at(11.0)));
    run
}

const EXIST: &str = "every acknowledged event exists";
const ENDED: &str = "every event has ended, or is open with a reason";
const ONE_OF_TWO: &str = "an enqueue without a reply is done, or not";
const ONE_AT_A_TIME: &str = "no event has two leases at once";
const FINAL: &str = "no completed event is leased again";
const CUT_SHORT: &str = "no lease ends before its time";
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
    assert_eq!(idle, [OTHERS, LEASED_AGAIN, JUDGED], "no replica and no engine died here");
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
fn a_renewed_lease_lives_on() {
    let mut run = sound();
    let accepted = Accepted { outcome: "renewed".to_owned(), attempt: Some(1), expires_at: Some(at(9.0)) };
    run.report_answered(5.0, ENGINE, LOST_ONCE, 1, "t2", Word::Renew, Answer::Done(accepted));
    run.breaks(ONE_AT_A_TIME);
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
    let accepted = Accepted { outcome: "completed".to_owned(), attempt: Some(2), expires_at: None };
    run.report_answered(2.6, ENGINE, DONE_AT_ONCE, 1, "t1", Word::Completed, Answer::Done(accepted));
    run.breaks(FENCED);
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

fn with_dead_engine(ended_at: f64, leased_at: f64) -> Run {
    let mut run = sound();
    run.enqueue(20.0, 1, "e", &[ENGINE]);
    run.lease(20.0, ENGINE, ENGINE, 1, "t8", (0, 0)).silence(ENGINE, 21.0, None);
    run.lease(leased_at, OTHER_ENGINE, ENGINE, 2, "t9", (0, 1));
    run.report(leased_at + 0.1, OTHER_ENGINE, ENGINE, 2, "t9", Word::Completed);
    let lost = ended(1, ENGINE, "engine_unresponsive", 20.0, ended_at);
    run.stock(ENGINE, "e", "completed", vec![lost, ended(2, OTHER_ENGINE, "completed", leased_at, leased_at + 0.1)]);
    run
}

/// The same, and the other engine has asked since before the first one died.
fn with_waiting_engine(ended_at: f64, leased_at: f64) -> Run {
    let mut run = with_dead_engine(ended_at, leased_at);
    for entry in &mut run.history {
        if let Entry::Poll(poll) = entry
            && poll.engine == OTHER_ENGINE
            && poll.span.ended >= at(leased_at)
        {
            poll.span.sent = at(20.5);
        }
    }
    run
}

#[test]
fn a_dead_engines_event_that_waits_too_long_is_found() {
    with_dead_engine(27.5, 28.0).breaks_nothing();
    with_waiting_engine(27.5, 36.0).breaks(LEASED_AGAIN);
    // 21 + 6 + 5 + 3 s; and an outage of 2 s begins its timeout anew.
    let mut run = with_waiting_engine(27.5, 36.0);
    run.fault(24.0, 26.0, Kind::PostgresKilled, None);
    run.enqueue(27.0, 1, "c", &[]).enqueue(27.0, 2, "c", &[]);
    assert!(run.broken().iter().all(|(rule, _)| *rule != LEASED_AGAIN), "{:?}", run.broken());
}

#[test]
fn where_nobody_is_idle_a_dead_engines_event_is_only_given_back_in_time() {
    let busy = Uuid::from_u128(31);
    let with_busy_engine = |ended_at: f64| {
        let mut run = with_waiting_engine(ended_at, 40.0);
        run.enqueue(27.0, 1, "f", &[busy]).lease(27.2, OTHER_ENGINE, busy, 1, "t7", (0, 0));
        run.report(39.0, OTHER_ENGINE, busy, 1, "t7", Word::Completed);
        run.stock(busy, "f", "completed", vec![ended(1, OTHER_ENGINE, "completed", 27.2, 39.0)]);
        run
    };
    with_busy_engine(27.5).breaks_nothing();
    with_busy_engine(37.0).breaks(LEASED_AGAIN);
    with_waiting_engine(27.5, 40.0).breaks(LEASED_AGAIN);
}

#[test]
fn while_the_program_stood_still_nobody_is_late() {
    let still = |from: f64, to: f64| Entry::Pause(Pause { from: at(from), to: at(to) });
    let mut run = with_waiting_engine(27.5, 36.0);
    run.history.push(still(22.0, 24.0));
    assert!(run.broken().iter().all(|(rule, _)| *rule != LEASED_AGAIN), "{:?}", run.broken());
    let mut run = sound();
    run.history.retain(|entry| !matches!(entry, Entry::Poll(poll) if poll.span.sent > at(11.0)));
    run.breaks(IN_TIME);
    run.history.push(still(12.0, 14.0));
    assert!(run.broken().iter().all(|(rule, _)| *rule != IN_TIME), "{:?}", run.broken());
}

#[test]
fn an_engine_that_was_not_silent_and_is_taken_for_dead_is_found() {
    let mut run = with_dead_engine(27.5, 28.0);
    run.history.retain(|entry| !matches!(entry, Entry::Silence(_)));
    run.breaks(JUDGED);
    run.silence(ENGINE, 21.0, Some(22.0));
    run.breaks(JUDGED);
    with_dead_engine(22.0, 28.0).breaks(JUDGED);
}
