//! Gives the leases that `domain::assignment` decided on. The terms of each are settled here, from what was read with its
//! event and its queue: a statement that looked them up for each row cost far more (docs/adr/0028).

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::due::DueEvent;
use super::holders::LockedEngine;
use crate::domain::ids::{EventId, LeaseToken};
use crate::domain::json::RawJson;
use crate::domain::leased_event::{LeasedEvent, PreviousAttempt};
use crate::domain::retry_policy::{RetryPolicy, RetryPolicyOverrides};
use crate::store::error::{Error, Result};
use crate::store::policies::to_json;
use crate::store::queues::Gate;
use crate::store::row::from_row;

/// One lease to give: of a locked event, to a locked engine or to nobody known.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// Locked by this transaction.
    pub event: &'a DueEvent,
    /// The event's queue.
    pub engine_type: &'a str,
    /// Of that queue.
    pub gate: &'a Gate,
    /// New, and random.
    pub token: LeaseToken,
    /// Who gets it; `None` for an anonymous lease.
    pub engine: Option<&'a LockedEngine>,
    /// The poll's own; else the event's, the queue's, the server's.
    pub visibility_timeout_seconds: Option<u32>,
    /// The poll's id and terms, for its repetition.
    pub poll: Option<(Uuid, String)>,
}

impl Grant<'_> {
    /// The event.
    #[must_use]
    pub const fn event_id(&self) -> EventId {
        self.event.position.event_id
    }

    /// How long the lease may be renewed, from its beginning, in seconds.
    fn max_seconds(&self, defaults: LeaseDefaults) -> u32 {
        self.gate.max_lease_seconds.unwrap_or(defaults.max_lease_seconds)
    }

    /// How long the lease lasts, in seconds.
    fn seconds(&self, defaults: LeaseDefaults) -> u32 {
        self.visibility_timeout_seconds
            .or(self.event.row.visibility_timeout_seconds())
            .or(self.gate.visibility_timeout_seconds)
            .unwrap_or(defaults.visibility_timeout_seconds)
            .min(self.max_seconds(defaults))
    }
}

/// What holds for queues that have no setting of their own.
#[derive(Clone, Copy, Debug)]
pub struct LeaseDefaults {
    /// How long a lease lasts.
    pub visibility_timeout_seconds: u32,
    /// How long a lease may be renewed, from its beginning.
    pub max_lease_seconds: u32,
}

/// What the leases of a claim have in common.
#[derive(sqlx_macros::FromRow)]
struct Given {
    leased_at: DateTime<Utc>,
    leases: i64,
    server_policy: Json<RetryPolicyOverrides>,
    type_policies: Option<Json<HashMap<String, RetryPolicyOverrides>>>,
}

struct Facts {
    event_id: EventId,
    payload: RawJson,
    scenario_run_id: Option<String>,
    created_at: DateTime<Utc>,
    traceparent: Option<String>,
    tracestate: Option<String>,
}

from_row!(Facts, "events", event_id: EventId, {
    event_id, payload, scenario_run_id, created_at, traceparent, tracestate,
});

struct Previous {
    event_id: EventId,
    previous: PreviousAttempt,
}

from_row!(Previous, "event_attempts", event_id: EventId, { event_id, previous });

/// Gives the leases, in the order of `grants`. Fails where a row is not as it was locked: then nothing may be committed.
pub async fn grant(
    connection: &mut PgConnection,
    grants: &[Grant<'_>],
    defaults: LeaseDefaults,
) -> Result<Vec<LeasedEvent>> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let given = give(connection, grants, defaults).await?;
    let ids: Vec<Uuid> = grants.iter().map(|grant| grant.event_id().0).collect();
    let mut facts = facts_of(connection, &ids).await?;
    let mut previous = previous_attempts(connection, grants).await?;
    let type_policies = given.type_policies.map(|Json(policies)| policies).unwrap_or_default();
    let leased = grants.iter().filter_map(|grant| {
        let (event, row) = (grant.event, &grant.event.row);
        let facts = facts.remove(&grant.event_id())?;
        let seconds = grant.seconds(defaults);
        let policies = [
            row.retry_policy(),
            type_policies.get(&row.event_type),
            grant.gate.retry_policy.as_ref(),
            Some(&*given.server_policy),
        ];
        Some(LeasedEvent {
            event_id: grant.event_id(),
            engine_type: grant.engine_type.to_owned(),
            event_type: row.event_type.clone(),
            payload: facts.payload,
            payload_bytes: u32::try_from(event.payload_bytes).unwrap_or(u32::MAX),
            priority: event.priority,
            scenario_run_id: facts.scenario_run_id,
            created_at: facts.created_at,
            available_at: event.position.available_at,
            attempt: row.attempt + 1,
            spent: row.spent(),
            policy: RetryPolicy::resolve(policies),
            previous: previous.remove(&grant.event_id()),
            traceparent: facts.traceparent,
            tracestate: facts.tracestate,
            lease_token: grant.token,
            leased_by: grant.engine.map(|engine| engine.engine_id),
            leased_at: given.leased_at,
            expires_at: given.leased_at + TimeDelta::seconds(i64::from(seconds)),
            expires_in_seconds: f64::from(seconds),
            deadline_at: given.leased_at + TimeDelta::seconds(i64::from(grant.max_seconds(defaults))),
            visibility_timeout_seconds: seconds,
            poll_terms: grant.poll.as_ref().map(|(_, terms)| terms.clone()),
        })
    });
    Ok(leased.collect())
}

