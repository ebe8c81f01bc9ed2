//! Numbers with their nouns, for sentences.

/// A number and its noun: `1 event`, `3 events`.
#[must_use]
pub fn counted(count: i64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

/// A number, its noun and its verb: `1 event is`, `3 events are`.
#[must_use]
pub fn counted_are(count: i64, noun: &str) -> String {
    format!("{} {}", counted(count, noun), are(count))
}

/// The verb of a number: `is` or `are`.
#[must_use]
pub const fn are(count: i64) -> &'static str {
    agreeing(count, "is", "are")
}

/// How often: `once`, `3 times`.
#[must_use]
pub fn times(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Since when events have been due: of one, or of the oldest.
#[must_use]
pub fn the_oldest(count: i64) -> &'static str {
    agreeing(count, "it", "the oldest")
}

/// The word that goes with a number.
#[must_use]
pub const fn agreeing(count: i64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
