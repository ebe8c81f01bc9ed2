//! What a client is told when something is wrong: `application/problem+json` (RFC 9457). Here,
//! and only here, errors of the use-cases become replies; causes are logged once, here.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::code::Code;
use super::input_error::{InputError, InputErrorBody, InputPlace, MAX_PLACE_CHARS};
use super::limit::Limit;
use super::members::MembersBody;
use super::retry::Later;
use crate::broker;
use crate::domain::access::{Operation, Role};

/// Most bad places that are named; the detail counts them all.
const MAX_ERRORS_TOLD: usize = 200;
/// Of what is said of it, which may quote what was sent.
const MAX_DETAIL_CHARS: usize = 500;
/// For all entries of a batch together; beyond it, one mistake of each.
pub const MAX_ERRORS_TOLD_OF_BATCH: usize = 2000;

/// Shortens a text to its first characters, and shows that it did.
fn cut(text: &mut String, max_chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
        text.push('…');
    }
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
    /// For bad input, and for what a token does not allow of it: every bad place at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<InputErrorBody>)]
    errors: Vec<InputError>,
    /// What else there is to know, by code.
    #[serde(flatten)]
    #[schema(value_type = MembersBody)]
    more: Map<String, Value>,
}

/// A problem to be answered: its code, what is wrong, and what the log is told of it.
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
    /// A problem without places, members or headers of its own.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (errors, more, headers) = (Vec::new(), Map::new(), Vec::new());
        Self { code, detail: detail.into(), errors, more, headers, limit: None, cause: None }
    }

    /// Lists the bad places of a request, the first ones if there are very many.
    #[must_use]
    pub fn invalid_input(mut errors: Vec<InputError>) -> Self {
        let detail = match errors.len() {
            1 => "one place of the request is wrong".to_owned(),
            count => format!("{count} places of the request are wrong"),
        };
        // A body of nothing but mistakes must not make a reply many times its size.
        errors.truncate(MAX_ERRORS_TOLD);
        errors.shrink_to_fit();
        for InputError { place, detail, .. } in &mut errors {
            let (InputPlace::Pointer(text) | InputPlace::Parameter(text) | InputPlace::Header(text)) = place;
            cut(text, MAX_PLACE_CHARS);
            cut(detail, MAX_DETAIL_CHARS);
        }
        let limit = errors.iter().find_map(|error| error.limit);
        Self { errors, limit, ..Self::new(Code::InvalidInput, detail) }
    }

    /// Names the places of the request that it is about, where it is not bad input.
    #[must_use]
    pub fn at(self, errors: Vec<InputError>) -> Self {
        Self { errors, ..self }
    }

    /// Too much is going on here; the same may work in a moment.
    #[must_use]
    pub fn overloaded(detail: &str) -> Self {
        Self::new(Code::Overloaded, detail).retry_later(Later::Overloaded)
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

    /// 404: nothing has this path.
    #[must_use]
    pub fn unknown_path(uri: &Uri) -> Self {
        Self::new(Code::NotFound, format!("no resource has the path {}", uri.path()))
    }

    /// 405: the path has other methods.
    #[must_use]
    pub fn wrong_method(method: &Method) -> Self {
        Self::new(Code::MethodNotAllowed, format!("{method} is not among the methods in Allow"))
    }

    /// The stable code that programs know it by.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// Adds a header to the reply.
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

    /// Of bad input whose places are all within follow-up events of the settlement at `settlement`: the code for that.
    #[must_use]
    pub fn of_follow_ups(self, settlement: &str) -> Self {
        let list = format!("{settlement}/enqueue/");
        let is_within =
            |error: &InputError| matches!(&error.place, InputPlace::Pointer(place) if place.starts_with(&list));
        let is_of_them =
            self.code == Code::InvalidInput && !self.errors.is_empty() && self.errors.iter().all(is_within);
        if is_of_them { self.with_code(Code::FollowUpRefused) } else { self }
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

    /// Adds a member to the body.
    pub fn with(mut self, name: &str, value: Value) -> Self {
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

    /// The same in other words.
    #[must_use]
    pub fn with_detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }

    /// The same under another code.
    #[must_use]
    pub fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Adds `Retry-After: 1`: the same call may work in a second.
    #[must_use]
    pub fn retry_after_a_second(self) -> Self {
        self.with_header(header::RETRY_AFTER, "1")
    }

    /// Worth another try after a time that nobody knows.
    #[must_use]
    pub fn retry_later(self, later: Later) -> Self {
        self.retry_after(Duration::from_secs(later.seconds().into()))
    }

    /// For where the problem is part of a reply of success, which has no such header: `Retry-After` as a member.
    #[must_use]
    pub fn with_wait_in_body(self) -> Self {
        let told = self.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        match told.and_then(|(_, seconds)| seconds.to_str().ok()?.parse::<u64>().ok()) {
            Some(seconds) => self.with("retry_after_seconds", seconds.into()),
            None => self,
        }
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
    /// 500: the cause is in the log, not in the reply.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "the cause is in the server's log, under this reply's X-Request-Id")
    }
}
