//! Behaviour through HTTP on a real `PostgreSQL`: one file a topic.

mod support;

mod life;
mod model;
mod plans;
