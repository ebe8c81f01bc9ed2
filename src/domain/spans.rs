//! Spans of time in seconds: as people say them, and back from a time.

use chrono::{DateTime, TimeDelta, Utc};

/// The largest unit that fits, rounded: `0.4 s`, `45 s`, `12 min`, `3 h`, `9 days`. A unit is left for the next one at
/// twice its length, so that `90 min` is not `2 h`.
#[must_use]
pub fn in_words(seconds: f64) -> String {
    let whole = |unit: f64| (seconds / unit).round();
    let (minutes, hours) = (whole(60.0), whole(3600.0));
    if seconds < 0.05 {
        "0 s".to_owned()
    } else if seconds < 0.95 {
        format!("{seconds:.1} s")
    } else if whole(1.0) < 120.0 {
        format!("{} s", whole(1.0))
    } else if minutes < 120.0 {
        format!("{minutes} min")
    } else if hours < 48.0 {
        format!("{hours} h")
    } else {
        format!("{} days", whole(86_400.0))
    }
}

/// That many seconds before a time.
#[must_use]
pub fn before(time: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "ages are far below 2^63 milliseconds")]
    let span = TimeDelta::milliseconds((seconds * 1000.0) as i64);
    time - span
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_span_has_the_largest_unit_that_tells_enough() {
        for (seconds, words) in [
            (-3.0, "0 s"),
            (0.0, "0 s"),
            (0.42, "0.4 s"),
            (0.99, "1 s"),
            (1.6, "2 s"),
            (119.4, "119 s"),
            (119.9, "2 min"),
            (299.7, "5 min"),
            (5400.0, "90 min"),
            (7199.0, "2 h"),
            (169_000.0, "47 h"),
            (172_799.0, "2 days"),
        ] {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
    }
}
