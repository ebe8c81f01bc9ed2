//! Why a queue grows: what keeps its events waiting, and what makes more of them.

use chrono::{DateTime, Utc};

use super::asked::{self, Asked};
use super::event::{capped, of_database, paused};
use super::held::longer_leases_of;
use super::reason::{Code, Explanation, Reason};
use super::supply::Supply;
use crate::domain::advised_command::{AdvisedCommand, command, engines_of};
use crate::domain::attention::Subject;
use crate::domain::counted::{agreeing, are, counted, counted_are, times};
use crate::domain::database_health::warnings::Warning;
use crate::domain::dead_letters::MainCause;
use crate::domain::limits::{DEFAULT_VISIBILITY_TIMEOUT_SECONDS, STANDS_AFTER_SECONDS};
use crate::domain::numbers::to_f64;
use crate::domain::queue_activity::RecentDurations;
use crate::domain::queue_report::QueueReport;
use crate::domain::snapshot::QueueSnapshot;
use crate::domain::spans::in_words;

/// Fewer attempts in five minutes say nothing of a share.
const MIN_ATTEMPTS: i64 = 20;
/// From this share of failed attempts on, a queue fails.
const FAILING_SHARE: f64 = 0.1;
/// The same of leases that end without a report.
const LOSING_SHARE: f64 = 0.05;
/// The same of reports after the end of their lease.
const LATE_SHARE: f64 = 0.01;
/// From this share of what enters the line on, retries are a reason of its length.
const RETRIES_SHARE: f64 = 0.3;
/// Attempts are slower than before where they take that many times as long.
const SLOWER_FACTOR: f64 = 2.0;
/// More must come in than end by this share.
const GROWS_SHARE: f64 = 1.1;

/// All that is known of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The queue.
    pub queue: &'a QueueSnapshot,
    /// When it was measured.
    pub measured_at: DateTime<Utc>,
    /// How long its attempts and waits took in the last minute.
    pub durations: &'a RecentDurations,
    /// How long half of its attempts took in the minutes of the last day; `None` where that is not known.
    pub usual_attempt_seconds: Option<f64>,
    /// What most of its newest dead letters died of; `None` where that was not asked, as it does not fail, or none died.
    pub main_cause: Option<&'a MainCause>,
    /// When engines that could take its events last asked for some; `None` where that was not looked up, as its events are worked on.
    pub asked: Option<&'a Asked>,
    /// When an engine was last seen, where none is active and that is known.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// What is known to be wrong with the database.
    pub warnings: &'a [Warning],
}

/// Explains a queue.
#[must_use]
pub fn explain(facts: &Facts<'_>) -> Explanation {
    let Facts { now, queue, .. } = *facts;
    let subject = Subject::queue(&queue.report.queue.engine_type);
    let supply = Supply::of(queue, facts.last_seen_at);
    let depth = &queue.report.depth;
    let mut found: Vec<Reason> = paused(Code::Paused, queue, now).into_iter().collect();
    // A queue that nobody needs may well have no engine.
    if depth.due + depth.delayed > 0 {
        found.extend(supply.without_engines(now));
        found.extend(supply.silent(Code::Zombies, now));
    }
    if depth.due > 0 {
        found.extend(capped(Code::Capped, queue, ""));
        found.extend(supply.full(Code::AllFull, queue.report.wanted_slots(facts.durations), ""));
    }
    found.extend(
        [
            failing(facts),
            losing(queue),
            late(queue),
            more_in_than_out(queue),
            retries(queue),
            suspects(queue),
            slower(facts),
        ]
        .into_iter()
        .flatten(),
    );
    let stops = of_database(facts.warnings, &subject);
    if !found.iter().chain(&stops).any(|reason| reason.is_decisive) {
        found.insert(0, not_taken(facts).unwrap_or_else(|| flows(facts)));
    }
    found.extend(stops);
    Explanation::of(now, Some(facts.measured_at), found, None)
}

fn of(queue: &QueueSnapshot, code: Code, message: String) -> Reason {
    Reason::new(code, Subject::queue(&queue.report.queue.engine_type), message)
}

/// Part of a whole, in whole per cent.
fn percent(part: i64, whole: i64) -> String {
    format!("{:.0} %", 100.0 * to_f64(part) / to_f64(whole.max(1)))
}

/// Attempts that ended in five minutes, and whether a part of them is more than its share.
fn exceeds(part: i64, whole: i64, share: f64) -> bool {
    whole >= MIN_ATTEMPTS && to_f64(part) > share * to_f64(whole)
}

/// Whether so many attempts failed that it matters of what.
#[must_use]
pub fn is_failing(queue: &QueueSnapshot) -> bool {
    let counts = &queue.five_minutes;
    exceeds(counts.failed, counts.completed + counts.failed + counts.lost, FAILING_SHARE)
}

/// Of what was counted in five minutes, the last one had nothing, though attempts ended in it.
fn seems_over(in_last_minute: i64, queue: &QueueSnapshot) -> bool {
    in_last_minute == 0 && queue.report.last_minute.counts.completed > 0
}

