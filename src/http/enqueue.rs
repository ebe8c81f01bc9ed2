//! `POST /events` and `POST /events/batch`.

mod reply;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::fields::{Fields, boolean, integer, kind, parsed, text};
use super::input::{Input, time};
use super::problem::{MAX_ERRORS_TOLD_OF_BATCH, Problem, ProblemBody};
use super::{Api, Limits, policies};
use crate::broker::{self, taken::Taken};
use crate::domain::limits::{
    DEFAULT_PRIORITY, MAX_BATCH_EVENTS, MAX_DELAY_SECONDS, MAX_IDEMPOTENCY_KEY_CHARS, MAX_PRIORITY,
    MAX_TRACEPARENT_CHARS, MAX_TRACESTATE_CHARS, MAX_VISIBILITY_TIMEOUT_SECONDS, MIN_VISIBILITY_TIMEOUT_SECONDS,
};
use crate::domain::names::{BadName, EngineType, EventType, ScenarioRunId, check_text};
use crate::domain::requester::Requester;
use crate::store::enqueue::{Due, NewEvent};
use reply::{EnqueueResult, EnqueuedBatchReply, EnqueuedReply};

/// An event to take in.
#[derive(ToSchema)]
#[schema(as = NewEvent, example = json!({
    "engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Hello"}, "priority": 7,
    "scenario_run_id": "run-12", "visibility_timeout_seconds": 120
}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_event` reads it")]
pub struct EnqueueBody {
    /// Its queue: the kind of engine that works on it.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$", example = "dialogue")]
    engine_type: String,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$", example = "dialogue.requested")]
    event_type: String,
    /// Any JSON, kept byte for byte; at most 1 MiB and 64 levels unless configured otherwise.
    #[schema(value_type = serde_json::Value)]
    payload: serde_json::Value,
    /// 9 first; 5 where it is left out.
    #[schema(minimum = 0, maximum = 9)]
    priority: Option<u8>,
    /// Due that many seconds from now; instead of `available_at`.
    #[schema(minimum = 0, maximum = 31_536_000)]
    delay_seconds: Option<u32>,
    /// Due then, at most 365 days away; the past means now.
    available_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<ScenarioRunIdBody>)]
    scenario_run_id: Option<String>,
    #[schema(minimum = 1, maximum = 43200)]
    visibility_timeout_seconds: Option<u32>,
    retry_policy: Option<policies::RetryPolicyBody>,
    /// Not leased within that many seconds: cancelled, as too old.
    #[schema(minimum = 1, maximum = 31_536_000)]
    discard_after_seconds: Option<u32>,
    /// Within 24 hours the same key in the same queue stands for the same event; with authentication, of
    /// callers of the same name. Bodies are compared by value: white space, the order of members and the form of numbers
    /// do not count. A single event may carry it as the header Idempotency-Key instead.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    idempotency_key: Option<String>,
}

/// A text of 1 to 64 characters, or a whole number, which is kept as its decimal text.
#[derive(ToSchema)]
#[schema(as = ScenarioRunId)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `scenario_run_id` reads it")]
#[serde(untagged)]
pub enum ScenarioRunIdBody {
    Text(ScenarioRunIdText),
    Number(i64),
}

#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
#[expect(dead_code, reason = "describes the body to OpenAPI; `scenario_run_id` reads it")]
pub struct ScenarioRunIdText(String);

/// Several events to take in, each with a verdict of its own.
#[derive(ToSchema)]
#[schema(as = NewEventBatch, example = json!({"atomic": true, "events": [
    {"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Hello"}},
    {"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Good evening"}, "delay_seconds": 60}
]}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_batch` reads it")]
pub struct EnqueueBatchBody {
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<EnqueueBody>,
    /// All or none; each on its own where it is left out.
    atomic: Option<bool>,
}

