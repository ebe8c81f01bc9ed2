//! What a client is told when something is wrong: `application/problem+json` (RFC 9457). Here,
//! and only here, errors of the use-cases become replies; causes are logged once, here.

mod all_codes;
mod members;
mod of_errors;

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::fields::TOO_DEEP;
use super::limit::Limit;
use crate::broker;
use crate::domain::access::{Operation, Role};
use members::MembersBody;

/// So many bad places are named; the detail counts them all.
const MAX_ERRORS_TOLD: usize = 200;
/// Of a place that is named, since a caller may give a member a name of any length.
pub const MAX_PLACE_CHARS: usize = 300;
/// Of what is said of it, which may quote what was sent.
const MAX_DETAIL_CHARS: usize = 500;
/// For all entries of a batch together; beyond it, one mistake of each.
pub const MAX_ERRORS_TOLD_OF_BATCH: usize = 2000;

/// The stable codes; the only thing a program should tell problems apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[schema(as = ProblemCode)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    MalformedJson,
    Unauthenticated,
    Forbidden,
    NotForBrowsers,
    CrossSiteRefused,
    HostNotAllowed,
    NotFound,
    TokenNotFound,
    EngineNotFound,
    EventNotFound,
    QueueNotFound,
    MethodNotAllowed,
    LeaseLost,
    AlreadySettled,
    EngineTypeMismatch,
    EngineIdTaken,
    EventIsFinal,
    NotADeadLetter,
    QueueInUse,
    CountChanged,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
    InvalidInput,
    IdempotencyKeyReused,
    PollIdReused,
    TooManyQueues,
    TooManyEventTypes,
    Overloaded,
    RateLimited,
    Internal,
    DatabaseUnavailable,
    ShuttingDown,
    DatabaseTimeout,
}

impl Code {
    /// Status, code, title.
    const fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "malformed_json", "The body is not JSON"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication required"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotForBrowsers => {
                (StatusCode::FORBIDDEN, "not_for_browsers", "Leasing is for engines, not for browsers")
            }
            Self::CrossSiteRefused => (StatusCode::FORBIDDEN, "cross_site_refused", "Request of another site refused"),
            Self::HostNotAllowed => (StatusCode::MISDIRECTED_REQUEST, "host_not_allowed", "Host not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Nothing is here"),
            Self::TokenNotFound => (StatusCode::NOT_FOUND, "token_not_found", "The token is not known"),
            Self::EngineNotFound => (StatusCode::NOT_FOUND, "engine_not_found", "The engine is not registered"),
            Self::EventNotFound => (StatusCode::NOT_FOUND, "event_not_found", "The event is not known"),
            Self::QueueNotFound => (StatusCode::NOT_FOUND, "queue_not_found", "The queue does not exist"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The method does not fit the resource")
            }
            Self::LeaseLost => (StatusCode::CONFLICT, "lease_lost", "The lease is over"),
            Self::AlreadySettled => (StatusCode::CONFLICT, "already_settled", "The lease was settled otherwise"),
            Self::EngineTypeMismatch => (StatusCode::CONFLICT, "engine_type_mismatch", "The engine is of another type"),
            Self::EngineIdTaken => (StatusCode::CONFLICT, "engine_id_taken", "The engine id is taken"),
            Self::EventIsFinal => (StatusCode::CONFLICT, "event_is_final", "The event has ended"),
            Self::NotADeadLetter => (StatusCode::CONFLICT, "not_a_dead_letter", "The event is not a dead letter"),
            Self::QueueInUse => (StatusCode::CONFLICT, "queue_in_use", "The queue is in use"),
            Self::CountChanged => (StatusCode::CONFLICT, "count_changed", "Count changed"),
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request took too long to come")
            }
            Self::TooManyQueues => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_queues", "No more queues are made"),
            Self::TooManyEventTypes => {
                (StatusCode::UNPROCESSABLE_ENTITY, "too_many_event_types", "No more event types get a policy")
            }
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON")
            }
            Self::InvalidInput => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", "The request has errors"),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The idempotency key stands for another body",
            ),
            Self::PollIdReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "poll_id_reused", "The poll id stands for another poll")
            }
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too much in too short a time"),
            Self::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "overloaded", "Too much at once"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here"),
            Self::DatabaseUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", "The database is not available")
            }
            Self::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "The service is stopping"),
            Self::DatabaseTimeout => {
                (StatusCode::GATEWAY_TIMEOUT, "database_timeout", "The database did not answer in time")
            }
        }
    }
}

/// Shortens a text to its first characters, and shows that it did.
fn cut(text: &mut String, max_chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
        text.push('…');
    }
}

/// One bad place of a request, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InputError {
    #[serde(flatten)]
    pub place: InputPlace,
    /// What is wrong there.
    pub detail: String,
}

