//! What the background tasks do beside reaping: partitions, gauges, signs of life.

use std::collections::HashMap;
use std::time::Duration;

use super::signs_of_life::Sign;
use super::{Broker, Result};
use crate::domain::database_health::MAX_DAYS_AHEAD_TOLD;
use crate::domain::engine::EngineStatus;
use crate::metrics::Metrics;
use crate::store;
use crate::store::depth::Depth;
use crate::store::partitions::Removal;

/// Depth counts stop here: beyond it, more is not told from much more.
const DEPTH_COUNT_BOUND: i64 = 10_000;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// How many times a use-case's limit a round of a background task may last. Each limit allows for two statements, and a round
/// has at most eight whose length is not bounded otherwise: the reaper and the removal of partitions begin nothing more after
/// some seconds. So only a silent connection makes a round last longer.
const USE_CASES_OF_A_ROUND: u32 = 4;

impl Broker {
    /// How long a round of a background task may last.
    pub fn round_timeout(&self) -> Duration {
        self.settings.call_timeout * USE_CASES_OF_A_ROUND
    }

    /// Writes down which engines have called: all of them, at once.
    pub async fn flush_signs_of_life(&self) -> Result<()> {
        self.write_signs_of_life(self.signs_of_life.take(true)).await
    }

    /// Writes down which engines have called, as far as it is time for that.
    pub async fn note_signs_of_life(&self) -> Result<()> {
        self.write_signs_of_life(self.signs_of_life.take(false)).await
    }

    /// Those that cannot be written now are kept for the next time.
    async fn write_signs_of_life(&self, signs: Vec<Sign>) -> Result<()> {
        if signs.is_empty() {
            return Ok(());
        }
        let calls: Vec<_> = signs.iter().map(|sign| (sign.engine_id, sign.has_polled, sign.ago)).collect();
        let outcome = async {
            let mut connection = self.connection().await?;
            store::liveness::note_signs(&mut connection, &calls).await
        }
        .await;
        let noted: HashMap<_, _> = match &outcome {
            Ok(noted) => noted.iter().map(|noted| (noted.engine_id, noted)).collect(),
            Err(_) => HashMap::new(),
        };
        for sign in signs {
            match noted.get(&sign.engine_id) {
                Some(noted) if noted.is_written => {
                    self.signs_of_life.written(noted.engine_id, noted.heartbeat_timeout_seconds);
                }
                // Locked by a lease, or nothing at all could be written.
                Some(_) => self.signs_of_life.put_back(sign),
                None if outcome.is_err() => self.signs_of_life.put_back(sign),
                // No such engine.
                None => {}
            }
        }
        outcome?;
        Ok(())
    }

    /// Makes partitions ahead and removes those past the retention.
    pub async fn tend_partitions(&self) -> Result<(u32, Removal)> {
        let made = store::partitions::make_ahead(&self.pool).await?;
        let removal = store::partitions::remove_older_than(&self.pool, self.settings.retention_days).await?;
        let mut connection = self.connection().await?;
        let partitions = store::partitions::days_ahead(&mut connection, MAX_DAYS_AHEAD_TOLD).await?;
        let ahead = partitions.iter().map(|partitions| partitions.days_ahead).min().unwrap_or(0);
        self.metrics.partitions_ahead_seconds.set(i64::from(ahead) * SECONDS_OF_A_DAY);
        Ok((made, removal))
    }

    /// Writes down what happened in the queues since the last time. What cannot be written is let go:
    /// it is for looking at, nothing depends on it.
    pub async fn write_activity(&self) -> Result<()> {
        let counted = self.activity.take();
        if !counted.is_empty() {
            store::activity::add(&self.pool, self.replica_id, &counted).await?;
            store::activity::forget_old(&self.pool).await?;
        }
        Ok(())
    }

    /// Forgets idempotency keys whose time is over.
    pub async fn forget_idempotency_keys(&self) -> Result<u64> {
        Ok(store::idempotency::forget_expired(&self.pool).await?)
    }

    /// Sets the gauges that are read from the database.
    pub async fn measure(&self) -> Result<usize> {
        self.metrics.drop_removed_queues();
        let mut connection = self.connection().await?;
        let depths = store::depth::of_queues(&mut connection, None, DEPTH_COUNT_BOUND).await?;
        let metrics = &*self.metrics;
        metrics.event_types.set(store::room::count_event_types(&mut connection).await?);
        metrics.queues.set(i64::try_from(depths.len()).unwrap_or(i64::MAX));
        let by_label = by_label(metrics, &depths);
        metrics.keep_depths_of(&by_label.keys().copied().collect());
        for (label, depth) in by_label {
            let label = [label];
            metrics.queue_due.with_label_values(&label).set(depth.due);
            metrics.queue_delayed.with_label_values(&label).set(depth.delayed);
            metrics.queue_in_flight.with_label_values(&label).set(depth.in_flight);
            metrics.queue_dead_letters.with_label_values(&label).set(depth.dead_letters);
            metrics.queue_oldest_due_age.with_label_values(&label).set(depth.oldest_due_age_seconds);
        }
        let engines = store::engines::summarize(&mut connection, None).await?;
        metrics.engines.reset();
        for summary in &engines {
            for status in EngineStatus::ALL {
                metrics.engines.with_label_values(&[metrics.queue(&summary.engine_type), status.as_str()]).set(0);
            }
        }
        for summary in &engines {
            let labels = [metrics.queue(&summary.engine_type), summary.status.as_str()];
            metrics.engines.with_label_values(&labels).add(summary.engines);
        }
        Ok(depths.len())
    }

    /// Whether this replica has written to the database within the last five seconds. Asks nobody: that the schema is of
    /// this version was checked at the start.
    pub fn is_ready(&self) -> bool {
        self.readiness.is_ready()
    }
}

/// The depths of queues, of those together that metrics do not tell apart.
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
    }
    sums
}
