//! Everything `/metrics` shows, in one place: name, unit, labels, meaning.

use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// From a millisecond to the longest long poll.
const REQUEST_BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From a tenth of a second to the longest lease.
const ATTEMPT_BUCKETS: [f64; 12] = [0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 150.0, 300.0, 900.0, 3600.0, 43_200.0];
/// From a millisecond to an hour.
const WAIT_BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

#[derive(Debug)]
pub struct Metrics {
    registry: Registry,

    /// Events that an engine could lease now. Counted up to 100,000.
    pub queue_due: IntGaugeVec,
    /// Events queued for later. Counted up to 100,000.
    pub queue_delayed: IntGaugeVec,
    /// Events in engines' hands. Counted up to 100,000.
    pub queue_in_flight: IntGaugeVec,
    /// Dead letters. Counted up to 100,000.
    pub queue_dead_letters: IntGaugeVec,
    /// How long the oldest due event has been due, in seconds.
    pub queue_oldest_due_age: GaugeVec,
    /// Engines by type and status.
    pub engines: IntGaugeVec,
    /// Polls of this server that wait for an event.
    pub polls_parked: IntGauge,

    pub events_enqueued: IntCounterVec,
    pub leases_granted: IntCounterVec,
    /// Leases that ran out.
    pub leases_expired: IntCounterVec,
    /// Leases that ended in silence, by cause; those that ran out among them.
    pub leases_lost: IntCounterVec,
    pub settlements: IntCounterVec,
    pub settlements_refused: IntCounterVec,
    /// Reports that came after their lease had ended, and were accepted.
    pub settlements_late: IntCounterVec,
    /// Settlements without a lease token.
    pub settlements_unfenced: IntCounter,
    pub events_dead_lettered: IntCounterVec,
    pub dead_letters_redriven: IntCounterVec,
    pub dead_letters_discarded: IntCounter,
    pub registrations: IntCounterVec,
    pub engines_marked_unresponsive: IntCounterVec,

    /// Seconds from the first byte of a request to its reply, by route and status.
    pub request_seconds: HistogramVec,
    /// Seconds an event was due before an engine got it.
    pub wait_seconds: HistogramVec,
    /// Seconds from the lease to its settlement.
    pub attempt_seconds: HistogramVec,

    /// Runs of the background tasks, by outcome.
    pub task_runs: IntCounterVec,
    /// Whole days for which partitions exist from tomorrow on.
    pub partition_days_ahead: IntGaugeVec,
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            register(&registry, IntGaugeVec::new(Opts::new(name, help), labels))
        };
        let histogram = |name: &str, help: &str, labels: &[&str], buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            register(&registry, HistogramVec::new(options, labels))
        };
        Self {
            queue_due: gauge(
                "eventlease_queue_due_events",
                "Events that an engine could lease now, counted up to 100000.",
                &["engine_type"],
            ),
            queue_delayed: gauge(
                "eventlease_queue_delayed_events",
                "Events queued for later, counted up to 100000.",
                &["engine_type"],
            ),
            queue_in_flight: gauge(
                "eventlease_queue_in_flight_events",
                "Events in engines' hands, counted up to 100000.",
                &["engine_type"],
            ),
            queue_dead_letters: gauge(
                "eventlease_queue_dead_letters",
                "Dead letters, counted up to 100000.",
                &["engine_type"],
            ),
            queue_oldest_due_age: register(
                &registry,
                GaugeVec::new(
                    Opts::new("eventlease_queue_oldest_due_age_seconds", "How long the oldest due event has been due."),
                    &["engine_type"],
                ),
            ),
            engines: gauge("eventlease_engines", "Registered engines by status.", &["engine_type", "status"]),
            polls_parked: register(
                &registry,
                IntGauge::new("eventlease_polls_parked", "Polls of this server that wait for an event."),
            ),
            events_enqueued: counter("eventlease_events_enqueued_total", "Events taken in.", &["engine_type"]),
            leases_granted: counter("eventlease_leases_granted_total", "Leases given to engines.", &["engine_type"]),
            leases_expired: counter("eventlease_leases_expired_total", "Leases that ran out.", &["engine_type"]),
            leases_lost: counter(
                "eventlease_leases_lost_total",
                "Leases that ended without the engine's word, by cause.",
                &["engine_type", "cause"],
            ),
            settlements: counter(
                "eventlease_settlements_total",
                "Settlements and renewals accepted, by outcome.",
                &["engine_type", "outcome"],
            ),
            settlements_refused: counter(
                "eventlease_settlements_refused_total",
                "Settlements refused, by problem code.",
                &["code"],
            ),
            settlements_late: counter(
                "eventlease_settlements_late_total",
                "Reports accepted after their lease had ended.",
                &["engine_type"],
            ),
            settlements_unfenced: register(
                &registry,
                IntCounter::new("eventlease_settlements_unfenced_total", "Settlements without a lease token."),
            ),
            events_dead_lettered: counter(
                "eventlease_events_dead_lettered_total",
                "Events that became dead letters, by reason.",
                &["engine_type", "reason"],
            ),
            dead_letters_redriven: counter(
                "eventlease_dead_letters_redriven_total",
                "Dead letters put back into their queue.",
                &["engine_type"],
            ),
            dead_letters_discarded: register(
                &registry,
                IntCounter::new("eventlease_dead_letters_discarded_total", "Dead letters discarded."),
            ),
            registrations: counter(
                "eventlease_engine_registrations_total",
                "Registrations of engines, by kind.",
                &["engine_type", "kind"],
            ),
            engines_marked_unresponsive: counter(
                "eventlease_engines_marked_unresponsive_total",
                "Engines that fell silent for their heartbeat timeout.",
                &["engine_type"],
            ),
            request_seconds: histogram(
                "eventlease_http_request_duration_seconds",
                "Time from a request to its reply; long polls wait in it.",
                &["method", "route", "status"],
                &REQUEST_BUCKETS,
            ),
            wait_seconds: histogram(
                "eventlease_event_wait_seconds",
                "Time an event was due before an engine got it.",
                &["engine_type"],
                &WAIT_BUCKETS,
            ),
            attempt_seconds: histogram(
                "eventlease_attempt_duration_seconds",
                "Time from a lease to its settlement.",
                &["engine_type"],
                &ATTEMPT_BUCKETS,
            ),
            task_runs: counter(
                "eventlease_task_runs_total",
                "Runs of the background tasks, by outcome.",
                &["task", "outcome"],
            ),
            partition_days_ahead: gauge(
                "eventlease_partition_days_ahead",
                "Days ahead whose partitions exist; events are refused when it is below zero for a day.",
                &[],
            ),
            registry,
        }
    }

    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .expect("encoding to memory fails only for metrics without a name");
        String::from_utf8(text).expect("the text format is UTF-8")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn register<M: prometheus::core::Collector + Clone + 'static>(registry: &Registry, metric: prometheus::Result<M>) -> M {
    let metric = metric.expect("names and labels are constants, and valid");
    registry.register(Box::new(metric.clone())).expect("no name is given twice");
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_can_be_made_and_shown() {
        let metrics = Metrics::new();
        metrics.settlements_unfenced.inc();
        metrics.queue_due.with_label_values(&["dialogue"]).set(7);
        let text = metrics.render();
        assert!(text.contains("eventlease_settlements_unfenced_total 1"), "{text}");
        assert!(text.contains("eventlease_queue_due_events{engine_type=\"dialogue\"} 7"), "{text}");
    }
}
