//! How long attempts took, counted in buckets, and the quantiles that are read from such counts.
//!
//! The upper edges of the buckets are a geometric series, ten to a factor of ten: 0.01 s, 0.0126 s, 0.0158 s and so on, to more
//! than the longest lease. A quantile lies in the bucket of the attempt that it stands for, so it is less than 27 % from that
//! attempt's duration, and usually less than 13 %; below 0.01 s it is less than 0.01 s from it.

use super::numbers::to_f64;

/// The upper edge of the first bucket, in seconds.
const FIRST_EDGE: f64 = 0.01;
/// Buckets to a factor of ten.
const BUCKETS_PER_DECADE: f64 = 10.0;
/// The last one begins at 500,000 s and takes all that is longer; no lease lives beyond 604,800 s.
const BUCKETS: usize = 79;

/// Upper edges of the buckets that the version before this one knows, in seconds; one more bucket takes what is longer.
const COARSE_EDGES: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];
const COARSE_BUCKETS: usize = COARSE_EDGES.len() + 1;

/// Counts as they are stored: first those of the coarse buckets, then those of the fine ones. Replicas of the version before
/// write and read the coarse ones alone, so while a fleet is upgraded each version can read what the other has counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DurationCounts([i64; Self::LENGTH]);

impl DurationCounts {
    /// Number of counts, coarse and fine.
    pub const LENGTH: usize = COARSE_BUCKETS + BUCKETS;

    /// Counts one attempt.
    pub fn note(&mut self, seconds: f64) {
        self.0[coarse_bucket(seconds)] += 1;
        self.0[COARSE_BUCKETS + bucket(seconds)] += 1;
    }

    /// The counts in the order in which they are stored.
    pub const fn as_slice(&self) -> &[i64] {
        &self.0
    }
}

impl Default for DurationCounts {
    fn default() -> Self {
        Self([0; Self::LENGTH])
    }
}

/// Counts in the fine buckets alone, for what the version before does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FineCounts([i64; Self::LENGTH]);

impl FineCounts {
    /// Number of counts.
    pub const LENGTH: usize = BUCKETS;

    /// Counts one duration.
    pub fn note(&mut self, seconds: f64) {
        self.0[bucket(seconds)] += 1;
    }

    /// The counts in the order in which they are stored.
    pub const fn as_slice(&self) -> &[i64] {
        &self.0
    }

    /// True where nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }
}

impl Default for FineCounts {
    fn default() -> Self {
        Self([0; Self::LENGTH])
    }
}

/// The bucket of a duration. An edge belongs to the bucket below it.
fn bucket(seconds: f64) -> usize {
    // Durations on an edge must not be moved by how the logarithm is rounded.
    let place = BUCKETS_PER_DECADE * (seconds.max(FIRST_EDGE) / FIRST_EDGE).log10() - 1e-9;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded from both sides")]
    let bucket = place.ceil().clamp(0.0, 1000.0) as usize;
    bucket.min(BUCKETS - 1)
}

/// The same among the coarse buckets.
fn coarse_bucket(seconds: f64) -> usize {
    COARSE_EDGES.partition_point(|edge| *edge < seconds)
}

fn upper_edge(bucket: usize) -> f64 {
    let bucket = u32::try_from(bucket).expect("there are few buckets");
    FIRST_EDGE * 10_f64.powf(f64::from(bucket) / BUCKETS_PER_DECADE)
}

fn lower_edge(bucket: usize) -> f64 {
    bucket.checked_sub(1).map_or(0.0, upper_edge)
}

/// Counts of attempts by their duration.
#[derive(Clone, PartialEq, Debug)]
pub struct Durations([f64; BUCKETS]);

impl Default for Durations {
    fn default() -> Self {
        Self([0.0; BUCKETS])
    }
}

