//! `POST /events` and `POST /events/batch`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::enqueued::{EnqueueAnswer, EnqueueResult, EnqueuedBatchReply, EnqueuedReply};
use crate::broker::{self, taken::Taken};
use crate::domain::json::SentJson;
use crate::domain::limits::{
    DEFAULT_PRIORITY, MAX_BATCH_EVENTS, MAX_DELAY_SECONDS, MAX_IDEMPOTENCY_KEY_CHARS, MAX_TRACESTATE_CHARS,
    MAX_UNIQUE_KEY_CHARS,
};
use crate::domain::names::{BadName, EngineType, EventType, ScenarioRunId, check_text};
use crate::domain::new_event::{Due, NewEvent};
use crate::domain::requester::Requester;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::trace_context::is_traceparent;
use crate::http::api::Api;
use crate::http::errors::{Errors, MAX_ERRORS_TOLD_OF_BATCH, Problem, ProblemBody};
use crate::http::requests::members::{ScenarioRunIdBody, priority, scenario_run_id, visibility_timeout};
use crate::http::requests::retry_policy::RetryPolicyBody;
use crate::http::requests::texts::time;
use crate::http::requests::values::{array, boolean, checked_text, integer, parsed};
use crate::http::requests::{Fields, Input, described};

described! {
    /// An event to take in.
    #[schema(as = NewEvent, example = json!({
        "engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Hello"}, "priority": 7,
        "scenario_run_id": "run-12", "visibility_timeout_seconds": 120
    }))]
    pub struct EnqueueBody of fields: Fields<'_> {
        /// Its queue: the kind of engine that works on it.
        #[schema(example = "dialogue")]
        engine_type: Option<EngineType> as String = required(parsed(EngineType::parse)),
        #[schema(example = "dialogue.requested")]
        event_type: Option<EventType> as String = required(parsed(EventType::parse)),
        /// Any JSON, kept byte for byte; at most 1 MiB and 64 levels unless configured otherwise.
        payload: Option<SentJson> as serde_json::Value = required(fields.any_json(fields.limits().payload())),
        /// 9 first; 5 where it is left out.
        priority: Option<u8> = optional(priority),
        /// Due that many seconds from now; instead of `available_at`.
        delay_seconds: Option<u32> = optional(integer(0..=MAX_DELAY_SECONDS)),
        /// Due then, at most 365 days away; the past means now.
        available_at: Option<DateTime<Utc>> = optional(parsed(time)),
        scenario_run_id: Option<ScenarioRunId> as Option<ScenarioRunIdBody> = optional(scenario_run_id),
        visibility_timeout_seconds: Option<u32> = optional(visibility_timeout()),
        retry_policy: Option<RetryPolicyOverrides> as Option<RetryPolicyBody> = part(RetryPolicyBody::whole),
        /// Not leased within that many seconds: cancelled, as too old.
        discard_after_seconds: Option<u32> = optional(integer(1..=MAX_DELAY_SECONDS)),
        /// Within 24 hours the same key in the same queue stands for the same event; with authentication, of
        /// callers of the same name. Bodies are compared by value: white space, the order of members and the form of numbers
        /// do not count. A single event may carry it as the header Idempotency-Key instead.
        idempotency_key: Option<String> = optional(checked_text(MAX_IDEMPOTENCY_KEY_CHARS)),
        /// While an open event of the same queue has this key, whoever brought it, none is taken in: the answer is that event.
        /// Its end frees the key, also as a dead letter. An idempotency key beside it is looked up first.
        unique_key: Option<String> = optional(checked_text(MAX_UNIQUE_KEY_CHARS)),
        /// W3C trace context, which travels with the event; of an event that has none, that of the request's headers.
        traceparent: Option<String> = optional(parsed(traceparent)),
        /// Beside `traceparent` only.
        tracestate: Option<String> = optional(checked_text(MAX_TRACESTATE_CHARS)),
    }
}

described! {
    /// Several events to take in, each with a verdict of its own.
    #[schema(as = NewEventBatch, example = json!({"atomic": true, "events": [
        {"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Hello"}},
        {"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"text": "Good evening"}, "delay_seconds": 60}
    ]}))]
    pub struct EnqueueBatchBody<'a> of fields: Fields<'a> {
        events: Option<Vec<&'a RawValue>> as Vec<EnqueueBody> = required(|raw| {
            let items = array(raw, MAX_BATCH_EVENTS)?;
            if items.is_empty() { Err("must have at least one event".to_owned()) } else { Ok(items) }
        }),
        /// All or none; each on its own where it is left out.
        atomic: Option<bool> = optional(boolean),
    }
}

