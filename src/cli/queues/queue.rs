//! A queue as the server describes it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::client::{Answer, Client, Error};
use crate::cli::table::Facts;
use crate::cli::text::{from_now, in_full, plain};
use crate::domain::counted::{agreeing, counted};
use crate::domain::limits::STANDS_AFTER_SECONDS;
use crate::domain::spans::in_words;
use crate::output;

/// An item of `GET /queues`, or one queue with its settings.
#[derive(Deserialize)]
pub struct Queue {
    /// The queue's name.
    pub engine_type: String,
    /// Events that are due now.
    pub due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    /// A server of an earlier version says neither this nor some of what follows.
    #[serde(default)]
    suspects: i64,
    #[serde(default)]
    due_by_priority: Vec<i64>,
    /// How long the oldest due event has been due.
    pub oldest_due_age_seconds: f64,
    #[serde(default)]
    next_due_at: Option<DateTime<Utc>>,
    engines: Engines,
    slots: Slots,
    rates: Rates,
    /// An overview does not say it.
    #[serde(default)]
    attempt_seconds: Quantiles,
    #[serde(default)]
    wait_seconds: Quantiles,
    #[serde(default)]
    wanted_slots: Option<i64>,
    #[serde(default)]
    clear_in_seconds: Option<f64>,
    is_approximate: bool,
    /// `None` while events are leased from it.
    pub pause: Option<Pause>,
    #[serde(default)]
    quarantines: Vec<Quarantine>,
    #[serde(default)]
    settings: Map<String, Value>,
}

#[derive(Deserialize)]
struct Engines {
    active: i64,
    draining: i64,
    unresponsive: i64,
    /// A server of an earlier version does not say it.
    #[serde(default)]
    quarantined: i64,
    /// The same.
    #[serde(default)]
    holding_off: i64,
}

impl Engines {
    fn in_words(&self) -> String {
        let Self { active, draining, unresponsive, quarantined, holding_off } = self;
        let mut told = format!("{active} active, {draining} draining, {unresponsive} unresponsive");
        for (count, what) in [(quarantined, "quarantined"), (holding_off, "holding off")] {
            if *count > 0 {
                write!(told, ", {count} {what}").expect("a text takes whatever is written");
            }
        }
        told
    }
}

#[derive(Deserialize)]
struct Slots {
    total: i64,
    busy: i64,
    /// A server of an earlier version does not say it.
    #[serde(default)]
    unlimited_engines: i64,
}

impl Slots {
    /// For a table: with engines that have no limit, the total is not the most that can be held.
    fn in_short(&self) -> String {
        let Self { total, busy, unlimited_engines } = self;
        if *unlimited_engines > 0 { format!("{busy} of {total}+") } else { format!("{busy} of {total}") }
    }

    fn in_words(&self) -> String {
        let Self { total, busy, unlimited_engines } = self;
        match unlimited_engines {
            0 => format!("{busy} of {total} busy"),
            some => format!("{busy} of {total} busy, and {} without a limit", counted(*some, "engine")),
        }
    }
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Rates {
    enqueued_per_second: f64,
    completed_per_second: f64,
    failed_per_second: f64,
    lost_per_second: f64,
    #[serde(default)]
    released_per_second: f64,
    #[serde(default)]
    late_per_second: f64,
    #[serde(default)]
    dead_lettered_per_second: f64,
}

impl Rates {
    fn in_words(&self) -> String {
        let rates = [
            (self.enqueued_per_second, "enqueued"),
            (self.completed_per_second, "completed"),
            (self.failed_per_second, "failed"),
            (self.lost_per_second, "lost"),
            (self.released_per_second, "released"),
            (self.late_per_second, "late"),
            (self.dead_lettered_per_second, "dead-lettered"),
        ];
        // What is usual is always said, what is not only where it happens.
        let said = rates.iter().enumerate().filter(|(place, (rate, _))| *place < 4 || *rate > 0.0);
        said.map(|(_, (rate, what))| format!("{rate:.2} {what}")).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Deserialize, Default)]
struct Quantiles {
    p50: Option<f64>,
    p99: Option<f64>,
}

/// A version of engines that is given nothing.
#[derive(Deserialize)]
pub struct Quarantine {
    /// `None`: engines that register none.
    pub engine_software_version: Option<String>,
    /// As whoever made it said.
    pub reason: String,
    /// The name of whoever made it.
    pub by: Option<String>,
    /// When it was made.
    pub since: DateTime<Utc>,
    /// When it ends by itself; `None`: when somebody lifts it.
    pub lift_at: Option<DateTime<Utc>>,
}

impl Quarantine {
    /// The version, or that there is none.
    pub fn version(&self) -> String {
        version_in_words(self.engine_software_version.as_deref())
    }

