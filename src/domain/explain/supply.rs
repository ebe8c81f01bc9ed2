//! What the engines of a queue can take, and why they do not take it.

use chrono::{DateTime, Utc};

use super::reason::{Code, Reason};
use crate::domain::advised_command::{command, engines_of};
use crate::domain::attention::{Subject, advice_on_zombies, lift};
use crate::domain::counted::{agreeing, are, counted};
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::lane::Lane;
use crate::domain::queue::Quarantine;
use crate::domain::snapshot::{Engines, QueueSnapshot};
use crate::domain::spans::in_words;

/// An engine without a limit asks again as soon as it has done its work: where an event has been due for longer than that,
/// none of them is asking.
const ASKED_AT_ONCE_SECONDS: f64 = 5.0;

/// The engines of a queue as they were measured.
#[derive(Clone, Copy, Debug)]
pub struct Supply<'a> {
    queue: &'a QueueSnapshot,
    engines: Engines,
    /// Active engines that ask for work.
    asking: i64,
    /// What those of them with a limit can still take.
    free: i64,
    /// Those of them without a limit.
    unlimited: i64,
    /// Those of them that hold nothing.
    idle: i64,
    /// When an engine was last seen, where none is active and that is known.
    last_seen_at: Option<DateTime<Utc>>,
}

impl<'a> Supply<'a> {
    /// Of a queue. `last_seen_at` is when an engine was last seen, where none is active and that is known.
    pub fn of(queue: &'a QueueSnapshot, last_seen_at: Option<DateTime<Utc>>) -> Self {
        let engines = Engines::of(&queue.report);
        let slots = queue.report.slots();
        let (silent, silent_slots, silent_unlimited) =
            queue.zombies.map_or((0, 0, 0), |zombies| (zombies.count, zombies.slots, zombies.unlimited));
        Self {
            queue,
            engines,
            asking: (engines.active - silent).max(0),
            free: (slots.free() - silent_slots).max(0),
            unlimited: (slots.unlimited_engines - silent_unlimited).max(0),
            idle: (queue.report.idle_engines() - silent).max(0),
            last_seen_at,
        }
    }

    /// An engine is active.
    pub const fn has_active(&self) -> bool {
        self.engines.active > 0
    }

    /// How many events of a lane of suspects engines can take at once, where `holders` of them hold such an event already.
    pub fn can_take_suspects(&self, lane: Lane, holders: i64) -> i64 {
        match lane {
            Lane::Normal => self.can_take(),
            Lane::OnePerEngine => (self.asking - holders).clamp(0, self.can_take()),
            Lane::Isolated => self.idle,
        }
    }

    fn registered(&self) -> i64 {
        let Engines { active, draining, unresponsive, quarantined, holding_off } = self.engines;
        active + draining + unresponsive + quarantined + holding_off
    }

    /// No engine is registered, and callers that are no engines lease the events instead.
    pub fn is_left_to_others(&self) -> bool {
        let report = &self.queue.report;
        // What ended without any engine within a day was theirs.
        let ended_theirs = self.last_seen_at.is_none() && report.last_minute.counts.completed > 0;
        self.registered() == 0 && (report.held_by_others() > 0 || ended_theirs)
    }

    /// How many events the engines that ask can take at once; those without a limit take any number, as long as they ask.
    pub fn can_take(&self) -> i64 {
        if self.unlimited > 0 && !self.are_unlimited_busy() { i64::MAX } else { self.free }
    }

    /// The engines without a limit are at work, since an event has been due for longer than an idle one would leave it.
    fn are_unlimited_busy(&self) -> bool {
        let report = &self.queue.report;
        report.slots().busy > 0 && report.depth.due > 0 && report.depth.oldest_due_age_seconds > ASKED_AT_ONCE_SECONDS
    }

