//! Spans of time in seconds: as people say them, and back from a time.

use chrono::{DateTime, TimeDelta, Utc};

const UNITS: [(&str, f64); 4] = [("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)];

/// With two units at most, as the dashboard says it: `340 ms`, `1.6 s`, `45 s`, `2 h 5 min`, `1 d 1 h`.
#[must_use]
pub fn in_words(seconds: f64) -> String {
    if seconds <= 0.0 {
        "0 s".to_owned()
    } else if seconds < 0.001 {
        "< 1 ms".to_owned()
    } else if seconds < 0.9995 {
        format!("{} ms", (seconds * 1000.0).round())
    } else if seconds < 9.95 {
        let tenths = format!("{seconds:.1}");
        format!("{} s", tenths.strip_suffix(".0").unwrap_or(&tenths))
    } else {
        // Rounded to the smaller of the two units that are told, so that 59.7 s is 1 min and never 60 s.
        let first = UNITS.iter().position(|(_, size)| seconds.round() >= *size).unwrap_or(UNITS.len() - 1);
        in_units(seconds, first).or_else(|| in_units(seconds, first - 1)).unwrap_or_default()
    }
}

/// As seen from now: below an hour it has one unit, for such texts stand in lists.
#[must_use]
pub fn roughly_in_words(seconds: f64) -> String {
    let (whole, minutes) = (seconds.round().max(0.0), (seconds / 60.0).round());
    if whole < 60.0 {
        format!("{whole} s")
    } else if minutes < 60.0 {
        format!("{minutes} min")
    } else {
        // What rounds to an hour is one.
        in_words(seconds.max(3600.0))
    }
}

/// In that unit and the next smaller one; `None` where rounding carries over into a larger one.
fn in_units(seconds: f64, first: usize) -> Option<String> {
    let (name, size) = UNITS[first];
    let Some((next_name, next_size)) = UNITS.get(first + 1).copied() else {
        let whole = seconds.round();
        return (whole < 60.0).then(|| format!("{whole} {name}"));
    };
    let rounded = (seconds / next_size).round();
    if first > 0 && rounded * next_size >= UNITS[first - 1].1 {
        return None;
    }
    let whole = (rounded * next_size / size).floor();
    let rest = rounded - whole * size / next_size;
    Some(if rest > 0.0 { format!("{whole} {name} {rest} {next_name}") } else { format!("{whole} {name}") })
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
    use super::{in_words, roughly_in_words};

    /// The dashboard's tests read the same file: there is one way to say a length.
    #[test]
    fn a_length_is_said_as_the_dashboard_says_it() {
        let lengths = include_str!("../../tests/lengths.json");
        let lengths: Vec<(f64, String)> = serde_json::from_str(lengths).expect("pairs");
        assert!(lengths.len() > 20, "{}", lengths.len());
        for (seconds, words) in lengths {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
        assert_eq!(in_words(-3.0), "0 s", "clocks differ");
    }

    #[test]
    fn from_now_a_length_has_one_unit_below_an_hour() {
        for (seconds, words) in [
            (0.4, "0 s"),
            (59.4, "59 s"),
            (59.9, "1 min"),
            (119.9, "2 min"),
            (3599.0, "1 h"),
            (3660.0, "1 h 1 min"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(roughly_in_words(seconds), words, "{seconds}");
        }
    }
}
