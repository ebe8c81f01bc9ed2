//! The gauges: those that are read from the database, and what this replica knows of itself.

use std::collections::HashMap;
use std::time::Instant;

use super::state::Broker;
use crate::domain::database_health::MAX_DAYS_AHEAD_TOLD;
use crate::domain::engine::{EngineCount, Standing};
use crate::domain::numbers::{to_f64, to_i64};
use crate::domain::queue::Depth;
use crate::error::Result;
use crate::metrics::Metrics;
use crate::store;

/// Counts of a depth stop here: what is larger is not counted exactly.
const DEPTH_COUNT_BOUND: i64 = 10_000;

const SECONDS_OF_A_DAY: f64 = 86_400.0;

impl Broker {
    /// Sets the gauges that are read from the database.
    pub async fn measure(&self) -> Result<usize> {
        let began = Instant::now();
        let metrics = &*self.metrics;
        metrics.drop_removed_queues();
        let mut connection = self.connection().await?;
        let depths = store::queues::depth::of_queues(&mut connection, None, DEPTH_COUNT_BOUND).await?;
        let event_types = store::queues::room::count_event_types(&mut connection).await?;
        let engines = store::engines::count(&mut connection).await?;
        let partitions = store::partitions::days_ahead(&mut connection, MAX_DAYS_AHEAD_TOLD).await?;
        let oldest_snapshot = store::health::oldest_snapshot_age(&mut connection).await?;
        drop(connection);

        // First, so that a scrape in between cannot take a part of them for old, and drop it.
        self.freshness.note(began, Instant::now());
        metrics.event_types.set(&[], to_f64(event_types));
        metrics.queues.set(&[], to_f64(to_i64(depths.len())));
        let ahead = partitions.iter().map(|partitions| partitions.days_ahead).min().unwrap_or(0);
        metrics.partitions_ahead_seconds.set(&[], f64::from(ahead) * SECONDS_OF_A_DAY);
        match oldest_snapshot {
            Some(age) => metrics.oldest_snapshot_age.set(&[], age),
            None => metrics.oldest_snapshot_age.reset(),
        }
        let by_label = by_label(metrics, &depths);
        for (label, depth) in &by_label {
            show_depth(metrics, label, depth);
        }
        for ((label, status), count) in engines_by_label(metrics, by_label.keys().copied(), &engines) {
            metrics.engines.set(&[label, status], to_f64(count));
        }
        metrics.keep_readings_of(&|label| by_label.contains_key(label));
        Ok(depths.len())
    }

    /// What Prometheus scrapes. What was read from the database is left out while this replica cannot write to it, and
    /// once it is too old.
    pub fn render_metrics(&self) -> String {
        let metrics = &*self.metrics;
        let is_ready = self.is_ready();
        metrics.database_up.set(is_ready.into());
        if !is_ready || self.freshness.is_over(Instant::now()) {
            metrics.forget_readings();
        }
        for (name, pool) in self.named_pools() {
            let of_pool = store::health::pool_use(pool);
            metrics.pool_connections.with_label_values(&[name]).set(of_pool.size.into());
            metrics.pool_idle_connections.with_label_values(&[name]).set(of_pool.idle.into());
            metrics.pool_max_connections.with_label_values(&[name]).set(of_pool.max.into());
        }
        metrics.render()
    }
}

fn show_depth(metrics: &Metrics, label: &str, depth: &Depth) {
    let label = [label];
    metrics.queue_due.set(&label, to_f64(depth.due));
    metrics.queue_delayed.set(&label, to_f64(depth.delayed));
    metrics.queue_in_flight.set(&label, to_f64(depth.in_flight));
    metrics.queue_dead_letters.set(&label, to_f64(depth.dead_letters));
    metrics.queue_oldest_due_age.set(&label, depth.oldest_due_age_seconds);
    metrics.queue_paused.set(&label, if depth.is_paused { 1.0 } else { 0.0 });
}

/// The depth for each label: those of queues that share a label are added up.
fn by_label<'a>(metrics: &Metrics, depths: &'a [Depth]) -> HashMap<&'a str, Depth> {
    let mut sums: HashMap<&str, Depth> = HashMap::new();
    for depth in depths {
        let label = metrics.queue(&depth.engine_type);
        let Some(sum) = sums.get_mut(label) else {
            sums.insert(label, depth.clone());
            continue;
        };
        sum.due += depth.due;
        sum.delayed += depth.delayed;
        sum.in_flight += depth.in_flight;
        sum.dead_letters += depth.dead_letters;
        sum.oldest_due_age_seconds = sum.oldest_due_age_seconds.max(depth.oldest_due_age_seconds);
        sum.is_paused |= depth.is_paused;
    }
    sums
}

/// The engines of each label and standing, zero where there are none.
fn engines_by_label<'a>(
    metrics: &Metrics,
    labels: impl Iterator<Item = &'a str>,
    engines: &'a [EngineCount],
) -> HashMap<(&'a str, &'static str), i64> {
    let standings = Standing::ALL.map(Standing::as_str);
    let mut counts: HashMap<(&str, &str), i64> =
        labels.flat_map(|label| standings.map(move |standing| ((label, standing), 0))).collect();
    for counted in engines {
        // Else its queue has come since the depths were read.
        if let Some(count) = counts.get_mut(&(metrics.queue(&counted.engine_type), counted.standing.as_str())) {
            *count += counted.engines;
        }
    }
    counts
}
