//! Checks that the work gets done: the state of queues, engines and dead letters becomes a line for each thing that somebody
//! has to do, with the command to type.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::report::{Report, Standing};
use crate::cli::text::from_now;
use crate::domain::advised_command::{command, engines_of};
use crate::domain::counted::{are, counted, noun_of};
use crate::domain::limits::MAX_CONCURRENT_EVENTS;
use crate::domain::spans::in_words;

/// A pause without an end is taken for forgotten after that.
const FORGOTTEN_PAUSE_SECONDS: f64 = 3600.0;
/// An event that has been due for longer waits for somebody to do something.
const LONG_DUE_SECONDS: f64 = 60.0;
/// Of one check; the others are counted.
const MAX_WARNINGS: usize = 10;
/// Queues that are named in one line.
const MAX_NAMES: usize = 5;

/// An item of `GET /queues`, as far as it is needed here.
#[derive(Deserialize)]
pub struct Queue {
    /// The queue's name.
    pub engine_type: String,
    due: i64,
    processing: i64,
    /// Those that were not redriven, as far as they were counted.
    pub dead_letters: i64,
    oldest_due_age_seconds: f64,
    engines: Engines,
    #[serde(default)]
    rates: Rates,
    is_approximate: bool,
    pause: Option<Pause>,
    #[serde(default)]
    settings: Value,
}

#[derive(Deserialize)]
struct Engines {
    active: i64,
    #[serde(default)]
    draining: i64,
    #[serde(default)]
    unresponsive: i64,
    #[serde(default)]
    quarantined: i64,
    #[serde(default)]
    holding_off: i64,
}

#[derive(Default, Deserialize)]
struct Rates {
    completed_per_second: f64,
}

#[derive(Deserialize)]
struct Pause {
    reason: Option<String>,
    since: DateTime<Utc>,
    resume_at: Option<DateTime<Utc>>,
}

/// An item of `GET /engines`, as far as it is needed here.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Engine {
    engine_id: String,
    registered_at: DateTime<Utc>,
    last_poll_at: Option<DateTime<Utc>>,
}

/// All dead letters together.
pub struct DeadLetters {
    /// Those that were not redriven as another event.
    pub redrivable: i64,
    /// When the oldest one became one.
    pub oldest_at: Option<DateTime<Utc>>,
    /// When the newest one became one.
    pub newest_at: Option<DateTime<Utc>>,
    /// The server's clock.
    pub now: DateTime<Utc>,
}

fn seconds_since(at: DateTime<Utc>, now: DateTime<Utc>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any time are far below 2^52")]
    let milliseconds = (now - at).num_milliseconds() as f64;
    milliseconds / 1000.0
}

impl Queue {
    /// What `max_processing` is, if it keeps more events from being leased.
    fn reached_cap(&self) -> Option<i64> {
        let cap = self.settings.pointer("/max_processing/value").and_then(Value::as_i64)?;
        (self.processing >= cap).then_some(cap)
    }

    /// Whether an engine without work has to poll now.
    pub fn wants_engines_to_poll(&self) -> bool {
        self.due > 0 && self.engines.active > 0 && self.pause.is_none() && self.reached_cap().is_none()
    }

    /// No engine is registered, and callers that are no engines lease the events instead.
    fn is_left_to_others(&self) -> bool {
        let Engines { active, draining, unresponsive, quarantined, holding_off } = self.engines;
        let is_worked_on = self.processing > 0 || self.rates.completed_per_second > 0.0;
        active + draining + unresponsive + quarantined + holding_off == 0 && is_worked_on
    }

    fn due_in_words(&self) -> String {
        format!("{} {} {} due", self.count(self.due), noun_of(self.due, "event"), are(self.due))
    }

    fn count(&self, count: i64) -> String {
        if self.is_approximate && count > 10_000 { "more than 10000".to_owned() } else { count.to_string() }
    }

