//! What may happen, one transaction a step. The rules are the domain's; what the statements of the store do around
//! them is done here to the [`World`].

use std::time::Duration;

use super::world::{ENGINES, EVENTS, Ended, Event, Number, Place, Row, World, engine_id, lease_token};
use eventlease::domain::assignment;
use eventlease::domain::assignment::{Assignment, Candidate, Capacity, Taker};
use eventlease::domain::engine::EngineStatus;
use eventlease::domain::event::{Outcome, Status};
use eventlease::domain::exclusive_engine::Eligible;
use eventlease::domain::fence::{Credentials, LateReport, OpenLease, Standing, late_report, standing};
use eventlease::domain::lane::{Lane, SuspectIsolation};
use eventlease::domain::retry_policy::RetryPolicy;
use eventlease::domain::verdict::{Ending, Loss, Spent, Verdict, verdict};

type Assigning = fn(&[Taker], &[Capacity], &[Candidate], &Eligible) -> Assignment;

/// The rules that the model asks: the domain's own, or a broken one in its place.
#[derive(Clone, Copy)]
pub struct Rules {
    pub policy: RetryPolicy,
    pub isolation: SuspectIsolation,
    pub standing: fn(Credentials, Option<OpenLease>) -> Standing,
    pub late_report: fn(Status, Outcome) -> LateReport,
    pub verdict: fn(Ending, Spent, &RetryPolicy, SuspectIsolation, bool, f64) -> Verdict,
    pub keeps_token: fn(Ending) -> bool,
    pub assign: Assigning,
}

impl Rules {
    /// The rules of the service, with budgets small enough to be spent.
    pub fn of_the_domain() -> Self {
        Self {
            policy: RetryPolicy { max_retries: 1, dead_letter_threshold: 2, ..RetryPolicy::default() },
            isolation: SuspectIsolation::SecondLoss,
            standing,
            late_report,
            verdict,
            keeps_token: Ending::keeps_token,
            assign: assignment::assign,
        }
    }
}

/// What an engine says of a lease.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Word {
    Completed,
    Failed,
    FailedForGood,
    Released,
    Renewed,
}

impl Word {
    pub const ALL: [Self; 5] = [Self::Completed, Self::Failed, Self::FailedForGood, Self::Released, Self::Renewed];

    pub const fn status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::Failed | Self::FailedForGood => Status::Failed,
            Self::Released => Status::Queued,
            Self::Renewed => Status::Processing,
        }
    }
}

/// What may happen next in a world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// One look for the polls of one or two engines. `due` are the events it finds, in the order of leasing: others are
    /// delayed still, or locked by somebody else.
    Lease { polls: [Option<Place>; 2], due: [Option<Place>; 2], is_reply_lost: bool },
    /// The same `poll_id` again, after a lost reply.
    RepeatPoll { engine: Place },
    /// The request of a poll hung up before its leases were handed to it.
    HandBack { event: Place },
    /// Whoever once got the token, whatever became of it.
    Report { event: Place, token: Number, caller: Option<Place>, word: Word },
    /// A lease runs out, and the reaper finds it. Between the two it is as good as before to all but the reaper.
    Expire { event: Place },
    /// An engine says that it lives.
    Heartbeat { engine: Place },
    /// The reaper ends a lease whose engine is unresponsive.
    ReapUnresponsive { event: Place },
    /// The reaper finds an engine silent.
    DeclareUnresponsive { engine: Place },
    /// The engine's process ends. What it sent may arrive later.
    Crash { engine: Place },
    /// Registers anew under the same id, after a crash.
    Restart { engine: Place },
    /// Somebody asks for the event to be cancelled.
    Cancel { event: Place },
    /// A dead letter becomes an event again.
    Redrive { event: Place },
}

/// How a report was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// It was the word awaited: the event's status after it.
    Accepted(Status),
    /// It had been said before, and was answered so.
    Again(Status),
    /// Nothing was changed.
    Refused,
}

impl World {
    /// Does a step; for a report, answers its reply. A step that is not possible changes nothing.
    pub fn step(&mut self, rules: &Rules, step: Step) -> Option<Reply> {
        let reply = self.carry_out(rules, step);
        // To be unresponsive without holding anything makes no difference: the next call ends it. Nor does an earlier
        // heartbeat: it can be sent as well after the next lease.
        for engine in 0..ENGINES {
            if self.held_by(to_place(engine)).next().is_none() {
                self.engines[engine].status = EngineStatus::Active;
                self.engines[engine].has_sent_heartbeat = false;
            }
        }
        reply
    }

