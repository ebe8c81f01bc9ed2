//! Behaviour through HTTP on a real `PostgreSQL`: one file a topic.

mod support;

mod cancel;
mod exchange;
mod idempotency;
mod bad_input;
mod conventions;
mod life;
