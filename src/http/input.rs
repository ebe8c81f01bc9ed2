//! A request's parts, read so that every bad place is named at once: path, query, headers, body.
//!
//! `serde`'s derive stops at the first error; here each part is read by a checked constructor, and
//! what is wrong is collected until [`Reader::finish`].

use std::borrow::Cow;
use std::cell::RefCell;

use axum::extract::{FromRequest, RawPathParams, Request};
use axum::http::{HeaderMap, Method};
use bytestring::ByteString;
use serde_json::value::RawValue;

use super::Api;
use super::access::Caller;
use super::around::REQUEST_ID;
use super::body::HeldBody;
use super::fields::Fields;
use super::problem::{Code, InputError, InputPlace, Problem};
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::requester::Requester;

pub const ENGINE_ID_HEADER: &str = "x-engine-id";
const ENGINE_ID_PARAMETER: &str = "engine_id";

/// A whole request, its body within the limit.
#[derive(Debug)]
pub struct Input {
    path: Vec<(String, String)>,
    query: Vec<QueryParameter>,
    pub headers: HeaderMap,
    body: HeldBody,
    pub caller: Caller,
}

#[derive(Debug)]
struct QueryParameter {
    name: String,
    value: String,
    /// The value was written with a +, which stands for a space in a query. Callers do not always know that.
    has_plus: bool,
}

impl FromRequest<Api> for Input {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        use axum::extract::FromRequestParts as _;
        let (mut parts, body) = request.into_parts();
        let path = RawPathParams::from_request_parts(&mut parts, api)
            .await
            .map_err(|_| Problem::new(Code::NotFound, "the path is not UTF-8"))?
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let query = read_query(parts.uri.query().unwrap_or_default());
        let caller = Caller::of(&mut parts.extensions);
        let mut input = Self { path, query, headers: parts.headers, body: HeldBody::default(), caller };
        // What is not allowed is not read.
        input.check_reach(api).await?;
        let takes_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        if takes_body {
            input.body = HeldBody::read(body, &input.headers, api).await?;
        }
        // A body may take a minute to arrive, and a token may end in that time.
        input.caller.check_still_good(api)?;
        // Every call of an engine is a sign of its life.
        if let Some(engine_id) = input.calling_engine() {
            api.broker.note_call(engine_id);
        }
        Ok(input)
    }
}

fn read_query(query: &str) -> Vec<QueryParameter> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .flat_map(|part| {
            let has_plus = part.split_once('=').is_some_and(|(_, value)| value.contains('+'));
            url::form_urlencoded::parse(part.as_bytes()).into_owned().map(move |(name, value)| QueryParameter {
                name,
                value,
                has_plus,
            })
        })
        .collect()
}

pub fn parse_uuid(text: &str) -> Result<uuid::Uuid, String> {
    // Only the hyphenated form: `uuid` would take braces and a URN prefix as well.
    match text.len() {
        36 => uuid::Uuid::try_parse(text).map_err(|_| "is not a UUID".to_owned()),
        _ => Err("is not a UUID".to_owned()),
    }
}

impl Input {
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { input: self, errors: Errors::default(), known_parameters: RefCell::default() }
    }

    /// The engine that calls: the token's; where there is no authentication, the one named.
    pub fn calling_engine(&self) -> Option<EngineId> {
        match self.caller.identity() {
            Some(identity) => identity.engine_id,
            None => self.named_engine().and_then(|(_, text)| parse_uuid(&text).ok()).map(EngineId),
        }
    }

    /// Who asks for a change, for the audit trail.
    pub fn actor(&self, api: &Api) -> Actor {
        let request_id = self.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let address = api.access.address(self.caller.peer, &self.headers);
        match self.caller.identity() {
            Some(identity) => Actor {
                name: identity.name.to_string(),
                token_id: Some(identity.token_id),
                role: Some(identity.role),
                address,
                request_id,
            },
            None => Actor { address, request_id, ..Actor::named(Actor::ANONYMOUS) },
        }
    }

    /// By whose quota something new is made.
    pub fn requester(&self, api: &Api) -> Requester {
        let identity = self.caller.identity().map(|identity| &**identity);
        Requester::new(identity, api.access.address(self.caller.peer, &self.headers))
    }

    pub(super) fn path_text(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    pub(super) fn path_uuid(&self, name: &str) -> Option<uuid::Uuid> {
        self.path_text(name).and_then(|text| parse_uuid(text).ok())
    }

    pub(super) fn query_text(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|known| known.name == name).map(|known| known.value.as_str())
    }

    /// Drops everything but the caller, so that a call that waits holds no body.
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// The body, decompressed.
    pub const fn text(&self) -> &ByteString {
        self.body.text()
    }

    /// The engine that the caller says it is, and where it says so.
    pub(super) fn named_engine(&self) -> Option<(InputPlace, Cow<'_, str>)> {
        if let Some(value) = self.headers.get(ENGINE_ID_HEADER) {
            let text = value.to_str().unwrap_or("?");
            return Some((InputPlace::Header("X-Engine-Id".to_owned()), Cow::Borrowed(text)));
        }
        let value = self.query_text(ENGINE_ID_PARAMETER)?;
        Some((InputPlace::Parameter(ENGINE_ID_PARAMETER.to_owned()), Cow::Borrowed(value)))
    }
}

