//! A history in which all is well, and what breaks it.

use uuid::Uuid;

use crate::checker::check;
use crate::history::{
    Accepted, Answer, At, Attempt, Enqueue, Entry, Event, Fault, Kind, Lease, Poll, Report, ReportItem, SECOND,
    Silence, Span, Terms, Word,
};

pub const TERMS: Terms = Terms {
    max_retries: 3,
    dead_letter_threshold: 3,
    max_retry_delay: 3 * SECOND,
    heartbeat_timeout: 6 * SECOND,
    resumed_within: 5 * SECOND,
    faults_ended: 100 * SECOND,
    read_at: 200 * SECOND,
};

pub const ENGINE: Uuid = Uuid::from_u128(1);
pub const OTHER_ENGINE: Uuid = Uuid::from_u128(2);
pub const DONE_AT_ONCE: Uuid = Uuid::from_u128(11);
pub const LOST_ONCE: Uuid = Uuid::from_u128(12);
pub const FAILING: Uuid = Uuid::from_u128(13);
pub const BROUGHT: Uuid = Uuid::from_u128(17);

/// A call of 10 ms, the reply in the middle of whose making was at that second.
pub fn span(replica: u8, second: f64) -> Span {
    let at = at(second);
    Span { replica, sent: at - 5_000, ended: at + 5_000 }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
pub fn at(second: f64) -> At {
    (second * 1e6).round() as At
}

pub struct Run {
    pub history: Vec<Entry>,
    pub stock: Vec<Event>,
}

impl Run {
    pub fn enqueue(&mut self, second: f64, replica: u8, label: &str, events: &[Uuid]) -> &mut Self {
        let answer = Answer::Done(events.to_vec());
        self.enqueue_answered(second, replica, label, events.len(), answer)
    }

    pub fn enqueue_answered(
        &mut self,
        second: f64,
        replica: u8,
        label: &str,
        size: usize,
        answer: Answer<Vec<Uuid>>,
    ) -> &mut Self {
        let (span, label) = (span(replica, second), label.to_owned());
        self.history.push(Entry::Enqueue(Enqueue {
            span,
            label,
            size,
            is_atomic: true,
            is_keyed: false,
            unique_key: None,
            answer,
        }));
        self
    }

    pub fn lease(
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

    pub fn report(
        &mut self,
        second: f64,
        engine: Uuid,
        event: Uuid,
        attempt: u32,
        token: &str,
        word: Word,
    ) -> &mut Self {
        let outcome = word.status().to_owned();
        let answer = Answer::Done(Accepted { outcome, attempt: Some(attempt), expires_at: None, enqueued: Vec::new() });
        self.report_answered(second, engine, event, attempt, token, word, answer)
    }

    #[expect(clippy::too_many_arguments, reason = "all that a report is")]
    pub fn report_answered(
        &mut self,
        second: f64,
        engine: Uuid,
        event: Uuid,
        attempt: u32,
        token: &str,
        word: Word,
        answer: Answer<Accepted>,
    ) -> &mut Self {
        let item = ReportItem { event, token: token.to_owned(), attempt, word, follow_up: None, answer };
        self.history.push(Entry::Report(Report { span: span(1, second), engine, items: vec![item] }));
        self
    }

    /// A completion that brings a follow-up event of that label.
    pub fn follow_up(&mut self, second: f64, event: Uuid, label: &str, answer: Answer<Accepted>) -> &mut Self {
        self.report_answered(second, ENGINE, event, 1, "t1", Word::Completed, answer);
        let Some(Entry::Report(report)) = self.history.last_mut() else { unreachable!("it was just added") };
        report.items[0].follow_up = Some(label.to_owned());
        self
    }

    pub fn fault(&mut self, began: f64, over: f64, kind: Kind, replica: Option<u8>) -> &mut Self {
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

    pub fn silence(&mut self, engine: Uuid, from: f64, to: Option<f64>) -> &mut Self {
        self.history.push(Entry::Silence(Silence { engine, from: at(from), to: to.map(at) }));
        self
    }

    pub fn stock(&mut self, event: Uuid, label: &str, status: &str, attempts: Vec<Attempt>) -> &mut Self {
        let count = |outcomes: &[&str]| {
            let found = attempts.iter().filter(|attempt| outcomes.contains(&attempt.outcome.as_str())).count();
            u32::try_from(found).unwrap()
        };
        let is_lease = |attempt: &&Attempt| attempt.outcome != "cancelled" || attempt.leased_at.is_some();
        self.stock.push(Event {
            event,
            label: label.to_owned(),
            status: status.to_owned(),
            attempt: u32::try_from(attempts.iter().filter(is_lease).count()).unwrap(),
            failures: count(&["failed"]),
            lease_losses: count(&["expired", "engine_unresponsive", "engine_restarted"]),
            reason: None,
            available_at: None,
            unique_key: None,
            created_at: None,
            finished_at: None,
            attempts: Some(attempts),
        });
        self
    }

    pub fn state(&mut self, event: Uuid) -> &mut Event {
        self.stock.iter_mut().find(|state| state.event == event).unwrap()
    }

    pub fn attempt(&mut self, event: Uuid, number: usize) -> &mut Attempt {
        &mut self.state(event).attempts.as_mut().unwrap()[number - 1]
    }

    /// The rules that are broken, and what is said of it.
    pub fn broken(&self) -> Vec<(&'static str, Vec<String>)> {
        check(&self.history, &self.stock, &TERMS)
            .into_iter()
            .filter(|verdict| !verdict.violations.is_empty())
            .map(|verdict| (verdict.rule, verdict.violations.into_iter().map(|found| found.text).collect()))
            .collect()
    }

    #[track_caller]
    pub fn breaks(&self, rule: &str) {
        let broken = self.broken();
        assert!(broken.iter().any(|(found, _)| *found == rule), "only {broken:?}");
    }

    #[track_caller]
    pub fn breaks_nothing(&self) {
        assert_eq!(self.broken(), []);
    }
}

pub fn ended(number: u32, engine: Uuid, outcome: &str, leased: f64, ended: f64) -> Attempt {
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

pub fn accepted(outcome: &str, attempt: u32, expires_at: Option<At>) -> Accepted {
    Accepted { outcome: outcome.to_owned(), attempt: Some(attempt), expires_at, enqueued: Vec::new() }
}

pub fn brought(events: &[Uuid]) -> Answer<Accepted> {
    let outcome = "completed".to_owned();
    Answer::Done(Accepted { outcome, attempt: Some(1), expires_at: None, enqueued: events.to_vec() })
}

/// One event is completed at once, and brings another; one's lease runs out, and another engine completes it; one fails first. The
/// database is away for two seconds, and service resumes.
pub fn sound() -> Run {
    let mut run = Run { history: Vec::new(), stock: Vec::new() };
    run.enqueue(1.0, 1, "a", &[DONE_AT_ONCE, LOST_ONCE]).enqueue(1.0, 2, "b", &[FAILING]);
    run.lease(2.0, ENGINE, DONE_AT_ONCE, 1, "t1", (0, 0)).follow_up(2.5, DONE_AT_ONCE, "after", brought(&[BROUGHT]));
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
    run.lease(7.5, OTHER_ENGINE, BROUGHT, 1, "t6", (0, 0)).report(8.0, OTHER_ENGINE, BROUGHT, 1, "t6", Word::Completed);
    run.stock(BROUGHT, "after", "completed", vec![ended(1, OTHER_ENGINE, "completed", 7.5, 8.0)]);
    // Labels without an event.
    run.history.retain(|entry| !matches!(entry, Entry::Enqueue(call) if call.size == 0 && call.span.sent < at(11.0)));
    run
}
