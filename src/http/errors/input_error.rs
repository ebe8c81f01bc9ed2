//! One bad place of a request, and the list of those found so far.

use serde::Serialize;
use std::cell::RefCell;
use utoipa::ToSchema;

use super::limit::Limit;

/// Of a place that is named, since a caller may give a member a name of any length.
pub const MAX_PLACE_CHARS: usize = 300;

/// One bad place of a request, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InputError {
    /// Where in the request.
    #[serde(flatten)]
    pub place: InputPlace,
    /// What is wrong there.
    pub detail: String,
    /// The limit that it is beyond, where such refusals are counted.
    #[serde(skip)]
    pub limit: Option<Limit>,
}

impl InputError {
    /// What is wrong at a place.
    pub fn new(place: InputPlace, mistake: impl Into<Mistake>) -> Self {
        let Mistake { detail, limit } = mistake.into();
        Self { place, detail, limit }
    }
}

/// What is wrong with a value, wherever it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// In words that follow the name of the place.
    pub detail: String,
    /// The limit that it is beyond, where such refusals are counted.
    pub limit: Option<Limit>,
}

impl From<String> for Mistake {
    fn from(detail: String) -> Self {
        Self { detail, limit: None }
    }
}

impl From<&str> for Mistake {
    fn from(detail: &str) -> Self {
        Self::from(detail.to_owned())
    }
}

/// A place in a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputPlace {
    /// A JSON pointer into the body (RFC 6901).
    Pointer(String),
    /// A parameter of the path or the query.
    Parameter(String),
    /// A header, by its name.
    Header(String),
}

/// An [`InputError`] as generators of clients can read it: exactly one of the places is there.
#[derive(ToSchema)]
#[schema(as = InputError, description = "One bad place of a request: a pointer, a parameter or a header.")]
#[expect(dead_code, reason = "describes the reply to OpenAPI")]
pub struct InputErrorBody {
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

/// A body of nothing but mistakes has millions of them; nobody is told of more than a few.
const MAX_ERRORS_KEPT: usize = 10_000;

/// What is wrong with a request, so far.
#[derive(Debug, Default)]
pub struct Errors(RefCell<Vec<InputError>>);

impl Errors {
    /// Notes what is wrong with a place; at most 10,000 entries are kept.
    pub fn add(&self, place: InputPlace, mistake: impl Into<Mistake>) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MAX_ERRORS_KEPT {
            errors.push(InputError::new(place, mistake));
        }
    }

    /// All entries, in the order in which they were found.
    pub fn take(&self) -> Vec<InputError> {
        self.0.take()
    }
}
