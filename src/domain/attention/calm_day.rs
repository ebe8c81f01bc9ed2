//! A calm day of a simulated fleet, in steps of five seconds: nobody needs to see to anything. Then each problem, put into that day, is
//! shown soon.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::tests::calm;
use super::{Code, of_queue};
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::numbers::to_f64;
use crate::domain::queue::Pause;
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::snapshot::{MinutePoint, Minutes, NewDeadLetters, QueueSnapshot};

const STEP: i64 = 5;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How a queue is used, and how its engines work. Times are seconds of the day.
#[derive(Clone, Copy)]
struct Habit {
    name: &'static str,
    /// Events that come in the step that begins then.
    comes: fn(i64) -> i64,
    /// Engines that are there, each for five events; a queue that scales to zero has none while nothing is due.
    engines: i64,
    scales_to_zero: bool,
    job_seconds: i64,
    /// One attempt of so many fails, and is tried again after half a minute.
    fails_one_in: i64,
    /// One failure of so many is the last one: a dead letter.
    dies_one_in: i64,
    /// A new version is deployed: one engine after the other drains, leaves and comes again.
    deployed_at: Option<i64>,
    /// From when to when somebody pauses it.
    paused: Option<(i64, i64)>,
    /// From when to when its engines hold off, as what they call answers 429.
    holds_off: Option<(i64, i64)>,
    /// An engine crashes then with all that it holds, and is started again.
    crashes_at: Option<i64>,
}

const STEADY: Habit = Habit {
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
};

const FLEET: [Habit; 9] = [
    STEADY,
    Habit { name: "deployed", deployed_at: Some(10 * HOUR), ..STEADY },
    Habit { name: "paused for some minutes", paused: Some((11 * HOUR, 11 * HOUR + 4 * MINUTE)), ..STEADY },
    Habit { name: "holding off", holds_off: Some((12 * HOUR, 12 * HOUR + 90)), ..STEADY },
    Habit { name: "an engine crashes", crashes_at: Some(13 * HOUR), ..STEADY },
    Habit { name: "bursts", comes: |at| if at % (20 * MINUTE) == 0 { 80 } else { 0 }, job_seconds: 10, ..STEADY },
    // Two hours of work at once: the oldest waits longer and longer, while there are fewer and fewer.
    Habit { name: "a batch at night", comes: |at| if at == 2 * HOUR { 4000 } else { 0 }, engines: 4, ..STEADY },
    Habit { name: "a few long jobs", comes: |at| i64::from(at % (3 * MINUTE) == 0), job_seconds: 280, ..STEADY },
    Habit {
        name: "scaled to zero",
        comes: |at| i64::from(at % HOUR < 10 * MINUTE && (8 * HOUR..18 * HOUR).contains(&at)),
        engines: 1,
        scales_to_zero: true,
        job_seconds: 20,
        ..STEADY
    },
];

/// One queue, as the day goes on.
struct Day {
    habit: Habit,
    begin: DateTime<Utc>,
    at: i64,
    /// When each event became due, the oldest first.
    due: VecDeque<i64>,
    /// When each event that failed is due again.
    delayed: VecDeque<i64>,
    /// When each attempt ends.
    at_work: Vec<i64>,
    attempts: i64,
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
    fn of(habit: Habit) -> Self {
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
    fn pass(&mut self) {
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
            if self.attempts % self.habit.fails_one_in != 0 {
                counts.completed += 1;
                continue;
            }
            counts.failed += 1;
            self.failures += 1;
            if self.failures % self.habit.dies_one_in == 0 {
                counts.dead_lettered += 1;
                self.dead.push(at);
            } else {
                self.delayed.push_back(at + 30);
            }
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
        let summary = |(standing, engines): (Standing, i64)| TypeSummary {
            engine_type: self.habit.name.to_owned(),
            standing,
            is_quarantined: standing == Standing::Quarantined,
            is_holding_off: standing == Standing::HoldingOff,
            engines,
            unlimited: 0,
            slots: engines * 5,
            leases_held: if standing == Standing::Active { held } else { 0 },
        };
        report.engines = self.engines().1.into_iter().map(summary).collect();
        report.last_minute = LastMinute { counts: self.counted(12), seconds: 60.0 };
        snapshot.five_minutes = self.counted(60);
        let died = |from: i64, to: i64| self.dead.iter().filter(|died| (from..to).contains(*died)).count();
        snapshot.new_dead_letters = Some(NewDeadLetters {
            count: length(died(self.at - HOUR, self.at + 1)),
            error_types: 1,
            since: self.now(),
            of_day_before: length(died(self.at - DAY - HOUR, self.at - HOUR)),
        });
        snapshot.minutes = self.minutes.clone();
        snapshot
    }

    fn codes(&self) -> Vec<Code> {
        of_queue(&self.snapshot(), self.now()).iter().map(|item| item.code).collect()
    }

    /// What is first shown after that time, and how long after.
    fn first_shown_after(mut self, begin: i64) -> Option<(Code, i64)> {
        while self.at < DAY {
            self.pass();
            if let Some(code) = self.codes().first() {
                return Some((*code, self.at - begin));
            }
        }
        None
    }
}

#[test]
fn a_calm_day_needs_nobody() {
    for habit in FLEET {
        let mut day = Day::of(habit);
        while day.at < DAY {
            day.pass();
            assert_eq!(day.codes(), [], "{} at {} s of the day", habit.name, day.at);
        }
        assert!(day.attempts > 100, "{} worked on {} only", habit.name, day.attempts);
    }
}

#[test]
fn each_problem_in_a_calm_day_is_shown_soon() {
    const AT: i64 = 9 * HOUR;
    let shown = |habit: Habit| Day::of(habit).first_shown_after(AT).unwrap_or_else(|| panic!("{}", habit.name));
    let within = |habit: Habit, code: Code, seconds: i64| {
        let (found, after) = shown(habit);
        assert!(found == code && (0..=seconds).contains(&after), "{}: {found:?} after {after} s", habit.name);
    };
    // Each begins at nine, and all was calm until then.
    let more = |at: i64| if at < AT { 2 } else { 6 };
    within(Habit { name: "three times as much", comes: more, ..STEADY }, Code::FallingBehind, 25 * MINUTE);
    within(Habit { name: "forgotten pause", paused: Some((AT, DAY)), ..STEADY }, Code::PausedLong, 61 * MINUTE);
    let never_started =
        Habit { name: "never started", comes: |at| i64::from(at == AT), engines: 0, scales_to_zero: true, ..STEADY };
    within(never_started, Code::NobodyWorks, 40);
}
