//! What a replica is warned of: its writes, its pools, its listener, its clock.

use super::warning::{Warning, WarningCode};
use crate::domain::counted::are;
use crate::domain::database_health::facts::{ClockDifference, ListenerHealth, ReplicaHealth};
use crate::domain::spans::{before, in_words};

const CLOCK_SKEW_MS: f64 = 1000.0;
/// As long as `/readyz` allows.
const UNWRITTEN_SECONDS: f64 = 5.0;
/// A replica that has started has this long to listen, and to write for the first time.
const STARTING_SECONDS: f64 = 10.0;

/// All warnings about this replica.
pub(super) fn of(replica: &ReplicaHealth) -> impl Iterator<Item = Warning> {
    let found =
        [of_writes(replica), of_pools(replica), of_listener(replica), of_clock(&replica.clock, "the replica's")];
    found.into_iter().flatten()
}

fn of_writes(replica: &ReplicaHealth) -> Option<Warning> {
    let (seconds, allowed, since) = match replica.seconds_since_write {
        Some(seconds) => (seconds, UNWRITTEN_SECONDS, format!("for {}", in_words(seconds))),
        None => (replica.seconds_since_start, STARTING_SECONDS, "since it started".to_owned()),
    };
    if seconds <= allowed {
        return None;
    }
    let message = format!(
        "this replica has written nothing to the database {since}, though it tries every second: calls that change something fail; its log says why"
    );
    let began = before(replica.clock.database_time, seconds);
    Some(Warning::new(WarningCode::ReplicaCannotWrite, message).since(Some(began)))
}

fn of_pools(replica: &ReplicaHealth) -> Option<Warning> {
    let ReplicaHealth { pool, reading_pool, .. } = replica;
    let message = if pool.is_saturated() {
        format!(
            "{} of this replica's pool {} in use, so that calls wait; look for locks or slow statements, add replicas, or raise EVENTLEASE_MAX_CONNECTIONS",
            all_connections(pool.max.into()),
            are(pool.max)
        )
    } else if reading_pool.is_saturated() {
        format!(
            "{} of this replica for lists and reports {} in use, so that such calls wait, and no others; look for slow filters, or raise EVENTLEASE_MAX_READING_CONNECTIONS",
            all_connections(reading_pool.max.into()),
            are(reading_pool.max)
        )
    } else {
        return None;
    };
    Some(Warning::new(WarningCode::PoolSaturated, message))
}

fn all_connections(count: i64) -> String {
    if count == 1 { "the only connection".to_owned() } else { format!("all {count} connections") }
}

fn of_listener(replica: &ReplicaHealth) -> Option<Warning> {
    let ListenerHealth { is_connected, pid, interruptions, .. } = replica.listener;
    let has_never_listened = pid.is_none() && interruptions == 0;
    let is_starting = has_never_listened && replica.seconds_since_start <= STARTING_SECONDS;
    (!is_connected && !is_starting).then(|| {
        let message = "this replica does not hear of events that come by SQL or other replicas, so that engines get them later, when it looks again (EVENTLEASE_RECHECK_INTERVAL_MS); it goes on trying, and its log says why";
        Warning::new(WarningCode::ListenerDown, message)
    })
}

/// `whose`: the clock beside the database's, like "the replica's".
#[must_use]
pub fn of_clock(clock: &ClockDifference, whose: &str) -> Option<Warning> {
    let ClockDifference { difference_ms, round_trip_ms, .. } = clock;
    // A slow reply leaves the difference uncertain by half its round trip.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any time are far below 2^52")]
    let certain_ms = difference_ms.abs() as f64 - round_trip_ms / 2.0;
    (certain_ms > CLOCK_SKEW_MS).then(|| {
        let side = if *difference_ms > 0 { "ahead of" } else { "behind" };
        let message = format!(
            "{whose} clock is {difference_ms} ms {side} the database's: events and leases go by the database's, but logs do not fit together; set both by NTP",
            difference_ms = difference_ms.abs()
        );
        Warning::new(WarningCode::ClockSkew, message)
    })
}
