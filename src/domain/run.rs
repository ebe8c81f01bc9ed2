//! Scenario runs: events that belong together by a name that their producers chose.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::names::ScenarioRunId;

/// How a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = ScenarioRunStatus)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It has events that are queued or with engines.
    Active,
    /// It has none of them.
    Idle,
    /// It takes no more events.
    Cancelled,
}

/// The events of a run, by their status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
#[schema(as = ScenarioRunCounts)]
pub struct RunCounts {
    /// Waiting for an engine.
    pub queued: i64,
    /// With engines.
    pub processing: i64,
    /// Ended with success.
    pub completed: i64,
    /// Dead letters, also those that were purged.
    pub failed: i64,
    /// Cancelled.
    pub cancelled: i64,
}

/// Where a run was cancelled, and not reopened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cancellations {
    /// The queues; an empty name stands for all of them.
    pub engine_types: Vec<String>,
    /// The latest of them, by the database's clock.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Who asked for that one; `None` without authentication.
    pub cancelled_by: Option<String>,
}

impl Cancellations {
    /// Whether the run is cancelled in all of these queues; `None`: in every queue.
    #[must_use]
    pub fn cover(&self, engine_types: Option<&[String]>) -> bool {
        let are_all = self.engine_types.iter().any(String::is_empty);
        are_all || engine_types.is_some_and(|wanted| wanted.iter().all(|name| self.engine_types.contains(name)))
    }

    /// The queues that are named.
    pub fn named(&self) -> impl Iterator<Item = &String> {
        self.engine_types.iter().filter(|name| !name.is_empty())
    }
}

/// Part of a run: what is in some queues, or all of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RunScope {
    /// The run.
    pub run: ScenarioRunId,
    /// The queues; `None`: all of them.
    pub engine_types: Option<Vec<String>>,
}

/// A run, or part of it, as it stood at one moment.
#[derive(Clone, Debug)]
pub struct Run {
    /// What is meant.
    pub scope: RunScope,
    /// How many events it has.
    pub counts: RunCounts,
    /// Some counts ended at their bound.
    pub is_approximate: bool,
    /// When its oldest event was created that is still stored.
    pub first_created_at: Option<DateTime<Utc>>,
    /// When the last of its events ended.
    pub last_ended_at: Option<DateTime<Utc>>,
    /// Where it was cancelled.
    pub cancellations: Cancellations,
}

impl Run {
    /// Whether some of its events have not ended.
    #[must_use]
    pub const fn has_open_events(&self) -> bool {
        self.counts.queued + self.counts.processing > 0
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        status(&self.cancellations, self.scope.engine_types.as_deref(), self.has_open_events())
    }
}

/// A run in a list.
#[derive(Clone, Debug)]
pub struct ListedRun {
    /// Its name.
    pub scenario_run_id: String,
    /// Whether some of its events have not ended.
    pub has_open_events: bool,
    /// Where it was cancelled.
    pub cancellations: Cancellations,
}

/// How a run stands in these queues; `None`: in all of them.
#[must_use]
pub fn status(cancellations: &Cancellations, engine_types: Option<&[String]>, has_open_events: bool) -> RunStatus {
    match has_open_events {
        _ if cancellations.cover(engine_types) => RunStatus::Cancelled,
        true => RunStatus::Active,
        false => RunStatus::Idle,
    }
}

/// The cancelled ones of some runs, each with a queue in which it is cancelled.
#[derive(Clone, Debug, Default)]
pub struct CancelledRuns {
    runs: HashSet<(String, String)>,
}

impl CancelledRuns {
    /// Of pairs of a run and a queue, whose empty name stands for all queues.
    pub fn of(runs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { runs: runs.into_iter().collect() }
    }

    /// Whether the run takes no events in that queue.
    #[must_use]
    pub fn has(&self, run: &str, engine_type: &str) -> bool {
        let is_cancelled = |queue: &str| self.runs.contains(&(run.to_owned(), queue.to_owned()));
        !self.runs.is_empty() && (is_cancelled("") || is_cancelled(engine_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancelled_in(engine_types: &[&str]) -> Cancellations {
        let engine_types = engine_types.iter().map(|name| (*name).to_owned()).collect();
        Cancellations { engine_types, ..Cancellations::default() }
    }

    #[test]
    fn a_run_is_cancelled_where_all_queues_that_are_meant_are() {
        let (all, chess, both) = (cancelled_in(&[""]), cancelled_in(&["chess"]), cancelled_in(&["chess", "go"]));
        let types = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for (cancellations, engine_types, expected) in [
            (&all, None, RunStatus::Cancelled),
            (&all, types(&["go"]), RunStatus::Cancelled),
            (&chess, None, RunStatus::Active),
            (&chess, types(&["chess"]), RunStatus::Cancelled),
            (&chess, types(&["chess", "go"]), RunStatus::Active),
            (&both, types(&["chess", "go"]), RunStatus::Cancelled),
        ] {
            assert_eq!(
                status(cancellations, engine_types.as_deref(), true),
                expected,
                "{cancellations:?} {engine_types:?}"
            );
        }
        assert_eq!(status(&chess, None, false), RunStatus::Idle);
    }

    #[test]
    fn a_queue_takes_no_events_of_a_run_that_is_cancelled_in_it() {
        let runs = [("a", ""), ("b", "chess")].map(|(run, queue)| (run.to_owned(), queue.to_owned()));
        let cancelled = CancelledRuns::of(runs);
        assert!(cancelled.has("a", "go") && cancelled.has("b", "chess"));
        assert!(!cancelled.has("b", "go") && !cancelled.has("c", "chess"));
    }
}
