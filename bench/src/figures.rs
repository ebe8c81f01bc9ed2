//! What was measured, over all rounds, by the metric's name.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Figures(BTreeMap<&'static str, Vec<f64>>);

/// Median and range of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Figures {
    pub fn add(&mut self, metric: &'static str, value: f64) {
        self.0.entry(metric).or_default().push(value);
    }

    pub fn add_all(&mut self, figures: &[(&'static str, f64)]) {
        for (metric, value) in figures {
            self.add(metric, *value);
        }
    }

    pub fn summary(&self, metric: &str) -> Option<Summary> {
        let mut values = self.0.get(metric)?.clone();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let median = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Summary { median, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Summary};

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let mut figures = Figures::default();
        figures.add_all(&[("a", 4.0), ("a", 1.0), ("a", 3.0), ("a", 9.0)]);
        assert_eq!(figures.summary("a"), Some(Summary { median: 3.5, least: 1.0, most: 9.0 }));
        assert_eq!(figures.summary("b"), None);
    }
}