    /// When it ends.
    pub fn end(&self, shown: impl Fn(DateTime<Utc>) -> String) -> String {
        self.lift_at.map_or_else(|| "when lifted".to_owned(), shown)
    }

    fn in_words(&self) -> String {
        match &self.engine_software_version {
            Some(version) => format!("version {version}: {}", self.reason),
            None => format!("engines without a version: {}", self.reason),
        }
    }
}

/// A version of engines in a table; `None`: that of engines that register none.
pub fn version_in_words(version: Option<&str>) -> String {
    version.unwrap_or("(no version)").to_owned()
}

/// Why nothing is leased from a queue.
#[derive(Deserialize)]
pub struct Pause {
    /// As whoever paused it said.
    pub reason: Option<String>,
    /// The name of whoever paused it.
    pub by: Option<String>,
    /// When it was paused.
    pub since: DateTime<Utc>,
    /// When it goes on by itself; `None`: when somebody resumes it.
    pub resume_at: Option<DateTime<Utc>>,
}

impl Queue {
    /// Its line in the table of all queues.
    pub fn cells(&self, now: DateTime<Utc>) -> [String; 11] {
        [
            self.engine_type.clone(),
            self.count(self.due),
            self.count(self.delayed),
            self.count(self.processing),
            self.count(self.dead_letters),
            self.oldest_due(),
            self.engines.active.to_string(),
            self.slots.in_short(),
            format!("{:.1}", self.rates.enqueued_per_second),
            format!("{:.1}", self.rates.completed_per_second),
            self.state(now),
        ]
    }

    /// Counts are estimates beyond some point, and are then marked as such.
    pub fn count(&self, count: i64) -> String {
        if self.is_approximate && count > 10_000 { format!("~{count}") } else { count.to_string() }
    }

    /// How bad it looks: longer waiting first, then more events.
    pub fn badness(&self) -> (f64, i64) {
        (self.oldest_due_age_seconds, self.due + self.dead_letters)
    }

