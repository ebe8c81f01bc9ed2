//! The periodic check for what no signal announced, once an interval and for all waiting polls together: that something is
//! due, and when the next will be; and that an engine was told to drain elsewhere, or is gone.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::clock::DatabaseClock;
use super::context::Context;
use super::scan_positions::ScanPositions;
use super::waiting::{Known, QueueCheck, WaitingPolls};
use crate::domain::engine::EngineStatus;
use crate::domain::lane::Lane;
use crate::error::Result;
use crate::store;
use crate::store::leases::due::Want;

/// The task's name in metrics and in the log.
pub const TASK: &str = "lookout";

/// What the recheck needs.
#[derive(Debug)]
pub struct Recheck {
    /// What all of dispatch shares.
    pub context: Arc<Context>,
    /// The polls for which it checks.
    pub waiting: Arc<WaitingPolls>,
    /// Where scans of the indexes begin.
    pub positions: Arc<ScanPositions>,
    /// The database's clock, as it was last read.
    pub clock: Arc<DatabaseClock>,
}

impl Recheck {
    /// Rechecks until told to stop.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut next_round = Instant::now();
        while !stop.is_cancelled() {
            let (to_check, next_due) = self.waiting.urgent_checks();
            let now = Instant::now();
            let outcome = if now >= next_round {
                next_round = now + self.context.settings.recheck.mul_f64(rand::random_range(0.9..=1.1));
                self.context.in_time(self.check_all()).await
            } else if to_check.is_empty() {
                let until = next_due.map_or(next_round, |due| due.min(next_round));
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.waiting.checks_wanted.notified() => {}
                    () = stop.cancelled() => {}
                }
                continue;
            } else {
                self.context.in_time(self.check_queues(&to_check)).await
            };
            match outcome {
                Ok(()) => self.context.troubles.note_success_of_task(TASK),
                Err(error) => {
                    self.context.troubles.note_failure_of_task(TASK, &error);
                    self.waiting.serve_all();
                }
            }
        }
    }

    /// Whether what is due at that time is better announced by a timer. What is due later is found by a recheck before.
    pub fn is_soon(&self, until_due: Duration) -> bool {
        until_due < self.context.settings.recheck * 2
    }

    async fn check_all(&self) -> Result<()> {
        let questions = self.waiting.questions();
        if !questions.queues.is_empty() {
            self.check_queues(&questions.queues).await?;
        }
        if !questions.engines.is_empty() {
            let asked_at = Instant::now();
            let oldest = |engine_id: &_| self.positions.held.oldest(*engine_id, asked_at.into_std());
            let since: Vec<DateTime<Utc>> = questions.engines.iter().map(oldest).collect();
            let mut connection = self.context.connection().await?;
            let found = store::leases::check_engines(&mut connection, &questions.engines, &since).await?;
            drop(connection);
            let known = found.into_iter().map(|engine| {
                let is_draining = engine.status == EngineStatus::Draining;
                let (engine_type, incarnation, holds_any) = (engine.engine_type, engine.incarnation, engine.holds_any);
                let (is_kept_out, has_room) = (engine.is_kept_out, !holds_any);
                let known = Known { engine_type, incarnation, is_draining, is_kept_out, holds_any, has_room, asked_at };
                (engine.engine_id, known)
            });
            self.waiting.note_engines(&questions.engines, known.collect());
        }
        Ok(())
    }

    /// When each of these queues has something due.
    async fn check_queues(&self, queues: &[Arc<str>]) -> Result<()> {
        let asked_at = Instant::now();
        let due = &self.positions.due;
        let scans: Vec<_> = queues.iter().map(|queue| due.scan(queue, asked_at.into_std())).collect();
        let mut wants = Vec::with_capacity(Lane::ALL.len() * queues.len());
        for (queue, scan) in queues.iter().zip(&scans) {
            for (lane, edges) in Lane::ALL.into_iter().zip(&scan.ranges) {
                wants.push(Want { engine_type: queue, lane, edges, limit: 1 });
            }
        }
        let mut connection = self.context.connection().await?;
        let next = store::leases::due::seconds_until_due(&mut connection, &wants).await?;
        drop(connection);
        if let Some(now) = next.now {
            self.clock.set(now);
        }
        let now = Instant::now();
        let mut checks = Vec::with_capacity(queues.len());
        for ((queue, scan), seconds) in queues.iter().zip(&scans).zip(next.seconds.chunks(Lane::ALL.len())) {
            let has_due_suspects = seconds.iter().skip(1).flatten().any(|seconds| *seconds <= 0.0);
            let seconds = seconds.iter().flatten().copied().reduce(f64::min);
            due.checked(queue, scan, seconds.is_some_and(|seconds| seconds <= 0.0), now.into_std());
            let until_due =
                seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
            let next_due = until_due.filter(|until_due| self.is_soon(*until_due)).map(|until_due| asked_at + until_due);
            checks.push(QueueCheck { engine_type: Arc::clone(queue), next_due, has_due_suspects });
        }
        self.waiting.note_queues(checks, asked_at);
        Ok(())
    }
}
