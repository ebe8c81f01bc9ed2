//! `PUT /events/{event_id}/status`: settling and renewing.

mod reply;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use bytestring::ByteString;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::enqueue::visibility_timeout;
use super::fields::{Fields, any_string, array, boolean, check_json, integer, kind, parsed, text, uuid, within_bytes};
use super::input::{Errors, Input, parse_uuid};
use super::problem::{InputPlace, MAX_ERRORS_TOLD_OF_BATCH, Problem, ProblemBody};
use super::{Api, Limits};
use crate::domain::event::Status;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::SentJson;
use crate::domain::json::string::JsonString;
use crate::domain::limits::{MAX_BATCH_EVENTS, MAX_RETRY_DELAY_SECONDS};
use crate::domain::settlement::{Report, ReportedError, Settlement};
pub use reply::SettleResult;
use reply::{SettledManyReply, SettledReply};

/// An engine's report on an event it holds. Which members go with it depends on `status`.
#[derive(ToSchema)]
#[schema(as = Settlement)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_settlement` reads it")]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SettleBody {
    /// Done for good.
    #[schema(title = "CompletedSettlement")]
    Completed {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-fA-F]+$")]
        lease_token: Option<String>,
        #[schema(value_type = Option<Value>)]
        result: Option<Value>,
    },
    /// Tried again by the retry policy, or a dead letter.
    #[schema(title = "FailedSettlement")]
    Failed {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-fA-F]+$")]
        lease_token: Option<String>,
        error: ErrorBody,
        /// False: trying again is pointless. True where it is left out.
        retryable: Option<bool>,
        /// Instead of the policy's backoff.
        #[schema(minimum = 0, maximum = 86400)]
        delay_seconds: Option<u32>,
    },
    /// Handed back; spends nothing.
    #[schema(title = "ReleasedSettlement")]
    Queued {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-fA-F]+$")]
        lease_token: Option<String>,
        #[schema(minimum = 0, maximum = 86400)]
        delay_seconds: Option<u32>,
    },
    /// Renewed from now on.
    #[schema(title = "RenewedSettlement")]
    Processing {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-fA-F]+$")]
        lease_token: Option<String>,
        /// Instead of the lease's own; may shorten.
        #[schema(minimum = 1, maximum = 43200)]
        visibility_timeout_seconds: Option<u32>,
        #[schema(value_type = Option<Value>)]
        progress: Option<Value>,
    },
}

/// What went wrong: a message, or more. It is kept as it was sent, whatever its strings hold.
#[derive(ToSchema)]
#[schema(as = ReportedError)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_error` reads it")]
#[serde(untagged)]
pub enum ErrorBody {
    Message(ErrorMessageBody),
    Structured(StructuredErrorBody),
}

/// At most 256 KiB as JSON unless configured otherwise.
#[derive(ToSchema)]
#[schema(as = ErrorMessage)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_error` reads it")]
pub struct ErrorMessageBody(String);

#[derive(ToSchema)]
#[schema(as = StructuredError)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_error` reads it")]
pub struct StructuredErrorBody {
    /// A class of errors; by its first 200 characters dead letters are found and grouped.
    r#type: Option<String>,
    /// In its first 8192 characters `error_contains` looks for a text.
    message: String,
    #[schema(value_type = Option<Value>)]
    details: Option<Value>,
}

