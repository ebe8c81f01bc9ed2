//! A settlement in a body: the lease token, and what is reported.

use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::event::Status;
use crate::domain::ids::LeaseToken;
use crate::domain::json::SentJson;
use crate::domain::json::string::JsonString;
use crate::domain::limits::{
    MAX_FINGERPRINT_CHARS, MAX_FOLLOW_UPS, MAX_RELEASE_CODE_CHARS, MAX_RELEASE_REASON_CHARS, MAX_RETRY_DELAY_SECONDS,
};
use crate::domain::new_event::NewEvent;
use crate::domain::requester::Requester;
use crate::domain::settlement::{Report, ReportedError};
use crate::http::errors::{Errors, InputPlace};
use crate::http::events::enqueue::{EnqueueBody, read_event};
use crate::http::requests::Fields;
use crate::http::requests::members::visibility_timeout;
use crate::http::requests::values::{
    any_string, array, boolean, check_json, checked_text, integer, kind, parsed, text, within_bytes,
};

/// An engine's report on an event it holds. Which members go with it depends on `status`.
#[derive(ToSchema)]
#[schema(as = Settlement)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_what_is_reported` reads it")]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SettleBody {
    /// Done for good.
    #[schema(title = "CompletedSettlement")]
    Completed {
        lease_token: Option<String>,
        #[schema(value_type = Option<Value>)]
        result: Option<Value>,
        /// Follow-up events, enqueued in the transaction of the completion: all of them and it, or none. What is left out of
        /// `scenario_run_id` and the trace context, they have from the completed event. Their idempotency keys belong to the
        /// engines of this type together.
        enqueue: Option<Vec<EnqueueBody>>,
    },
    /// Tried again by the retry policy, or a dead letter.
    #[schema(title = "FailedSettlement")]
    Failed {
        lease_token: Option<String>,
        error: ErrorBody,
        /// False: trying again is pointless. True where it is left out.
        retryable: Option<bool>,
        /// Instead of the policy's backoff.
        delay_seconds: Option<u32>,
        /// How far the work was, for the next attempt; left out, what renewals said before stays.
        #[schema(value_type = Option<Value>)]
        progress: Option<Value>,
    },
    /// Handed back; spends nothing.
    #[schema(title = "ReleasedSettlement")]
    Queued {
        lease_token: Option<String>,
        delay_seconds: Option<u32>,
        /// Why, for programs, like `no_handler` or `hold`.
        code: Option<String>,
        /// Why, for people.
        reason: Option<String>,
        /// How far the work was, for the next attempt; left out, what renewals said before stays.
        #[schema(value_type = Option<Value>)]
        progress: Option<Value>,
    },
    /// Renewed from now on.
    #[schema(title = "RenewedSettlement")]
    Processing {
        lease_token: Option<String>,
        /// Instead of the lease's own; may shorten.
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
    /// By which dead letters of one cause are grouped, in the place of the one that the server makes of the type and the
    /// message.
    fingerprint: Option<String>,
    #[schema(value_type = Option<Value>)]
    details: Option<Value>,
}

/// Reads the token and what is reported; `requester` is by whose quota new queues of follow-ups are made.
pub fn read_what_is_reported(
    fields: &Fields<'_>,
    errors: &Errors,
    requester: Requester,
) -> Option<(Option<LeaseToken>, Report)> {
    let token_from = |raw| parsed(str::parse::<LeaseToken>)(raw);
    let lease_token = if fields.limits().are_lease_tokens_optional {
        fields.optional("lease_token", token_from)
    } else {
        fields.required("lease_token", token_from)
    };
    let report = read_report(fields, errors, requester);
    fields.finish_with(goes_with);
    Some((lease_token, report?))
}

/// What goes with one status or another, and with which.
const FIELDS_BY_STATUS: [(&str, &str); 9] = [
    ("result", "completed"),
    ("enqueue", "completed"),
    ("error", "failed"),
    ("retryable", "failed"),
    ("delay_seconds", "failed or queued"),
    ("visibility_timeout_seconds", "processing"),
    ("progress", "failed, queued or processing"),
    ("code", "queued"),
    ("reason", "queued"),
];

fn goes_with(member: &str) -> Option<String> {
    let (_, statuses) = FIELDS_BY_STATUS.iter().find(|(name, _)| *name == member)?;
    Some(format!("goes only with status {statuses}"))
}

