//! Numbers with their nouns and verbs, for sentences.

use std::fmt::Display;

/// A whole number of any type.
pub trait Number: Copy + Display + PartialEq + From<u8> {}

impl<N: Copy + Display + PartialEq + From<u8>> Number for N {}

fn is_one(count: impl Number) -> bool {
    count == 1.into()
}

/// A number and its noun: `1 event`, `3 events`, `2 losses`.
#[must_use]
pub fn counted(count: impl Number, noun: &str) -> String {
    format!("{count} {}", noun_of(count, noun))
}

/// A noun, in the plural where the number is not one.
#[must_use]
pub fn noun_of(count: impl Number, noun: &str) -> String {
    if is_one(count) {
        noun.to_owned()
    } else if noun.ends_with("ss") {
        format!("{noun}es")
    } else if let Some(stem) = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        format!("{stem}ies")
    } else {
        format!("{noun}s")
    }
}

/// A number, its noun and its verb: `1 event is`, `3 events are`.
#[must_use]
pub fn counted_are(count: impl Number, noun: &str) -> String {
    format!("{} {}", counted(count, noun), are(count))
}

/// How many match: `1 event matches`, `3 events match`.
#[must_use]
pub fn counted_match(count: impl Number, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if is_one(count) { "matches" } else { "match" })
}

/// The verb of a number: `is` or `are`.
#[must_use]
pub fn are(count: impl Number) -> &'static str {
    agreeing(count, "is", "are")
}

/// How often: `once`, `3 times`.
#[must_use]
pub fn times(count: impl Number) -> String {
    if is_one(count) { "once".to_owned() } else { format!("{count} times") }
}

/// Since when events have been due: of one, or of the oldest.
#[must_use]
pub fn the_oldest(count: impl Number) -> &'static str {
    agreeing(count, "it", "the oldest")
}

/// The word that goes with a number.
#[must_use]
pub fn agreeing(count: impl Number, one: &'static str, many: &'static str) -> &'static str {
    if is_one(count) { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            [counted(0_i64, "event"), counted(1_u64, "event"), counted(2_usize, "event")],
            ["0 events", "1 event", "2 events"]
        );
        assert_eq!([counted(1, "silent loss"), counted(3, "silent loss")], ["1 silent loss", "3 silent losses"]);
        assert_eq!([counted(2, "retry policy"), counted(2, "day")], ["2 retry policies", "2 days"]);
        assert_eq!([counted_are(1, "slot"), counted_are(0, "slot")], ["1 slot is", "0 slots are"]);
        assert_eq!(
            [0, 1, 2].map(|count| counted_match(count, "queued event")),
            ["0 queued events match", "1 queued event matches", "2 queued events match"]
        );
    }
}
