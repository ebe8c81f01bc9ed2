//! What was measured, over all rounds, by the metric's name.

use std::collections::BTreeMap;

/// Each value with the round that brought it.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<&'static str, Vec<(u32, f64)>>);

/// Median and range of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Figures {
    pub fn add(&mut self, round: u32, metric: &'static str, value: f64) {
        self.0.entry(metric).or_default().push((round, value));
    }

    pub fn add_all(&mut self, round: u32, figures: &[(&'static str, f64)]) {
        for (metric, value) in figures {
            self.add(round, metric, *value);
        }
    }

    pub fn summary(&self, metric: &str) -> Option<Summary> {
        Summary::of(self.0.get(metric)?.iter().map(|(_, value)| *value).collect())
    }

    /// Each value of a metric by that of another in the same round, where both were measured.
    pub fn ratio(&self, metric: &str, beside: &str) -> Option<Summary> {
        let others = self.0.get(beside)?;
        let in_round = |round| others.iter().find(|(of, _)| *of == round).map(|(_, other)| *other);
        Summary::of(self.0.get(metric)?.iter().filter_map(|(round, value)| Some(value / in_round(*round)?)).collect())
    }
}

impl Summary {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let median = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self { median, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Summary};

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let mut figures = Figures::default();
        figures.add_all(1, &[("a", 4.0), ("a", 1.0), ("a", 3.0), ("a", 9.0)]);
        assert_eq!(figures.summary("a"), Some(Summary { median: 3.5, least: 1.0, most: 9.0 }));
        assert_eq!(figures.summary("b"), None);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round_and_left_out_where_one_of_both_failed() {
        let mut figures = Figures::default();
        figures.add_all(1, &[("raw", 100.0), ("mode", 50.0)]);
        figures.add_all(2, &[("mode", 7.0)]);
        figures.add_all(3, &[("raw", 10.0), ("mode", 8.0)]);
        figures.add_all(4, &[("raw", 1000.0), ("mode", 600.0)]);
        assert_eq!(figures.ratio("mode", "raw"), Some(Summary { median: 0.6, least: 0.5, most: 0.8 }));
        assert_eq!(figures.ratio("mode", "none"), None);
    }
}
