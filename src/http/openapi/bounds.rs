//! The bounds of members and parameters, from the constants by which they are read.

use std::ops::RangeInclusive;

use utoipa::Number;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{Array, Object, RefOr, Schema};

use crate::domain::limits::{
    MAX_AWAITED_EVENTS, MAX_BATCH_EVENTS, MAX_BULK_DEAD_LETTERS, MAX_BULK_EVENTS, MAX_CANARY_WAIT_SECONDS,
    MAX_CAPABILITIES, MAX_CAPABILITY_CHARS, MAX_CONCURRENT_EVENTS, MAX_DEAD_LETTER_THRESHOLD, MAX_DELAY_SECONDS,
    MAX_DRAIN_REASON_CHARS, MAX_ERROR_CONTAINS_CHARS, MAX_ERROR_TYPE_CHARS, MAX_EXPECTED_COUNT, MAX_FINGERPRINT_CHARS,
    MAX_HEARTBEAT_LEASES, MAX_HEARTBEAT_TIMEOUT_SECONDS, MAX_HEARTBEAT_WAIT_SECONDS, MAX_HISTORY_STEP_SECONDS,
    MAX_HOLDING_OFF_REASON_CHARS, MAX_IDEMPOTENCY_KEY_CHARS, MAX_IDS_OF_FILTER, MAX_LEASE_LIMIT, MAX_MAX_LEASE_SECONDS,
    MAX_MAY_ENQUEUE, MAX_PAGE, MAX_PAST_SECONDS, MAX_PAUSE_REASON_CHARS, MAX_PAUSE_SECONDS, MAX_PRIORITY,
    MAX_QUARANTINE_REASON_CHARS, MAX_QUARANTINE_SECONDS, MAX_RELEASE_CODE_CHARS, MAX_RELEASE_REASON_CHARS, MAX_RETRIES,
    MAX_RETRY_DELAY_SECONDS, MAX_SCENARIO_RUN_ID_CHARS, MAX_SOFTWARE_VERSION_CHARS, MAX_SPREAD_SECONDS,
    MAX_SUBJECT_CHARS, MAX_TARGET_CLEAR_SECONDS, MAX_TOKEN_ENGINE_TYPES, MAX_TOKEN_NAME_CHARS, MAX_TOKEN_SECONDS,
    MAX_TRACEPARENT_CHARS, MAX_TRACESTATE_CHARS, MAX_TYPE_NAME_CHARS, MAX_UNIQUE_KEY_CHARS,
    MAX_VISIBILITY_TIMEOUT_SECONDS, MAX_WAIT_SECONDS, MIN_HEARTBEAT_TIMEOUT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS,
};

/// As `domain::names` checks them.
const TYPE_NAME: &str = "^[A-Za-z0-9._:-]+$";
const TEXT: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
const PRINTABLE_ASCII: &str = r"^[\x20-\x7e]+$";
/// Up to `MAX_INCARNATION`.
const INCARNATION: &str = "^[1-9][0-9]{0,8}$";
const HEX: &str = "^[0-9a-fA-F]+$";
/// As `domain::ids` writes lease tokens.
const LEASE_TOKEN_CHARS: usize = 32;
/// The form that `domain::trace_context` checks. Versions to come may have more behind it. Version ff and ids of zeros would need
/// look-aheads, which many programs that read patterns refuse.
const TRACEPARENT: &str = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}";
const MIN_TRACEPARENT_CHARS: usize = 55;

/// Adds the bounds of a member of a request's body, or of a parameter. `place` is the name of the body's schema, or the operation.
pub fn narrow(place: &str, name: &str, schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            narrow_number(place, name, object);
            narrow_text(place, name, object);
        }
        Schema::Array(array) => narrow_array(place, name, array),
        _ => {}
    }
}

fn narrow_number(place: &str, name: &str, object: &mut Object) {
    let bounds = match (name, place) {
        ("priority", _) => 0..=MAX_PRIORITY.into(),
        ("delay_seconds", settlement) if settlement.contains("Settlement") => 0..=MAX_RETRY_DELAY_SECONDS,
        ("delay_seconds", _) => 0..=MAX_DELAY_SECONDS,
        ("discard_after_seconds", _) => 1..=MAX_DELAY_SECONDS,
        ("spread_seconds", _) => 0..=MAX_SPREAD_SECONDS,
        ("max_retries", _) => 0..=MAX_RETRIES,
        ("dead_letter_threshold", _) => 1..=MAX_DEAD_LETTER_THRESHOLD,
        ("initial" | "max", _) => 0..=MAX_RETRY_DELAY_SECONDS,
        ("visibility_timeout_seconds", _) => MIN_VISIBILITY_TIMEOUT_SECONDS..=MAX_VISIBILITY_TIMEOUT_SECONDS,
        ("max_lease_seconds", _) => 1..=MAX_MAX_LEASE_SECONDS,
        ("step_seconds", _) => 60..=MAX_HISTORY_STEP_SECONDS,
        ("target_clear_seconds", _) => 1..=MAX_TARGET_CLEAR_SECONDS,
        ("max_processing" | "max_concurrent_events", _) => 1..=MAX_CONCURRENT_EVENTS,
        ("resume_after_seconds", _) => 1..=MAX_PAUSE_SECONDS,
        ("lift_after_seconds", _) => 1..=MAX_QUARANTINE_SECONDS,
        ("heartbeat_timeout_seconds", _) => MIN_HEARTBEAT_TIMEOUT_SECONDS..=MAX_HEARTBEAT_TIMEOUT_SECONDS,
        ("expires_in_seconds", _) => 1..=MAX_TOKEN_SECONDS,
        ("expected_count", _) => 0..=MAX_EXPECTED_COUNT,
        ("lease_losses_min", _) => 0..=MAX_DEAD_LETTER_THRESHOLD,
        ("held_over_seconds" | "silent_over_seconds", _) => 0..=MAX_PAST_SECONDS,
        ("wait_seconds", "Heartbeat") => 0..=MAX_HEARTBEAT_WAIT_SECONDS,
        ("wait_seconds", "Canary") => 1..=MAX_CANARY_WAIT_SECONDS,
        ("wait_seconds", _) => 0..=MAX_WAIT_SECONDS,
        ("default_limit", _) | ("limit", "Exchange" | "lease_events") => 1..=MAX_LEASE_LIMIT,
        ("limit", "RedriveDeadLetters" | "PurgeDeadLetters") => 1..=MAX_BULK_DEAD_LETTERS,
        ("limit", "RescheduleEvents" | "CancelEvents") => 1..=MAX_BULK_EVENTS,
        ("limit", _) => 1..=MAX_PAGE,
        _ => return,
    };
    let number = |bound: u32| Some(Number::UInt(bound as usize));
    (object.minimum, object.maximum) = (number(*bounds.start()), number(*bounds.end()));
}

