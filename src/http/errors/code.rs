//! The stable codes of problems, each with its status and title.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Makes the codes out of lines like `Forbidden = FORBIDDEN "forbidden" "Not allowed";`: status, code, title.
macro_rules! codes {
    ($($name:ident = $status:ident $code:literal $title:literal;)*) => {
        /// The stable codes; the only thing a program should tell problems apart by.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
        #[cfg_attr(test, derive(serde::Deserialize))]
        #[schema(as = ProblemCode)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// All of them, for the series that metrics make of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Status, code, title.
            pub const fn facts(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$name => (StatusCode::$status, $code, $title),)*
                }
            }

            /// As it stands in the body.
            pub const fn as_str(self) -> &'static str {
                self.facts().1
            }
        }
    };
}

codes! {
    MalformedJson = BAD_REQUEST "malformed_json" "The body is not JSON";
    Unauthenticated = UNAUTHORIZED "unauthenticated" "Authentication required";
    Forbidden = FORBIDDEN "forbidden" "Not allowed";
    NotForBrowsers = FORBIDDEN "not_for_browsers" "Leasing is for engines, not for browsers";
    CrossSiteRefused = FORBIDDEN "cross_site_refused" "Request of another site refused";
    HostNotAllowed = MISDIRECTED_REQUEST "host_not_allowed" "Host not allowed";
    NotFound = NOT_FOUND "not_found" "Nothing is here";
    TokenNotFound = NOT_FOUND "token_not_found" "The token is not known";
    EngineNotFound = NOT_FOUND "engine_not_found" "The engine is not registered";
    EventNotFound = NOT_FOUND "event_not_found" "The event is not known";
    QueueNotFound = NOT_FOUND "queue_not_found" "The queue does not exist";
    RedriveJobNotFound = NOT_FOUND "redrive_job_not_found" "The redrive job is not known";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "The method does not fit the resource";
    LeaseLost = CONFLICT "lease_lost" "The lease is over";
    AlreadySettled = CONFLICT "already_settled" "The lease was settled otherwise";
    EngineTypeMismatch = CONFLICT "engine_type_mismatch" "The engine is of another type";
    EngineIdTaken = CONFLICT "engine_id_taken" "The engine id is taken";
    EngineSuperseded = CONFLICT "engine_superseded" "The engine has registered again";
    EventIsFinal = CONFLICT "event_is_final" "The event has ended";
    EventNotQueued = CONFLICT "event_not_queued" "The event is not queued";
    NotADeadLetter = CONFLICT "not_a_dead_letter" "The event is not a dead letter";
    UniqueKeyHeld = CONFLICT "unique_key_held" "An open event has the unique key";
    QueueInUse = CONFLICT "queue_in_use" "The queue is in use";
    RunCancelled = CONFLICT "run_cancelled" "The scenario run is cancelled";
    CountChanged = CONFLICT "count_changed" "Count changed";
    RedriveJobOver = CONFLICT "redrive_job_over" "The redrive job is over";
    PayloadTooLarge = PAYLOAD_TOO_LARGE "payload_too_large" "The body is too large";
    RequestTimeout = REQUEST_TIMEOUT "request_timeout" "The request took too long to come";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body must be JSON";
    InvalidInput = UNPROCESSABLE_ENTITY "invalid_input" "The request has errors";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "idempotency_key_reused" "The idempotency key stands for another body";
    FollowUpRefused = UNPROCESSABLE_ENTITY "follow_up_refused" "A follow-up event cannot be enqueued";
    PollIdReused = UNPROCESSABLE_ENTITY "poll_id_reused" "The poll id stands for another poll";
    TooManyQueues = UNPROCESSABLE_ENTITY "too_many_queues" "No more queues are made";
    TooManyEventTypes = UNPROCESSABLE_ENTITY "too_many_event_types" "No more event types get a policy";
    Overloaded = TOO_MANY_REQUESTS "overloaded" "Too much at once";
    RateLimited = TOO_MANY_REQUESTS "rate_limited" "Too much in too short a time";
    Internal = INTERNAL_SERVER_ERROR "internal" "Something went wrong here";
    DatabaseUnavailable = SERVICE_UNAVAILABLE "database_unavailable" "The database is not available";
    ShuttingDown = SERVICE_UNAVAILABLE "shutting_down" "The service is stopping";
    DatabaseTimeout = GATEWAY_TIMEOUT "database_timeout" "The database did not answer in time";
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;

    #[test]
    fn a_code_is_called_the_same_in_replies_and_in_the_document() {
        let RefOr::T(Schema::Object(codes)) = Code::schema() else { panic!("not an enumeration") };
        let codes = codes.enum_values.expect("an enumeration");
        assert!(codes.len() > 30, "{codes:?}");
        for documented in codes {
            let code: Code = serde_json::from_value(documented.clone()).expect("a code");
            assert_eq!(code.facts().1, documented);
        }
    }
}
