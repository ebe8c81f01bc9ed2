//! Names that clients choose: each with one checked constructor.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::limits;

/// Why a text is not taken as a name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum BadName {
    #[error("must not be empty")]
    Empty,
    #[error("is longer than {limit} characters")]
    TooLong { limit: usize },
    #[error("has the character {character:?}; allowed are letters, digits and . _ : -")]
    Character { character: char },
    #[error("has a control character")]
    Control,
    #[error("must not be . or .., which vanish from the path of a URL")]
    Dots,
}

/// Letters, digits and `. _ : -`, 1 to `limit` characters.
fn check_plain(text: &str, limit: usize) -> Result<(), BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.chars().count() > limit {
        return Err(BadName::TooLong { limit });
    }
    check_dots(text)?;
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))) {
        Some(character) => Err(BadName::Character { character }),
        None => Ok(()),
    }
}

/// Names stand in paths, where `.` and `..` are steps: libraries for URLs take them out, also as `%2e`.
fn check_dots(text: &str) -> Result<(), BadName> {
    if matches!(text, "." | "..") { Err(BadName::Dots) } else { Ok(()) }
}

/// The id of a scenario run: any text that [`check_text`] takes and that can stand in a path.
fn check_run_id(text: &str, limit: usize) -> Result<(), BadName> {
    check_text(text, limit)?;
    check_dots(text)
}

/// Any text without control characters, 1 to `limit` characters.
///
/// # Errors
/// The rule that `text` breaks, for the caller to correct.
pub fn check_text(text: &str, limit: usize) -> Result<(), BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.chars().count() > limit {
        return Err(BadName::TooLong { limit });
    }
    if text.chars().any(char::is_control) {
        return Err(BadName::Control);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:path, $limit:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A checked name.
            ///
            /// # Errors
            /// The rule that `text` breaks, for the caller to correct.
            pub fn parse(text: &str) -> Result<Self, BadName> {
                $check(text, $limit)?;
                Ok(Self(text.to_owned()))
            }

            /// As it was sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// What kind of engine works on an event: the name of its queue.
    #[derive(ToSchema)]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]+$")]
    EngineType, check_plain, limits::MAX_TYPE_NAME_CHARS
}
name! {
    /// What happened; retry policies may be set by it.
    EventType, check_plain, limits::MAX_TYPE_NAME_CHARS
}
name! {
    /// The simulation run an event or engine belongs to. Numbers are kept as their decimal text.
    ScenarioRunId, check_run_id, limits::MAX_SCENARIO_RUN_ID_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_kept_as_they_are() {
        assert_eq!(EngineType::parse("dialogue.v2:eu_west-1").expect("allowed").as_str(), "dialogue.v2:eu_west-1");
    }

    #[test]
    fn each_kind_of_bad_name_is_told_apart() {
        assert_eq!(EngineType::parse(""), Err(BadName::Empty));
        assert_eq!(EventType::parse(&"x".repeat(65)), Err(BadName::TooLong { limit: 64 }));
        assert_eq!(EngineType::parse("a b"), Err(BadName::Character { character: ' ' }));
        assert_eq!(EngineType::parse("naïve"), Err(BadName::Character { character: 'ï' }));
        assert_eq!(ScenarioRunId::parse("a\u{0}"), Err(BadName::Control));
        assert!(ScenarioRunId::parse("run 7 – ü").is_ok());
        for name in [".", ".."] {
            assert_eq!(EngineType::parse(name), Err(BadName::Dots));
            assert_eq!(EventType::parse(name), Err(BadName::Dots));
            assert_eq!(ScenarioRunId::parse(name), Err(BadName::Dots));
        }
        assert!(EngineType::parse("...").is_ok());
    }
}
