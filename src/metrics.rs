//! Everything `/metrics` shows, in one place: name, labels, meaning. Units stand in the names.

use std::collections::{HashMap, HashSet};

use parking_lot::RwLock;
use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// From a millisecond to the longest long poll.
const REQUEST_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From a tenth of a second to the longest lease.
const ATTEMPT_BUCKETS: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 150.0, 300.0, 900.0, 3600.0, 43_200.0];
/// From a request alone to the largest batch of single ones.
const BATCH_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// From a millisecond to an hour.
const WAIT_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

/// Declares the metrics: a doc comment is a metric's help text as well.
macro_rules! metrics {
    ($( #[doc = $help:literal] $field:ident: $kind:ident = $name:literal, $labels:expr $(, $buckets:expr)?; )+) => {
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            names: RwLock<QueueNames>,
            $( #[doc = $help] pub $field: $kind, )+
        }

        impl Metrics {
            /// Tells up to `max_queues` queues apart.
            #[must_use]
            pub fn new(max_queues: usize) -> Self {
                let registry = Registry::new();
                Self {
                    $( $field: register(&registry, $name, $help.trim(), &$labels, &[$($buckets)?]), )+
                    registry,
                    names: RwLock::new(QueueNames { max: max_queues, ..QueueNames::default() }),
                }
            }

            /// Drops the series of all queues that were removed, in one pass over the metrics, and frees their labels for
            /// other queues.
            pub fn drop_removed_queues(&self) {
                if self.names.read().removed.is_empty() {
                    return;
                }
                let removed = std::mem::take(&mut self.names.write().removed);
                $( self.$field.drop_queues(&removed); )+
            }
        }
    };
}

metrics! {
    /// Events that an engine could lease now, counted up to 10000.
    queue_due: IntGaugeVec = "eventlease_queue_due_events", ["engine_type"];
    /// Events queued for later, counted up to 10000.
    queue_delayed: IntGaugeVec = "eventlease_queue_delayed_events", ["engine_type"];
    /// Events in engines' hands, counted up to 10000.
    queue_in_flight: IntGaugeVec = "eventlease_queue_in_flight_events", ["engine_type"];
    /// Dead letters, counted up to 10000.
    queue_dead_letters: IntGaugeVec = "eventlease_queue_dead_letters", ["engine_type"];
    /// How long the oldest due event has been due.
    queue_oldest_due_age: GaugeVec = "eventlease_queue_oldest_due_age_seconds", ["engine_type"];
    /// Queues that there are.
    queues: IntGauge = "eventlease_queues", [];
    /// Event types that have a retry policy of their own.
    event_types: IntGauge = "eventlease_event_types", [];
    /// Registered engines by status.
    engines: IntGaugeVec = "eventlease_engines", ["engine_type", "status"];
    /// Connections of clients that are open.
    connections: IntGauge = "eventlease_client_connections", [];
    /// Connections of clients that this server ended or did not take, by the limit they met, or as malformed.
    connections_refused: IntCounterVec = "eventlease_client_connections_refused_total", ["limit"];
    /// Requests and parts of batches refused, by the limit they met.
    limits_met: IntCounterVec = "eventlease_limit_refusals_total", ["limit"];
    /// Bytes of the bodies of requests that are under way.
    body_bytes: IntGauge = "eventlease_request_body_bytes", [];
    /// Bytes of replies of 64 KiB and more that clients have not taken yet, to reading calls and to all others.
    reply_bytes: IntGaugeVec = "eventlease_reply_bytes", ["kind"];
    /// Polls of this server that wait for an event.
    polls_parked: IntGauge = "eventlease_polls_parked", [];
    /// Reads of this server that wait for an event's end.
    event_waits_parked: IntGauge = "eventlease_event_waits_parked", [];
    /// Whether events that come by SQL or other replicas are heard of at once: 1 or 0.
    listener_connected: IntGauge = "eventlease_listener_connected", [];
    /// Events taken in.
    events_enqueued: IntCounterVec = "eventlease_events_enqueued_total", ["engine_type"];
    /// Leases given to engines.
    leases_granted: IntCounterVec = "eventlease_leases_granted_total", ["engine_type"];
    /// Leases that ran out.
    leases_expired: IntCounterVec = "eventlease_leases_expired_total", ["engine_type"];
    /// Leases that ended without the engine's word, by cause; those that ran out among them.
    leases_lost: IntCounterVec = "eventlease_leases_lost_total", ["engine_type", "cause"];
    /// Settlements and renewals accepted, by outcome.
    settlements: IntCounterVec = "eventlease_settlements_total", ["engine_type", "outcome"];
    /// Settlements refused, by problem code.
    settlements_refused: IntCounterVec = "eventlease_settlements_refused_total", ["code"];
    /// Reports accepted after their lease had ended.
    settlements_late: IntCounterVec = "eventlease_settlements_late_total", ["engine_type"];
    /// Requests that shared a commit, by kind, for each batch.
    batch_requests: HistogramVec = "eventlease_batch_requests", ["kind"], BATCH_BUCKETS;
    /// Requests answered 429, since too much was waiting already, by kind.
    requests_overloaded: IntCounterVec = "eventlease_requests_overloaded_total", ["kind"];
    /// Settlements without a lease token.
    settlements_unfenced: IntCounter = "eventlease_settlements_unfenced_total", [];
    /// Events that became dead letters, by reason.
    events_dead_lettered: IntCounterVec = "eventlease_events_dead_lettered_total", ["engine_type", "reason"];
    /// Dead letters put back into their queue.
    dead_letters_redriven: IntCounterVec = "eventlease_dead_letters_redriven_total", ["engine_type"];
    /// Dead letters discarded.
    dead_letters_discarded: IntCounter = "eventlease_dead_letters_discarded_total", [];
    /// Registrations of engines, new or restarted.
    registrations: IntCounterVec = "eventlease_engine_registrations_total", ["engine_type", "kind"];
    /// Engines that fell silent for their heartbeat timeout.
    engines_marked_unresponsive: IntCounterVec = "eventlease_engines_marked_unresponsive_total", ["engine_type"];
    /// Time from a request to its reply; long polls wait in it.
    request_seconds: HistogramVec = "eventlease_http_request_duration_seconds", ["method", "route", "status"], REQUEST_BUCKETS;
    /// Time an event was due before an engine got it.
    wait_seconds: HistogramVec = "eventlease_event_wait_seconds", ["engine_type"], WAIT_BUCKETS;
    /// Time from a lease to its settlement.
    attempt_seconds: HistogramVec = "eventlease_attempt_duration_seconds", ["engine_type"], ATTEMPT_BUCKETS;
    /// Tokens that this server knows, those that ended of late among them.
    tokens_known: IntGauge = "eventlease_tokens_known", [];
    /// Readings of what changed of the tokens.
    token_readings: IntCounter = "eventlease_token_readings_total", [];
    /// Requests that nobody could be told from, by reason.
    authentication_failures: IntCounterVec = "eventlease_authentication_failures_total", ["reason"];
    /// Requests that the caller's token does not allow, by its role.
    access_refusals: IntCounterVec = "eventlease_access_refusals_total", ["role"];
    /// Requests refused because a page of another site, or a browser that leases, may have sent them, by the problem's code.
    browser_refusals: IntCounterVec = "eventlease_browser_refusals_total", ["code"];
    /// Runs of the background tasks, by outcome.
    task_runs: IntCounterVec = "eventlease_task_runs_total", ["task", "outcome"];
    /// Panics, by the task, piece of work or request. A task starts again; at its fourth panic within a minute the server stops.
    task_panics: IntCounterVec = "eventlease_task_panics_total", ["task"];
    /// Seconds ahead, in whole days, for which partitions exist; without one for its day, no event is taken in.
    partitions_ahead_seconds: IntGauge = "eventlease_partitions_ahead_seconds", [];
}

/// The label of queues beyond those that are told apart.
pub const OTHER_QUEUES: &str = "other";

/// Queues that are told apart: the first ones that something happens to. Anybody may make queues; each as a label is
/// a series of a dozen metrics, some of them with a dozen buckets.
#[derive(Debug, Default)]
struct QueueNames {
    /// Bounds both sets together.
    max: usize,
    known: HashSet<Box<str>>,
    /// Queues that were removed and may still have series: a removal costs no pass over all metrics of its own.
    removed: HashSet<Box<str>>,
}

impl QueueNames {
    fn has_room_for(&self, engine_type: &str) -> bool {
        self.removed.contains(engine_type) || self.known.len() + self.removed.len() < self.max
    }
}

impl Metrics {
    /// A queue's label.
    pub fn queue<'a>(&self, engine_type: &'a str) -> &'a str {
        let names = self.names.read();
        if names.known.contains(engine_type) {
            return engine_type;
        }
        let has_room = names.has_room_for(engine_type);
        drop(names);
        if !has_room {
            return OTHER_QUEUES;
        }
        let mut names = self.names.write();
        if names.has_room_for(engine_type) {
            let name = names.removed.take(engine_type).unwrap_or_else(|| engine_type.into());
            names.known.insert(name);
            return engine_type;
        }
        if names.known.contains(engine_type) { engine_type } else { OTHER_QUEUES }
    }

    /// Notes that a queue was removed. Its series are dropped before the metrics are shown next.
    pub fn forget_queue(&self, engine_type: &str) {
        let names = &mut *self.names.write();
        names.removed.extend(names.known.take(engine_type));
    }

    /// Removes the depths of queues that are not among these: they are no more.
    pub fn keep_depths_of(&self, labels: &HashSet<&str>) {
        for depth in [&self.queue_due, &self.queue_delayed, &self.queue_in_flight, &self.queue_dead_letters] {
            retain_in(depth, |label| labels.contains(label));
        }
        retain_in(&self.queue_oldest_due_age, |label| labels.contains(label));
    }

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

