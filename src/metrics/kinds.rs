//! The kinds of metrics, and what is done to a metric of any kind.

use std::collections::HashMap;
use std::ops::Deref;

use prometheus::core::{Collector, Desc, MetricVec, MetricVecBuilder};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};

use super::labels::Label;

/// A kind of metric that can be made from its declaration.
pub trait Kind: Collector + Clone + Sized + 'static {
    fn make(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<Self>;

    /// Makes the series with these values of its labels, with the value 0, where it is not there.
    fn start(&self, _: &[&str]) {}

    /// Drops the series of queues that are not to be kept.
    fn retain_queues(&self, _: &dyn Fn(&str) -> bool) {}

    /// The same, if it is read from the database.
    fn retain_readings(&self, _: &dyn Fn(&str) -> bool) {}

    /// Drops what was read from the database.
    fn forget_reading(&self) {}
}

/// A gauge that is read from the database. It has no series before the first reading, nor where the last one is too old.
#[derive(Clone, Debug)]
pub struct DatabaseGauge(GaugeVec);

impl DatabaseGauge {
    /// Sets the series with these values of its labels.
    pub fn set(&self, labels: &[&str], value: f64) {
        self.0.with_label_values(labels).set(value);
    }
}

impl Deref for DatabaseGauge {
    type Target = GaugeVec;

    fn deref(&self) -> &GaugeVec {
        &self.0
    }
}

impl Collector for DatabaseGauge {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}

/// Whether one of its labels is the queue.
fn has_queues(metric: &impl Collector) -> bool {
    metric.desc().iter().any(|desc| desc.variable_labels.iter().any(|label| label == Label::QUEUE.name))
}

/// Removes the series of queues that are not to be kept.
fn retain_in<B: MetricVecBuilder>(metric: &MetricVec<B>, is_kept: &dyn Fn(&str) -> bool) {
    // Collecting copies all series.
    if !has_queues(metric) {
        return;
    }
    for family in metric.collect() {
        for series in family.get_metric() {
            let labels = || series.get_label().iter().map(|label| (label.name(), label.value()));
            if labels().any(|(name, value)| name == Label::QUEUE.name && !is_kept(value)) {
                // Somebody else may have removed it.
                metric.remove(&labels().collect::<HashMap<_, _>>()).ok();
            }
        }
    }
}

impl Kind for IntCounter {
    fn make(name: &str, help: &str, _: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(name, help)
    }
}

impl Kind for IntGauge {
    fn make(name: &str, help: &str, _: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(name, help)
    }
}

impl Kind for IntCounterVec {
    fn make(name: &str, help: &str, labels: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }

    fn start(&self, labels: &[&str]) {
        self.with_label_values(labels);
    }

    fn retain_queues(&self, is_kept: &dyn Fn(&str) -> bool) {
        retain_in(self, is_kept);
    }
}

impl Kind for IntGaugeVec {
    fn make(name: &str, help: &str, labels: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Kind for DatabaseGauge {
    fn make(name: &str, help: &str, labels: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        GaugeVec::new(Opts::new(name, help), labels).map(Self)
    }

    fn retain_queues(&self, is_kept: &dyn Fn(&str) -> bool) {
        retain_in(&self.0, is_kept);
    }

    fn retain_readings(&self, is_kept: &dyn Fn(&str) -> bool) {
        retain_in(&self.0, is_kept);
    }

    fn forget_reading(&self) {
        self.0.reset();
    }
}

impl Kind for HistogramVec {
    fn make(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<Self> {
        Self::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
    }

    fn start(&self, labels: &[&str]) {
        self.with_label_values(labels);
    }

    fn retain_queues(&self, is_kept: &dyn Fn(&str) -> bool) {
        retain_in(self, is_kept);
    }
}
