//! Behaviour through HTTP on a real `PostgreSQL`: one file a topic.

mod support;

mod bad_input;
mod cancel;
mod cli;
mod coalescing;
mod conventions;
mod database_errors;
mod database_health;
mod dead_letters;
mod docs;
mod engines;
mod event_instances;
mod event_list;
mod event_wait;
mod exchange;
mod fencing;
mod idempotency;
mod leasing;
mod life;
mod liveness;
mod long_poll;
mod lost_replies;
mod migrations;
mod model;
mod openapi;
mod operations;
mod operators;
mod outage;
mod plans;
mod queues;
mod reaper;
mod retention;
mod scans;
mod sql_enqueue;
mod suspects;