/// A kind of metric that can be made from its declaration.
trait Kind: Collector + Clone + Sized + 'static {
    fn make(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<Self>;

    /// Drops the series of these queues.
    fn drop_queues(&self, _: &HashSet<Box<str>>) {}
}

/// Removes the series of queues that are not to be kept.
fn retain_in<B: MetricVecBuilder>(metric: &MetricVec<B>, is_kept: impl Fn(&str) -> bool) {
    // Collecting copies all series.
    if !metric.desc().iter().any(|desc| desc.variable_labels.iter().any(|label| label == "engine_type")) {
        return;
    }
    for family in metric.collect() {
        for series in family.get_metric() {
            let labels = || series.get_label().iter().map(|label| (label.name(), label.value()));
            if labels().any(|(name, value)| name == "engine_type" && !is_kept(value)) {
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

    fn drop_queues(&self, removed: &HashSet<Box<str>>) {
        retain_in(self, |engine_type| !removed.contains(engine_type));
    }
}

impl Kind for IntGaugeVec {
    fn make(name: &str, help: &str, labels: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }

    fn drop_queues(&self, removed: &HashSet<Box<str>>) {
        retain_in(self, |engine_type| !removed.contains(engine_type));
    }
}

impl Kind for GaugeVec {
    fn make(name: &str, help: &str, labels: &[&str], _: &[f64]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }

    fn drop_queues(&self, removed: &HashSet<Box<str>>) {
        retain_in(self, |engine_type| !removed.contains(engine_type));
    }
}

impl Kind for HistogramVec {
    fn make(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<Self> {
        Self::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
    }

    fn drop_queues(&self, removed: &HashSet<Box<str>>) {
        retain_in(self, |engine_type| !removed.contains(engine_type));
    }
}

fn register<K: Kind>(registry: &Registry, name: &str, help: &str, labels: &[&str], buckets: &[&[f64]]) -> K {
    let metric = K::make(name, help, labels, &buckets.concat()).expect("names and labels are constants, and valid");
    registry.register(Box::new(metric.clone())).expect("no name is given twice");
    metric
}

#[cfg(test)]
mod tests {
    use prometheus::proto::{Metric, MetricFamily};

    use super::*;

    #[test]
    fn queues_beyond_the_limit_share_a_label() {
        let metrics = Metrics::new(2);
        assert_eq!(["a", "b", "c", "a"].map(|name| metrics.queue(name)), ["a", "b", OTHER_QUEUES, "a"]);
    }

    #[test]
    fn a_queue_that_was_removed_is_in_no_metric_and_makes_room() {
        let metrics = Metrics::new(1);
        let label = metrics.queue("gone");
        metrics.queue_due.with_label_values(&[label]).set(1);
        metrics.queue_oldest_due_age.with_label_values(&[label]).set(1.0);
        metrics.events_enqueued.with_label_values(&[label]).inc();
        metrics.leases_lost.with_label_values(&[label, "expired"]).inc();
        metrics.wait_seconds.with_label_values(&[label]).observe(1.0);
        assert!(metrics.render().contains("gone"));
        metrics.forget_queue("gone");
        assert!(!metrics.render().contains("gone"), "{}", metrics.render());
        assert_eq!(metrics.queue("next"), "next");
        // Somebody measured it before it was removed.
        metrics.queue_due.with_label_values(&["gone"]).set(1);
        metrics.queue_due.with_label_values(&["next"]).set(1);
        metrics.keep_depths_of(&HashSet::from(["next"]));
        assert!(!metrics.render().contains("gone") && metrics.render().contains("next"), "{}", metrics.render());
    }

    #[test]
    fn removals_of_many_queues_share_one_pass_over_the_metrics() {
        const QUEUES: usize = 1000;
        let metrics = Metrics::new(QUEUES);
        let series = || {
            let families = metrics.registry.gather();
            let all = families.iter().flat_map(MetricFamily::get_metric);
            all.flat_map(Metric::get_label).filter(|label| label.name() == "engine_type").count()
        };
        let names: Vec<String> = (0..QUEUES).map(|number| format!("queue-{number}")).collect();
        for name in &names {
            metrics.events_enqueued.with_label_values(&[metrics.queue(name)]).inc();
            metrics.wait_seconds.with_label_values(&[metrics.queue(name)]).observe(1.0);
        }
        for name in &names[1..] {
            metrics.forget_queue(name);
        }
        assert_eq!(series(), 2 * QUEUES, "a removal alone walks no series");
        // Removed queues have series until the pass, so no other queue gets their labels; one of them that is back does.
        assert_eq!(metrics.queue("too-early"), OTHER_QUEUES);
        assert_eq!(metrics.queue(&names[1]), names[1]);
        metrics.drop_removed_queues();
        assert_eq!(series(), 4, "two series each of the queues that there are");
        assert_eq!(metrics.queue("in-time"), "in-time");
    }

    #[test]
    fn removing_a_queue_without_a_label_costs_no_pass() {
        let metrics = Metrics::new(1);
        metrics.queue("labelled");
        metrics.forget_queue("without-a-label");
        metrics.forget_queue(OTHER_QUEUES);
        assert!(metrics.names.read().removed.is_empty());
        assert_eq!(metrics.queue("labelled"), "labelled");
    }

    #[test]
    fn every_metric_can_be_made_and_shown() {
        let metrics = Metrics::new(10);
        metrics.settlements_unfenced.inc();
        metrics.queue_due.with_label_values(&["dialogue"]).set(7);
        let text = metrics.render();
        assert!(text.contains("eventlease_settlements_unfenced_total 1"), "{text}");
        assert!(text.contains("eventlease_queue_due_events{engine_type=\"dialogue\"} 7"), "{text}");
        assert!(text.contains("# HELP eventlease_queue_due_events Events that an engine could lease now"), "{text}");
    }
}