    /// Why no engine can be given anything, whatever it asks for: none is registered, or none is active.
    pub fn without_engines(&self, now: DateTime<Utc>) -> Vec<Reason> {
        let report = &self.queue.report;
        let name = &report.queue.engine_type;
        let Engines { active, draining, unresponsive, quarantined, holding_off } = self.engines;
        let registered = self.registered();
        let last_seen = |whose: &str| {
            let seconds = self.last_seen_at.map(|at| (now - at).as_seconds_f64());
            seconds.map(|seconds| format!("; {whose} last seen {} ago", in_words(seconds))).unwrap_or_default()
        };
        let mut found = Vec::new();
        if registered == 0 {
            let message = format!("no engine is registered for {name}{}", last_seen("one was"));
            let reason = |message: String| Reason::new(Code::NoEngineRegistered, Subject::queue(name), message);
            found.push(if self.is_left_to_others() {
                // They do the work: that there is no engine keeps no event waiting.
                reason(format!("{message}; callers without an engine's id lease its events"))
                    .with_advice("nothing, if its events are to be leased without an engine's id")
            } else {
                reason(message)
                    .decisive(format!("start engines of {name}; if they run, their logs say why they do not register"))
            });
        } else if active == 0 {
            let standings = [
                (draining, "draining"),
                (unresponsive, "unresponsive"),
                (quarantined, "quarantined"),
                (holding_off, "holding off"),
            ];
            let standings = standings.iter().filter(|(count, _)| *count > 0);
            let message = if registered == 1 {
                let standings: Vec<&str> = standings.map(|(_, standing)| *standing).collect();
                let (standings, last_seen) = (standings.join(", "), last_seen("it was"));
                format!("the only engine of {name} is not active: it is {standings}{last_seen}")
            } else {
                let standings: Vec<String> = standings.map(|(count, standing)| format!("{count} {standing}")).collect();
                let (standings, last_seen) = (standings.join(", "), last_seen("one of them was"));
                format!("none of the {registered} engines of {name} is active: {standings}{last_seen}")
            };
            let what_to_do = if unresponsive > 0 {
                format!("see which fell silent, and start them again: {}", engines_of(name))
            } else if draining > 0 {
                let resume = command("engines resume").flag("--engine-type", name);
                format!("start other engines, or resume those that drain: {resume}")
            } else if quarantined > 0 {
                match report.queue.quarantines.as_slice() {
                    [quarantine] => {
                        format!("deploy another version, or lift the quarantine: {}", lift(name, quarantine))
                    }
                    _ => format!(
                        "deploy another version, or see the quarantines: {}",
                        command("queues quarantines").about(name)
                    ),
                }
            } else {
                format!("nothing, if it is short; see what is waited for, and until when: {}", engines_of(name))
            };
            found.push(Reason::new(Code::NoneActive, Subject::queue(name), message).decisive(what_to_do));
        }
        // Also of engines that are draining beside: that blocks them next.
        let engines_that = |is_so: fn(&TypeSummary) -> bool| -> i64 {
            report.engines.iter().filter(|engines| is_so(engines)).map(|engines| engines.engines).sum()
        };
        if engines_that(|engines| engines.is_quarantined) > 0 {
            found.extend(report.queue.quarantines.iter().map(|quarantine| version_quarantined(name, quarantine, now)));
        }
        let holding_off = engines_that(|engines| engines.is_holding_off);
        if holding_off > 0 {
            let message = format!("{} of {name} asked to be given nothing for a while", counted(holding_off, "engine"));
            found.push(
                Reason::new(Code::EnginesHoldingOff, Subject::queue(name), message)
                    .with_advice(format!("see why, and until when: {}", engines_of(name))),
            );
        }
        found
    }

    /// Active engines that do not ask. Where none of the others can take anything, that decides.
    pub fn silent(&self, code: Code, now: DateTime<Utc>) -> Option<Reason> {
        let name = &self.queue.report.queue.engine_type;
        let zombies = self.queue.zombies.filter(|zombies| zombies.count > 0)?;
        let silent = in_words((now - zombies.silent_since).as_seconds_f64());
        let message = format!(
            "{} of {name} {} active, with room, and {} not asked for work for {}{silent}",
            counted(zombies.count, "engine"),
            are(zombies.count),
            agreeing(zombies.count, "has", "have"),
            agreeing(zombies.count, "", "up to "),
        );
        let what_to_do = advice_on_zombies(name, &zombies);
        let reason = Reason::new(code, Subject::queue(name), message).since(zombies.silent_since);
        let decides = self.asking == 0 || self.can_take() == 0;
        Some(if decides { reason.decisive(what_to_do) } else { reason.with_advice(what_to_do) })
    }

