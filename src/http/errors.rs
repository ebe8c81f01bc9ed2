//! What a client is told when something is wrong: `application/problem+json` (RFC 9457). Here,
//! and only here, errors of the use-cases become replies.

/// What the errors of the broker and the store are to a client.
mod of_broker;
mod problem;
/// What a problem says beside its detail, by code.
mod members;
mod input_error;
mod code;
/// Which limit a request met.
mod limit;
mod retry;

pub use code::Code;
pub use input_error::{Errors, InputError, InputPlace, MAX_PLACE_CHARS, Mistake};
pub use limit::Limit;
pub use of_broker::INVALID_TOKEN;
pub use problem::{Cause, MAX_ERRORS_TOLD_OF_BATCH, Problem, ProblemBody};
pub use retry::Later;
