//! `/dead-letters/groups`: what they have in common.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::filter::{self, FilterBody, FilterParameters};
use crate::domain::dead_letters::{Filter, Group, GroupBy, VersionAttempts};
use crate::domain::event::DeadLetterReason;
use crate::domain::limits::MAX_DEAD_LETTER_GROUPS;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::examples;
use crate::http::requests::Input;

/// Counts dead letters by what they have in common, the largest group first: with a limited token, those of its engine types.
#[utoipa::path(
    get, path = "/dead-letters/groups", operation_id = "group_dead_letters", tag = "dead letters",
    params(
        ("by" = Option<String>, Query, description = "Any of engine_type, reason, event_type, error_type, error_fingerprint, engine_software_version, with commas; reason, event_type, error_type and engine_software_version where it is left out"),
        FilterParameters,
        ("redrives_max" = Option<u32>, Query, description = "Only redriven at most that often"),
    ),
    responses(
        (status = 200, description = "The largest groups", body = GroupsReply, example = json!(examples::dead_letter_groups())),
    )
)]
pub async fn groups(State(api): State<Api>, input: Input) -> Result<Json<GroupsReply>, Problem> {
    let (by, mut filter) = {
        let reader = input.reader();
        reader.caller();
        let by = reader.query("by", read_by).unwrap_or_else(|| GroupBy::DEFAULT.to_vec());
        let filter = filter::of_query(&reader);
        reader.finish(|| Some((by, filter)))?
    };
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let (mut found, versions) = api.broker.group_dead_letters(&filter, &by, MAX_DEAD_LETTER_GROUPS + 1).await?;
    let has_more = found.len() > MAX_DEAD_LETTER_GROUPS as usize;
    found.truncate(MAX_DEAD_LETTER_GROUPS as usize);
    Ok(Json(GroupsReply {
        items: found.into_iter().map(|group| GroupReply::of(group, &by, &filter)).collect(),
        has_more,
        versions: versions.into_iter().map(VersionReply::of).collect(),
    }))
}

fn read_by(text: &str) -> Result<Vec<GroupBy>, String> {
    let mut by = Vec::new();
    for name in text.split(',') {
        let named = GroupBy::parse(name).ok_or_else(|| {
            let known = GroupBy::ALL.map(GroupBy::as_str).join(", ");
            format!("{name:?} is not among {known}")
        })?;
        if by.contains(&named) {
            return Err(format!("names {name} twice"));
        }
        by.push(named);
    }
    Ok(by)
}

/// The largest groups of dead letters.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetterGroups)]
pub struct GroupsReply {
    /// At most 200.
    items: Vec<GroupReply>,
    /// There are smaller groups that are not told.
    has_more: bool,
    /// How the newest attempts in the queues of these groups ended, by software version, to tell a version that fails more often
    /// than others: at most 200 versions, those with the most attempts.
    versions: Vec<VersionReply>,
}

/// Dead letters that have something in common. Members they are not grouped by are left out.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetterGroup)]
pub struct GroupReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    engine_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeadLetterReason>, nullable = false)]
    reason: Option<DeadLetterReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_type: Option<String>,
    /// Null: errors without a type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_type: Option<Value>,
    /// What dead letters of one cause have in common. Null: those that housekeeping has yet to make it for, after an update of the
    /// server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_fingerprint: Option<Value>,
    /// Null: engines without a version, or unknown ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    engine_software_version: Option<Value>,
    count: i64,
    /// Those of them that were not redriven as another event.
    redrivable: i64,
    first_dead_lettered_at: DateTime<Utc>,
    last_dead_lettered_at: DateTime<Utc>,
    /// The newest event among them.
    sample_event_id: uuid::Uuid,
    /// The first 200 characters of its last error's message; null where a lease was lost.
    sample_message: Option<String>,
    /// Those of the group and no others: to be sent as it is, with `expected_count`, to redrive them (`redrivable` of them) or
    /// purge them (`count`). In a query an empty value stands for null.
    #[schema(value_type = FilterBody)]
    filter: Filter,
}

impl GroupReply {
    fn of(group: Group, by: &[GroupBy], filter: &Filter) -> Self {
        let filter = group.filter(by, filter);
        let told = |value: Option<String>, what| by.contains(&what).then(|| json!(value));
        Self {
            engine_type: group.engine_type,
            reason: group.reason,
            event_type: group.event_type,
            error_type: told(group.error_type, GroupBy::ErrorType),
            error_fingerprint: told(group.error_fingerprint, GroupBy::ErrorFingerprint),
            engine_software_version: told(group.engine_software_version, GroupBy::EngineSoftwareVersion),
            count: group.count,
            redrivable: group.redrivable,
            first_dead_lettered_at: group.first_dead_lettered_at,
            last_dead_lettered_at: group.last_dead_lettered_at,
            sample_event_id: group.sample_event_id,
            sample_message: group.sample_message,
            filter,
        }
    }
}

/// How the newest attempts of a queue ended on engines of one software version: of the newest 100,000 attempts of all queues,
/// the newest 2,000 of the queue at most.
#[derive(Serialize, ToSchema)]
#[schema(as = AttemptsOfVersion)]
pub struct VersionReply {
    engine_type: String,
    /// Null: engines without a version, or unknown ones.
    engine_software_version: Option<String>,
    /// Completed, failed or lost.
    attempts: i64,
    /// Reported as failed, whether they were tried again or not.
    failed: i64,
    /// Ended without a report.
    lost: i64,
    /// The part of the attempts that failed or was lost, from 0 to 1.
    failure_ratio: f64,
    /// False: they are fewer than 20, too few to say anything of the version.
    is_enough: bool,
    /// When the oldest of these attempts ended.
    since: DateTime<Utc>,
}

impl VersionReply {
    fn of(version: VersionAttempts) -> Self {
        let (failure_ratio, is_enough) = (version.failure_ratio(), version.are_enough());
        let VersionAttempts { engine_type, engine_software_version, attempts, failed, lost, since } = version;
        Self { engine_type, engine_software_version, attempts, failed, lost, failure_ratio, is_enough, since }
    }
}
