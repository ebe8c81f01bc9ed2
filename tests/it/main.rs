//! Behaviour through HTTP on a real `PostgreSQL`: one file a topic.

mod support;

mod cancel;
mod exchange;
mod idempotency;
mod bad_input;
mod conventions;
mod dead_letters;
mod engines;
mod fencing;
mod leasing;
mod life;
mod liveness;
mod long_poll;
mod lost_replies;
mod outage;
mod reaper;
mod suspects;
