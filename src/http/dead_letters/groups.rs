//! `/dead-letters/groups`: what they have in common.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::filter::{self, FilterParameters};
use crate::domain::dead_letters::{Group, GroupBy};
use crate::domain::event::DeadLetterReason;
use crate::domain::limits::MAX_DEAD_LETTER_GROUPS;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Counts dead letters by what they have in common, the largest group first: with a limited token, those of its engine types.
#[utoipa::path(
    get, path = "/dead-letters/groups", operation_id = "group_dead_letters", tag = "dead letters",
    params(
        ("by" = Option<String>, Query, description = "Any of reason, event_type, error_type, engine_software_version, with commas; all of them where it is left out"),
        FilterParameters,
        ("redrives_max" = Option<u32>, Query, description = "Only redriven at most that often"),
    ),
    responses(
        (status = 200, description = "The largest groups", body = GroupsReply),
    )
)]
pub async fn groups(State(api): State<Api>, input: Input) -> Result<Json<GroupsReply>, Problem> {
    let (by, mut filter) = {
        let reader = input.reader();
        reader.caller();
        let by = reader.query("by", read_by).unwrap_or_else(|| GroupBy::ALL.to_vec());
        let filter = filter::of_query(&reader);
        reader.finish(|| Some((by, filter)))?
    };
    input.caller.narrow(&api, &mut filter.engine_type, &mut filter.engine_types)?;
    let mut found = api.broker.group_dead_letters(&filter, &by, MAX_DEAD_LETTER_GROUPS + 1).await?;
    let has_more = found.len() > MAX_DEAD_LETTER_GROUPS as usize;
    found.truncate(MAX_DEAD_LETTER_GROUPS as usize);
    Ok(Json(GroupsReply { items: found.into_iter().map(|group| GroupReply::of(group, &by)).collect(), has_more }))
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
}

/// Dead letters that have something in common. Members they are not grouped by are left out.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetterGroup)]
pub struct GroupReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DeadLetterReason>, nullable = false)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_type: Option<String>,
    /// Null: errors without a type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_type: Option<Value>,
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
}

impl GroupReply {
    fn of(group: Group, by: &[GroupBy]) -> Self {
        let told = |value: Option<String>, what| by.contains(&what).then(|| json!(value));
        Self {
            reason: group.reason,
            event_type: group.event_type,
            error_type: told(group.error_type, GroupBy::ErrorType),
            engine_software_version: told(group.engine_software_version, GroupBy::EngineSoftwareVersion),
            count: group.count,
            redrivable: group.redrivable,
            first_dead_lettered_at: group.first_dead_lettered_at,
            last_dead_lettered_at: group.last_dead_lettered_at,
            sample_event_id: group.sample_event_id,
        }
    }
}
