//! What the errors of the broker and the store are to a client.

use std::time::Duration;

use axum::http::header;
use serde_json::json;

use super::code::Code;
use super::input_error::{InputError, InputPlace};
use super::limit::Limit;
use super::problem::Problem;
use super::retry::Later;
use crate::broker::{self, StoreError};
use crate::domain::event::Status;
use crate::domain::ids::EngineId;
use crate::domain::redrive_job::State;

/// What `WWW-Authenticate` says of a token that is not good.
pub const INVALID_TOKEN: &str = r#"Bearer realm="eventlease", error="invalid_token""#;

impl Problem {
    /// The wait stands in the body too: an entry of a batch has no headers.
    fn over_quota(detail: String, limit: u32, wait: Duration) -> Self {
        Self::new(Code::RateLimited, detail)
            .with("limit", json!(limit))
            .with("retry_after_seconds", json!(wait.as_secs() + 1))
            .retry_after(Duration::from_secs(wait.as_secs() + 1))
    }

    /// One place of the request is wrong.
    fn wrong_at(pointer: &str, detail: String) -> Self {
        Self::invalid_input(vec![InputError::new(InputPlace::Pointer(pointer.to_owned()), detail)])
    }

    /// The run takes no more events.
    pub fn run_cancelled(run: &str) -> Self {
        let detail = format!(
            "scenario run {run} is cancelled, and takes no more events; reopen it with POST \
             /api/v1/scenario-runs/{{scenario_run_id}}/reopen, or use another scenario_run_id"
        );
        Self::new(Code::RunCancelled, detail).with("scenario_run_id", json!(run))
    }

    /// Names the place of each follow-up event that was refused, and why.
    fn follow_ups_refused(detail: String, refused: Vec<(usize, broker::Error)>) -> Self {
        let errors = refused.into_iter().map(|(index, error)| {
            let place = InputPlace::Pointer(format!("/enqueue/{index}{}", member_at_fault(&error)));
            InputError { limit: Self::from(error.clone()).limit(), ..InputError::new(place, error.to_string()) }
        });
        Self::invalid_input(errors.collect()).with_code(Code::FollowUpRefused).with_detail(detail)
    }

    /// As for [`broker::Error::EngineIdTaken`], without the type that the engine is registered as.
    pub fn engine_id_taken(engine_id: EngineId) -> Self {
        let detail = format!("engine {engine_id} is registered with another engine_type; choose another engine_id");
        Self::new(Code::EngineIdTaken, detail)
    }
}