    fn carry_out(&mut self, rules: &Rules, step: Step) -> Option<Reply> {
        match step {
            Step::Lease { polls, due, is_reply_lost } => self.lease(rules, polls, due, !is_reply_lost),
            Step::RepeatPoll { engine } => {
                self.hear(engine);
                for event in &mut self.events {
                    if let Some(row) = &mut event.row
                        && row.is_processing
                        && row.engine == Some(engine)
                    {
                        row.is_delivered = true;
                    }
                }
            }
            Step::HandBack { event } => {
                self.end_if(rules, event, Ending::Undelivered, |_, row| !row.is_delivered);
            }
            Step::Report { event, token, caller, word } => return Some(self.report(rules, event, token, caller, word)),
            Step::Expire { event } => self.end_if(rules, event, Ending::Lost(Loss::Expired), |_, _| true),
            Step::ReapUnresponsive { event } => {
                self.end_if(rules, event, Ending::Lost(Loss::EngineUnresponsive), |world, row| {
                    row.engine
                        .map(|engine| world.engines[usize::from(engine)])
                        .is_some_and(|engine| engine.status == EngineStatus::Unresponsive && engine.has_sent_heartbeat)
                });
            }
            Step::Heartbeat { engine } => {
                self.hear(engine);
                self.engines[usize::from(engine)].has_sent_heartbeat = true;
            }
            Step::DeclareUnresponsive { engine } => {
                self.engines[usize::from(engine)].status = EngineStatus::Unresponsive;
            }
            Step::Crash { engine } => self.engines[usize::from(engine)].is_up = false,
            Step::Restart { engine } => {
                let known = &mut self.engines[usize::from(engine)];
                (known.is_up, known.status, known.has_sent_heartbeat) = (true, EngineStatus::Active, false);
                known.incarnation += 1;
                for event in 0..EVENTS {
                    let ending = Ending::Lost(Loss::EngineRestarted);
                    self.end_if(rules, to_place(event), ending, |_, row| row.engine == Some(engine));
                }
            }
            Step::Cancel { event } => self.events[usize::from(event)].cancel(),
            Step::Redrive { event } => self.events[usize::from(event)].redrive(),
        }
        None
    }

    /// Every call of an engine is a sign of its life.
    fn hear(&mut self, engine: Place) {
        self.engines[usize::from(engine)].status = EngineStatus::Active;
    }

    /// As `dispatch::claim` does it, with the engines' rows locked.
    fn lease(&mut self, rules: &Rules, polls: [Option<Place>; 2], due: [Option<Place>; 2], is_delivered: bool) {
        let polls: Vec<Place> = polls.into_iter().flatten().collect();
        let capacities: Vec<Capacity> = polls
            .iter()
            .map(|&engine| {
                self.hear(engine);
                Capacity {
                    engine_id: engine_id(engine),
                    held: u32::try_from(self.held_by(engine).count()).expect("few"),
                    highest_lane: self.held_by(engine).map(|row| row.lane).max().unwrap_or_default(),
                    max_concurrent_events: None,
                }
            })
            .collect();
        let with_room = (0..polls.len()).filter(|&poll| capacities[poll].room() > 0);
        let takers: Vec<Taker> = with_room.map(|poll| Taker { limit: 2, capacity: Some(poll) }).collect();
        let due: Vec<Place> = due.into_iter().flatten().filter(|&event| self.is_queued(event)).collect();
        let candidates: Vec<Candidate> = due
            .iter()
            .map(|&event| {
                let row = self.events[usize::from(event)].row.as_ref().expect("queued, as just seen");
                Candidate { payload_bytes: 1, lane: row.lane, is_overdue: false }
            })
            .collect();
        let assignment = (rules.assign)(&takers, &capacities, &candidates, &Eligible::default());
        for (claim, given) in takers.iter().zip(assignment.given) {
            let engine = polls[claim.capacity.expect("nobody polls without a name here")];
            let incarnation = self.engines[usize::from(engine)].incarnation;
            for candidate in given {
                self.events[usize::from(due[candidate])].grant(engine, incarnation, is_delivered);
            }
        }
    }

    fn is_queued(&self, event: Place) -> bool {
        self.events[usize::from(event)].status() == Status::Queued
    }

    /// As `broker::settle` does it, with the event's row locked.
    fn report(&mut self, rules: &Rules, event: Place, token: Number, caller: Option<Place>, word: Word) -> Reply {
        if let Some(caller) = caller {
            self.hear(caller);
        }
        let event = &mut self.events[usize::from(event)];
        let is_renewal = word == Word::Renewed;
        let shown = Credentials { lease_token: Some(lease_token(token)), caller: caller.map(engine_id), is_renewal };
        let is_admitted = match (rules.standing)(shown, event.row.as_ref().map(Row::lease)) {
            Standing::Live => true,
            Standing::Late => event.take_loss_back(token, caller),
            Standing::NotTheHolder => return Reply::Refused,
            Standing::Past => false,
        };
        if !is_admitted {
            return answer_late_report(rules, event, token, word);
        }
        let ending = match word {
            // What could run out, still may.
            Word::Renewed => return Reply::Accepted(Status::Processing),
            Word::Completed => {
                event.close(Outcome::Completed, Status::Completed);
                return Reply::Accepted(Status::Completed);
            }
            Word::Failed => Ending::Failed { is_retryable: true, delay: None },
            Word::FailedForGood => Ending::Failed { is_retryable: false, delay: None },
            Word::Released => Ending::Released { delay: Duration::ZERO },
        };
        event.end(rules, ending);
        Reply::Accepted(event.status())
    }

