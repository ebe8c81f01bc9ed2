//! The retry policy of an event: resolved from four levels when a verdict is due.

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, Result};
use crate::domain::ids::EventId;
use crate::domain::retry_policy::{RetryPolicy, RetryPolicyOverrides};

/// What each level says, as it comes with a row.
#[derive(sqlx_macros::FromRow)]
#[expect(clippy::struct_field_names, reason = "they are the columns' names")]
pub(super) struct PolicyLevels {
    own_policy: Option<Json<RetryPolicyOverrides>>,
    type_policy: Option<Json<RetryPolicyOverrides>>,
    queue_policy: Option<Json<RetryPolicyOverrides>>,
    server_policy: Json<RetryPolicyOverrides>,
}

impl PolicyLevels {
    pub(super) fn resolve(&self) -> RetryPolicy {
        fn level(json: Option<&Json<RetryPolicyOverrides>>) -> Option<&RetryPolicyOverrides> {
            json.map(|Json(overrides)| overrides)
        }
        RetryPolicy::resolve([
            level(self.own_policy.as_ref()),
            level(self.type_policy.as_ref()),
            level(self.queue_policy.as_ref()),
            level(Some(&self.server_policy)),
        ])
    }
}

/// A policy as it is stored.
pub(super) fn to_json(policy: &RetryPolicyOverrides) -> String {
    serde_json::to_string(policy).expect("a policy is a plain object of numbers")
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    event_id: Uuid,
    #[sqlx(flatten)]
    levels: PolicyLevels,
}

/// The policy in force for each of these events, which are open.
pub async fn policies_of_open_events(
    connection: &mut PgConnection,
    events: &[EventId],
) -> Result<HashMap<EventId, RetryPolicy>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select q.event_id, q.retry_policy as own_policy, t.retry_policy as type_policy,
                u.retry_policy as queue_policy, s.retry_policy as server_policy
         from eventlease.event_queue q
         left join eventlease.event_types t on t.event_type = q.event_type
         left join eventlease.queues u on u.engine_type = q.engine_type
         join eventlease.server_settings s on s.is_only_row
         where q.event_id = any($1)",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let policies: HashMap<EventId, RetryPolicy> =
        rows.into_iter().map(|row| (EventId(row.event_id), row.levels.resolve())).collect();
    match events.iter().find(|event| !policies.contains_key(event)) {
        // With the event's row locked, only the server's own can be missing.
        Some(event) => Err(Error::corrupt("server_settings", "retry_policy", event, "no row")),
        None => Ok(policies),
    }
}
