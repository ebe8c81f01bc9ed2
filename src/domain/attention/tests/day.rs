//! A queue in a simulated day, in steps of five seconds.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::{calm, engines};
use crate::domain::attention::{Code, of_queue};
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::numbers::to_f64;
use crate::domain::queue::Pause;
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::snapshot::{MinutePoint, Minutes, NewDeadLetters, QueueSnapshot};

const STEP: i64 = 5;
pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// How an attempt ends that does not complete.
#[derive(Clone, Copy, PartialEq)]
pub enum Failure {
    /// It is tried again.
    Retried,
    /// It is the last one.
    Final,
    /// Its engine never reports it, and it is tried again.
    Lost,
}

/// How a queue is used, and how its engines work. Times are seconds of the day.
#[derive(Clone, Copy)]
pub struct Habit {
    pub name: &'static str,
    /// Events that come in the step that begins then.
    pub comes: fn(i64) -> i64,
    /// Engines that are there, each for five events; a queue that scales to zero has none while nothing is due.
    pub engines: i64,
    pub scales_to_zero: bool,
    pub job_seconds: i64,
    /// One attempt of so many fails, and is tried again after half a minute.
    pub fails_one_in: i64,
    /// One failure of so many is the last one: a dead letter.
    pub dies_one_in: i64,
    /// A new version is deployed: one engine after the other drains, leaves and comes again.
    pub deployed_at: Option<i64>,
    /// From when to when somebody pauses it.
    pub paused: Option<(i64, i64)>,
    /// From when to when its engines hold off, as what they call answers 429.
    pub holds_off: Option<(i64, i64)>,
    /// An engine crashes then with all that it holds, and is started again.
    pub crashes_at: Option<i64>,
    /// From when to when every attempt fails.
    pub fails: Option<(i64, i64)>,
    /// How such an attempt ends.
    pub failure: Failure,
    /// All that died is redriven then.
    pub redriven_at: Option<i64>,
    /// From when to when all its engines are silent.
    pub silent: Option<(i64, i64)>,
}

pub const STEADY: Habit = Habit {
    name: "steady",
    comes: |_| 2,
    engines: 2,
    scales_to_zero: false,
    job_seconds: 15,
    fails_one_in: 40,
    dies_one_in: 50,
    deployed_at: None,
    paused: None,
    holds_off: None,
    crashes_at: None,
    fails: None,
    failure: Failure::Retried,
    redriven_at: None,
    silent: None,
};

/// One queue, as the day goes on.
pub struct Day {
    pub habit: Habit,
    begin: DateTime<Utc>,
    pub at: i64,
    /// When each event became due, the oldest first.
    due: VecDeque<i64>,
    /// When each event that failed is due again.
    delayed: VecDeque<i64>,
    /// When each attempt ends.
    at_work: Vec<i64>,
    pub attempts: i64,
    failures: i64,
    /// When each dead letter died.
    dead: Vec<i64>,
    /// What happened in each of the last steps.
    steps: VecDeque<ActivityCounts>,
    minutes: Minutes,
    /// When an engine will be there that is started because something is due.
    starts_at: Option<i64>,
}

impl Day {
    pub fn of(habit: Habit) -> Self {
        Self {
            habit,
            begin: DateTime::from_timestamp(1_800_000_000, 0).expect("a time"),
            at: 0,
            due: VecDeque::new(),
            delayed: VecDeque::new(),
            at_work: Vec::new(),
            attempts: 0,
            failures: 0,
            // Some died the day before: no hour is the first in which anything dies.
            dead: (1..=24).map(|hour| -hour * HOUR).collect(),
            steps: VecDeque::new(),
            minutes: Minutes::default(),
            starts_at: None,
        }
    }

    fn is_within(&self, span: Option<(i64, i64)>) -> bool {
        span.is_some_and(|(from, to)| (from..to).contains(&self.at))
    }

    /// Engines that take events, and such as do not.
    fn engines(&self) -> (i64, Vec<(Standing, i64)>) {
        let all = self.habit.engines;
        if self.habit.scales_to_zero {
            let is_there = self.starts_at.is_some_and(|at| at <= self.at) || !self.at_work.is_empty();
            return if is_there { (all, vec![(Standing::Active, all)]) } else { (0, Vec::new()) };
        }
        if self.is_within(self.habit.silent) {
            return (0, vec![(Standing::Unresponsive, all)]);
        }
        if self.is_within(self.habit.holds_off) {
            return (0, vec![(Standing::HoldingOff, all)]);
        }
        // Each engine drains for a minute, one after the other.
        let deployed = self.habit.deployed_at.map(|at| (at, at + all * MINUTE));
        let crashed = self.habit.crashes_at.map(|at| (at, at + 40));
        match (self.is_within(deployed), self.is_within(crashed)) {
            (true, _) => (all - 1, vec![(Standing::Active, all - 1), (Standing::Draining, 1)]),
            (_, true) => (all - 1, vec![(Standing::Active, all - 1), (Standing::Unresponsive, 1)]),
            _ => (all, vec![(Standing::Active, all)]),
        }
    }