    /// What somebody has to do about it.
    fn warning(&self, now: DateTime<Utc>) -> Option<String> {
        let name = &self.engine_type;
        if let Some(pause) = &self.pause {
            let seconds = seconds_since(pause.since, now);
            let is_forgotten = pause.resume_at.is_none() && seconds > FORGOTTEN_PAUSE_SECONDS;
            let reason = pause.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason:?})"));
            let paused = in_words(seconds);
            return is_forgotten.then(|| {
                format!(
                    "{name} has been paused for {paused}{reason}, without an end; to go on: {}",
                    command("resume").about(name)
                )
            });
        }
        if self.due == 0 {
            return None;
        }
        let (due, age) = (self.due_in_words(), in_words(self.oldest_due_age_seconds));
        if self.is_left_to_others() {
            return (self.oldest_due_age_seconds > LONG_DUE_SECONDS).then(|| {
                format!(
                    "{due} in {name}, the oldest for {age}, and callers without an engine's id lease them; start more of them, or \
                     see why they wait: {}",
                    command("explain").about(name)
                )
            });
        }
        if self.engines.active == 0 {
            let others = match (self.engines.draining, self.engines.unresponsive) {
                (0, 0) => String::new(),
                (draining, unresponsive) => format!(" ({draining} draining, {unresponsive} unresponsive)"),
            };
            if self.engines.quarantined > 0 {
                let engines = counted(self.engines.quarantined, "active engine");
                return Some(format!(
                    "{due} in {name}, the oldest for {age}, and the version of its {engines} is quarantined{others}; start another \
                     version, or see why: {}",
                    command("queues quarantines").about(name)
                ));
            }
            if self.engines.holding_off > 0 {
                let engines = counted(self.engines.holding_off, "active engine");
                return Some(format!(
                    "{due} in {name}, the oldest for {age}, and its {engines} asked for no events for a while{others}; start \
                     another, or see which: {}",
                    engines_of(name)
                ));
            }
            return Some(format!(
                "{due} in {name}, the oldest for {age}, and no engine is active{others}; start one, or see them: {}",
                engines_of(name)
            ));
        }
        if self.oldest_due_age_seconds <= LONG_DUE_SECONDS {
            return None;
        }
        Some(match self.reached_cap() {
            Some(cap) => format!(
                "{due} in {name}, the oldest for {age}, while max_processing lets no more than {cap} be processed; \
                 to raise it: {}",
                command("queues set")
                    .about(name)
                    .flag("--max-processing", cap.saturating_mul(2).min(MAX_CONCURRENT_EVENTS.into()))
            ),
            None => format!(
                "{due} in {name}, the oldest for {age}, with {} active; start more, or see what they do: {}",
                counted(self.engines.active, "engine"),
                engines_of(name)
            ),
        })
    }
}

/// Adds the first warnings; `what`, one of them, and `command` are for the others.
fn add_warnings(check: &str, warnings: Vec<String>, what: &str, command: &str, report: &mut Report) {
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    for warning in warnings.into_iter().take(MAX_WARNINGS) {
        report.add(check, Standing::Warning, warning);
    }
    if more > 0 {
        let what = noun_of(more, what);
        report.add(check, Standing::Warning, format!("the same of {more} more {what}; see them: {command}"));
    }
}

/// A line for each queue whose work does not get done; one line where all is well.
pub fn of_queues(queues: &[Queue], now: DateTime<Utc>, report: &mut Report) {
    let warnings: Vec<String> = queues.iter().filter_map(|queue| queue.warning(now)).collect();
    if !warnings.is_empty() {
        return add_warnings("queues", warnings, "queue", "eventlease queues", report);
    }
    let paused = queues.iter().filter(|queue| queue.pause.is_some()).count();
    let paused = if paused == 0 { String::new() } else { format!(", {paused} of them paused") };
    let oldest = queues.iter().filter(|queue| queue.due > 0 && queue.pause.is_none());
    let oldest = oldest.map(|queue| queue.oldest_due_age_seconds).reduce(f64::max);
    let oldest =
        oldest.map_or("nothing is due".to_owned(), |age| format!("the oldest due event waits for {}", in_words(age)));
    let count = counted(queues.len(), "queue");
    report.add("queues", Standing::Ok, format!("{count}{paused}; {oldest}"));
}

