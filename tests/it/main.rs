//! Behaviour through HTTP on a real `PostgreSQL`: one file a topic.

mod support;

mod cli;
mod event_instances;
mod life;
mod migrations;
mod model;
mod openapi;
mod operations;
mod plans;
mod retention;
mod scans;
