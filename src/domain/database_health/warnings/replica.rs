//! What a replica is warned of: its writes, its pools, its listener, its clock.

use super::warning::{Warning, WarningCode};
use crate::domain::counted::are;
use crate::domain::database_health::facts::{ClockDifference, ListenerHealth, ReplicaHealth};
use crate::domain::spans::in_words;

const CLOCK_SKEW_MS: f64 = 1000.0;
/// As long as `/readyz` allows.
const UNWRITTEN_SECONDS: f64 = 5.0;

/// All warnings about this replica.
pub(super) fn of(replica: &ReplicaHealth) -> impl Iterator<Item = Warning> {
    let ReplicaHealth { listener, clock, seconds_since_write, .. } = replica;
    let found =
        [of_writes(*seconds_since_write), of_pools(replica), of_listener(listener), of_clock(clock, "the replica's")];
    found.into_iter().flatten()
}

fn of_writes(seconds_since_write: Option<f64>) -> Option<Warning> {
    if seconds_since_write.is_some_and(|seconds| seconds <= UNWRITTEN_SECONDS) {
        return None;
    }
    let since = match seconds_since_write {
        Some(seconds) => format!("for {}", in_words(seconds)),
        None => "since it started".to_owned(),
    };
    let message = format!(
        "this replica has written nothing to the database {since}, though it tries every second: calls that change something fail; its log says why"
    );
    Some(Warning::new(WarningCode::ReplicaCannotWrite, message))
}

fn of_pools(replica: &ReplicaHealth) -> Option<Warning> {
    let ReplicaHealth { pool, reading_pool, .. } = replica;
    let message = if pool.is_saturated() {
        format!(
            "{} of this replica's pool {} in use, so that calls wait; look for locks or slow statements, add replicas, or raise EVENTLEASE_MAX_CONNECTIONS",
            all_connections(pool.max.into()),
            are(pool.max.into())
        )
    } else if reading_pool.is_saturated() {
        format!(
            "{} of this replica for lists and reports {} in use, so that such calls wait, and no others; look for slow filters, or raise EVENTLEASE_MAX_READING_CONNECTIONS",
            all_connections(reading_pool.max.into()),
            are(reading_pool.max.into())
        )
    } else {
        return None;
    };
    Some(Warning::new(WarningCode::PoolSaturated, message))
}

fn all_connections(count: i64) -> String {
    if count == 1 { "the only connection".to_owned() } else { format!("all {count} connections") }
}

fn of_listener(listener: &ListenerHealth) -> Option<Warning> {
    (!listener.is_connected).then(|| {
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
