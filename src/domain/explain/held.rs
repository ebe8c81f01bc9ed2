//! What becomes of an event that is held.

use chrono::{DateTime, Utc};

use super::reason::{Code, Explanation, Reason};
use super::said::{seconds_in_words, subject_of};
use crate::domain::advised_command::{AdvisedCommand, command};
use crate::domain::attention::Subject;
use crate::domain::engine::{Engine, EngineStatus};
use crate::domain::event::Event;
use crate::domain::limits::{MAX_MAX_LEASE_SECONDS, MAX_VISIBILITY_TIMEOUT_SECONDS};
use crate::domain::spans::in_words;

/// A lease ends soon when less than that is left of it.
const ENDS_SOON_SECONDS: f64 = 10.0;
/// A lease is near its longest end when less than this share of its time is left.
const NEAR_LONGEST_SHARE: f64 = 0.1;
/// Of its heartbeat timeout: an engine that has sent nothing for longer is silent.
const SILENT_SHARE: f64 = 0.5;
/// The same for an engine without such a timeout.
const SILENT_SECONDS: f64 = 60.0;
/// Progress that was reported longer ago is old.
const OLD_PROGRESS_SECONDS: f64 = 300.0;

/// What the engine does that holds an event; `holder` is that engine, while it is registered.
#[must_use]
pub fn explain_held(event: &Event, holder: Option<&Engine>, now: DateTime<Utc>) -> Explanation {
    let id = event.event_id;
    let subject = || Subject { engine_id: event.leased_by, ..subject_of(event) };
    let ends_at = event.lease_expires_at.unwrap_or(now);
    let lasted = event.leased_at.map(|since| seconds_in_words(now - since)).unwrap_or_default();
    // What is leased without an engine's id.
    let holder_in_words = if event.leased_by.is_some() { "its engine" } else { "its caller" };
    let who = event.leased_by.map_or("a caller that is no engine".to_owned(), |engine| format!("engine {engine}"));
    let mut found = Vec::new();
    let left = (ends_at - now).as_seconds_f64();
    if left <= 0.0 {
        let message = format!(
            "its lease ended {} ago, after {lasted}, without a report; the service takes it back with its next round",
            in_words(-left)
        );
        found.push(Reason::new(Code::LeaseOver, subject(), message).since(ends_at).decisive(format!(
            "nothing for some seconds; if it stays so, no replica does its background work: {}",
            command("doctor")
        )));
    } else {
        let message = format!(
            "{who} has held it for {lasted}, as attempt {}; its lease ends in {} unless it is renewed or reported",
            event.attempt,
            in_words(left)
        );
        found.push(Reason::new(Code::Held, subject(), message).since(event.leased_at).until(ends_at).decisive(
            format!("wait for {holder_in_words}; to see what that reports: {}", command("events").about(id)),
        ));
    }
    if let Some(engine) = holder {
        let silent = (now - engine.last_seen_at).as_seconds_f64();
        let bound =
            engine.heartbeat_timeout_seconds.map_or(SILENT_SECONDS, |timeout| f64::from(timeout) * SILENT_SHARE);
        if engine.status == EngineStatus::Unresponsive || silent > bound {
            let message = format!("engine {} has sent nothing for {}", engine.engine_id, in_words(silent));
            found.push(
                Reason::new(Code::EngineSilent, subject(), message)
                    .since(engine.last_seen_at)
                    .with_advice(format!("see whether it still runs: {}", command("engines").about(engine.engine_id))),
            );
        }
    }
    if let Some(at) = event.progress_at
        && (now - at).as_seconds_f64() > OLD_PROGRESS_SECONDS
    {
        let message = format!("the last progress of this attempt was reported {} ago", seconds_in_words(now - at));
        found.push(
            Reason::new(Code::ProgressOld, subject(), message)
                .since(at)
                .with_advice(format!("see whether it still gets on: {}", command("events").about(id))),
        );
    }
    if left > 0.0 && left < ENDS_SOON_SECONDS {
        let message = format!("its lease ends in {}; then it counts as lost", in_words(left));
        let seconds = event.leased_at.map_or(left, |since| (ends_at - since).as_seconds_f64());
        // A longer visibility timeout does not move the end beyond which no renewal goes.
        let what_to_do = if event.lease_deadline_at.is_some_and(|deadline| ends_at >= deadline) {
            format!("{holder_in_words} has to report until then; {}", beyond_longest(&event.engine_type, seconds))
        } else {
            let longer = longer_leases_of(&event.engine_type, whole(seconds));
            format!("{holder_in_words} has to renew it or report; if attempts need longer: {longer}")
        };
        found.push(Reason::new(Code::LeaseEndsSoon, subject(), message).until(ends_at).with_advice(what_to_do));
    }
    if let (Some(deadline), Some(since)) = (event.lease_deadline_at, event.leased_at) {
        let (left, most) = ((deadline - now).as_seconds_f64(), (deadline - since).as_seconds_f64());
        if left > 0.0 && left < most * NEAR_LONGEST_SHARE {
            let message = format!(
                "its lease can be renewed for another {} and no longer: it lasts {} at most",
                in_words(left),
                in_words(most)
            );
            let what_to_do = beyond_longest(&event.engine_type, most);
            found.push(Reason::new(Code::NearLongestLease, subject(), message).until(deadline).with_advice(what_to_do));
        }
    }
    if event.is_cancel_requested {
        let message = "it ends as cancelled with its lease: its cancellation was asked for while it was held";
        found.push(
            Reason::new(Code::CancelRequested, subject(), message)
                .until(ends_at)
                .with_advice("nothing: it ends with its lease at the latest"),
        );
    }
    Explanation::of(now, None, found, None)
}

/// What to do where leases that may last for so many seconds are too short.
fn beyond_longest(engine_type: &str, most: f64) -> String {
    if whole(most) >= MAX_MAX_LEASE_SECONDS {
        return "have longer work split into several events: no lease may last longer".to_owned();
    }
    let seconds = whole(most).saturating_mul(2).min(MAX_MAX_LEASE_SECONDS);
    let longer = command("queues set").about(engine_type).flag("--max-lease-seconds", seconds);
    format!("if such attempts may last longer: {longer}")
}

/// The command that has leases last twice as long as that.
pub(super) fn longer_leases_of(engine_type: &str, seconds: u32) -> AdvisedCommand {
    let seconds = seconds.saturating_mul(2).min(MAX_VISIBILITY_TIMEOUT_SECONDS);
    command("queues set").about(engine_type).flag("--visibility-timeout-seconds", seconds)
}

/// Whole seconds, rounded up.
fn whole(seconds: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let whole = seconds.ceil().clamp(0.0, f64::from(u32::MAX)) as u32;
    whole
}