    /// Ends a lease without the engine's word, if it still is as it was when it was chosen.
    fn end_if(&mut self, rules: &Rules, event: Place, ending: Ending, is_so: impl Fn(&Self, &Row) -> bool) {
        let place = usize::from(event);
        if self.events[place].row.as_ref().is_some_and(|row| row.is_processing && is_so(self, row)) {
            self.events[place].end(rules, ending);
        }
    }
}

fn answer_late_report(rules: &Rules, event: &Event, token: Number, word: Word) -> Reply {
    match event.attempts.of_token(token) {
        Some(ended) if (rules.late_report)(word.status(), ended.outcome) == LateReport::Repeat => {
            Reply::Again(ended.answered)
        }
        _ => Reply::Refused,
    }
}

/// True if a lease of the event was lost since its budgets were fresh.
pub fn is_suspect(row: &Row) -> bool {
    row.lane > Lane::Normal
}

pub fn to_place(index: usize) -> Place {
    Place::try_from(index).expect("few")
}

impl Event {
    /// The number of its last lease.
    pub fn given(&self) -> Number {
        let ended = self.attempts.iter().filter_map(|ended| ended.token).max().unwrap_or(0);
        self.row.map_or(ended, |row| row.attempt)
    }

    /// How many attempts the engines gave back.
    pub fn releases(&self) -> usize {
        self.attempts.iter().filter(|ended| ended.outcome == Outcome::Released).count()
    }

    fn grant(&mut self, engine: Place, incarnation: u8, is_delivered: bool) {
        let row = self.row.as_mut().expect("what is given was queued");
        row.attempt += 1;
        (row.is_processing, row.token) = (true, Some(row.attempt));
        (row.engine, row.incarnation) = (Some(engine), incarnation);
        row.is_delivered = is_delivered;
        self.live |= 1 << row.attempt;
    }

    /// The statement of `record_attempts.sql` and what follows it.
    fn end(&mut self, rules: &Rules, ending: Ending) {
        let row = self.row.as_mut().expect("its lease is live");
        match (rules.verdict)(ending, row.spent, &rules.policy, rules.isolation, row.is_cancel_requested, 0.0) {
            Verdict::Requeue { spent, lane, .. } => {
                let (attempt, is_cancel_requested) = (row.attempt, row.is_cancel_requested);
                let (token, engine) = if (rules.keeps_token)(ending) { (row.token, row.engine) } else { (None, None) };
                self.record(ending.outcome(), Status::Queued);
                self.row = Some(Row { token, engine, spent, lane, is_cancel_requested, ..Row::queued(attempt) });
            }
            Verdict::DeadLetter { spent, .. } => {
                self.close(ending.outcome(), Status::Failed);
                self.dead_letter = Some(spent);
            }
            Verdict::Complete => self.close(ending.outcome(), Status::Completed),
            Verdict::Cancel => self.close(ending.outcome(), Status::Cancelled),
        }
    }

    fn close(&mut self, outcome: Outcome, answered: Status) {
        self.record(outcome, answered);
        self.row = None;
    }

    fn record(&mut self, outcome: Outcome, answered: Status) {
        let row = self.row.as_ref().expect("open");
        let token = if row.is_processing { row.token } else { None };
        if let Some(token) = token {
            self.live &= !(1 << token);
        }
        // Silent losses of any kind are alike to whoever reports later.
        let outcome = if outcome.reported_as().is_none() && token.is_some() { Outcome::Expired } else { outcome };
        self.attempts.push(Ended { token, outcome, answered });
    }

    /// The statement of `take_loss_back.sql`: nothing, if the caller is not the engine that held the lease.
    fn take_loss_back(&mut self, token: Number, caller: Option<Place>) -> bool {
        let Some(row) = &mut self.row else { return false };
        let is_anothers = caller.is_some() && row.engine.is_some() && caller != row.engine;
        if row.is_processing || row.token != Some(token) || is_anothers {
            return false;
        }
        self.attempts.remove_last();
        row.is_processing = true;
        row.spent.lease_losses = row.spent.lease_losses.saturating_sub(1);
        self.live |= 1 << row.attempt;
        true
    }

    fn cancel(&mut self) {
        match &mut self.row {
            Some(row) if row.is_processing => row.is_cancel_requested = true,
            Some(_) => self.close(Outcome::Cancelled, Status::Cancelled),
            None => {}
        }
    }

    fn redrive(&mut self) {
        if self.dead_letter.take().is_some() {
            self.row = Some(Row::queued(self.given()));
            self.fresh_since = self.attempts.len();
            self.redrives += 1;
        }
    }
}
