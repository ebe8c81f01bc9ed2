//! `GET /history` and `GET /queues/{engine_type}/history`: how queues stood, as columns that are ready to be plotted.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::history::{BadRange, HistoryMinute, HistoryRange};
use crate::domain::limits::MAX_HISTORY_STEP_SECONDS;
use crate::domain::names::EngineType;
use crate::http::api::Api;
use crate::http::errors::{InputError, InputPlace, Problem};
use crate::http::examples;
use crate::http::requests::texts::{number_in, time};
use crate::http::requests::{Input, Reader};

/// Without `from`, the range begins this long before its end.
const DEFAULT_HOURS: i64 = 1;

/// Which part of a history is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query to OpenAPI; `range` reads it")]
pub struct HistoryParameters {
    /// From then on, at most 599 days before `to`; an hour before it, where it is not given
    from: Option<DateTime<Utc>>,
    /// Before then; now, where it is not given
    to: Option<DateTime<Utc>>,
    /// Between two points, a multiple of 60; the least with which there are at most 600, where it is not given
    #[param(minimum = 60, maximum = 86_400, multiple_of = 60)]
    step_seconds: Option<u32>,
}

/// How a queue, or all queues together, stood. Each column has an item for each step, the first for the step that begins at `from`;
/// null where nothing was measured, as while no server ran.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryReply {
    /// The queue; null: all queues together.
    engine_type: Option<String>,
    /// The range, widened to whole steps.
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    step_seconds: i64,
    /// How deep the queue was at the end of each step.
    due: Vec<Option<i64>>,
    delayed: Vec<Option<i64>>,
    processing: Vec<Option<i64>>,
    dead_letters: Vec<Option<i64>>,
    /// Of the event that had been due for longest, the largest in each step.
    oldest_due_age_seconds: Vec<Option<f32>>,
    /// How many events the active engines could hold at the end of each step, and how many they held.
    slots: Vec<Option<i64>>,
    busy: Vec<Option<i64>>,
    /// What happened in each step.
    enqueued: Vec<Option<i64>>,
    completed: Vec<Option<i64>>,
    failed: Vec<Option<i64>>,
    lost: Vec<Option<i64>>,
    released: Vec<Option<i64>>,
    late: Vec<Option<i64>>,
    dead_lettered: Vec<Option<i64>>,
    cancelled: Vec<Option<i64>>,
    /// How long attempts took that their engines settled in a minute, the largest of the minutes of each step; null where there
    /// were none.
    attempt_p50_seconds: Vec<Option<f32>>,
    attempt_p99_seconds: Vec<Option<f32>>,
    /// From due to leased, in the same way.
    wait_p50_seconds: Vec<Option<f32>>,
    wait_p99_seconds: Vec<Option<f32>>,
}

/// Returns how a queue stood, minute by minute: up to 600 points, as columns. What is kept for how long, an operator decides
/// (`--history-hours`, 48 by default). The answer may be up to ten seconds old.
#[utoipa::path(
    get, path = "/queues/{engine_type}/history", operation_id = "read_queue_history", tag = "queues",
    params(("engine_type" = String, Path, description = "The queue"), HistoryParameters),
    responses(
        (status = 200, description = "How it stood", body = HistoryReply, example = json!(examples::history())),
        (status = 404, description = "It had no event, engine or setting yet"),
    )
)]
pub async fn of_queue(State(api): State<Api>, input: Input) -> Result<Json<HistoryReply>, Problem> {
    let (engine_type, asked) = {
        let reader = input.reader();
        let engine_type = reader.path("engine_type", EngineType::parse);
        reader.caller();
        let asked = Asked::of(&reader);
        reader.finish(|| Some((engine_type?, asked)))?
    };
    let range = asked.range(&api).await?;
    let points = api.broker.read_history(Some(&engine_type), &range).await?;
    Ok(Json(HistoryReply::of(Some(engine_type.to_string()), &range, &points)))
}