fn none_lately(is_over: bool) -> &'static str {
    if is_over { ", none of them in the last minute: it seems to be over" } else { "" }
}

fn failing(facts: &Facts<'_>) -> Option<Reason> {
    let Facts { queue, main_cause, .. } = *facts;
    let counts = &queue.five_minutes;
    let all = counts.completed + counts.failed + counts.lost;
    let name = &queue.report.queue.engine_type;
    is_failing(queue).then(|| {
        let dead = counted(counts.dead_lettered, "event");
        let became = agreeing(counts.dead_lettered, "became a dead letter", "became dead letters");
        let cause = main_cause.map(|cause| format!(", {}", in_a_clause(cause))).unwrap_or_default();
        let is_over = seems_over(queue.report.last_minute.counts.failed, queue);
        let message = format!(
            "{} of {} in the last 5 minutes failed ({}){}; {dead} {became}{cause}",
            counts.failed,
            counted(all, "attempt"),
            percent(counts.failed, all),
            none_lately(is_over)
        );
        // A version that fails no more is not the one to stop.
        let version = main_cause
            .filter(|cause| !is_over && cause.is_frequent())
            .and_then(|cause| cause.engine_software_version.as_deref());
        let version = version.map(|version| {
            let quarantine = command("queues quarantine").about(name).version(Some(version));
            format!("; if it is the version: {}", quarantine.flag("--reason", "failing"))
        });
        of(queue, Code::Failing, message).with_advice(format!(
            "see what they fail of: {}{}",
            command("dead-letters groups").flag("--engine-type", name),
            version.unwrap_or_default()
        ))
    })
}

/// The error, its share, and the version that had most of them; how many causes there are, where none of them has a share worth the name.
fn in_a_clause(cause: &MainCause) -> String {
    if !cause.is_frequent() {
        let causes = format!("of {} among the newest {}", counted(cause.causes, "cause"), cause.all_count);
        return match cause.count {
            0 | 1 => format!("{causes}, none more than once"),
            count => format!("{causes}, the most frequent {}", times(count)),
        };
    }
    let told = [cause.error_type.as_deref(), cause.sample_message.as_deref()];
    let told: Vec<&str> = told.into_iter().flatten().collect();
    let told = if told.is_empty() { "an error without a type".to_owned() } else { told.join(": ") };
    let fingerprint = cause.error_fingerprint.as_ref().map(|known| format!("fingerprint {known}, "));
    let version = cause.engine_software_version.as_ref().map(|version| format!(", version {version}"));
    let share = percent(cause.count, cause.all_count);
    let (fingerprint, version) = (fingerprint.unwrap_or_default(), version.unwrap_or_default());
    format!("most often of {told} ({fingerprint}{share} of the newest {}{version})", cause.all_count)
}

fn losing(queue: &QueueSnapshot) -> Option<Reason> {
    let counts = &queue.five_minutes;
    let all = counts.completed + counts.failed + counts.lost;
    let name = &queue.report.queue.engine_type;
    exceeds(counts.lost, all, LOSING_SHARE).then(|| {
        let message = format!(
            "{} of {} in the last 5 minutes ended without a report of their engine ({}){}",
            counts.lost,
            counted(all, "attempt"),
            percent(counts.lost, all),
            none_lately(seems_over(queue.report.last_minute.counts.lost, queue))
        );
        of(queue, Code::Losing, message).with_advice(format!(
            "see which engines fall silent: {}; if attempts outlast their leases: {}",
            engines_of(name),
            longer_leases(queue)
        ))
    })
}

fn late(queue: &QueueSnapshot) -> Option<Reason> {
    let counts = &queue.five_minutes;
    let all = counts.completed + counts.failed + counts.lost;
    exceeds(counts.late, all, LATE_SHARE).then(|| {
        let message = format!(
            "{} in the last 5 minutes came after {} lease had ended ({}): {} work may be done twice",
            counted(counts.late, "report"),
            agreeing(counts.late, "its", "their"),
            percent(counts.late, all),
            agreeing(counts.late, "its", "their"),
        );
        of(queue, Code::Late, message)
            .with_advice(format!("let engines renew their leases, or let leases last longer: {}", longer_leases(queue)))
    })
}

/// The command that doubles how long leases of a queue last.
fn longer_leases(queue: &QueueSnapshot) -> AdvisedCommand {
    let queue = &queue.report.queue;
    let seconds = queue.settings.visibility_timeout_seconds.unwrap_or(DEFAULT_VISIBILITY_TIMEOUT_SECONDS);
    longer_leases_of(&queue.engine_type, seconds)
}

