//! What `/metrics` shows. Every metric stands in `declared`; the rest makes them, and keeps the series of queues apart.

mod buckets;
#[macro_use]
mod declaration;
mod declared;
mod kinds;
mod labels;
mod queue_names;

use prometheus::{Encoder, Registry, TextEncoder};

pub use declared::Metrics;
use kinds::Kind;
pub use labels::RENEWED;
pub use queue_names::OTHER_QUEUES;

impl Metrics {
    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn render(&self) -> String {
        self.drop_removed_queues();
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("encoding to memory fails only for metrics without a name");
        String::from_utf8(text).expect("the text format is UTF-8")
    }
}

fn register<K: Kind>(registry: &Registry, name: &str, help: &str, labels: &[labels::Label], buckets: &[&[f64]]) -> K {
    let names: Vec<&str> = labels.iter().map(|label| label.name).collect();
    let metric = K::make(name, help, &names, &buckets.concat()).expect("names and labels are constants, and valid");
    registry.register(Box::new(metric.clone())).expect("no name is given twice");
    for values in labels::combinations(labels, None) {
        metric.start(&values);
    }
    metric
}

/// What the system knows of the process: processor time, memory, open files. Only Linux says it.
fn register_process(registry: &Registry) {
    #[cfg(target_os = "linux")]
    registry
        .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
        .expect("no name is given twice");
    #[cfg(not(target_os = "linux"))]
    drop(registry.clone());
}

#[cfg(test)]
mod tests;