    fn priorities(&self) -> Option<String> {
        let due = self.due_by_priority.iter().enumerate().rev().filter(|(_, count)| **count > 0);
        let words: Vec<String> =
            due.map(|(priority, count)| format!("{} of priority {priority}", self.count(*count))).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn oldest_due(&self) -> String {
        if self.due == 0 { "-".to_owned() } else { in_words(self.oldest_due_age_seconds) }
    }

    fn clear_in(&self) -> String {
        match self.clear_in_seconds {
            Some(seconds) => in_words(seconds),
            None if self.pause.is_some() => "it is paused".to_owned(),
            None => "it does not shrink".to_owned(),
        }
    }

    fn state(&self, now: DateTime<Utc>) -> String {
        match &self.pause {
            Some(pause) => format!("paused {}", from_now(pause.since, now)),
            None if self.due > 0 && self.engines.active == 0 => "no active engine".to_owned(),
            None if self.stands() => "none is worked on".to_owned(),
            None => String::new(),
        }
    }

    /// It has due events, of which none is being worked on, nor was one lately.
    fn stands(&self) -> bool {
        let Rates { completed_per_second, failed_per_second, released_per_second, .. } = self.rates;
        let is_untouched =
            self.processing == 0 && completed_per_second + failed_per_second + released_per_second == 0.0;
        let has_no_engine = self.engines.active == 0;
        self.pause.is_none()
            && self.due > 0
            && is_untouched
            && (has_no_engine || self.oldest_due_age_seconds > STANDS_AFTER_SECONDS)
    }
}

/// Which of them have events that nobody works on, and for how long; `None` where there is no such queue.
pub fn standing_in_words(queues: &[Queue]) -> Option<String> {
    let standing: Vec<&Queue> = queues.iter().filter(|queue| queue.stands()).collect();
    let oldest = standing.iter().map(|queue| queue.oldest_due_age_seconds).reduce(f64::max)?;
    let count = standing.len();
    let have = agreeing(count, "has", "have");
    let without = if standing.iter().all(|queue| queue.engines.active == 0) {
        " and no active engine"
    } else {
        ", and none of them is being worked on"
    };
    Some(format!("{} {have} due events{without}, for {}", counted(count, "queue"), in_words(oldest)))
}

/// All there is to know of one queue.
pub fn facts(answer: &Answer) -> Result<Facts, Error> {
    let queue: Queue = answer.read()?;
    let seconds = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| format!("{seconds} s"));
    let mut facts = Facts::default();
    facts
        .add("queue", queue.engine_type.clone())
        .add("due", queue.count(queue.due))
        .add("delayed", queue.count(queue.delayed))
        .add("processing", queue.count(queue.processing))
        .add("dead letters", queue.count(queue.dead_letters))
        .add("suspects", queue.count(queue.suspects))
        .add_some("due by priority", queue.priorities())
        .add("oldest due", queue.oldest_due())
        .add_some("next due", queue.next_due_at.map(|at| in_full(at, answer.now)))
        .add("engines", queue.engines.in_words())
        .add("slots", queue.slots.in_words())
        .add_some("wanted slots", queue.wanted_slots.map(|slots| slots.to_string()))
        .add("per second", queue.rates.in_words())
        .add(
            "attempts take",
            format!("{} (p50), {} (p99)", seconds(queue.attempt_seconds.p50), seconds(queue.attempt_seconds.p99)),
        )
        .add(
            "events wait",
            format!("{} (p50), {} (p99)", seconds(queue.wait_seconds.p50), seconds(queue.wait_seconds.p99)),
        )
        .add("clear in", queue.clear_in());
    if let Some(pause) = &queue.pause {
        facts
            .add("paused", in_full(pause.since, answer.now))
            .add_some("paused by", pause.by.as_deref())
            .add_some("pause's reason", pause.reason.as_deref())
            .add_some("resumes", pause.resume_at.map(|at| in_full(at, answer.now)));
    }
    for quarantine in &queue.quarantines {
        facts.add("quarantined", quarantine.in_words());
    }
    for (name, source) in settings_of(&queue.settings, "") {
        facts.add("setting", format!("{name} = {source}"));
    }
    Ok(facts)
}

/// Each setting by its path, with its value and where that comes from.
fn settings_of(settings: &Map<String, Value>, before: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, setting) in settings {
        let path = format!("{before}{name}");
        let Value::Object(members) = setting else { continue };
        match (members.get("value"), members.get("source").and_then(Value::as_str)) {
            (Some(Value::Null), Some(_)) => found.push((path, "none".to_owned())),
            (Some(value), Some("server")) => found.push((path, value.to_string())),
            (Some(value), Some(source)) => found.push((path, format!("{value} (of the {source})"))),
            _ => found.extend(settings_of(members, &format!("{path}."))),
        }
    }
    found
}

/// A name that is misspelt would make a queue, without anybody noticing.
pub async fn warn_if_new(client: &Client, queue: &str) -> Result<(), Error> {
    match client.get(&["queues", queue], &[]).await {
        Ok(_) => Ok(()),
        Err(Error::Problem(problem)) if problem.code == "queue_not_found" => {
            let queue = plain(queue);
            output::say(format_args!("queue {queue} did not exist until now; is the name right?"));
            Ok(())
        }
        // The call itself says which role may.
        Err(Error::Problem(problem)) if problem.is_forbidden() => Ok(()),
        Err(error) => Err(error),
    }
}