    /// The engines that ask hold as much as they can.
    pub fn full(&self, code: Code, wanted_slots: i64, next_end: &str) -> Option<Reason> {
        if self.engines.active == 0 {
            return self.full_besides(code, next_end);
        }
        if self.asking == 0 || self.can_take() > 0 {
            return None;
        }
        let report = &self.queue.report;
        let name = &report.queue.engine_type;
        let slots = report.slots();
        let held = counted(slots.busy, "event");
        let message = match (self.asking, self.unlimited) {
            (1, 0) => format!("the only engine of {name} that asks for work is full: it holds {held}"),
            (1, _) => format!(
                "the only engine of {name} that asks for work is busy: it holds {held}, and asks again once it is done"
            ),
            (asking, 0) => {
                format!("the {asking} engines of {name} that ask for work are full: they hold {held}")
            }
            (asking, _) => format!(
                "the {asking} engines of {name} that ask for work are busy: they hold {held}, and ask again once they are done"
            ),
        };
        let enough = if wanted_slots > slots.total {
            format!(
                "; {} in all would process what is due in {}, now there {} {}",
                counted(wanted_slots, "slot"),
                in_words(f64::from(report.target_clear_seconds())),
                are(slots.total),
                slots.total
            )
        } else {
            String::new()
        };
        let reason = Reason::new(code, Subject::queue(name), message + next_end + &enough);
        Some(reason.decisive(format!(
            "start more engines of {name}, or see whether those at work still get on: {}",
            engines_of(name)
        )))
    }

    /// Engines that get nothing for another reason hold as much as they can: once that is over, they are still full.
    fn full_besides(&self, code: Code, next_end: &str) -> Option<Reason> {
        let name = &self.queue.report.queue.engine_type;
        let kept_out = self.queue.report.engines.iter().filter(|engines| engines.standing != Standing::Unresponsive);
        let (engines, slots, held, unlimited) =
            kept_out.fold((0, 0, 0, 0), |(engines, slots, held, unlimited), summary| {
                let TypeSummary { engines: more, slots: of_more, leases_held, unlimited: without_limit, .. } = summary;
                (engines + more, slots + of_more, held + leases_held, unlimited + without_limit)
            });
        if engines == 0 || unlimited > 0 || held < slots {
            return None;
        }
        let message = format!(
            "{} of {name} {} full as well: {} {}{next_end}",
            if engines == 1 { "that engine".to_owned() } else { format!("those {engines} engines") },
            are(engines),
            agreeing(engines, "it holds", "they hold"),
            counted(held, "event"),
        );
        let reason = Reason::new(code, Subject::queue(name), message);
        Some(reason.decisive(format!("see whether they still get on with what they hold: {}", engines_of(name))))
    }
}

fn version_quarantined(name: &str, quarantine: &Quarantine, now: DateTime<Utc>) -> Reason {
    let which = quarantine
        .engine_software_version
        .as_deref()
        .map_or("engines without a version".to_owned(), |version| format!("engines of version {version}"));
    let by = quarantine.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let since = in_words((now - quarantine.since).as_seconds_f64());
    let message =
        format!("{which} get nothing of {name}: they have been quarantined for {since}{by} ({})", quarantine.reason);
    let subject =
        Subject { engine_software_version: quarantine.engine_software_version.clone(), ..Subject::queue(name) };
    Reason::new(Code::VersionQuarantined, subject, message)
        .since(quarantine.since)
        .until(quarantine.lift_at)
        .with_advice(format!("once another version is deployed, or that one is repaired: {}", lift(name, quarantine)))
}