/// Reports on an event: completed, failed, handed back (queued), or still at it (processing).
///
/// The lease token is the fence. A report that comes late is taken as long as nobody has leased the
/// event since; a repeated one is answered as the first time.
#[utoipa::path(
    put, path = "/events/{event_id}/status", operation_id = "settle_event", tag = "leases",
    request_body(content = SettleBody, examples(
        ("completed" = (summary = "Done", value = json!({"status": "completed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "result": {"text": "Hello to you"}}))),
        ("failed" = (summary = "Failed: the retry policy decides", value = json!({"status": "failed", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "error": {"type": "Timeout", "message": "the model did not answer", "details": {"seconds": 30}}}))),
        ("released" = (summary = "Handed back", value = json!({"status": "queued", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "delay_seconds": 10}))),
        ("renewed" = (summary = "Still at it", value = json!({"status": "processing", "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d", "progress": {"words": 120}}))),
    )),
    params(
        ("event_id" = uuid::Uuid, Path, description = "The event"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who reports; needed only without a lease token"),
    ),
    responses(
        (status = 200, description = "Settled, or renewed", body = SettledReply, examples(
            ("failed" = (summary = "A failure that is tried again: the event is queued", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "queued", "attempt": 1, "outcome": "retry_scheduled", "available_at": "2030-01-31T12:00:30Z"}))),
            ("completed" = (summary = "Done", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed", "attempt": 1, "outcome": "completed"}))),
            ("renewed" = (summary = "Renewed", value = json!({"event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "processing", "attempt": 1, "outcome": "renewed", "expires_at": "2030-01-31T12:05:00Z", "expires_in_seconds": 300.0}))),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The lease belongs to another engine than the one named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The lease is over, or was settled otherwise; nothing was changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every bad place is named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn settle(State(api): State<Api>, input: Input) -> Result<Json<SettledReply>, Problem> {
    let settlement = read_settlement(&input, api.limits)?;
    match api.broker.settle(settlement).await {
        Ok(settled) => Ok(Json(SettledReply::of(settled))),
        Err(error) => {
            let problem = Problem::from(error);
            api.metrics.settlements_refused.with_label_values(&[problem.code()]).inc();
            Err(problem)
        }
    }
}

fn read_settlement(input: &Input, limits: Limits) -> Result<Settlement, Problem> {
    let reader = input.reader();
    let event_id = reader.path("event_id", parse_uuid).map(EventId);
    let caller = reader.caller();
    let read = reader.body()?.and_then(|fields| read_word(&fields, limits, reader.errors()));
    reader.finish(|| {
        let (lease_token, report) = read?;
        Some(Settlement { event_id: event_id?, lease_token, caller, report })
    })
}

/// Reads an entry of a list of settlements: the event's id stands in it.
fn read_entry(fields: &Fields<'_>, limits: Limits, errors: &Errors, caller: Option<EngineId>) -> Option<Settlement> {
    let event_id = fields.required("event_id", uuid).map(EventId);
    let (lease_token, report) = read_word(fields, limits, errors)?;
    Some(Settlement { event_id: event_id?, lease_token, caller, report })
}

/// Reads the token and what is reported.
fn read_word(fields: &Fields<'_>, limits: Limits, errors: &Errors) -> Option<(Option<LeaseToken>, Report)> {
    let token_from = |raw| parsed(str::parse::<LeaseToken>)(raw);
    let lease_token = if limits.are_lease_tokens_optional {
        fields.optional("lease_token", token_from)
    } else {
        fields.required("lease_token", token_from)
    };
    let report = read_report(fields, limits, errors);
    fields.finish();
    Some((lease_token, report?))
}

/// What is allowed beside one status or another.
const FIELDS_BY_STATUS: [&str; 6] =
    ["result", "error", "retryable", "delay_seconds", "visibility_timeout_seconds", "progress"];

fn read_report(fields: &Fields<'_>, limits: Limits, errors: &Errors) -> Option<Report> {
    let delay = |fields: &Fields<'_>| {
        fields
            .optional("delay_seconds", integer(0..=MAX_RETRY_DELAY_SECONDS))
            .map(|seconds| Duration::from_secs(seconds.into()))
    };
    let status = fields.required("status", |raw| {
        let status = text(raw)?;
        Status::parse(&status)
            .filter(|status| *status != Status::Cancelled)
            .ok_or_else(|| "must be completed, failed, queued or processing: what an engine reports".to_owned())
    });
    let Some(status) = status else {
        fields.let_pass(&FIELDS_BY_STATUS);
        return None;
    };
    match status {
        Status::Completed => {
            Some(Report::Completed { result: fields.optional("result", fields.any_json(limits.detail())) })
        }
        Status::Failed => {
            let error = fields.required("error", |raw| Ok(read_error(raw, fields, limits, errors)));
            let is_retryable = fields.optional("retryable", boolean).unwrap_or(true);
            Some(Report::Failed { is_retryable, delay: delay(fields), error: error.flatten()? })
        }
        Status::Queued => Some(Report::Released { delay: delay(fields).unwrap_or_default() }),
        Status::Processing => Some(Report::Renewed {
            visibility_timeout_seconds: fields.optional("visibility_timeout_seconds", visibility_timeout()),
            progress: fields.optional("progress", fields.any_json(limits.detail())),
        }),
        Status::Cancelled => None,
    }
}

/// A message, or an object with a message; what is wrong with it is reported. Whatever its strings hold, it can be reported:
/// it is kept as it was sent.
fn read_error<'a>(raw: &'a RawValue, of: &Fields<'a>, limits: Limits, errors: &'a Errors) -> Option<ReportedError> {
    let refuse = |detail: String| errors.add(InputPlace::Pointer(of.place("error")), detail);
    if !raw.get().starts_with('{') {
        let Some(message) = JsonString::decode(raw) else {
            refuse(format!("must be a string or an object with a message, not {}", kind(raw)));
            return None;
        };
        within_bytes(raw.get().len(), limits.detail()).map_err(refuse).ok()?;
        return Some(ReportedError::of_message(raw, &message));
    }
    let fields = Fields::of(raw, of.place("error"), errors, of.body())?;
    let string = |raw| {
        within_bytes(RawValue::get(raw).len(), limits.detail())?;
        any_string(raw)
    };
    let kind = fields.optional("type", string);
    let message = fields.required("message", string);
    let details = fields.optional("details", |raw| {
        check_json(raw, limits.detail())?;
        Ok(raw.get().len())
    });
    fields.finish();
    let message = message?;
    if (kind.is_none() && fields.is_given("type")) || (details.is_none() && fields.is_given("details")) {
        return None;
    }
    if let Err(detail) = within_bytes(raw.get().len() - details.unwrap_or(0), limits.detail()) {
        refuse(format!("{detail}, not counting details"));
        return None;
    }
    Some(ReportedError::of_object(SentJson::of(of.body(), raw), kind.as_ref(), &message))
}

/// Several reports, each with a verdict of its own.
#[derive(ToSchema)]
#[schema(as = SettlementBatch, example = json!({"settlements": [{
    "event_id": "0190f3a1-c2d3-7e4f-8506-1728394a5b6c", "status": "completed",
    "lease_token": "0190f3a1c2d3e4f5061728394a5b6c7d"
}]}))]
#[expect(dead_code, reason = "describes the body to OpenAPI; `settle_many` reads it")]
pub struct SettleManyBody {
    #[schema(min_items = 1, max_items = 1000)]
    settlements: Vec<SettlementEntryBody>,
}

/// A settlement, with the event it is about.
#[derive(ToSchema)]
#[schema(as = SettlementEntry)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_entry` reads it")]
pub struct SettlementEntryBody {
    event_id: uuid::Uuid,
    #[serde(flatten)]
    settlement: SettleBody,
}

/// Reports on up to 1000 events at once. One that is refused keeps no other out.
#[utoipa::path(
    put, path = "/events/status", operation_id = "settle_batch", tag = "leases", request_body = SettleManyBody,
    params(("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who reports; needed only without a lease token")),
    responses(
        (status = 200, description = "Each one's verdict", body = SettledManyReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON, or in another encoding than UTF-8 or gzip", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The list itself is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No database", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn settle_many(State(api): State<Api>, input: Input) -> Result<Json<SettledManyReply>, Problem> {
    let entries = {
        let reader = input.reader();
        let caller = reader.caller();
        let entries = reader.body()?.and_then(|fields| {
            let entries = fields.required("settlements", entries_of);
            fields.finish();
            entries
        });
        read_entries(reader.finish(|| entries)?, input.text(), api.limits, caller)
    };
    Ok(Json(SettledManyReply { results: settle_entries(&api, entries).await? }))
}

/// An entry of a list: a settlement, or what is wrong with it, and with which event.
pub type Entry = Result<Settlement, Box<(Option<EventId>, Problem)>>;

/// The items of a list of settlements, which may not be empty.
pub fn entries_of(raw: &RawValue) -> Result<Vec<&RawValue>, String> {
    let items = array(raw, MAX_BATCH_EVENTS)?;
    if items.is_empty() { Err("must have at least one settlement".to_owned()) } else { Ok(items) }
}

/// Reads the entries, each with its own errors, so that one does not keep the others out.
pub fn read_entries(items: Vec<&RawValue>, body: &ByteString, limits: Limits, caller: Option<EngineId>) -> Vec<Entry> {
    let mut room = MAX_ERRORS_TOLD_OF_BATCH;
    items
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let errors = Errors::default();
            let fields = Fields::of(raw, format!("/settlements/{index}"), &errors, body);
            let settlement = fields.as_ref().and_then(|fields| read_entry(fields, limits, &errors, caller));
            match (errors.take(), settlement) {
                (errors, Some(settlement)) if errors.is_empty() => Ok(settlement),
                (errors, _) => {
                    let event_id = fields.and_then(|fields| fields.peek("event_id", uuid)).map(EventId);
                    Err(Box::new((event_id, Problem::invalid_input(errors).fit_into(&mut room))))
                }
            }
        })
        .collect()
}

/// Settles what could be read, and answers every entry in its place.
pub async fn settle_entries(api: &Api, entries: Vec<Entry>) -> Result<Vec<SettleResult>, Problem> {
    let mut settlements = Vec::with_capacity(entries.len());
    let mut take = |settlement: Settlement| {
        let event_id = settlement.event_id;
        settlements.push(settlement);
        event_id
    };
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.map(&mut take)).collect();
    let mut settled = api.broker.settle_many(settlements).await?.into_iter();
    Ok(entries
        .into_iter()
        .map(|entry| match entry {
            Ok(event_id) => match settled.next().expect("one answer for each settlement") {
                Ok(settled) => SettleResult::Settled(SettledReply::of(settled)),
                Err(error) => {
                    let problem = Problem::from(error);
                    api.metrics.settlements_refused.with_label_values(&[problem.code()]).inc();
                    SettleResult::Refused { event_id: Some(event_id), error: api.told(problem) }
                }
            },
            Err(refused) => {
                let (event_id, problem) = *refused;
                SettleResult::Refused { event_id, error: api.told(problem) }
            }
        })
        .collect())
}
