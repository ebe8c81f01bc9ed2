//! After a restore the database is as of an earlier time. Leases that engines held then are ended, tokens that were good then
//! are revoked, and engines count as unresponsive until they call. Each step is repeated in transactions of at most `BATCH`
//! rows until nothing is left to do, so a run that was interrupted can be repeated.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::effects::{Effects, end_with_words};
use super::tokens;
use crate::domain::audit::Actor;
use crate::domain::ids::EventId;
use crate::domain::lane::SuspectIsolation;
use crate::domain::numbers::to_i64;
use crate::domain::verdict::Ending;
use crate::error::Result;
use crate::store::Pool;
use crate::store::leases::open_events::lock_leased_before;
use crate::store::pool::{begin, commit};
use crate::store::restore;
use crate::store::settlement::AttemptWords;

/// Rows that one transaction changes.
const BATCH: u32 = 1_000;

/// A replica writes its sign once a second; one that wrote it within this time is taken to be running.
pub const RUNNING_WITHIN_SECONDS: f64 = 10.0;

/// What is recorded with the attempts that end.
const REASON: &str = "ended by eventlease after-restore";

/// What was changed, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Changes {
    /// Leases ended, tokens revoked, engines marked.
    pub counts: restore::Counts,
    /// No admin's token is left, and there was one.
    pub lacks_admin: bool,
}

/// What [`carry_out`] would change. Changes nothing.
pub async fn preview(pool: &Pool, before: DateTime<Utc>) -> Result<Changes> {
    let mut connection = pool.acquire().await?;
    let counts = restore::count(&mut connection, before).await?;
    Ok(Changes { counts, lacks_admin: restore::lacks_admin(&mut connection, before).await? })
}

/// Ends the leases granted before a time, revokes the tokens made before it, and marks the engines that last called before it as
/// unresponsive.
pub async fn carry_out(pool: &Pool, before: DateTime<Utc>) -> Result<Changes> {
    // First the tokens: they are what somebody could use.
    let (tokens, sessions) = revoke_tokens(pool, before).await?;
    let lacks_admin = let_admin_be_made(pool, before).await?;
    let (leases, cancelled) = end_leases(pool, before).await?;
    let engines = mark_engines(pool, before).await?;
    Ok(Changes { counts: restore::Counts { leases, cancelled, tokens, sessions, engines }, lacks_admin })
}

/// Answers the number of tokens revoked, and of sessions ended.
async fn revoke_tokens(pool: &Pool, before: DateTime<Utc>) -> Result<(i64, i64)> {
    let by = Actor::named(Actor::AFTER_RESTORE);
    let (mut tokens, mut sessions) = (0, 0);
    // Tokens end their sessions. Sessions whose token was revoked or removed before are left for the second turn.
    for are_sessions in [false, true] {
        loop {
            let mut transaction = begin(pool).await?;
            let found = restore::lock_tokens_made_before(&mut transaction, before, are_sessions, BATCH).await?;
            if found.is_empty() {
                break;
            }
            for token_id in found {
                let revoked = tokens::revoke(&mut transaction, &by, token_id).await?;
                let ended = revoked.iter().filter(|token| token.identity.session_of.is_some()).count();
                tokens += to_i64(revoked.len() - ended);
                sessions += to_i64(ended);
            }
            commit(transaction).await?;
        }
    }
    Ok((tokens, sessions))
}

/// Answers true if no admin's token is left. Then the next server that starts with authentication makes one.
async fn let_admin_be_made(pool: &Pool, before: DateTime<Utc>) -> Result<bool> {
    let mut transaction = begin(pool).await?;
    let lacks_admin = restore::lacks_admin(&mut transaction, before).await?;
    if lacks_admin {
        restore::forget_first_admin(&mut transaction).await?;
    }
    commit(transaction).await?;
    Ok(lacks_admin)
}

/// Answers the number of leases ended, and how many of their events were cancelled with the lease.
async fn end_leases(pool: &Pool, before: DateTime<Utc>) -> Result<(i64, i64)> {
    let (mut leases, mut cancelled) = (0, 0);
    let mut behind = EventId(Uuid::nil());
    loop {
        let mut transaction = begin(pool).await?;
        let held = lock_leased_before(&mut transaction, before, behind, BATCH).await?;
        let Some(last) = held.last() else { break };
        behind = last.event_id;
        leases += to_i64(held.len());
        cancelled += to_i64(held.iter().filter(|event| event.is_cancel_requested).count());
        let ended: Vec<_> = held.into_iter().map(|event| (event, Ending::Undelivered)).collect();
        let words = AttemptWords { reason: Some(REASON), ..AttemptWords::default() };
        // No server runs, so nobody waits for the effects. An event with earlier silent losses gets the lane that it has by
        // default: the servers' setting is not known here.
        let (isolation, mut effects) = (SuspectIsolation::default(), Effects::default());
        end_with_words(&mut transaction, &ended, words, isolation, &mut effects).await?;
        commit(transaction).await?;
    }
    Ok((leases, cancelled))
}

async fn mark_engines(pool: &Pool, before: DateTime<Utc>) -> Result<i64> {
    let mut marked = 0;
    loop {
        let mut transaction = begin(pool).await?;
        let count = restore::mark_engines_unresponsive(&mut transaction, before, BATCH).await?;
        commit(transaction).await?;
        marked += i64::try_from(count).unwrap_or(i64::MAX);
        if count < u64::from(BATCH) {
            return Ok(marked);
        }
    }
}