fn read_report(fields: &Fields<'_>, errors: &Errors, requester: Requester) -> Option<Report> {
    let delay = |fields: &Fields<'_>| {
        fields
            .optional("delay_seconds", integer(0..=MAX_RETRY_DELAY_SECONDS))
            .map(|seconds| Duration::from_secs(seconds.into()))
    };
    let progress = || fields.optional("progress", fields.any_json(fields.limits().detail()));
    let status = fields.required("status", |raw| {
        let status = text(raw)?;
        Status::parse(&status)
            .filter(|status| *status != Status::Cancelled)
            .ok_or_else(|| "must be completed, failed, queued or processing: what an engine reports".to_owned())
    });
    let Some(status) = status else {
        fields.let_pass(&FIELDS_BY_STATUS.map(|(name, _)| name));
        return None;
    };
    match status {
        Status::Completed => Some(Report::Completed {
            result: fields.optional("result", fields.any_json(fields.limits().detail())),
            follow_ups: read_follow_ups(fields, errors, requester),
        }),
        Status::Failed => {
            let error = fields.required("error", |raw| Ok::<_, String>(read_error(raw, fields, errors)));
            let is_retryable = fields.optional("retryable", boolean).unwrap_or(true);
            let (delay, progress) = (delay(fields), progress());
            Some(Report::Failed { is_retryable, delay, progress, error: error.flatten()? })
        }
        Status::Queued => Some(Report::Released {
            delay: delay(fields).unwrap_or_default(),
            code: fields.optional("code", checked_text(MAX_RELEASE_CODE_CHARS)),
            reason: fields.optional("reason", checked_text(MAX_RELEASE_REASON_CHARS)),
            progress: progress(),
        }),
        Status::Processing => Some(Report::Renewed {
            visibility_timeout_seconds: fields.optional("visibility_timeout_seconds", visibility_timeout()),
            progress: progress(),
        }),
        Status::Cancelled => None,
    }
}

/// The follow-up events of a completion. Whose keys they bring, and what they inherit, is known when the event is.
fn read_follow_ups(fields: &Fields<'_>, errors: &Errors, requester: Requester) -> Vec<NewEvent> {
    let items = fields.optional("enqueue", |raw| array(raw, MAX_FOLLOW_UPS)).unwrap_or_default();
    let place = fields.place("enqueue");
    let read = |(index, raw)| {
        let event = Fields::of(raw, format!("{place}/{index}"), errors, fields.input())?;
        read_event(&event, None, (None, None), (None, requester))
    };
    items.into_iter().enumerate().filter_map(read).collect()
}

/// A message, or an object with a message; what is wrong with it is reported. Whatever its strings hold, it can be reported:
/// it is kept as it was sent.
fn read_error<'a>(raw: &'a RawValue, of: &Fields<'a>, errors: &'a Errors) -> Option<ReportedError> {
    let limit = of.limits().detail();
    let refuse = |detail: String| errors.add(InputPlace::Pointer(of.place("error")), detail);
    if !raw.get().starts_with('{') {
        let Some(message) = JsonString::decode(raw) else {
            refuse(format!("must be a string or an object with a message, not {}", kind(raw)));
            return None;
        };
        within_bytes(raw.get().len(), limit).map_err(refuse).ok()?;
        return Some(ReportedError::of_message(raw, &message));
    }
    let fields = Fields::of(raw, of.place("error"), errors, of.input())?;
    let string = |raw| {
        within_bytes(RawValue::get(raw).len(), limit)?;
        any_string(raw)
    };
    let kind = fields.optional("type", string);
    let message = fields.required("message", string);
    let details = fields.optional("details", |raw| check_json(raw, limit).map(|()| raw.get().len()));
    let fingerprint = fields.optional("fingerprint", checked_text(MAX_FINGERPRINT_CHARS));
    fields.finish();
    let message = message?;
    let is_refused = |name, is_read: bool| !is_read && fields.is_given(name);
    if is_refused("type", kind.is_some())
        || is_refused("details", details.is_some())
        || is_refused("fingerprint", fingerprint.is_some())
    {
        return None;
    }
    if let Err(detail) = within_bytes(raw.get().len() - details.unwrap_or(0), limit) {
        refuse(format!("{detail}, not counting details"));
        return None;
    }
    let error = ReportedError::of_object(SentJson::of(of.input().text(), raw), kind.as_ref(), &message);
    Some(ReportedError { fingerprint, ..error })
}
