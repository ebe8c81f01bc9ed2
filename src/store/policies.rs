//! The retry policy of an event: resolved from four levels when a verdict is due.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _, ValueRef as _};
use uuid::Uuid;

use super::error::{Error, Result};
use super::row::{Field, from_row};
use crate::domain::ids::EventId;
use crate::domain::retry_policy::{PolicyInForce, PolicyLevels, RetryPolicy, RetryPolicyOverrides};

/// Resolved from what each level says.
impl Field for RetryPolicy {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        type Level = Option<Json<RetryPolicyOverrides>>;
        let own: Level = row.try_get("own_policy")?;
        let of_type: Level = row.try_get("type_policy")?;
        let of_queue: Level = row.try_get("queue_policy")?;
        let of_server: Level = row.try_get("server_policy")?;
        Ok(Self::resolve([own.as_deref(), of_type.as_deref(), of_queue.as_deref(), of_server.as_deref()]))
    }
}

/// The same with the level that says each part. Missing where the server's is.
impl Field for PolicyInForce {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        type Level = Option<Json<RetryPolicyOverrides>>;
        let own: Level = row.try_get("own_policy")?;
        let of_type: Level = row.try_get("type_policy")?;
        let of_queue: Level = row.try_get("queue_policy")?;
        let of_server: Level = row.try_get("server_policy")?;
        Ok(Self::resolve(PolicyLevels {
            own: own.as_deref(),
            of_type: of_type.as_deref(),
            of_queue: of_queue.as_deref(),
            of_server: of_server.as_deref(),
        }))
    }

    fn is_null(row: &PgRow, _: &'static str) -> sqlx::Result<bool> {
        Ok(row.try_get_raw("server_policy")?.is_null())
    }
}

/// A policy as it is stored.
pub(super) fn to_json(policy: &RetryPolicyOverrides) -> String {
    serde_json::to_string(policy).expect("a policy is a plain object of numbers")
}

struct Row {
    event_id: EventId,
    policy: RetryPolicy,
}

from_row!(Row, "event_leases", event_id: EventId, { event_id, policy });

/// The policy in force for each of these events, which are leased.
pub async fn policies_of_leased_events(
    connection: &mut PgConnection,
    events: &[EventId],
) -> Result<HashMap<EventId, RetryPolicy>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    let rows: Vec<Row> =
        sqlx::query_as(include_str!("sql/policies_of_leases.sql")).bind(ids).fetch_all(connection).await?;
    let policies: HashMap<EventId, RetryPolicy> = rows.into_iter().map(|row| (row.event_id, row.policy)).collect();
    match events.iter().find(|event| !policies.contains_key(event)) {
        // With the event's row locked, only the server's own can be missing.
        Some(event) => Err(Error::corrupt("server_settings", "retry_policy", event, "no row")),
        None => Ok(policies),
    }
}
