//! Counts as other types want them.

/// As spans and gauges have it; what is larger becomes the largest.
pub fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Exact up to 2^52, which no count here reaches.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub const fn to_f64(count: i64) -> f64 {
    count as f64
}
