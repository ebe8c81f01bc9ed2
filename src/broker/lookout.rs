//! The lookout: finds out, once an interval and for all parked polls together, what nobody told this replica: that
//! something is due, and when the next will be; and that an engine was told to drain elsewhere, or is gone.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::parking::{Facts, Known};
use super::{Broker, Result};
use crate::domain::engine::EngineStatus;
use crate::store;
use crate::store::leases::due::Want;

impl Broker {
    /// Keeps a lookout until told to stop.
    pub async fn keep_lookout(&self, stop: &CancellationToken) {
        let mut next_round = Instant::now();
        while !stop.is_cancelled() {
            self.hand_back_orphans().await;
            let (peeks, next_due) = self.parking.peeks();
            let now = Instant::now();
            let outcome = if now >= next_round {
                next_round = now + self.settings.recheck.mul_f64(rand::random_range(0.9..=1.1));
                self.in_time(self.look_round()).await
            } else if peeks.is_empty() {
                let until = next_due.map_or(next_round, |due| due.min(next_round));
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.parking.lookout_wanted.notified() => {}
                    () = stop.cancelled() => {}
                }
                continue;
            } else {
                self.in_time(self.look_at(&peeks)).await
            };
            match outcome {
                Ok(()) => self.troubles.note_success_of_task("lookout"),
                Err(error) => {
                    self.troubles.note_failure_of_task("lookout", &error);
                    // Each looks for itself.
                    self.parking.wake_all();
                }
            }
        }
    }

    /// Gives back leases whose callers hung up after they had been answered.
    pub async fn hand_back_orphans(&self) {
        self.hand_back_unheard(&self.parking.take_orphans()).await;
    }

    async fn look_round(&self) -> Result<()> {
        let round = self.parking.round();
        if !round.queues.is_empty() {
            self.look_at(&round.queues).await?;
        }
        if !round.engines.is_empty() {
            let asked_at = Instant::now();
            let since: Vec<DateTime<Utc>> =
                round.engines.iter().map(|engine_id| self.held_since.of(*engine_id)).collect();
            let mut connection = self.connection().await?;
            let found = store::leases::check_engines(&mut connection, &round.engines, &since).await?;
            drop(connection);
            let found = found.into_iter().map(|glance| {
                let is_draining = glance.status == EngineStatus::Draining;
                let known = Known { engine_type: glance.engine_type, is_draining, holds_any: glance.holds_any };
                (glance.engine_id, known)
            });
            self.parking.note_engines(&round.engines, found.collect(), asked_at);
        }
        Ok(())
    }

    /// When each of these queues has something due.
    async fn look_at(&self, queues: &[std::sync::Arc<str>]) -> Result<()> {
        let asked_at = Instant::now();
        let scans: Vec<_> = queues.iter().map(|queue| self.ready_edges.glance(queue)).collect();
        let wants: Vec<Want<'_>> = queues
            .iter()
            .zip(&scans)
            .flat_map(|(queue, scan)| {
                [(false, &scan.normals), (true, &scan.suspects)].map(|(is_suspect, edges)| Want {
                    engine_type: queue,
                    is_suspect,
                    edges,
                    limit: 1,
                })
            })
            .collect();
        let mut connection = self.connection().await?;
        let next = store::leases::due::seconds_until_due(&mut connection, &wants).await?;
        drop(connection);
        if let Some(now) = next.now {
            self.clock.set(now);
        }
        let mut facts = Vec::with_capacity(queues.len());
        for ((queue, scan), seconds) in queues.iter().zip(&scans).zip(next.seconds.chunks(2)) {
            let has_due_suspects = seconds.get(1).copied().flatten().is_some_and(|seconds| seconds <= 0.0);
            let seconds = seconds.iter().flatten().copied().reduce(f64::min);
            let is_due = seconds.is_some_and(|seconds| seconds <= 0.0);
            self.ready_edges.glanced(queue, scan, is_due);
            // What is due later than at the next round is found out then.
            let seconds = seconds.filter(|seconds| *seconds < self.settings.recheck.as_secs_f64() * 2.0);
            let next_due = seconds.map(|seconds| asked_at + Duration::from_secs_f64(seconds.max(0.0)));
            facts.push(Facts { engine_type: std::sync::Arc::clone(queue), next_due, has_due_suspects });
        }
        self.parking.note_queues(facts, asked_at);
        Ok(())
    }
}
