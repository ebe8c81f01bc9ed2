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
    if count == 1 { "is" } else { "are" }
}
