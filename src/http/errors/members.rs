//! What a problem says beside its detail, by code: for the `OpenAPI` document. `of_errors` gives them.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use crate::domain::access::Role;
use crate::domain::event::{Outcome, Status};
use crate::domain::redrive_job::State;

/// Members of a problem; each code has some of them, or none.
#[derive(ToSchema)]
#[schema(as = ProblemMembers)]
#[expect(dead_code, reason = "describes the reply to OpenAPI")]
pub struct MembersBody {
    /// `lease_lost`: how the lease ended; null where there never was such a lease.
    lease_ended_by: Option<Outcome>,
    /// `lease_lost`
    lease_ended_at: Option<DateTime<Utc>>,
    /// `lease_lost`: the number of the event's latest attempt.
    #[schema(nullable = false)]
    current_attempt: Option<i32>,
    /// `lease_lost`, `event_is_final`, `event_not_queued`, `not_a_dead_letter`
    #[schema(nullable = false)]
    event_status: Option<Status>,
    /// `already_settled`: the status that was reported before.
    #[schema(nullable = false)]
    settled_as: Option<Status>,
    /// `already_settled`
    #[schema(nullable = false)]
    settled_at: Option<DateTime<Utc>>,
    /// `not_a_dead_letter`: the event that was made from it.
    #[schema(nullable = false)]
    redriven_as: Option<uuid::Uuid>,
    /// `idempotency_key_reused`: the event that the key stands for. `unique_key_held`: the open event that has the key.
    #[schema(nullable = false)]
    event_id: Option<uuid::Uuid>,
    /// `engine_type_mismatch`, `engine_id_taken`: the type that the engine is registered with.
    #[schema(nullable = false)]
    engine_type: Option<String>,
    /// `engine_superseded`: when the engine registered as it is known now.
    #[schema(nullable = false)]
    registered_at: Option<DateTime<Utc>>,
    /// `forbidden`: the roles that may do this, some of them perhaps only with what is their own. Left out where another role
    /// would not help.
    #[schema(nullable = false)]
    allowed_roles: Option<Vec<Role>>,
    /// `queue_in_use`
    #[schema(nullable = false)]
    has_open_events: Option<bool>,
    /// `queue_in_use`
    #[schema(nullable = false)]
    has_engines: Option<bool>,
    /// `queue_in_use`
    #[schema(nullable = false)]
    has_dead_letters: Option<bool>,
    /// `redrive_job_over`: the state of the job.
    #[schema(nullable = false)]
    redrive_job_state: Option<State>,
    /// `run_cancelled`
    #[schema(nullable = false)]
    scenario_run_id: Option<String>,
    /// `count_changed`
    #[schema(nullable = false)]
    expected_count: Option<i64>,
    /// `count_changed`
    #[schema(nullable = false)]
    actual_count: Option<i64>,
    /// `rate_limited`, `too_many_queues`, `too_many_event_types`: the limit that was met.
    #[schema(nullable = false)]
    limit: Option<i64>,
    /// `rate_limited`, and any problem within `lease_error`: as the header Retry-After.
    #[schema(nullable = false)]
    retry_after_seconds: Option<i64>,
}
