//! Adds metrics to the registry.

use prometheus::Registry;

use super::kinds::Kind;
use super::labels::{self, Label};

/// Makes a metric, adds it, and starts all series whose labels' values are known.
pub fn register<K: Kind>(registry: &Registry, name: &str, help: &str, labels: &[Label], buckets: &[&[f64]]) -> K {
    let names: Vec<&str> = labels.iter().map(|label| label.name).collect();
    let metric = K::make(name, help, &names, &buckets.concat()).expect("names and labels are constants, and valid");
    registry.register(Box::new(metric.clone())).expect("no name is given twice");
    for values in labels::combinations(labels, None) {
        metric.start(&values);
    }
    metric
}

/// What the system knows of the process: processor time, memory, open files. Only Linux says it.
pub fn register_process(registry: &Registry) {
    #[cfg(target_os = "linux")]
    registry
        .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
        .expect("no name is given twice");
    #[cfg(not(target_os = "linux"))]
    drop(registry.clone());
}