/// An [`InputError`] as generators of clients can read it: exactly one of the places is there.
#[derive(ToSchema)]
#[schema(as = InputError, description = "One bad place of a request: a pointer, a parameter or a header.")]
#[expect(dead_code, reason = "describes the reply to OpenAPI")]
struct InputErrorBody {
    /// A JSON pointer into the body (RFC 6901).
    #[schema(nullable = false)]
    pointer: Option<String>,
    /// A parameter of the path or the query.
    #[schema(nullable = false)]
    parameter: Option<String>,
    #[schema(nullable = false)]
    header: Option<String>,
    /// What is wrong there.
    detail: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputPlace {
    /// A JSON pointer into the body (RFC 6901).
    Pointer(String),
    /// A parameter of the path or the query.
    Parameter(String),
    Header(String),
}

/// The body of every error reply.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:eventlease:problem:<code>`
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What happened this time.
    detail: String,
    /// Stable; the one member to decide by.
    code: Code,
    /// For bad input: every bad place at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<InputErrorBody>)]
    errors: Vec<InputError>,
    /// What else there is to know, by code.
    #[serde(flatten)]
    #[schema(value_type = MembersBody)]
    more: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Vec<InputError>,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    limit: Option<Limit>,
    cause: Option<Cause>,
}

/// Why the service could not carry out a call. It travels with the reply to where it is logged, with the request's id.
#[derive(Clone, Debug)]
pub struct Cause(pub Box<broker::Error>);

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (errors, more, headers) = (Vec::new(), Map::new(), Vec::new());
        Self { code, detail: detail.into(), errors, more, headers, limit: None, cause: None }
    }

    #[must_use]
    pub fn invalid_input(mut errors: Vec<InputError>) -> Self {
        let detail = match errors.len() {
            1 => "one place of the request is wrong".to_owned(),
            count => format!("{count} places of the request are wrong"),
        };
        // A body of nothing but mistakes must not make a reply many times its size.
        errors.truncate(MAX_ERRORS_TOLD);
        errors.shrink_to_fit();
        for InputError { place, detail } in &mut errors {
            let (InputPlace::Pointer(text) | InputPlace::Parameter(text) | InputPlace::Header(text)) = place;
            cut(text, MAX_PLACE_CHARS);
            cut(detail, MAX_DETAIL_CHARS);
        }
        let limit = errors.iter().any(|error| error.detail.starts_with(TOO_DEEP)).then_some(Limit::JsonDepth);
        Self { errors, limit, ..Self::new(Code::InvalidInput, detail) }
    }

    /// Too much is going on here; the same may work in a moment.
    #[must_use]
    pub fn overloaded(detail: &str) -> Self {
        Self::new(Code::Overloaded, detail).retry_after_a_second()
    }

    /// Says which limit it was.
    #[must_use]
    pub const fn of_limit(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Says why the service could not carry out the call, for the log.
    #[must_use]
    pub fn caused_by(mut self, error: broker::Error) -> Self {
        self.cause = Some(Cause(Box::new(error)));
        self
    }

    /// Why the service could not carry out the call; `None` where it refused it.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The limit that the request met, where it was one.
    #[must_use]
    pub const fn limit(&self) -> Option<Limit> {
        self.limit
    }

    #[must_use]
    pub fn wrong_method(method: &Method) -> Self {
        Self::new(Code::MethodNotAllowed, format!("{method} is not among the methods in Allow"))
    }

    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code.as_str()
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// The same of a part of the body: its pointers begin with the part's.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        for error in &mut self.errors {
            if let InputPlace::Pointer(pointer) = &mut error.place {
                pointer.insert_str(0, part);
            }
        }
        self
    }

    /// Names no more mistakes than there is `room` for in the reply to a batch, but one at least.
    #[must_use]
    pub fn fit_into(mut self, room: &mut usize) -> Self {
        self.errors.truncate((*room).max(1));
        self.errors.shrink_to_fit();
        *room = room.saturating_sub(self.errors.len());
        self
    }

    /// The caller's role may not do this at all. Which roles may is no secret: the document says it at each operation.
    #[must_use]
    pub fn of_role(role: Role, operation: Operation) -> Self {
        let allowed: Vec<&str> = operation.allowed_roles().map(Role::as_str).collect();
        let (role, done) = (role.as_str(), operation.in_words());
        let roles = match allowed.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => return Self::new(Code::Forbidden, "nobody may do this"),
        };
        let detail = format!("the role {role} may not {done}; use a token of the role {roles}");
        Self::new(Code::Forbidden, detail).with("allowed_roles", allowed.into())
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// Worth another try then.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    fn retry_after_a_second(self) -> Self {
        self.with_header(header::RETRY_AFTER, "1")
    }

    /// As an entry of a reply that answers several.
    #[must_use]
    pub fn into_body(self) -> ProblemBody {
        let (status, code, title) = self.code.facts();
        ProblemBody {
            kind: format!("urn:eventlease:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            code: self.code,
            errors: self.errors,
            more: self.more,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (status, ..) = self.code.facts();
        let (headers, limit, cause) = (std::mem::take(&mut self.headers), self.limit, self.cause.take());
        let body = serde_json::to_vec(&self.into_body()).expect("texts and numbers can be written as JSON");
        let mut response =
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], body)
                .into_response();
        response.headers_mut().extend(headers);
        if let Some(limit) = limit {
            response.extensions_mut().insert(limit);
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl Problem {
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "the cause is in the server's log, under this reply's X-Request-Id")
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;

    #[test]
    fn a_code_is_called_the_same_in_replies_and_in_the_document() {
        let RefOr::T(Schema::Object(codes)) = Code::schema() else { panic!("not an enumeration") };
        let codes = codes.enum_values.expect("an enumeration");
        assert!(codes.len() > 30, "{codes:?}");
        for documented in codes {
            let code: Code = serde_json::from_value(documented.clone()).expect("a code");
            assert_eq!(code.facts().1, documented);
        }
    }
}
