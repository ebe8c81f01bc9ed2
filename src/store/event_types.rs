//! Event types that have a retry policy of their own.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::error::Result;
use super::policies;
use crate::domain::retry_policy::{EventTypePolicy, RetryPolicyOverrides};

/// Event types with a policy, behind `behind` in the order of their names.
pub async fn list(
    connection: &mut PgConnection,
    event_type: Option<&str>,
    behind: Option<&str>,
    limit: u32,
) -> Result<Vec<EventTypePolicy>> {
    let rows: Vec<(String, Json<RetryPolicyOverrides>)> = sqlx::query_as(
        "select event_type, retry_policy from eventlease.event_types
         where retry_policy is not null
            and ($1::text is null or event_type = $1) and ($2::text is null or event_type > $2)
         order by event_type limit $3",
    )
    .bind(event_type)
    .bind(behind)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(event_type, Json(retry_policy))| EventTypePolicy { event_type, retry_policy }).collect())
}

/// Sets the policy; answers the one before.
pub async fn set(
    connection: &mut PgConnection,
    event_type: &str,
    policy: &RetryPolicyOverrides,
) -> Result<Option<RetryPolicyOverrides>> {
    let before = list(connection, Some(event_type), None, 1).await?.pop();
    sqlx::query(
        "insert into eventlease.event_types (event_type, retry_policy) values ($1, $2::json)
         on conflict (event_type) do update set retry_policy = excluded.retry_policy",
    )
    .bind(event_type)
    .bind(policies::to_json(policy))
    .execute(connection)
    .await?;
    Ok(before.map(|before| before.retry_policy))
}

/// Removes the policy; answers the one there was.
pub async fn remove(connection: &mut PgConnection, event_type: &str) -> Result<Option<RetryPolicyOverrides>> {
    let removed: Option<(Option<Json<RetryPolicyOverrides>>,)> =
        sqlx::query_as("delete from eventlease.event_types where event_type = $1 returning retry_policy")
            .bind(event_type)
            .fetch_optional(connection)
            .await?;
    Ok(removed.and_then(|(policy,)| policy).map(|Json(policy)| policy))
}
