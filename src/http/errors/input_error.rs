//! One bad place of a request, and the list of those found so far.

use serde::Serialize;
use std::cell::RefCell;
use utoipa::ToSchema;

/// Of a place that is named, since a caller may give a member a name of any length.
pub const MAX_PLACE_CHARS: usize = 300;

/// What is said of JSON beyond its depth begins so; by it such refusals are counted.
pub const TOO_DEEP: &str = "is nested ";

/// One bad place of a request, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InputError {
    /// Where in the request.
    #[serde(flatten)]
    pub place: InputPlace,
    /// What is wrong there.
    pub detail: String,
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
    pub fn add(&self, place: InputPlace, detail: impl Into<String>) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MAX_ERRORS_KEPT {
            errors.push(InputError { place, detail: detail.into() });
        }
    }

    /// All entries, in the order in which they were found.
    pub fn take(&self) -> Vec<InputError> {
        self.0.take()
    }
}
