//! Which open event of a queue has a unique key.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::store::error::Result;

/// A key that an event wants, which is about to be stored.
#[derive(Clone, Copy, Debug)]
pub struct WantedKey<'a> {
    /// The queue it holds in.
    pub engine_type: &'a str,
    /// As the caller chose it.
    pub unique_key: &'a str,
    /// The event's id; `None` where it has none yet.
    pub event_id: Option<EventId>,
    /// Among several, the first in this order gets a key that they all want.
    pub place: usize,
    /// When the event is to be due, where its producer named a time.
    pub available_at: Option<DateTime<Utc>>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimedKey {
    /// The event has it, and is to get this id.
    Ours(EventId),
    /// That open event has it.
    Held(EventId),
    /// The event is due too far in the future to be taken in, and has not got it.
    TooFarAway,
}

fn column<'a, T>(wanted: &[WantedKey<'a>], order: &[usize], of: impl Fn(WantedKey<'a>) -> T) -> Vec<T> {
    order.iter().map(|&index| of(wanted[index])).collect()
}

/// Claims keys, the answers in the order of `wanted`. Waits for transactions that are just taking or freeing one of them. Must
/// run in the transaction that stores the events, after it has locked idempotency keys and runs, and before rows of queues or open events.
pub async fn claim(
    connection: &mut PgConnection,
    wanted: &[WantedKey<'_>],
    max_delay_seconds: u32,
) -> Result<Vec<ClaimedKey>> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    // By bytes, as every transaction has it.
    order.sort_by_key(|&index| (wanted[index].engine_type, wanted[index].unique_key, wanted[index].place));
    let rows: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(include_str!("../sql/claim_open_keys.sql"))
        .bind(column(wanted, &order, |key| key.engine_type))
        .bind(column(wanted, &order, |key| key.unique_key))
        .bind(column(wanted, &order, |key| key.event_id.map(|event_id| event_id.0)))
        .bind(column(wanted, &order, |key| i32::try_from(key.place).expect("a batch is small")))
        .bind(column(wanted, &order, |key| key.available_at))
        .bind(f64::from(max_delay_seconds))
        .fetch_all(connection)
        .await?;
    let mut claimed = vec![ClaimedKey::TooFarAway; wanted.len()];
    for (index, (event_id, holder)) in order.into_iter().zip(rows) {
        claimed[index] = match holder {
            Some(holder) if holder == event_id => ClaimedKey::Ours(EventId(holder)),
            Some(holder) => ClaimedKey::Held(EventId(holder)),
            None => ClaimedKey::TooFarAway,
        };
    }
    Ok(claimed)
}

/// Frees the keys of events that are about to end, whose rows this transaction has locked.
pub async fn free(connection: &mut PgConnection, events: &[EventId]) -> Result<()> {
    sqlx::query(include_str!("../sql/free_open_keys.sql"))
        .bind(events.iter().map(|event_id| event_id.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Frees a key whose event was not stored after all.
pub async fn give_back(connection: &mut PgConnection, engine_type: &str, unique_key: &str) -> Result<()> {
    sqlx::query(include_str!("../sql/give_back_open_key.sql"))
        .bind(engine_type)
        .bind(unique_key)
        .execute(connection)
        .await?;
    Ok(())
}
