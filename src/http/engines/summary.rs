//! `GET /engines/summary`: how many engines do what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::engine::EngineStatus;
use crate::domain::engine_group::EngineGroup;
use crate::domain::limits::MAX_ENGINE_GROUPS;
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::shown::shown;

/// Counts engines by type, version and status, and in each group by what they do. A limited token sees those of
/// its engine types.
#[utoipa::path(
    get, path = "/engines/summary", operation_id = "summarize_engines", tag = "engines",
    params(("engine_type" = Option<String>, Query, description = "Only of that type")),
    responses((status = 200, description = "The groups, in the order of types and versions", body = EngineSummaryReply))
)]
pub async fn summarize(State(api): State<Api>, input: Input) -> Result<Json<EngineSummaryReply>, Problem> {
    let reader = input.reader();
    let mut engine_type = reader.query("engine_type", |text| EngineType::parse(text).map(|name| name.to_string()));
    reader.finish(|| Some(()))?;
    let mut engine_types = None;
    input.caller.narrow(&api, &mut engine_type, &mut engine_types)?;
    let engine_types = engine_type.map(|engine_type| vec![engine_type]).or(engine_types);
    let groups = api.broker.summarize_engines(engine_types.as_deref()).await?;
    Ok(Json(EngineSummaryReply::of(groups)))
}

/// Engines, counted.
#[derive(Serialize, ToSchema)]
#[schema(as = EngineSummary)]
pub struct EngineSummaryReply {
    /// At most 1,000.
    groups: Vec<EngineGroupReply>,
    /// There are more groups than are shown.
    has_more: bool,
}

impl EngineSummaryReply {
    fn of(mut groups: Vec<EngineGroup>) -> Self {
        let most = usize::try_from(MAX_ENGINE_GROUPS).unwrap_or(usize::MAX);
        let has_more = groups.len() > most;
        groups.truncate(most);
        Self { groups: groups.into_iter().map(EngineGroupReply::of).collect(), has_more }
    }
}

shown! {
    /// The engines of one type, version and status. One engine can be counted under several of the members below `engines`.
    #[schema(as = EngineGroup)]
    pub struct EngineGroupReply of group: EngineGroup {
        engine_type: String,
        /// Null: those that registered none.
        engine_software_version: Option<String>,
        status: EngineStatus,
        engines: i64,
        /// They hold nothing.
        idle: i64,
        /// They hold as many events as their `max_concurrent_events`.
        full: i64,
        /// They live, hold nothing and have not asked for work for a minute, though their queue has had due events for half a
        /// minute. None of those that hold off or are quarantined is among them.
        zombie: i64,
        /// They asked to be given nothing for a while.
        holding_off: i64,
        /// Their version is quarantined in their queue.
        quarantined: i64,
        /// Events that they hold together.
        leases_held: i64,
    }
}
