//! The terms of an event: all members of its body but the payload. Two bodies under one idempotency key are the same where
//! their terms are equal and their payloads have the same value. Terms are compared as they were understood: a member that is
//! left out, null or its default is the same, `5.0` is `5`, and a time is the same in every time zone.

use sha2::{Digest, Sha256};

use crate::domain::limits::DEFAULT_PRIORITY;
use crate::domain::new_event::{Due, NewEvent};

/// SHA-256 of the event's type and of each term that is not its default, as `eventlease.terms_sha256` has it in SQL
/// (migration 0013). What a later version adds changes nothing for bodies without it.
pub fn sha256_of_terms(event: &NewEvent) -> [u8; 32] {
    let mut terms = Terms::of(event.event_type.as_str());
    terms.add("priority", Some(event.priority).filter(|priority| *priority != DEFAULT_PRIORITY));
    match event.due {
        Due::After { seconds } => terms.add("delay_seconds", Some(seconds).filter(|seconds| *seconds > 0.0)),
        // As it is stored.
        Due::At(at) => terms.add("available_at", Some(at.timestamp_micros())),
    }
    terms.add("scenario_run_id", event.scenario_run_id.as_ref());
    terms.add("visibility_timeout_seconds", event.visibility_timeout_seconds);
    terms.add("discard_after_seconds", event.discard_after_seconds);
    terms.add("unique_key", event.unique_key.as_ref());
    if let Some(policy) = &event.retry_policy {
        terms.add("max_retries", policy.max_retries);
        if let Some(delay) = &policy.retry_delay {
            terms.add("initial", delay.initial);
            terms.add("max", delay.max);
            terms.add("multiplier", delay.multiplier.map(bits));
        }
        terms.add("dead_letter_threshold", policy.dead_letter_threshold);
        terms.add("jitter", policy.jitter.map(bits));
    }
    terms.0.finalize().into()
}

/// Each term behind its length, so that none can look like two.
struct Terms(Sha256);

impl Terms {
    fn of(event_type: &str) -> Self {
        let mut terms = Self(Sha256::new());
        terms.part(event_type);
        terms
    }

    fn add(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.part(&format!("{name}={value}"));
        }
    }

    fn part(&mut self, part: &str) {
        self.0.update(part.len().to_be_bytes());
        self.0.update(part);
    }
}

/// A number with a fraction by its bits, in hexadecimal: one number has several texts. Zero has no sign.
fn bits(number: f64) -> String {
    format!("{:016x}", (number + 0.0).to_bits())
}
