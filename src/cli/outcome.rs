//! How a command ends: its exit code, and the error that is printed.

use std::process::ExitCode;

use super::text::{cut, plain_lines};
use crate::config::{DatabaseUrl, DirectDatabase};
use crate::domain::counted::counted_match;
use crate::output;

/// The exit code that a command ends with, or the error that is printed.
pub type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// Flags that do not go together, in a way that only we know.
#[derive(Debug, thiserror::Error)]
#[error("{0}; for more, try '--help'")]
pub struct UsageError(pub String);

/// What is said where so many match and nothing was done.
pub fn only_counted(matched: u64, noun: &str) -> String {
    match matched {
        0 => format!("no {noun} matches"),
        some => format!("{}; nothing was changed", counted_match(some, noun)),
    }
}

/// The database that a command works on without a server; `None`: it asks a server.
pub fn database_of(place: &DirectDatabase) -> Result<Option<DatabaseUrl>, UsageError> {
    place.url().map_err(|error| UsageError(with_causes(&error)))
}

/// Of an error that is printed.
const MAX_ERROR_CHARS: usize = 16 << 10;

/// Prints an error with its causes. The exit code is 2 for flags that do not go together, else 1.
pub fn failed(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    // Part of it may be what some server sent.
    let text = plain_lines(&cut(&with_causes(error), MAX_ERROR_CHARS));
    output::say(format_args!("eventlease: {text}"));
    if error.is::<UsageError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// An error with all its causes, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
