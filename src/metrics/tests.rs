use std::collections::HashSet;

use prometheus::proto::{Metric, MetricFamily};

use super::*;

/// How many series have a queue as a label.
fn series(metrics: &Metrics) -> usize {
    let families = metrics.registry.gather();
    let all = families.iter().flat_map(MetricFamily::get_metric);
    all.flat_map(Metric::get_label).filter(|label| label.name() == "engine_type").count()
}

#[test]
fn queues_beyond_the_limit_share_a_label() {
    let metrics = Metrics::new(2);
    assert_eq!(["a", "b", "c", "a"].map(|name| metrics.queue(name)), ["a", "b", OTHER_QUEUES, "a"]);
    assert!(metrics.render().contains("eventlease_events_enqueued_total{engine_type=\"other\"} 0"));
}

#[test]
fn a_queue_that_becomes_known_has_every_counter_with_the_value_0() {
    let metrics = Metrics::new(2);
    let label = metrics.queue("new");
    let text = metrics.render();
    for (name, labels) in [
        ("events_enqueued_total", ""),
        ("leases_granted_total", ""),
        ("leases_lost_total", ",cause=\"max_lease\""),
        ("leases_lost_total", ",cause=\"deregistered\""),
        ("settlements_total", ",outcome=\"renewed\""),
        ("settlements_total", ",outcome=\"dead_lettered\""),
        ("events_dead_lettered_total", ",reason=\"lease_losses_exhausted\""),
        ("events_cancelled_total", ",reason=\"too_old\""),
        ("dead_letters_redriven_total", ""),
        ("engine_registrations_total", ",kind=\"restarted\""),
        ("attempt_duration_seconds_count", ""),
        ("event_wait_seconds_count", ""),
    ] {
        let mut labels: Vec<&str> = labels.split(',').filter(|label| !label.is_empty()).collect();
        labels.push("engine_type=\"new\"");
        labels.sort_unstable();
        let line = format!("eventlease_{name}{{{}}} 0\n", labels.join(","));
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    let before = series(&metrics);
    metrics.queue("new");
    metrics.events_dead_lettered.with_label_values(&[label, "not_retryable"]).inc();
    metrics.settlements.with_label_values(&[label, "completed"]).inc();
    assert_eq!(series(&metrics), before, "all series were there");
}

#[test]
fn a_queue_that_was_removed_is_in_no_metric_and_makes_room() {
    let metrics = Metrics::new(1);
    let label = metrics.queue("gone");
    metrics.queue_due.set(&[label], 1.0);
    metrics.engines.set(&[label, "active"], 1.0);
    metrics.events_enqueued.with_label_values(&[label]).inc();
    assert!(metrics.render().contains("gone"));
    metrics.forget_queue("gone");
    assert!(!metrics.render().contains("gone"), "{}", metrics.render());
    assert_eq!(metrics.queue("next"), "next");
    // Its depth was read before it was removed.
    metrics.queue_due.set(&["gone"], 1.0);
    metrics.engines.set(&["gone", "active"], 1.0);
    metrics.queue_due.set(&["next"], 1.0);
    metrics.keep_readings_of(&|queue| queue == "next");
    assert!(!metrics.render().contains("gone") && metrics.render().contains("next"), "{}", metrics.render());
}

#[test]
fn a_queue_that_is_back_before_its_series_are_dropped_keeps_them() {
    let metrics = Metrics::new(1);
    let label = metrics.queue("back");
    metrics.forget_queue("back");
    assert_eq!(metrics.queue("back"), label);
    assert!(metrics.render().contains("eventlease_events_enqueued_total{engine_type=\"back\"} 0"));
    metrics.forget_queue("back");
    metrics.drop_removed_queues();
    assert_eq!(metrics.queue("back"), label);
    assert!(metrics.render().contains("eventlease_events_enqueued_total{engine_type=\"back\"} 0"));
}

#[test]
fn removals_of_many_queues_share_one_pass_over_the_metrics() {
    const QUEUES: usize = 1000;
    let metrics = Metrics::new(QUEUES);
    let names: Vec<String> = (0..QUEUES).map(|number| format!("queue-{number}")).collect();
    metrics.queue(&names[0]);
    let of_a_queue = series(&metrics);
    assert_eq!(of_a_queue, 26 + 2, "counters and histograms; docs/limits.md says how many lines that are");
    for name in &names {
        metrics.queue(name);
    }
    for name in &names[1..] {
        metrics.forget_queue(name);
    }
    assert_eq!(series(&metrics), of_a_queue * QUEUES, "a removal alone walks no series");
    // Removed queues have series until the pass, so no other queue gets their labels; one of them that is back does.
    assert_eq!(metrics.queue("too-early"), OTHER_QUEUES);
    assert_eq!(metrics.queue(&names[1]), names[1]);
    metrics.drop_removed_queues();
    assert_eq!(series(&metrics), 3 * of_a_queue, "the series of two queues and of the others");
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
fn readings_of_the_database_are_absent_before_the_first_and_after_they_are_forgotten() {
    let metrics = Metrics::new(1);
    let of_database = ["eventlease_queue_due_events", "eventlease_queues", "eventlease_partitions_ahead_seconds"];
    let shown = || of_database.map(|name| metrics.render().contains(name));
    assert_eq!(shown(), [false; 3]);
    metrics.queue_due.set(&[metrics.queue("a")], 7.0);
    metrics.queues.set(&[], 1.0);
    metrics.partitions_ahead_seconds.set(&[], 0.0);
    assert_eq!(shown(), [true; 3]);
    metrics.forget_readings();
    assert_eq!(shown(), [false; 3]);
    assert!(metrics.render().contains("eventlease_events_enqueued_total"), "counters stay");
}

#[test]
fn every_metric_can_be_made_and_shown() {
    let metrics = Metrics::new(10);
    metrics.settlements_unfenced.inc();
    metrics.queue_due.set(&["dialogue"], 7.0);
    let text = metrics.render();
    assert!(text.contains("eventlease_settlements_unfenced_total 1"), "{text}");
    assert!(text.contains("eventlease_queue_due_events{engine_type=\"dialogue\"} 7"), "{text}");
    assert!(text.contains("# HELP eventlease_queue_due_events Events that an engine could lease now"), "{text}");
    assert!(text.contains(concat!("eventlease_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")), "{text}");
    assert_eq!(text.contains("process_resident_memory_bytes"), cfg!(target_os = "linux"), "{text}");
    let names: HashSet<&str> = Metrics::DECLARED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), Metrics::DECLARED.len());
}
