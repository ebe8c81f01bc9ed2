//! Which event an idempotency key stands for.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pool, Result};
use crate::domain::ids::EventId;
use crate::domain::names::EngineType;

/// For how long a key is remembered.
const HOURS_REMEMBERED: i32 = 24;
/// Forgotten in one statement, so that none takes long.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// A key, and what its event looks like.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    pub engine_type: &'a EngineType,
    pub key: &'a str,
    /// The name of the token that brings the event, whose key it is; empty without authentication.
    pub enqueued_by: &'a str,
    pub body_sha256: [u8; 32],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// The key is ours now: the event is to get this id.
    New(EventId),
    /// It stands for this event.
    Known { event_id: EventId, is_same_body: bool },
}

/// Claims keys, of which none may occur twice; waits for whoever is just claiming one of them. Must
/// run in the transaction that takes the events in.
pub async fn claim(connection: &mut PgConnection, keys: &[Key<'_>]) -> Result<Vec<Claim>> {
    let engine_types: Vec<&str> = keys.iter().map(|key| key.engine_type.as_str()).collect();
    let names: Vec<&str> = keys.iter().map(|key| key.key).collect();
    let enqueued_bys: Vec<&str> = keys.iter().map(|key| key.enqueued_by).collect();
    let bodies: Vec<&[u8]> = keys.iter().map(|key| key.body_sha256.as_slice()).collect();
    let claimed: Vec<(Option<Uuid>,)> = sqlx::query_as(include_str!("sql/claim_idempotency_keys.sql"))
        .bind(&engine_types)
        .bind(&names)
        .bind(&enqueued_bys)
        .bind(&bodies)
        .bind(HOURS_REMEMBERED)
        .fetch_all(&mut *connection)
        .await?;
    // A later statement, so that it sees what the one before waited for.
    let known: Vec<(Uuid, bool)> = sqlx::query_as(
        "select k.event_id, k.body_sha256 = asked.body_sha256
         from unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
            with ordinality as asked (engine_type, idempotency_key, enqueued_by, body_sha256, ordinal)
         join eventlease.idempotency_keys k using (engine_type, idempotency_key, enqueued_by)
         order by asked.ordinal",
    )
    .bind(&engine_types)
    .bind(&names)
    .bind(&enqueued_bys)
    .bind(&bodies)
    .fetch_all(connection)
    .await?;
    Ok(claimed
        .into_iter()
        .zip(known)
        .map(|((claimed,), (event_id, is_same_body))| match claimed {
            Some(event_id) => Claim::New(EventId(event_id)),
            None => Claim::Known { event_id: EventId(event_id), is_same_body },
        })
        .collect())
}

/// Gives a key back whose event was not taken in.
pub async fn give_back(connection: &mut PgConnection, key: &Key<'_>) -> Result<()> {
    sqlx::query(
        "delete from eventlease.idempotency_keys where engine_type = $1 and idempotency_key = $2 and enqueued_by = $3",
    )
    .bind(key.engine_type.as_str())
    .bind(key.key)
    .bind(key.enqueued_by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets keys whose time is over.
pub async fn forget_expired(pool: &Pool) -> Result<u64> {
    let done = sqlx::query(
        "delete from eventlease.idempotency_keys k
         using (
            select engine_type, idempotency_key, enqueued_by from eventlease.idempotency_keys
            where expires_at < statement_timestamp()
            order by expires_at
            limit $1
            for update skip locked
         ) expired
         where k.engine_type = expired.engine_type and k.idempotency_key = expired.idempotency_key
            and k.enqueued_by = expired.enqueued_by",
    )
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(done.rows_affected())
}