    /// Five seconds pass.
    pub fn pass(&mut self) {
        let mut counts = ActivityCounts::default();
        let at = self.at;
        for _ in 0..(self.habit.comes)(at) {
            self.due.push_back(at);
            counts.enqueued += 1;
        }
        while self.delayed.front().is_some_and(|due| *due <= at) {
            self.due.extend(self.delayed.pop_front());
        }
        if self.habit.crashes_at == Some(at) {
            let lost = self.at_work.split_off(self.at_work.len() / 2);
            counts.lost += i64::try_from(lost.len()).expect("a few");
            self.delayed.extend(lost.iter().map(|_| at + 30));
        }
        let (ended, going_on) =
            std::mem::take(&mut self.at_work).into_iter().partition::<Vec<i64>, _>(|end| *end <= at);
        self.at_work = going_on;
        for _ in ended {
            self.attempts += 1;
            let fails = self.is_within(self.habit.fails);
            if !fails && self.attempts % self.habit.fails_one_in != 0 {
                counts.completed += 1;
                continue;
            }
            let failure = if fails { self.habit.failure } else { Failure::Retried };
            if failure == Failure::Lost {
                counts.lost += 1;
            } else {
                counts.failed += 1;
            }
            self.failures += 1;
            let dies = if fails { failure == Failure::Final } else { self.failures % self.habit.dies_one_in == 0 };
            if dies {
                counts.dead_lettered += 1;
                self.dead.push(at);
            } else {
                self.delayed.push_back(at + 30);
            }
        }
        if self.habit.redriven_at == Some(at) {
            let (redriven, old) =
                std::mem::take(&mut self.dead).into_iter().partition::<Vec<i64>, _>(|died| *died >= 0);
            self.dead = old;
            self.due.extend(redriven.iter().map(|_| at));
        }
        if self.due.is_empty() && self.at_work.is_empty() {
            self.starts_at = None;
        } else if self.starts_at.is_none() {
            // What scales it looks every 15 seconds, and an engine takes ten to start.
            self.starts_at = Some(at + 25);
        }
        let slots = usize::try_from(self.engines().0 * 5).expect("a few");
        while self.at_work.len() < slots && !self.is_within(self.habit.paused) {
            let Some(_) = self.due.pop_front() else { break };
            self.at_work.push(at + self.habit.job_seconds);
        }
        self.steps.push_back(counts);
        while self.steps.len() > 60 {
            self.steps.pop_front();
        }
        if at % MINUTE == 0 {
            let snapshot = self.snapshot();
            let depth = &snapshot.report.depth;
            self.minutes
                .push(Some(MinutePoint { due: depth.due, oldest_due_age_seconds: depth.oldest_due_age_seconds }));
        }
        self.at += STEP;
    }

    fn now(&self) -> DateTime<Utc> {
        self.begin + TimeDelta::seconds(self.at)
    }

    fn counted(&self, steps: usize) -> ActivityCounts {
        let mut counts = ActivityCounts::default();
        self.steps.iter().rev().take(steps).for_each(|step| counts.add(step));
        counts
    }

    /// As the server would measure it.
    fn snapshot(&self) -> QueueSnapshot {
        let length = |count: usize| i64::try_from(count).expect("a day's events");
        let mut snapshot = calm();
        let QueueSnapshot { report, .. } = &mut snapshot;
        self.habit.name.clone_into(&mut report.queue.engine_type);
        report.queue.pause = self.habit.paused.filter(|_| self.is_within(self.habit.paused)).map(|(since, _)| Pause {
            reason: Some("model upgrade".to_owned()),
            by: None,
            since: self.begin + TimeDelta::seconds(since),
            resume_at: None,
        });
        report.depth.due = length(self.due.len());
        report.depth.delayed = length(self.delayed.len());
        report.depth.in_flight = length(self.at_work.len());
        report.depth.oldest_due_age_seconds = self.due.front().map_or(0.0, |due| to_f64(self.at - due));
        let held = length(self.at_work.len());
        let summary = |(standing, count): (Standing, i64)| TypeSummary {
            engine_type: self.habit.name.to_owned(),
            leases_held: if standing == Standing::Active { held } else { 0 },
            ..engines(standing, count)
        };
        report.engines = self.engines().1.into_iter().map(summary).collect();
        report.last_minute = LastMinute { counts: self.counted(12), seconds: 60.0 };
        snapshot.five_minutes = self.counted(60);
        let died = |from: i64, to: i64| self.dead.iter().filter(|died| (from..to).contains(*died)).count();
        snapshot.new_dead_letters = Some(NewDeadLetters {
            count: length(died(self.at - HOUR, self.at + 1)),
            causes: 1,
            since: self.now(),
            of_day_before: length(died(self.at - DAY - HOUR, self.at - HOUR)),
        });
        snapshot.minutes = self.minutes.clone();
        snapshot
    }

    /// What is shown.
    pub fn codes(&self) -> Vec<Code> {
        of_queue(&self.snapshot(), self.now()).iter().map(|item| item.code).collect()
    }
}