/// Returns how all queues together stood, minute by minute: up to 600 points, as columns. The answer may be up to ten seconds old.
/// For tokens that are not limited to engine types.
#[utoipa::path(
    get, path = "/history", operation_id = "read_history", tag = "operations",
    params(HistoryParameters),
    responses(
        (status = 200, description = "How they stood", body = HistoryReply, example = json!(examples::history_of_all())),
    )
)]
pub async fn of_all(State(api): State<Api>, input: Input) -> Result<Json<HistoryReply>, Problem> {
    let asked = {
        let reader = input.reader();
        reader.caller();
        let asked = Asked::of(&reader);
        reader.finish(|| Some(asked))?
    };
    let range = asked.range(&api).await?;
    let points = api.broker.read_history(None, &range).await?;
    Ok(Json(HistoryReply::of(None, &range, &points)))
}

/// The range, as far as it is given.
struct Asked {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    step_seconds: Option<u32>,
}

impl Asked {
    fn of(reader: &Reader<'_>) -> Self {
        let step_seconds = reader.query("step_seconds", |text| {
            let seconds = number_in(60..=MAX_HISTORY_STEP_SECONDS)(text)?;
            if seconds % 60 == 0 { Ok(seconds) } else { Err("must be a multiple of 60".to_owned()) }
        });
        Self { from: reader.query("from", time), to: reader.query("to", time), step_seconds }
    }

    /// The range that is meant: now is the end, where none is given.
    async fn range(&self, api: &Api) -> Result<HistoryRange, Problem> {
        let to = match self.to {
            Some(to) => to,
            None => api.broker.end_of_history().await?,
        };
        let from = self.from.unwrap_or_else(|| to - TimeDelta::hours(DEFAULT_HOURS));
        let end = if self.to.is_some() { "to" } else { "now" };
        let (place, detail) = match HistoryRange::new(from, to, self.step_seconds) {
            Ok(range) => return Ok(range),
            Err(BadRange::Empty) if self.to.is_none() => {
                ("from", "is in the future, and the range ends now where to is not given".to_owned())
            }
            Err(BadRange::Empty) => ("from", "must be before to".to_owned()),
            Err(BadRange::TooLong { most_days }) => ("from", format!("must be at most {most_days} days before {end}")),
            Err(BadRange::TooManyPoints { least_step_seconds }) => (
                "step_seconds",
                format!("must be at least {least_step_seconds} for that range, so that there are at most 600 points"),
            ),
        };
        Err(Problem::invalid_input(vec![InputError::new(InputPlace::Parameter(place.to_owned()), detail)]))
    }
}

impl HistoryReply {
    fn of(engine_type: Option<String>, range: &HistoryRange, points: &[Option<HistoryMinute>]) -> Self {
        let counts = |field: fn(&HistoryMinute) -> i64| points.iter().map(|point| point.as_ref().map(field)).collect();
        let seconds = |field: fn(&HistoryMinute) -> Option<f32>| {
            points.iter().map(|point| point.as_ref().and_then(field)).collect()
        };
        Self {
            engine_type,
            from: range.from,
            to: range.to,
            step_seconds: range.step_seconds,
            due: counts(|point| point.depth.due),
            delayed: counts(|point| point.depth.delayed),
            processing: counts(|point| point.depth.processing),
            dead_letters: counts(|point| point.depth.dead_letters),
            oldest_due_age_seconds: seconds(|point| Some(point.depth.oldest_due_age_seconds)),
            slots: counts(|point| point.depth.slots),
            busy: counts(|point| point.depth.busy),
            enqueued: counts(|point| point.counts.enqueued),
            completed: counts(|point| point.counts.completed),
            failed: counts(|point| point.counts.failed),
            lost: counts(|point| point.counts.lost),
            released: counts(|point| point.counts.released),
            late: counts(|point| point.counts.late),
            dead_lettered: counts(|point| point.counts.dead_lettered),
            cancelled: counts(|point| point.counts.cancelled),
            attempt_p50_seconds: seconds(|point| point.seconds.attempt_p50),
            attempt_p99_seconds: seconds(|point| point.seconds.attempt_p99),
            wait_p50_seconds: seconds(|point| point.seconds.wait_p50),
            wait_p99_seconds: seconds(|point| point.seconds.wait_p99),
        }
    }
}
