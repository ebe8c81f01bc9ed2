//! `/queues/{engine_type}/quarantines`: versions of engines that are given nothing.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::reply::QuarantineReply;
use crate::domain::limits::{MAX_QUARANTINE_REASON_CHARS, MAX_QUARANTINE_SECONDS, MAX_SOFTWARE_VERSION_CHARS};
use crate::domain::names::{EngineType, check_text};
use crate::http::api::Api;
use crate::http::errors::{InputPlace, Problem};
use crate::http::pages::Page;
use crate::http::requests::values::{checked_text, integer};
use crate::http::requests::{Fields, Input, Patch, described};

described! {
    /// Which engines get nothing, and why.
    #[schema(as = QuarantineVersion, example = json!({
        "engine_software_version": "1.4.0", "reason": "answers in the wrong language", "lift_after_seconds": 86400
    }))]
    pub struct QuarantineBody of fields: Fields<'_> {
        /// As the engines register it; null, which has to be said: those that register none.
        #[schema(required)]
        engine_software_version: Patch<String> as Option<String> = patch(checked_text(MAX_SOFTWARE_VERSION_CHARS)),
        reason: Option<String> as String = required(checked_text(MAX_QUARANTINE_REASON_CHARS)),
        /// Then it ends by itself.
        lift_after_seconds: Option<u32> = optional(integer(1..=MAX_QUARANTINE_SECONDS)),
    }
}

/// Quarantines a version: engines of it are given nothing of this queue, whenever they registered and however often they restart.
/// What they hold goes on. A quarantine that is there gets the new reason and end.
#[utoipa::path(
    post, path = "/queues/{engine_type}/quarantines", operation_id = "quarantine_version", tag = "queues", request_body = QuarantineBody,
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "In force", body = QuarantineReply),
    )
)]
pub async fn add(State(api): State<Api>, input: Input) -> Result<Json<QuarantineReply>, Problem> {
    let (engine_type, version, reason, lift_after_seconds) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let read = reader.body()?.and_then(|fields| {
            let body = fields.exactly(QuarantineBody::take);
            let version = match body.engine_software_version {
                Patch::Keep => {
                    if !fields.is_there("engine_software_version") {
                        fields.error("engine_software_version", "is missing; null stands for engines without one");
                    }
                    None
                }
                Patch::Clear => Some(None),
                Patch::Set(version) => Some(Some(version)),
            };
            Some((version?, body.reason?, body.lift_after_seconds))
        });
        reader.finish(|| {
            let (version, reason, lift_after_seconds) = read?;
            Some((engine_type?, version, reason, lift_after_seconds))
        })?
    };
    let actor = input.actor(&api);
    let quarantine = api.broker.quarantine_version(&actor, &engine_type, version, reason, lift_after_seconds).await?;
    Ok(Json(QuarantineReply::of(quarantine)))
}

/// Lists the quarantines of a queue that are in force, the newest first. There are 100 at most, all on one page.
#[utoipa::path(
    get, path = "/queues/{engine_type}/quarantines", operation_id = "list_quarantines", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue")),
    responses(
        (status = 200, description = "All in force", body = Page<QuarantineReply>),
        (status = 404, description = "It had no event, engine or setting yet"),
        (status = 422, description = "Not the name of a queue"),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<QuarantineReply>>, Problem> {
    let engine_type = input.read_path("engine_type", EngineType::parse)?;
    let found = api.broker.list_quarantines(&engine_type).await?;
    Ok(Json(Page { items: found.into_iter().map(QuarantineReply::of).collect(), next_cursor: None }))
}

/// Lifts a quarantine: engines of that version are given events again.
#[utoipa::path(
    delete, path = "/queues/{engine_type}/quarantines", operation_id = "lift_quarantine", tag = "queues",
    params(
        ("engine_type" = String, Path, description = "The queue"),
        ("engine_software_version" = Option<String>, Query, description = "The version; or `without_version`"),
        ("without_version" = Option<bool>, Query, description = "`true`: the quarantine of engines that register no version"),
    ),
    responses(
        (status = 204, description = "Lifted"),
        (status = 404, description = "The queue does not exist, or has no quarantine of that version"),
    )
)]
pub async fn lift(State(api): State<Api>, input: Input) -> Result<StatusCode, Problem> {
    let (engine_type, version) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let version = reader.query("engine_software_version", |text| {
            check_text(text, MAX_SOFTWARE_VERSION_CHARS).map(|()| text.to_owned())
        });
        let without = reader.query("without_version", |text| if text == "true" { Ok(()) } else { Err("must be true") });
        let (is_named, is_without) =
            (reader.has_parameter("engine_software_version"), reader.has_parameter("without_version"));
        if is_named == is_without {
            let place = InputPlace::Parameter("engine_software_version".to_owned());
            let detail = if is_named {
                "cannot be given together with without_version; leave one of them out"
            } else {
                "is required; to lift the quarantine of engines without a version, give without_version=true instead"
            };
            reader.errors().add(place, detail);
        }
        reader.finish(|| Some((engine_type?, if is_without { without.map(|()| None)? } else { Some(version?) })))?
    };
    api.broker.lift_quarantine(&input.actor(&api), &engine_type, version.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