/// Takes an event in. It is durable when the reply arrives.
#[utoipa::path(
    post, path = "/events", operation_id = "enqueue_event", tag = "events", request_body = EnqueueBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "As idempotency_key in the body")),
    responses(
        (status = 200, description = "Its idempotency key stands for this event, or this open event has its unique key", body = EnqueueAnswer, headers(("Location" = String, description = "Where to read the event"))),
        (status = 201, description = "Taken in", body = EnqueuedReply, headers(("Location" = String, description = "Where to read the event"))),
        (status = 409, description = "Its scenario run is cancelled"),
    )
)]
pub async fn enqueue(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    let event = {
        let reader = input.reader();
        reader.caller();
        let trace = read_trace(&input);
        let key = reader.header("idempotency-key", idempotency_key);
        let by = (brought_by(&input), input.requester(&api));
        let event = reader.body()?.and_then(|fields| read_event(&fields, key, trace, by));
        reader.finish(|| event)?
    };
    input.caller.may_reach(&api, event.engine_type.as_str())?;
    let events = Arc::new(vec![event]);
    let taken = api.broker.enqueue(Arc::clone(&events)).await?.pop().expect("one answer for one event")?;
    let status = if matches!(taken, Taken::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let reply = EnqueueAnswer::of(&events[0], taken);
    let location = format!("/api/v1/events/{}", reply.event_id());
    Ok((status, [(header::LOCATION, location)], Json(reply)).into_response())
}

/// Takes up to 1000 events in with one commit. One that is refused keeps no other out.
#[utoipa::path(
    post, path = "/events/batch", operation_id = "enqueue_batch", tag = "events", request_body = EnqueueBatchBody,
    responses(
        (status = 201, description = "All taken in", body = EnqueuedBatchReply),
        (status = 207, description = "Some taken in", body = EnqueuedBatchReply),
        (status = 422, description = "None taken in: the results name why; or the batch itself is wrong, as a problem", content((EnqueuedBatchReply = "application/json"), (ProblemBody = "application/problem+json"))),
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
    let results: Vec<EnqueueResult> = (read.into_iter().enumerate())
        .map(|(index, event)| match event {
            Ok(()) => {
                let (taken, event) = taken.next().expect("one answer for each event");
                match taken {
                    Ok(taken) => EnqueueResult::of(EnqueueAnswer::of(event, taken)),
                    Err(error) => refused(&api, Problem::from(error).within(&format!("/events/{index}"))),
                }
            }
            Err(problem) => refused(&api, problem),
        })
        .collect();
    Ok(EnqueuedBatchReply::of(results).into_response())
}

fn refused(api: &Api, problem: Problem) -> EnqueueResult {
    EnqueueResult::Refused { event_id: None, error: api.told(problem) }
}

/// Reads a batch: each event with its own errors, so that one does not keep the others out.
fn read_batch(input: &Input, api: &Api) -> Result<(Vec<Result<NewEvent, Problem>>, bool), Problem> {
    let reader = input.reader();
    reader.caller();
    let (trace, by) = (read_trace(input), (brought_by(input), input.requester(api)));
    let events = reader.body()?.and_then(|body| {
        let EnqueueBatchBody { events, atomic } = body.exactly(EnqueueBatchBody::take);
        Some((events?, atomic.unwrap_or(false)))
    });
    let (events, is_atomic) = reader.finish(|| events)?;
    let mut room = MAX_ERRORS_TOLD_OF_BATCH;
    let events = events
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let errors = Errors::default();
            let event = Fields::of(raw, format!("/events/{index}"), &errors, input)
                .and_then(|fields| read_event(&fields, None, trace.clone(), by.clone()));
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

fn traceparent(text: &str) -> Result<String, &'static str> {
    let mistake = "must be a W3C traceparent, like 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    if is_traceparent(text) { Ok(text.to_owned()) } else { Err(mistake) }
}

/// The trace context of the request's headers, handed on with the events as it came. One that is not understood is ignored,
/// with its `tracestate` (W3C Trace Context, 3.2 and 3.3).
fn read_trace(input: &Input) -> (Option<String>, Option<String>) {
    let header = |name: &str| input.headers.get(name)?.to_str().ok();
    let Some(traceparent) = header("traceparent").filter(|text| is_traceparent(text)) else { return (None, None) };
    let tracestate = header("tracestate").filter(|text| check_text(text, MAX_TRACESTATE_CHARS).is_ok());
    (Some(traceparent.to_owned()), tracestate.map(str::to_owned))
}

/// Reads an event; what is wrong with it is reported.
pub fn read_event(
    fields: &Fields<'_>,
    key_of_header: Option<String>,
    trace_of_request: (Option<String>, Option<String>),
    (enqueued_by, requester): (Option<Arc<str>>, Requester),
) -> Option<NewEvent> {
    let body = fields.exactly(EnqueueBody::take);
    if fields.is_given("delay_seconds") && fields.is_given("available_at") {
        fields.error("available_at", "stands beside delay_seconds; send one of the two");
    }
    if fields.is_given("tracestate") && !fields.is_given("traceparent") {
        fields.error("tracestate", "needs the traceparent that it belongs to");
    }
    // One is never combined with the other of somewhere else.
    let (traceparent, tracestate) = match body.traceparent {
        Some(traceparent) => (Some(traceparent), body.tracestate),
        None => trace_of_request,
    };
    let key = body.idempotency_key;
    if key.is_some() && key_of_header.is_some() && key != key_of_header {
        fields.error("idempotency_key", "differs from the header Idempotency-Key");
    }
    Some(NewEvent {
        engine_type: body.engine_type?,
        event_type: body.event_type?,
        payload: body.payload?,
        priority: body.priority.unwrap_or(DEFAULT_PRIORITY),
        due: match body.available_at {
            Some(at) => Due::At(at),
            None => Due::After { seconds: f64::from(body.delay_seconds.unwrap_or(0)) },
        },
        scenario_run_id: body.scenario_run_id,
        visibility_timeout_seconds: body.visibility_timeout_seconds,
        retry_policy: body.retry_policy,
        discard_after_seconds: body.discard_after_seconds,
        idempotency_key: key.or(key_of_header),
        unique_key: body.unique_key,
        traceparent,
        tracestate,
        enqueued_by,
        caused_by: None,
        requester,
    })
}