impl From<broker::Error> for Problem {
    fn from(error: broker::Error) -> Self {
        use broker::Error;
        let detail = error.to_string();
        match error {
            Error::Store(error) => error.into(),
            Error::EngineNotFound(_) => {
                Self::new(Code::EngineNotFound, format!("{detail}; register it with POST /api/v1/engines"))
            }
            Error::EngineTypeMismatch { registered, .. } => {
                Self::new(Code::EngineTypeMismatch, detail).with("engine_type", json!(registered))
            }
            Error::EngineIdTaken { registered, .. } => {
                Self::new(Code::EngineIdTaken, detail).with("engine_type", json!(registered))
            }
            Error::EngineSuperseded { registered_at, .. } => {
                Self::new(Code::EngineSuperseded, detail).with("registered_at", json!(registered_at))
            }
            Error::QueueNotFound(_) => Self::new(Code::QueueNotFound, detail),
            Error::QueueInUse(uses) => Self::new(Code::QueueInUse, detail)
                .with("has_open_events", json!(uses.has_open_events))
                .with("has_engines", json!(uses.has_engines))
                .with("has_dead_letters", json!(uses.has_dead_letters)),
            Error::TooManyQuarantines(_) => {
                Self::wrong_at("/engine_software_version", detail).of_limit(Limit::Quarantines)
            }
            Error::NoPolicyOfEventType(_) | Error::NotQuarantined { .. } => Self::new(Code::NotFound, detail),
            Error::EventNotFound(_) => Self::new(Code::EventNotFound, detail),
            Error::EventIsFinal { status, .. } => Self::of_status(Code::EventIsFinal, detail, status),
            Error::EventNotQueued { status, .. } => Self::of_status(Code::EventNotQueued, detail, status),
            Error::NotADeadLetter { status, .. } => Self::of_status(Code::NotADeadLetter, detail, status),
            Error::RedrivenBefore { redriven_as, .. } => Self::new(Code::NotADeadLetter, detail)
                .with("event_status", json!(Status::Failed))
                .with("redriven_as", json!(redriven_as)),
            Error::UniqueKeyHeld { held_by, .. } => {
                Self::new(Code::UniqueKeyHeld, detail).with("event_id", json!(held_by))
            }
            Error::CountChanged { expected_count, actual_count, .. } => Self::new(Code::CountChanged, detail)
                .with("expected_count", json!(expected_count))
                .with("actual_count", json!(actual_count)),
            Error::RedriveJobNotFound(_) => Self::new(Code::RedriveJobNotFound, detail),
            Error::RedriveJobOver { state, .. } => Self::redrive_job_over(state, detail),
            Error::TooManyRedriveJobs => Self::overloaded(&detail).of_limit(Limit::RedriveJobs),
            Error::RunCancelled(run) => Self::run_cancelled(run.as_str()),
            Error::NotTheHolder { .. } | Error::EventOfAnotherType(_) | Error::EngineOfTokenGone(_) => {
                Self::new(Code::Forbidden, detail)
            }
            Error::LeaseLost(lost) => Self::new(Code::LeaseLost, lost_detail(&lost, detail))
                .with("lease_ended_by", json!(lost.lease_ended_by))
                .with("lease_ended_at", json!(lost.lease_ended_at))
                .with("event_status", json!(lost.event_status))
                .with("current_attempt", json!(lost.current_attempt)),
            Error::AlreadySettled { settled_as, settled_at, .. } => Self::new(Code::AlreadySettled, detail)
                .with("settled_as", json!(settled_as))
                .with("settled_at", json!(settled_at)),
            Error::FollowUpsRefused(refusal) => Self::follow_ups_refused(detail, refusal.refused),
            Error::MayNotEnqueue(_) => Self::new(Code::Forbidden, detail),
            Error::ReachOfEngineWidened { index, .. } => {
                let place = InputPlace::Pointer(format!("/may_enqueue/{index}"));
                Self::new(Code::Forbidden, detail.clone()).at(vec![InputError::new(place, detail)])
            }
            Error::IdempotencyKeyReused { event_id } => {
                Self::new(Code::IdempotencyKeyReused, detail).with("event_id", json!(event_id))
            }
            Error::IdempotencyKeyTwice => Self::new(Code::IdempotencyKeyReused, detail),
            Error::PollIdReused { .. } => Self::new(Code::PollIdReused, detail),
            Error::BatchRefused => Self::new(Code::InvalidInput, detail),
            // Of the whole body, since the members that were there before count.
            Error::DynamicStateTooLarge { .. } => Self::wrong_at("", detail),
            Error::StaticConfigTooLarge { .. } => Self::wrong_at("/metadata/static_config", detail),
            Error::AvailableTooFarAway => Self::wrong_at("/available_at", "is more than 365 days away".to_owned()),
            Error::HoldsOffTooLong => Self::wrong_at("/holding_off/until", "is more than one day away".to_owned()),
            Error::Crashed => Self::internal().caused_by(Error::Crashed),
            Error::TokenEnded => {
                Self::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, INVALID_TOKEN)
            }
            Error::TokenNotFound(_) => Self::new(Code::TokenNotFound, detail),
            Error::TooManyTokens => Self::new(Code::Overloaded, detail).retry_after(Duration::from_mins(1)),
            Error::TooManyQueues { limit, .. } => {
                Self::new(Code::TooManyQueues, detail).with("limit", json!(limit)).of_limit(Limit::Queues)
            }
            Error::TooManyNewQueues { limit, retry_after, .. } => {
                Self::over_quota(detail, limit, retry_after).of_limit(Limit::NewQueues)
            }
            Error::TooManyNewEngines { limit, retry_after } => {
                Self::over_quota(detail, limit, retry_after).of_limit(Limit::NewEngines)
            }
            Error::TooManyEventTypes { limit, .. } => {
                Self::new(Code::TooManyEventTypes, detail).with("limit", json!(limit)).of_limit(Limit::EventTypes)
            }
            Error::TooManyPollsOfEngine { .. } => Self::overloaded(&detail).of_limit(Limit::ParkedPollsOfEngine),
            Error::TooManyWaiting { .. } => Self::overloaded(&detail).of_limit(Limit::ParkedRequests),
            Error::Overloaded => Self::overloaded(&detail),
            Error::ShuttingDown => Self::new(Code::ShuttingDown, detail).retry_later(Later::Stopping),
        }
    }
}

impl Problem {
    /// What an event's status does not allow.
    fn of_status(code: Code, detail: String, status: Status) -> Self {
        Self::new(code, detail).with("event_status", json!(status))
    }

    fn redrive_job_over(state: State, detail: String) -> Self {
        Self::new(Code::RedriveJobOver, detail).with("redrive_job_state", json!(state))
    }
}

/// The member of a follow-up event for which it was refused, as the rest of a pointer.
const fn member_at_fault(error: &broker::Error) -> &'static str {
    use broker::Error;
    match error {
        Error::IdempotencyKeyReused { .. } | Error::IdempotencyKeyTwice => "/idempotency_key",
        Error::MayNotEnqueue(_) | Error::TooManyQueues { .. } | Error::TooManyNewQueues { .. } => "/engine_type",
        Error::AvailableTooFarAway => "/available_at",
        _ => "",
    }
}

/// A token that never was one is told apart from one whose lease is over.
fn lost_detail(lost: &broker::LeaseLost, detail: String) -> String {
    match lost.lease_ended_by {
        Some(_) => detail,
        None => format!("event {} never had a lease with that token, or of that engine", lost.event_id),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Unavailable(_) => {
                Self::new(Code::DatabaseUnavailable, "repeat the call in a moment, as it was").retry_after_a_second()
            }
            StoreError::ReadersBusy(_) => {
                let detail = "all database connections for lists and reports are in use; repeat the call in a moment";
                Self::new(Code::DatabaseUnavailable, detail)
                    .retry_later(Later::Overloaded)
                    .of_limit(Limit::ReadingConnections)
            }
            StoreError::Timeout(_) | StoreError::Locked(_) => {
                Self::new(Code::DatabaseTimeout, "a statement ran into its time limit").retry_after_a_second()
            }
            StoreError::Corrupt { .. } | StoreError::Unusable(_) | StoreError::Migration(_) | StoreError::Failed(_) => {
                Self::internal()
            }
        };
        problem.caused_by(error.into())
    }
}
