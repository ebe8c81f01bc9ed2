//! `PUT /events/{event_id}/status`: settling and renewing.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::enqueue::visibility_timeout;
use super::fields::{Fields, any_json, boolean, integer, parsed, text};
use super::input::{Errors, Input, parse_uuid};
use super::problem::{InputPlace, Problem, ProblemBody};
use super::{Api, Limits};
use crate::broker::settle::{Settled, SettledOutcome};
use crate::domain::event::Status;
use crate::domain::ids::{EventId, LeaseToken};
use crate::domain::limits::{MAX_ERROR_MESSAGE_CHARS, MAX_ERROR_TYPE_CHARS, MAX_RETRY_DELAY_SECONDS};
use crate::domain::names::check_text;
use crate::domain::settlement::{Report, ReportedError, Settlement};

/// An engine's word on an event it holds. Which fields go with it depends on `status`.
#[derive(ToSchema)]
#[schema(as = Settlement)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_settlement` reads it")]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SettleBody {
    /// Done for good.
    Completed {
        lease_token: Option<String>,
        #[schema(value_type = Option<Value>)]
        result: Option<Value>,
    },
    /// Tried again by the retry policy, or a dead letter.
    Failed {
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
        lease_token: Option<String>,
        #[schema(minimum = 0, maximum = 86400)]
        delay_seconds: Option<u32>,
    },
    /// Renewed from now on.
    Processing {
        lease_token: Option<String>,
        /// Instead of the lease's own; may shorten.
        #[schema(minimum = 1, maximum = 43200)]
        visibility_timeout_seconds: Option<u32>,
        #[schema(value_type = Option<Value>)]
        progress: Option<Value>,
    },
}

/// What went wrong: a message, or more.
#[derive(ToSchema)]
#[schema(as = ReportedError)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_error` reads it")]
#[serde(untagged)]
pub enum ErrorBody {
    Message(String),
    Structured(StructuredErrorBody),
}

#[derive(ToSchema)]
#[schema(as = StructuredError)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_error` reads it")]
pub struct StructuredErrorBody {
    /// A class of errors, to group dead letters by.
    #[schema(min_length = 1, max_length = 200)]
    r#type: Option<String>,
    #[schema(max_length = 8192)]
    message: String,
    #[schema(value_type = Option<Value>)]
    details: Option<Value>,
}

/// Reports on an event: completed, failed, handed back (queued), or still at it (processing).
///
/// The lease token is the fence. A report that comes late is taken as long as nobody has leased the
/// event since; a repeated one is answered as the first time.
#[utoipa::path(
    put, path = "/events/{event_id}/status", tag = "leases", request_body = SettleBody,
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
    let read = reader.body()?.and_then(|fields| {
        let token_from = |raw| parsed(str::parse::<LeaseToken>)(raw);
        let lease_token = if limits.are_lease_tokens_optional {
            fields.optional("lease_token", token_from)
        } else {
            fields.required("lease_token", token_from)
        };
        let report = read_report(&fields, limits, reader.errors());
        fields.finish();
        Some((lease_token, report?))
    });
    reader.finish(|| {
        let (lease_token, report) = read?;
        Some(Settlement { event_id: event_id?, lease_token, caller, report })
    })
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
            .ok_or_else(|| format!("is {status:?}; an engine reports completed, failed, queued or processing"))
    });
    let Some(status) = status else {
        fields.let_pass(&FIELDS_BY_STATUS);
        return None;
    };
    match status {
        Status::Completed => {
            Some(Report::Completed { result: fields.optional("result", any_json(limits.max_detail_bytes)) })
        }
        Status::Failed => {
            let error = fields.required("error", |raw| Ok(read_error(raw, limits, errors)));
            let is_retryable = fields.optional("retryable", boolean).unwrap_or(true);
            Some(Report::Failed { is_retryable, delay: delay(fields), error: error.flatten()? })
        }
        Status::Queued => Some(Report::Released { delay: delay(fields).unwrap_or_default() }),
        Status::Processing => Some(Report::Renewed {
            visibility_timeout_seconds: fields.optional("visibility_timeout_seconds", visibility_timeout()),
            progress: fields.optional("progress", any_json(limits.max_detail_bytes)),
        }),
        Status::Cancelled => None,
    }
}

/// A message, or an object with a message; what is wrong with it is reported.
fn read_error(raw: &RawValue, limits: Limits, errors: &Errors) -> Option<ReportedError> {
    let message = |raw| {
        let message = text(raw)?.into_owned();
        if message.chars().count() > MAX_ERROR_MESSAGE_CHARS {
            return Err(format!("is longer than {MAX_ERROR_MESSAGE_CHARS} characters; details take more"));
        }
        Ok(message)
    };
    if !raw.get().starts_with('{') {
        return match message(raw) {
            Ok(message) => Some(ReportedError { kind: None, message, details: None }),
            Err(detail) => {
                errors.add(InputPlace::Pointer("/error".to_owned()), format!("{detail}, nor an object with a message"));
                None
            }
        };
    }
    let fields = Fields::of(raw, "/error".to_owned(), errors)?;
    let kind = fields.optional("type", parsed(|text| check_text(text, MAX_ERROR_TYPE_CHARS).map(|()| text.to_owned())));
    let message = fields.required("message", message);
    let details = fields.optional("details", any_json(limits.max_detail_bytes));
    fields.finish();
    Some(ReportedError { kind, message: message?, details })
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