impl Durations {
    /// Adds counts as one replica stored them.
    pub fn add(&mut self, stored: &[i64]) {
        let Some((coarse, fine)) = stored.split_at_checked(COARSE_BUCKETS) else { return };
        if fine.is_empty() {
            self.add_coarse(coarse);
        }
        self.add_fine(fine);
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
            *sum += count;
        }
    }

    /// Adds counts of the fine buckets alone.
    pub fn add_fine(&mut self, stored: &[i64]) {
        for (sum, count) in self.0.iter_mut().zip(stored) {
            *sum += to_f64(*count);
        }
    }

    /// Adds counts of coarse buckets, each spread evenly over its width.
    fn add_coarse(&mut self, counts: &[i64]) {
        for (index, count) in counts.iter().enumerate().take(COARSE_BUCKETS).filter(|(_, count)| **count > 0) {
            let from = index.checked_sub(1).map_or(0.0, |before| COARSE_EDGES[before]);
            let to = COARSE_EDGES.get(index).copied().unwrap_or(upper_edge(BUCKETS - 1));
            for (bucket, sum) in self.0.iter_mut().enumerate() {
                let shared = upper_edge(bucket).min(to) - lower_edge(bucket).max(from);
                *sum += to_f64(*count) * shared.max(0.0) / (to - from);
            }
        }
    }

    /// The mean, in seconds; `None` where there were none. Those of a bucket count as in its middle.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let total: f64 = self.0.iter().sum();
        let seconds = self.0.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let sum: f64 =
            seconds.map(|(bucket, count)| between(lower_edge(bucket), upper_edge(bucket), 0.5) * count).sum();
        (total > 0.0).then(|| sum / total)
    }

    /// The duration that this share of the attempts did not exceed, in seconds, to three significant digits; `None` where
    /// there were no attempts. The attempts of a bucket are taken to be spread evenly over it.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let total: f64 = self.0.iter().sum();
        if total <= 0.0 {
            return None;
        }
        // The middle of the attempt with this rank.
        let rank = (share * total).ceil().clamp(1.0, total.max(1.0)) - 0.5;
        let mut before = 0.0;
        let mut found = None;
        for (bucket, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let within = ((rank - before) / count).clamp(0.0, 1.0);
            found = Some(between(lower_edge(bucket), upper_edge(bucket), within));
            before += count;
            if before >= rank {
                break;
            }
        }
        found.map(to_three_digits)
    }
}

/// Between two edges of the geometric series; the first bucket begins at zero, where there is none.
fn between(from: f64, to: f64, within: f64) -> f64 {
    if from <= 0.0 { to * within } else { from * (to / from).powf(within) }
}