async fn give(connection: &mut PgConnection, grants: &[Grant<'_>], defaults: LeaseDefaults) -> Result<Given> {
    let given: Given = sqlx::query_as(include_str!("../sql/grant.sql"))
        .bind(column(grants, |grant| grant.event.row.tid.as_str()))
        .bind(each_once(column(grants, |grant| grant.engine_type)))
        .bind(each_once(column(grants, |grant| grant.event.row.event_type.as_str())))
        .bind(column(grants, |grant| grant.event_id().0))
        .bind(column(grants, |grant| grant.engine_type))
        .bind(column(grants, |grant| grant.event.row.event_type.as_str()))
        .bind(column(grants, |grant| i16::from(grant.event.lane.number())))
        .bind(column(grants, |grant| i16::from(grant.event.priority)))
        .bind(column(grants, |grant| grant.event.position.available_at))
        .bind(column(grants, |grant| i32::try_from(grant.event.payload_bytes).unwrap_or(i32::MAX)))
        .bind(column(grants, |grant| grant.event.row.attempt))
        .bind(column(grants, |grant| grant.event.row.spent().failures.cast_signed()))
        .bind(column(grants, |grant| grant.event.row.spent().lease_losses.cast_signed()))
        .bind(column(grants, |grant| grant.event.row.spent().releases.cast_signed()))
        .bind(column(grants, |grant| grant.event.row.redrives))
        .bind(column(grants, |grant| grant.event.row.visibility_timeout_seconds().map(u32::cast_signed)))
        .bind(column(grants, |grant| grant.event.row.retry_policy().map(to_json)))
        .bind(column(grants, |grant| grant.token.as_uuid()))
        .bind(column(grants, |grant| grant.engine.map(|engine| engine.engine_id.0)))
        .bind(column(grants, |grant| grant.engine.map(|engine| engine.incarnation)))
        .bind(column(grants, |grant| grant.engine.and_then(|engine| engine.engine_software_version.as_deref())))
        .bind(column(grants, |grant| grant.seconds(defaults).cast_signed()))
        .bind(column(grants, |grant| grant.max_seconds(defaults).cast_signed()))
        .bind(column(grants, |grant| grant.poll.as_ref().map(|(poll_id, _)| *poll_id)))
        .bind(column(grants, |grant| grant.poll.as_ref().map(|(_, terms)| terms.as_str())))
        .bind(column(grants, |grant| grant.event.row.scenario_run_id.as_deref()))
        .bind(column(grants, |grant| grant.event.row.unique_key.as_deref()))
        .fetch_one(connection)
        .await?;
    if usize::try_from(given.leases) == Ok(grants.len()) {
        Ok(given)
    } else {
        let problem = format!("{} of {} locked events could be leased", given.leases, grants.len());
        Err(Error::Failed(sqlx::Error::Protocol(problem).into()))
    }
}

fn column<'a, T>(grants: &'a [Grant<'a>], of: impl Fn(&'a Grant<'a>) -> T) -> Vec<T> {
    grants.iter().map(of).collect()
}

fn each_once(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

async fn facts_of(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<EventId, Facts>> {
    let rows: Vec<Facts> = sqlx::query_as(include_str!("../sql/facts.sql"))
        .bind(ids.iter().min())
        .bind(ids.iter().max())
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|facts| (facts.event_id, facts)).collect())
}

/// How the attempts before ended, of those events that had one.
async fn previous_attempts(
    connection: &mut PgConnection,
    grants: &[Grant<'_>],
) -> Result<HashMap<EventId, PreviousAttempt>> {
    let (ids, attempts): (Vec<Uuid>, Vec<i32>) = grants
        .iter()
        .filter(|grant| grant.event.row.attempt > 0)
        .map(|grant| (grant.event_id().0, grant.event.row.attempt))
        .unzip();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Previous> = sqlx::query_as(include_str!("../sql/previous_attempts.sql"))
        .bind(ids.iter().min())
        .bind(ids.iter().max())
        .bind(&ids)
        .bind(attempts)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.event_id, row.previous)).collect())
}
