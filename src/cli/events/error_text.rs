//! Errors on one line.

use serde_json::value::RawValue;

use crate::cli::text::cut;
use crate::domain::json::object::member_named;
use crate::domain::json::string::JsonString;

/// Enough of an error's message to know it again, in a list.
const ERROR_CHARS: usize = 60;

/// An error on one line: its type and message where it has them, else as it is.
pub fn error_text(error: &RawValue) -> String {
    let text = |name| {
        let found = member_named(error, name).and_then(JsonString::decode);
        found.map(|text| text.storable(usize::MAX))
    };
    match (text("type"), text("message")) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (None, Some(message)) => message,
        (_, None) => error.get().to_owned(),
    }
}

/// The same, no longer than fits into a list.
pub fn short_error_text(error: &RawValue) -> String {
    cut(&error_text(error), ERROR_CHARS)
}

/// The same of an error whose type and message are known.
pub fn short_text(kind: Option<String>, message: Option<String>) -> String {
    match (kind, message) {
        (Some(kind), Some(message)) => cut(&format!("{kind}: {message}"), ERROR_CHARS),
        (Some(text), None) | (None, Some(text)) => cut(&text, ERROR_CHARS),
        (None, None) => String::new(),
    }
}
