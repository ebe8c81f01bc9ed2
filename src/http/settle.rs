//! `PUT /events/{event_id}/status`: settling and renewing.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use bytestring::ByteString;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::enqueue::visibility_timeout;
use super::fields::{Fields, any_string, array, boolean, check_json, integer, kind, parsed, text, uuid, within_bytes};
use super::input::{Errors, Input, parse_uuid};
use super::problem::{InputPlace, MAX_ERRORS_TOLD_OF_BATCH, Problem, ProblemBody};
use super::{Api, Limits};
use crate::broker::settle::{Settled, SettledOutcome};
use crate::domain::event::Status;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::SentJson;
use crate::domain::json::string::JsonString;
use crate::domain::limits::{MAX_BATCH_EVENTS, MAX_RETRY_DELAY_SECONDS};
use crate::domain::settlement::{Report, ReportedError, Settlement};

/// An engine's word on an event it holds. Which fields go with it depends on `status`.
#[derive(ToSchema)]
#[schema(as = Settlement)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_settlement` reads it")]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SettleBody {
    /// Done for good.
    Completed {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-f]+$")]
        lease_token: Option<String>,
        #[schema(value_type = Option<Value>)]
        result: Option<Value>,
    },
    /// Tried again by the retry policy, or a dead letter.
    Failed {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-f]+$")]
        lease_token: Option<String>,
        error: ErrorBody,
        /// False: trying again is pointless.
        #[schema(default = true)]
        retryable: Option<bool>,
        /// Instead of the policy's backoff.
        #[schema(minimum = 0, maximum = 86400)]
        delay_seconds: Option<u32>,
    },
    /// Handed back; spends nothing.
    Queued {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-f]+$")]
        lease_token: Option<String>,
        #[schema(minimum = 0, maximum = 86400)]
        delay_seconds: Option<u32>,
    },
    /// Renewed from now on.
    Processing {
        #[schema(min_length = 32, max_length = 32, pattern = "^[0-9a-f]+$")]
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
    put, path = "/events/{event_id}/status", operation_id = "settle_event", tag = "leases", request_body = SettleBody,
    params(
        ("event_id" = uuid::Uuid, Path, description = "The event"),
        ("X-Engine-Id" = Option<uuid::Uuid>, Header, description = "Who reports; needed only without a lease token"),
    ),
    responses(
        (status = 200, description = "Settled, or renewed", body = SettledReply),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The lease belongs to another engine than the one named", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such event", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The lease is over, or was settled otherwise; nothing was changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not declared as JSON", body = ProblemBody, content_type = "application/problem+json"),
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
#[schema(as = Settlements)]
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
        (status = 415, description = "Not declared as JSON", body = ProblemBody, content_type = "application/problem+json"),
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

#[derive(Serialize, ToSchema)]
#[schema(as = SettledMany)]
pub struct SettledManyReply {
    /// In the order sent.
    results: Vec<SettleResult>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SettleResult {
    Settled(SettledReply),
    Refused {
        /// Null where the entry had none that could be read.
        #[schema(value_type = Option<uuid::Uuid>)]
        event_id: Option<EventId>,
        error: ProblemBody,
    },
}

impl SettleResult {
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// What the report came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Settled)]
pub struct SettledReply {
    #[schema(value_type = uuid::Uuid)]
    event_id: EventId,
    /// The event's status now: a failure that is tried again is `queued`.
    status: Status,
    attempt: i32,
    /// completed, `retry_scheduled`, `dead_lettered`, released, renewed, or cancelled.
    outcome: &'static str,
    /// When the event is due again.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_at: Option<DateTime<Utc>>,
    /// The renewed lease's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_seconds: Option<f64>,
    /// Somebody wants the event cancelled: stop working on it, and report as you see fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_requested: Option<bool>,
}

impl SettledReply {
    fn of(settled: Settled) -> Self {
        let renewal = settled.renewal;
        Self {
            event_id: settled.event_id,
            status: settled.status,
            attempt: settled.attempt,
            outcome: match settled.outcome {
                SettledOutcome::Ended(answer) => answer.as_str(),
                SettledOutcome::Renewed => "renewed",
            },
            available_at: settled.available_at,
            expires_at: renewal.as_ref().map(|renewal| renewal.expires_at),
            expires_in_seconds: renewal.as_ref().map(|renewal| renewal.expires_in_seconds),
            cancel_requested: renewal.and_then(|renewal| renewal.is_cancel_requested.then_some(true)),
        }
    }
}