/// Takes an event in. It is durable when the reply arrives.
#[utoipa::path(
    post, path = "/events", operation_id = "enqueue_event", tag = "events", request_body = EnqueueBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "As idempotency_key in the body")),
    responses(
        (status = 200, description = "Its idempotency key stands for this event", body = EnqueuedReply, headers(("Location" = String, description = "Where to read the event"))),
        (status = 201, description = "Taken in", body = EnqueuedReply, headers(("Location" = String, description = "Where to read the event"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn enqueue(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let event = {
        let reader = input.reader();
        reader.caller();
        let trace = read_trace(&input);
        let key = reader.header("idempotency-key", idempotency_key);
        let by = (brought_by(&input), input.requester(&api));
        let event = reader.body()?.and_then(|fields| read_event(&fields, api.limits, key, trace, by));
        reader.finish(|| event)?
    };
    input.caller.may_reach(&api, event.engine_type.as_str())?;
    let events = Arc::new(vec![event]);
    let taken = api.broker.enqueue(Arc::clone(&events)).await?.pop().expect("one answer for one event")?;
    let status = if matches!(taken, Taken::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let reply = EnqueuedReply::of(&events[0], taken);
    let location = format!("/api/v1/events/{}", reply.event_id);
    Ok((status, [(header::LOCATION, location)], Json(reply)).into_response())
}

/// Takes up to 1000 events in with one commit. One that is refused keeps no other out.
#[utoipa::path(
    post, path = "/events/batch", operation_id = "enqueue_batch", tag = "events", request_body = EnqueueBatchBody,
    responses(
        (status = 201, description = "All taken in", body = EnqueuedBatchReply),
        (status = 207, description = "Some taken in", body = EnqueuedBatchReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "None taken in: the results name why; or the batch itself is wrong, as a problem", content((EnqueuedBatchReply = "application/json"), (ProblemBody = "application/problem+json"))),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn enqueue_batch(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let (read, is_atomic) = read_batch(&input, &api)?;
    let mut events: Vec<NewEvent> = Vec::with_capacity(read.len());
    let read: Vec<Result<(), Problem>> = read.into_iter().map(|event| event.map(|event| events.push(event))).collect();
    let events = Arc::new(events);
    let mut taken = if is_atomic && events.len() < read.len() {
        events.iter().map(|_| Err(broker::Error::BatchRefused)).collect()
    } else if events.is_empty() {
        Vec::new()
    } else if is_atomic {
        api.broker.enqueue_atomically(&events).await?
    } else {
        api.broker.enqueue(Arc::clone(&events)).await?
    }
    .into_iter()
    .zip(events.iter());
    let results: Vec<EnqueueResult> = read
        .into_iter()
        .enumerate()
        .map(|(index, event)| match event {
            Ok(()) => match taken.next().expect("one answer for each event") {
                (Ok(taken), event) => EnqueueResult::Enqueued(Box::new(EnqueuedReply::of(event, taken))),
                (Err(error), _) => {
                    let problem = Problem::from(error).within(&format!("/events/{index}"));
                    EnqueueResult::Refused { event_id: None, error: api.told(problem) }
                }
            },
            Err(problem) => EnqueueResult::Refused { event_id: None, error: api.told(problem) },
        })
        .collect();
    let rejected = results.iter().filter(|result| matches!(result, EnqueueResult::Refused { .. })).count();
    let accepted = results.len() - rejected;
    let status = match (accepted, rejected) {
        (_, 0) => StatusCode::CREATED,
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok((status, Json(EnqueuedBatchReply { accepted, rejected, results })).into_response())
}

/// Reads a batch: each event with its own errors, so that one does not keep the others out.
fn read_batch(input: &Input, api: &Api) -> Result<(Vec<Result<NewEvent, Problem>>, bool), Problem> {
    let reader = input.reader();
    reader.caller();
    let (trace, by) = (read_trace(input), (brought_by(input), input.requester(api)));
    let events = reader.body()?.and_then(|body| {
        let events = body.required("events", |raw| {
            let items = super::fields::array(raw, MAX_BATCH_EVENTS)?;
            if items.is_empty() { Err("must have at least one event".to_owned()) } else { Ok(items) }
        });
        let is_atomic = body.optional("atomic", boolean).unwrap_or(false);
        body.finish();
        Some((events?, is_atomic))
    });
    let (events, is_atomic) = reader.finish(|| events)?;
    let mut room = MAX_ERRORS_TOLD_OF_BATCH;
    let events = events
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let errors = super::input::Errors::default();
            let event = Fields::of(raw, format!("/events/{index}"), &errors, input.text())
                .and_then(|fields| read_event(&fields, api.limits, None, trace.clone(), by.clone()));
            match (errors.take(), event) {
                (errors, Some(event)) if errors.is_empty() => {
                    input.caller.may_reach(api, event.engine_type.as_str()).map(|()| event)
                }
                (errors, _) => Err(Problem::invalid_input(errors).fit_into(&mut room)),
            }
        })
        .collect();
    Ok((events, is_atomic))
}

/// The name of the token that brings the events.
fn brought_by(input: &Input) -> Option<Arc<str>> {
    input.caller.identity().map(|identity| Arc::clone(&identity.name))
}

fn idempotency_key(text: &str) -> Result<String, BadName> {
    check_text(text, MAX_IDEMPOTENCY_KEY_CHARS).map(|()| text.to_owned())
}

/// The producer's trace context, handed on with the event as it came (W3C Trace Context, which asks
/// for one that is not understood to be ignored).
fn read_trace(input: &Input) -> (Option<String>, Option<String>) {
    let header = |name: &str, limit| {
        let text = input.headers.get(name)?.to_str().ok()?;
        check_text(text, limit).ok().map(|()| text.to_owned())
    };
    (header("traceparent", MAX_TRACEPARENT_CHARS), header("tracestate", MAX_TRACESTATE_CHARS))
}

fn read_event(
    fields: &Fields<'_>,
    limits: Limits,
    key_of_header: Option<String>,
    (traceparent, tracestate): (Option<String>, Option<String>),
    (enqueued_by, requester): (Option<Arc<str>>, Requester),
) -> Option<NewEvent> {
    let engine_type = fields.required("engine_type", parsed(EngineType::parse));
    let event_type = fields.required("event_type", parsed(EventType::parse));
    let payload = fields.required("payload", fields.any_json(limits.payload()));
    let priority = fields.optional("priority", priority);
    let delay = fields.optional("delay_seconds", integer(0..=MAX_DELAY_SECONDS));
    let available_at = fields.optional("available_at", parsed(time));
    if delay.is_some() && available_at.is_some() {
        fields.error("available_at", "stands beside delay_seconds; send one of the two");
    }
    let scenario_run_id = fields.optional("scenario_run_id", scenario_run_id);
    let visibility_timeout_seconds = fields.optional("visibility_timeout_seconds", visibility_timeout());
    let retry_policy = policies::read(fields);
    let discard_after_seconds = fields.optional("discard_after_seconds", integer(1..=MAX_DELAY_SECONDS));
    let key = fields.optional("idempotency_key", parsed(idempotency_key));
    if key.is_some() && key_of_header.is_some() && key != key_of_header {
        fields.error("idempotency_key", "differs from the header Idempotency-Key");
    }
    fields.finish();
    Some(NewEvent {
        engine_type: engine_type?,
        event_type: event_type?,
        payload: payload?,
        priority: priority.unwrap_or(DEFAULT_PRIORITY),
        due: match available_at {
            Some(at) => Due::At(at),
            None => Due::After { seconds: f64::from(delay.unwrap_or(0)) },
        },
        scenario_run_id,
        visibility_timeout_seconds,
        retry_policy,
        discard_after_seconds,
        idempotency_key: key.or(key_of_header),
        traceparent,
        tracestate,
        enqueued_by,
        requester,
    })
}

/// A text, or a whole number kept as its decimal text.
pub fn scenario_run_id(raw: &serde_json::value::RawValue) -> Result<ScenarioRunId, String> {
    let json = raw.get();
    let is_whole = !json.is_empty() && json.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
    let id = if is_whole {
        json.into()
    } else if json.starts_with('"') {
        text(raw)?
    } else {
        return Err(format!("must be a string or a whole number, not {}", kind(raw)));
    };
    ScenarioRunId::parse(&id).map_err(|error| error.to_string())
}

/// A priority, from 0 to 9.
pub fn priority(raw: &serde_json::value::RawValue) -> Result<u8, String> {
    integer(0..=MAX_PRIORITY.into())(raw).map(|number| u8::try_from(number).expect("no more than 9"))
}

pub fn visibility_timeout() -> impl FnOnce(&serde_json::value::RawValue) -> Result<u32, String> {
    integer(MIN_VISIBILITY_TIMEOUT_SECONDS..=MAX_VISIBILITY_TIMEOUT_SECONDS)
}