fn to_three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(samples: &[f64]) -> Durations {
        let mut counts = DurationCounts::default();
        for seconds in samples {
            counts.note(*seconds);
        }
        let mut durations = Durations::default();
        durations.add(counts.as_slice());
        durations
    }

    /// The quantile of the samples themselves: the one with that rank.
    fn exact(samples: &[f64], share: f64) -> f64 {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small"
        )]
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted[rank.clamp(1, sorted.len()) - 1]
    }

    #[test]
    fn a_duration_is_in_the_bucket_between_its_edges() {
        for bucket_of in 0..BUCKETS {
            let edge = upper_edge(bucket_of);
            assert_eq!(bucket(edge), bucket_of, "{edge}");
            assert_eq!(bucket(edge * 1.001), (bucket_of + 1).min(BUCKETS - 1), "{edge}");
        }
        assert_eq!([0.0, -1.0, f64::NAN].map(bucket), [0, 0, 0]);
        assert_eq!([1e9, f64::INFINITY].map(bucket), [BUCKETS - 1; 2]);
        assert!(lower_edge(BUCKETS - 1) < 604_800.0 && upper_edge(BUCKETS - 1) > 604_800.0);
        assert!(counted(&[604_800.0]).quantile(0.5).is_some_and(|seconds| (500_000.0..640_000.0).contains(&seconds)));
    }

    #[test]
    fn quantiles_of_known_samples_are_within_the_error_bound() {
        let evenly: Vec<f64> = (1..=1000).map(|n| f64::from(n) * 0.06).collect();
        let around_twenty: Vec<f64> = (0..500).map(|n| 18.0 + f64::from(n) * 0.01).collect();
        let two_kinds: Vec<f64> = (0..200).map(|n| if n % 10 == 0 { 1800.0 } else { 7.0 }).collect();
        for samples in [evenly, around_twenty, two_kinds, vec![20.0], vec![0.3; 50], vec![3600.0, 43_200.0]] {
            let durations = counted(&samples);
            for share in [0.5, 0.9, 0.99, 1.0] {
                let (told, exact) = (durations.quantile(share).expect("samples"), exact(&samples, share));
                assert!((exact / 1.26..=exact * 1.26).contains(&told), "{share}: {told}, not {exact}");
            }
        }
        // Spread over their buckets as assumed, they are known far better.
        let evenly = counted(&(1..=1000).map(|n| f64::from(n) * 0.06).collect::<Vec<_>>());
        assert!(evenly.quantile(0.5).is_some_and(|p50| (29.0..31.5).contains(&p50)), "{:?}", evenly.quantile(0.5));
        assert_eq!(counted(&[0.001; 9]).quantile(0.5), Some(0.005));
        assert_eq!(counted(&[]).quantile(0.5), None);
    }

    #[test]
    fn the_mean_lies_within_the_error_bound() {
        let samples: Vec<f64> = (1..=1000).map(|n| f64::from(n) * 0.06).collect();
        let mean = counted(&samples).mean().expect("samples");
        assert!((30.03 / 1.13..30.03 * 1.13).contains(&mean), "{mean}");
        assert_eq!(counted(&[]).mean(), None);
        let mut waits = FineCounts::default();
        assert!(waits.is_empty());
        waits.note(20.0);
        let mut durations = Durations::default();
        durations.add_fine(waits.as_slice());
        assert_eq!((waits.is_empty(), durations.quantile(0.5)), (false, counted(&[20.0]).quantile(0.5)));
    }

    #[test]
    fn one_attempt_is_told_as_the_middle_of_its_bucket_for_every_share() {
        let durations = counted(&[20.0]);
        let middle = durations.quantile(0.5).expect("one");
        assert!((20.0 / 1.123..=20.0 * 1.123).contains(&middle), "{middle}");
        assert_eq!((durations.quantile(0.01), durations.quantile(0.99)), (Some(middle), Some(middle)));
    }

    /// It pairs the counts with its own edges, in their order, and passes over the rest.
    #[test]
    fn the_version_before_finds_its_own_buckets_first() {
        let mut counts = DurationCounts::default();
        for seconds in [0.2, 20.0, 20.0, 7200.0] {
            counts.note(seconds);
        }
        assert_eq!(counts.as_slice()[..COARSE_BUCKETS], [0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]);
        assert_eq!(counts.as_slice()[COARSE_BUCKETS..].iter().sum::<i64>(), 4);
    }

    #[test]
    fn coarse_counts_are_spread_over_the_buckets_they_cover() {
        let mut durations = Durations::default();
        let mut coarse = [0; COARSE_BUCKETS];
        coarse[coarse_bucket(37.0)] = 100;
        durations.add(&coarse);
        assert!((durations.0.iter().sum::<f64>() - 100.0).abs() < 1e-6);
        // From 15 to 60 seconds.
        let p50 = durations.quantile(0.5).expect("counts");
        assert!((36.0..39.0).contains(&p50), "{p50}");
        // 60 is within a bucket.
        assert!(durations.quantile(1.0).is_some_and(|last| last < 60.0 * 1.26), "{:?}", durations.quantile(1.0));
        coarse = [0; COARSE_BUCKETS];
        coarse[coarse_bucket(1e6)] = 1;
        durations.add(&coarse);
        assert!((durations.0.iter().sum::<f64>() - 101.0).abs() < 1e-6);
        assert_eq!([0.0, 0.05, 0.06, 1e9].map(coarse_bucket), [0, 0, 1, COARSE_BUCKETS - 1]);
    }
}
