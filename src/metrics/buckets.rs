//! Upper edges of the histograms' buckets. Each is a series for every queue or route that a histogram has as a label.

/// Seconds, from a millisecond to the longest long poll.
pub const REQUEST: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Seconds, from a tenth of a second to the longest lease that a queue may allow.
pub const ATTEMPT: &[f64] = &[
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0, 150.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 10_800.0,
    43_200.0, 604_800.0,
];
/// Requests, from one alone to the largest batch of single ones.
pub const BATCH: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Seconds, from a millisecond to a day.
pub const WAIT: &[f64] = &[
    0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    14_400.0, 86_400.0,
];
/// Seconds, from a millisecond to what a call may wait for a connection.
pub const POOL_WAIT: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