fn more_in_than_out(queue: &QueueSnapshot) -> Option<Reason> {
    let (report, counts) = (&queue.report, &queue.five_minutes);
    let name = &report.queue.engine_type;
    let out = counts.ended();
    let applies =
        report.depth.due > 0 && counts.enqueued >= MIN_ATTEMPTS && to_f64(counts.enqueued) > GROWS_SHARE * to_f64(out);
    applies.then(|| {
        let message = format!(
            "{} came in within 5 minutes and {} ended; {} due, {}for {}",
            counted(counts.enqueued, "event"),
            out,
            counted_are(report.depth.due, "event"),
            agreeing(report.depth.due, "", "the oldest "),
            in_words(report.depth.oldest_due_age_seconds)
        );
        of(queue, Code::MoreInThanOut, message)
            .with_advice(format!("start more engines of {name}, or have fewer events sent"))
    })
}

fn retries(queue: &QueueSnapshot) -> Option<Reason> {
    let counts = &queue.five_minutes;
    let again = (counts.failed + counts.lost - counts.dead_lettered).max(0) + counts.released;
    let entered = counts.enqueued + again;
    let name = &queue.report.queue.engine_type;
    let waits = queue.report.depth.due + queue.report.depth.delayed > 0;
    (waits && exceeds(again, entered, RETRIES_SHARE)).then(|| {
        let message = format!(
            "{} of what entered the queue in the last 5 minutes had been tried before ({again} of {entered})",
            percent(again, entered)
        );
        of(queue, Code::Retries, message).with_advice(format!(
            "see which events fail again and again: {}",
            command("events").switch("--failing").flag("--engine-type", name)
        ))
    })
}

fn suspects(queue: &QueueSnapshot) -> Option<Reason> {
    let depth = &queue.report.depth;
    let name = &queue.report.queue.engine_type;
    (depth.suspects > 0).then(|| {
        let message = format!(
            "{} {} lost before without a report: {} is leased alone, or beside no other such event",
            counted(depth.suspects, "event"),
            agreeing(depth.suspects, "was", "were"),
            agreeing(depth.suspects, "it", "each"),
        );
        of(queue, Code::Suspects, message).with_advice(format!(
            "cancel what kills engines; see what was lost: {}",
            command("events").flag("--lease-losses-min", 1).flag("--engine-type", name)
        ))
    })
}

fn slower(facts: &Facts<'_>) -> Option<Reason> {
    let counts = &facts.queue.five_minutes;
    let (lately, usual) = (facts.durations.attempts.quantile(0.5)?, facts.usual_attempt_seconds?);
    let name = &facts.queue.report.queue.engine_type;
    let applies = counts.completed + counts.failed >= MIN_ATTEMPTS && lately > SLOWER_FACTOR * usual;
    applies.then(|| {
        let message = format!(
            "half of the attempts take {} or more, where {} was usual in the last day",
            in_words(lately),
            in_words(usual)
        );
        of(facts.queue, Code::SlowerThanBefore, message)
            .with_advice(format!("see what the engines wait for, and since when: {}", command("history").about(name)))
    })
}

/// Engines are active, and its events are worked on by none.
fn not_taken(facts: &Facts<'_>) -> Option<Reason> {
    let report = &facts.queue.report;
    let (depth, name) = (&report.depth, &report.queue.engine_type);
    report.stands().then(|| {
        let message = format!(
            "{} of {name} {} due, {}for {}, and {} being worked on{}",
            counted(depth.due, "event"),
            are(depth.due),
            agreeing(depth.due, "", "the oldest "),
            in_words(depth.oldest_due_age_seconds),
            agreeing(depth.due, "it is not", "none is"),
            asked::in_a_clause(facts.asked, facts.now),
        );
        of(facts.queue, Code::NotTaken, message).decisive(asked::what_to_do(name))
    })
}

/// Nothing keeps its events waiting.
fn flows(facts: &Facts<'_>) -> Reason {
    let report = &facts.queue.report;
    let depth = &report.depth;
    let minute = &report.last_minute;
    let message = if depth.due == 0 {
        let later = match depth.delayed {
            0 => String::new(),
            delayed => format!("; {} due later", counted_are(delayed, "event")),
        };
        format!("nothing is due in {}{later}", report.queue.engine_type)
    } else {
        format!(
            "{} of {} {} due, {}for {}{}; {:.1} a second complete",
            counted(depth.due, "event"),
            report.queue.engine_type,
            are(depth.due),
            agreeing(depth.due, "", "the oldest "),
            in_words(depth.oldest_due_age_seconds),
            way(report),
            minute.per_second(minute.counts.completed)
        )
    };
    of(facts.queue, Code::Flows, message)
}

/// What is known of the way of due events: that nothing is in it is not said where they wait and none is worked on.
fn way(report: &QueueReport) -> String {
    let depth = &report.depth;
    match depth.in_flight {
        0 if depth.oldest_due_age_seconds > STANDS_AFTER_SECONDS => ", and none is worked on just now".to_owned(),
        0 => format!(", and nothing is in {} way", agreeing(depth.due, "its", "their")),
        held => format!(", and {held} {} worked on", agreeing(held, "other is", "others are")),
    }
}