/// A body of nothing but mistakes has millions of them; nobody is told of more than a few.
const MAX_ERRORS_KEPT: usize = 10_000;

/// What is wrong with a request, so far.
#[derive(Debug, Default)]
pub struct Errors(RefCell<Vec<InputError>>);

impl Errors {
    pub fn add(&self, place: InputPlace, detail: impl Into<String>) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MAX_ERRORS_KEPT {
            errors.push(InputError { place, detail: detail.into() });
        }
    }

    pub fn take(&self) -> Vec<InputError> {
        self.0.take()
    }
}

/// Reads the parts of one request and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a Input,
    errors: Errors,
    known_parameters: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    /// A parameter of the path.
    pub fn path<T, E: ToString>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let (_, text) = self.input.path.iter().find(|(known, _)| known == name)?;
        self.note(InputPlace::Parameter(name.to_owned()), parse(text))
    }

    /// A parameter of the query; may be missing.
    pub fn query<T, E: ToString>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        self.known_parameters.borrow_mut().push(name);
        let mut given = self.input.query.iter().filter(|known| known.name == name);
        let QueryParameter { value: text, has_plus, .. } = given.next()?;
        let place = InputPlace::Parameter(name.to_owned());
        if given.next().is_some() {
            self.errors.add(place, "is given twice");
            return None;
        }
        // No text of the database's can have it, so no filter can look for it.
        if text.contains('\0') {
            self.errors.add(place, "has a NUL character");
            return None;
        }
        let parsed = parse(text).map_err(|error| match has_plus {
            true => format!("{}; a + in a query stands for a space, and is itself written %2B", error.to_string()),
            false => error.to_string(),
        });
        self.note(place, parsed)
    }

    /// Whether a parameter of the query is given, well or badly.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.input.query.iter().any(|known| known.name == name)
    }

    /// The engine that calls: the token's; without authentication, where it says so: `X-Engine-Id`, else `?engine_id=`.
    pub fn caller(&self) -> Option<EngineId> {
        self.known_parameters.borrow_mut().push(ENGINE_ID_PARAMETER);
        let named = self.input.named_engine().and_then(|(place, text)| self.note(place, parse_uuid(&text)));
        match self.input.caller.identity() {
            Some(identity) => identity.engine_id,
            None => named.map(EngineId),
        }
    }

    /// A header; may be missing.
    pub fn header<T, E: ToString>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let value = self.input.headers.get(name)?;
        let place = InputPlace::Header(name.to_owned());
        let Ok(text) = value.to_str() else {
            self.errors.add(place, "has characters outside of ASCII");
            return None;
        };
        self.note(place, parse(text))
    }

    /// The body, which must be an object.
    pub fn body(&'a self) -> Result<Option<Fields<'a>>, Problem> {
        let raw = parse_json(self.input.text())?;
        Ok(Fields::of(raw, String::new(), &self.errors, self.input.text()))
    }

    /// The body, which may be left out.
    pub fn optional_body(&'a self) -> Result<Option<Fields<'a>>, Problem> {
        if self.input.text().is_empty() { Ok(None) } else { self.body() }
    }

    /// A body that may be left out, and has no fields.
    pub fn empty_body(&self) -> Result<(), Problem> {
        if let Some(fields) = self.optional_body()? {
            fields.finish();
        }
        Ok(())
    }

    fn note<T, E: ToString>(&self, place: InputPlace, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.errors.add(place, error.to_string())).ok()
    }

    pub const fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Ends the reading: the value made of the parts, or all that is wrong. `value` may answer
    /// `None` only where a part was missing or wrong and has been reported.
    pub fn finish<T>(&self, value: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let known = self.known_parameters.borrow();
        for QueryParameter { name, .. } in &self.input.query {
            if !known.contains(&name.as_str()) {
                self.errors.add(InputPlace::Parameter(name.clone()), "is not a parameter of this call");
            }
        }
        let errors = self.errors.take();
        if errors.is_empty() {
            value().ok_or_else(|| {
                tracing::error!("a part of a request was refused without a word");
                Problem::internal()
            })
        } else {
            Err(Problem::invalid_input(errors))
        }
    }
}

fn parse_json(body: &str) -> Result<&RawValue, Problem> {
    if body.is_empty() {
        return Err(Problem::new(Code::MalformedJson, "the body is empty; a JSON object is expected"));
    }
    serde_json::from_str(body).map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}

/// A whole number in a query.
pub fn number_in(range: std::ops::RangeInclusive<u32>) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let (low, high) = (range.start(), range.end());
        text.parse::<u32>()
            .ok()
            .filter(|number| range.contains(number) && !text.starts_with('+'))
            .ok_or_else(|| format!("must be a whole number from {low} to {high}"))
    }
}

/// A text to filter by. What is compared with every row has a limit.
pub fn text_up_to(max_chars: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        // No text of the database's can have it, so no filter can look for it.
        if text.contains('\0') {
            return Err("has a NUL character".to_owned());
        }
        match text.chars().count() {
            chars if chars <= max_chars => Ok(text.to_owned()),
            chars => Err(format!("has {chars} characters; at most {max_chars} are taken")),
        }
    }
}

/// A time in a query.
pub fn time(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "must be a time as of RFC 3339, like 2030-01-31T12:00:00Z".to_owned())
}
