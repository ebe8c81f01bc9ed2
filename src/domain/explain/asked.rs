//! Engines that could take events of a queue and take none: when they last asked for some.

use chrono::{DateTime, Utc};

use crate::domain::advised_command::engines_of;
use crate::domain::counted::{agreeing, counted};
use crate::domain::spans::in_words;

/// The engines of a queue that are given events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How many they are.
    pub engines: i64,
    /// Those that have not asked since they registered.
    pub never: i64,
    /// When one of them last asked.
    pub latest_at: Option<DateTime<Utc>>,
}

/// What is known of them, where none of them holds an event.
pub(super) fn in_a_clause(asked: Option<&Asked>, now: DateTime<Utc>) -> String {
    let Some(asked) = asked.filter(|asked| asked.engines > 0) else { return String::new() };
    let Asked { engines, never, latest_at } = *asked;
    let have_room = format!("; {} {} room", counted(engines, "active engine"), agreeing(engines, "has", "have"));
    let ago = |at: DateTime<Utc>| in_words((now - at).as_seconds_f64());
    match latest_at {
        None => format!("{have_room} and {} never asked for work", agreeing(engines, "has", "have")),
        Some(at) if engines == 1 => format!("{have_room} and last asked for work {} ago", ago(at)),
        Some(at) if never == 0 => format!("{have_room}, and one of them last asked for work {} ago", ago(at)),
        Some(at) => {
            format!("{have_room}, {never} of them never asked for work, and another last did {} ago", ago(at))
        }
    }
}

/// What to do about them.
pub(super) fn what_to_do(engine_type: &str) -> String {
    format!("see whether its engines ask for work, and what they do instead: {}", engines_of(engine_type))
}