fn narrow_text(place: &str, name: &str, object: &mut Object) {
    let mut set = |chars: RangeInclusive<usize>, pattern: &str| {
        (object.min_length, object.max_length) = (Some(*chars.start()), Some(*chars.end()));
        object.pattern = Some(pattern.to_owned());
    };
    let most = match (name, place) {
        ("error_type", _) => MAX_ERROR_TYPE_CHARS,
        ("error_fingerprint", _) => MAX_FINGERPRINT_CHARS,
        ("fingerprint", _) => return set(1..=MAX_FINGERPRINT_CHARS, TEXT),
        ("error_contains", _) => MAX_ERROR_CONTAINS_CHARS,
        ("capability", _) => MAX_CAPABILITY_CHARS,
        ("subject", _) => MAX_SUBJECT_CHARS,
        ("actor", _) | ("name", "list_tokens") => MAX_TOKEN_NAME_CHARS,
        ("name", _) => return set(1..=MAX_TOKEN_NAME_CHARS, TEXT),
        ("engine_software_version", "EngineStaticConfig" | "QuarantineVersion" | "lift_quarantine") => {
            return set(1..=MAX_SOFTWARE_VERSION_CHARS, TEXT);
        }
        ("engine_software_version", _) => MAX_SOFTWARE_VERSION_CHARS,
        ("reason", "PauseQueue") => return set(1..=MAX_PAUSE_REASON_CHARS, TEXT),
        ("reason", "DrainEngine" | "DrainEngines") => return set(1..=MAX_DRAIN_REASON_CHARS, TEXT),
        ("reason", "QuarantineVersion") => return set(1..=MAX_QUARANTINE_REASON_CHARS, TEXT),
        ("reason", "HoldOff") => return set(1..=MAX_HOLDING_OFF_REASON_CHARS, TEXT),
        ("reason", settlement) if settlement.contains("Settlement") => return set(1..=MAX_RELEASE_REASON_CHARS, TEXT),
        ("code", settlement) if settlement.contains("Settlement") => return set(1..=MAX_RELEASE_CODE_CHARS, TEXT),
        ("engine_type" | "event_type", "DeadLetterFilter") => return,
        ("engine_type" | "event_type", _) => return set(1..=MAX_TYPE_NAME_CHARS, TYPE_NAME),
        ("scenario_run_id", _) => return set(1..=MAX_SCENARIO_RUN_ID_CHARS, TEXT),
        ("idempotency_key", _) => return set(1..=MAX_IDEMPOTENCY_KEY_CHARS, TEXT),
        ("unique_key", _) => return set(1..=MAX_UNIQUE_KEY_CHARS, TEXT),
        ("traceparent", _) => return set(MIN_TRACEPARENT_CHARS..=MAX_TRACEPARENT_CHARS, TRACEPARENT),
        ("view", _) => return set(5..=5, "^brief$"),
        ("tracestate", _) => return set(1..=MAX_TRACESTATE_CHARS, TEXT),
        ("Idempotency-Key", _) => return set(1..=MAX_IDEMPOTENCY_KEY_CHARS, PRINTABLE_ASCII),
        ("X-Engine-Incarnation", _) => {
            object.pattern = Some(INCARNATION.to_owned());
            return;
        }
        ("lease_token", _) => return set(LEASE_TOKEN_CHARS..=LEASE_TOKEN_CHARS, HEX),
        _ => return,
    };
    object.max_length = Some(most);
    if place == "DrainFilter" {
        object.min_length = Some(1);
    }
}

fn narrow_array(place: &str, name: &str, array: &mut Array) {
    let items = match (name, place) {
        ("settlements", "Exchange") => 0..=MAX_BATCH_EVENTS,
        ("settlements" | "events", _) => 1..=MAX_BATCH_EVENTS,
        ("event_ids", "WaitForEvents") => 1..=MAX_AWAITED_EVENTS,
        ("leases", _) => 0..=MAX_HEARTBEAT_LEASES,
        ("capabilities", _) => 0..=MAX_CAPABILITIES,
        ("engine_types", _) => 1..=MAX_TOKEN_ENGINE_TYPES,
        ("may_enqueue", _) => 0..=MAX_MAY_ENQUEUE,
        ("event_ids", "QueuedEventFilter") => 0..=MAX_IDS_OF_FILTER,
        _ => return,
    };
    if name == "may_enqueue"
        && let ArrayItems::RefOrSchema(item) = &mut array.items
        && let RefOr::T(item) = &mut **item
    {
        narrow(place, "engine_type", item);
    }
    array.min_items = Some(*items.start()).filter(|least| *least > 0);
    array.max_items = Some(*items.end());
}
