//! Spans of time, as people say them.

/// The largest unit that fits: `0.4 s`, `45 s`, `12 min`, `3 h`, `9 days`. A unit is left for the next one at twice its
/// length, so that `90 min` is not `1 h`.
#[must_use]
pub fn in_words(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 86_400.0;
    let seconds = seconds.max(0.0);
    if seconds < 0.05 {
        "0 s".to_owned()
    } else if seconds < 1.0 {
        format!("{seconds:.1} s")
    } else if seconds < 2.0 * MINUTE {
        format!("{} s", seconds.floor())
    } else if seconds < 2.0 * HOUR {
        format!("{} min", (seconds / MINUTE).floor())
    } else if seconds < 2.0 * DAY {
        format!("{} h", (seconds / HOUR).floor())
    } else {
        format!("{} days", (seconds / DAY).floor())
    }
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
            (1.9, "1 s"),
            (119.9, "119 s"),
            (120.0, "2 min"),
            (7199.0, "119 min"),
            (7200.0, "2 h"),
            (172_799.0, "47 h"),
            (172_800.0, "2 days"),
        ] {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
    }
}
