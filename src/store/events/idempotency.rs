//! Which event an idempotency key stands for.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::names::EngineType;
use crate::store::error::Result;
use crate::store::pool::Pool;

/// For how long a key is remembered.
const HOURS_REMEMBERED: i32 = 24;
/// Forgotten in one statement, so that none takes long.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// A key, and what its event looks like.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    /// The queue it holds in.
    pub engine_type: &'a EngineType,
    /// As the caller chose it.
    pub key: &'a str,
    /// The name of the token that brings the event, whose key it is; empty without authentication.
    pub enqueued_by: &'a str,
    /// Of the request's body.
    pub body_sha256: [u8; 32],
    /// SHA-256 of all that the body says but the payload.
    pub terms: [u8; 32],
}

/// The body that a key was claimed with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FirstBody {
    sha256: Vec<u8>,
    terms_sha256: Option<Vec<u8>>,
}

/// How another body under the same key compares with the first one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likeness {
    /// The bodies are the same.
    SameBytes,
    /// Other bytes; the payloads decide.
    SameTerms,
    /// Another event is meant.
    Different,
}

impl FirstBody {
    /// The fingerprints to store with the key.
    pub fn of(key: &Key<'_>) -> Self {
        Self { sha256: key.body_sha256.to_vec(), terms_sha256: Some(terms_of_body(&key.body_sha256, &key.terms)) }
    }

    /// Compares the body that came with `key` to the first one.
    pub fn likeness(&self, key: &Key<'_>) -> Likeness {
        if self.sha256 == key.body_sha256 {
            Likeness::SameBytes
        } else if self.terms_sha256.as_ref().is_some_and(|own| *own == terms_of_body(&self.sha256, &key.terms)) {
            Likeness::SameTerms
        } else {
            Likeness::Different
        }
    }
}

/// What is stored of the terms. A replica of the version before that claims a key anew replaces its `body_sha256` alone; the
/// terms of the body before then belong to no body, and nothing is compared with them.
fn terms_of_body(body_sha256: &[u8], terms: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(body_sha256).chain_update(terms).finalize().to_vec()
}

/// What a claimed key stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimedKey {
    /// The key is ours now: the event is to get this id.
    New(EventId),
    /// It stands for an event already.
    Known {
        /// The event that came first with the key.
        event_id: EventId,
        /// The fingerprints of the body that it came with.
        first_body: FirstBody,
    },
}

/// Claims keys, of which none may occur twice; waits for whoever is just claiming one of them. Must
/// run in the transaction that takes the events in.
pub async fn claim(connection: &mut PgConnection, keys: &[&Key<'_>]) -> Result<Vec<ClaimedKey>> {
    let engine_types: Vec<&str> = keys.iter().map(|key| key.engine_type.as_str()).collect();
    let names: Vec<&str> = keys.iter().map(|key| key.key).collect();
    let enqueued_bys: Vec<&str> = keys.iter().map(|key| key.enqueued_by).collect();
    let bodies: Vec<&[u8]> = keys.iter().map(|key| key.body_sha256.as_slice()).collect();
    let terms: Vec<Vec<u8>> = keys.iter().map(|key| terms_of_body(&key.body_sha256, &key.terms)).collect();
    let claimed: Vec<(Option<Uuid>,)> = sqlx::query_as(include_str!("../sql/claim_idempotency_keys.sql"))
        .bind(&engine_types)
        .bind(&names)
        .bind(&enqueued_bys)
        .bind(&bodies)
        .bind(HOURS_REMEMBERED)
        .bind(terms)
        .fetch_all(&mut *connection)
        .await?;
    // A later statement, so that it sees what the one before waited for.
    let known: Vec<(Uuid, Vec<u8>, Option<Vec<u8>>)> =
        sqlx::query_as(include_str!("../sql/known_idempotency_keys.sql"))
            .bind(&engine_types)
            .bind(&names)
            .bind(&enqueued_bys)
            .fetch_all(connection)
            .await?;
    Ok(claimed
        .into_iter()
        .zip(known)
        .map(|((claimed,), (event_id, sha256, terms_sha256))| match claimed {
            Some(event_id) => ClaimedKey::New(EventId(event_id)),
            None => ClaimedKey::Known { event_id: EventId(event_id), first_body: FirstBody { sha256, terms_sha256 } },
        })
        .collect())
}

/// Whether each payload has the same value as the one that is stored of the event beside it.
pub async fn are_payloads_of(
    connection: &mut PgConnection,
    payloads: &[(EventId, &EngineType, &str)],
) -> Result<Vec<bool>> {
    let are_same = sqlx::query_scalar(
        "select eventlease.is_payload_of(asked.event_id, asked.engine_type, asked.payload)
         from unnest($1::uuid[], $2::text[], $3::text[])
            with ordinality as asked (event_id, engine_type, payload, ordinal)
         order by asked.ordinal",
    )
    .bind(payloads.iter().map(|(event_id, ..)| event_id.0).collect::<Vec<_>>())
    .bind(payloads.iter().map(|(_, engine_type, _)| engine_type.as_str()).collect::<Vec<_>>())
    .bind(payloads.iter().map(|(.., payload)| *payload).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(are_same)
}

/// Lets a key that was just claimed stand for another event than the one it was claimed for. Answers whether that has the same
/// payload as came with the key, by value; if not, later bodies are compared with the first by their bytes alone.
pub async fn redirect(connection: &mut PgConnection, key: &Key<'_>, event_id: EventId, payload: &str) -> Result<bool> {
    Ok(sqlx::query_scalar(include_str!("../sql/redirect_idempotency_key.sql"))
        .bind(key.engine_type.as_str())
        .bind(key.key)
        .bind(key.enqueued_by)
        .bind(event_id.0)
        .bind(payload)
        .fetch_one(connection)
        .await?)
}

/// Gives a key back whose event was not taken in.
pub async fn give_back(connection: &mut PgConnection, key: &Key<'_>) -> Result<()> {
    sqlx::query(include_str!("../sql/give_back_idempotency_key.sql"))
        .bind(key.engine_type.as_str())
        .bind(key.key)
        .bind(key.enqueued_by)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets keys whose time is over.
pub async fn forget_expired(pool: &Pool) -> Result<u64> {
    let done = sqlx::query(include_str!("../sql/forget_expired_keys.sql"))
        .bind(FORGOTTEN_AT_ONCE)
        .execute(&mut *pool.acquire().await?)
        .await?;
    Ok(done.rows_affected())
}