/// What somebody has to do about engines that live, and do not ask for work though there is some.
pub fn zombies(queue: &Queue, engines: &[Engine], now: DateTime<Utc>) -> Vec<String> {
    let told = |engine: &Engine| {
        let Engine { engine_id, registered_at, last_poll_at } = engine;
        let asked = match last_poll_at {
            Some(at) => format!("has not asked for work since {}", from_now(*at, now)),
            None => format!("registered {} and has never asked for work", from_now(*registered_at, now)),
        };
        format!(
            "engine {engine_id} of {} {asked}, though {}; restart it, or see it: eventlease engines {engine_id}",
            queue.engine_type,
            queue.due_in_words()
        )
    };
    engines.iter().map(told).collect()
}

/// A line for each warning about engines; one line with their number where there is none.
pub fn of_engines(queues: &[Queue], warnings: &[String], report: &mut Report) {
    if !warnings.is_empty() {
        return add_warnings("engines", warnings.to_vec(), "engine", "eventlease engines --zombie", report);
    }
    let sum = |count: fn(&Engines) -> i64| queues.iter().map(|queue| count(&queue.engines)).sum::<i64>();
    let [active, draining, unresponsive] =
        [sum(|engines| engines.active), sum(|engines| engines.draining), sum(|engines| engines.unresponsive)];
    report.add("engines", Standing::Ok, format!("{active} active, {draining} draining, {unresponsive} unresponsive"));
}

/// Any dead letter is work for a person, until it is redriven or purged.
pub fn of_dead_letters(queues: &[Queue], all: Option<&DeadLetters>, report: &mut Report) {
    let mut with: Vec<&Queue> = queues.iter().filter(|queue| queue.dead_letters > 0).collect();
    with.sort_by_key(|queue| std::cmp::Reverse(queue.dead_letters));
    let is_redriven = all.is_some_and(|all| all.redrivable == 0);
    let (Some(most), false) = (with.first(), is_redriven) else {
        report.add("dead letters", Standing::Ok, "each was redriven as another event");
        return;
    };
    let total = with.iter().map(|queue| queue.dead_letters).sum::<i64>();
    let is_counted = with.iter().all(|queue| !queue.is_approximate || queue.dead_letters <= 10_000);
    let total = match all {
        Some(all) => all.redrivable.to_string(),
        None if is_counted => total.to_string(),
        None => format!("more than {}", total - 1),
    };
    let names: Vec<String> = with
        .iter()
        .take(MAX_NAMES)
        .map(|queue| format!("{} in {}", queue.count(queue.dead_letters), queue.engine_type))
        .collect();
    let others = with.len().saturating_sub(MAX_NAMES);
    let others =
        if others == 0 { String::new() } else { format!(" and in {others} more {}", noun_of(others, "queue")) };
    let ages = all.and_then(|all| {
        let (newest, oldest) = (from_now(all.newest_at?, all.now), from_now(all.oldest_at?, all.now));
        Some(if newest == oldest {
            format!(", {newest}")
        } else {
            format!(", the newest {newest}, the oldest {oldest}")
        })
    });
    let message = format!(
        "{total} ({}{others}){}; see why: eventlease dead-letters groups; then redrive or purge them: \
         {}",
        names.join(", "),
        ages.unwrap_or_default(),
        command("dead-letters redrive").flag("--engine-type", &most.engine_type)
    );
    report.add("dead letters", Standing::Warning, message);
}

#[cfg(test)]
mod tests;
