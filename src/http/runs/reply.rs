//! A run as it is shown.

use chrono::{DateTime, Utc};

use crate::domain::run::{ListedRun, Run, RunCounts, RunStatus, status};
use crate::http::shown::shown;

shown! {
    /// A scenario run, or the part of it that the token reaches.
    #[schema(as = ScenarioRun)]
    pub struct RunReply of run: Run {
        scenario_run_id: String = run.scope.run.to_string(),
        /// `active`: some of its events are queued or with engines. `idle`: none is. `cancelled`: it takes no more events.
        status: RunStatus = run.status(),
        counts: RunCounts,
        /// There are more events than were counted: 10,000 of those that are queued, of those with engines, and of the newest
        /// that are stored.
        is_approximate: bool,
        /// When its oldest event was created that is still stored; null without one.
        first_created_at: Option<DateTime<Utc>>,
        /// When the last of its events ended; null where none has.
        last_ended_at: Option<DateTime<Utc>>,
        /// Null where it is not cancelled.
        cancelled_at: Option<DateTime<Utc>> = run.cancellations.cancelled_at,
        /// The name of the token; null without authentication.
        cancelled_by: Option<String> = run.cancellations.cancelled_by.clone(),
        /// The queues in which it is cancelled, where that was asked for with a limited token.
        cancelled_in: Vec<String> = run.cancellations.named().cloned().collect(),
    }
}

/// A scenario run in a list, or the part of it that the token reaches.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = ListedScenarioRun)]
pub struct ListedRunReply {
    scenario_run_id: String,
    /// `active`: some of its events are queued or with engines. `idle`: none is. `cancelled`: it takes no more events.
    status: RunStatus,
    /// Some of its events are queued or with engines.
    has_open_events: bool,
    /// Null where it is not cancelled.
    cancelled_at: Option<DateTime<Utc>>,
    /// The name of the token; null without authentication.
    cancelled_by: Option<String>,
    /// The queues in which it is cancelled, where that was asked for with a limited token.
    cancelled_in: Vec<String>,
}

impl ListedRunReply {
    /// The reply that shows a run, as far as these engine types go.
    pub fn of(run: ListedRun, engine_types: Option<&[String]>) -> Self {
        let ListedRun { scenario_run_id, has_open_events, cancellations } = run;
        Self {
            scenario_run_id,
            status: status(&cancellations, engine_types, has_open_events),
            has_open_events,
            cancelled_at: cancellations.cancelled_at,
            cancelled_in: cancellations.named().cloned().collect(),
            cancelled_by: cancellations.cancelled_by,
        }
    }
}
