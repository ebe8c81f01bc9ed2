//! The only SQL. Free functions on a connection, private row types, long statements as `.sql` files
//! beside them. Every statement names its schema and reads the time from PostgreSQL.

pub mod activity;
pub mod attempts;
pub mod audit;
pub mod cancel;
pub mod complete;
pub mod dead_letters;
pub mod depth;
pub mod due;
mod encoding;
pub mod endings;
pub mod engines;
pub mod enqueue;
pub mod error;
pub mod event_types;
pub mod events;
pub mod health;
pub mod idempotency;
pub mod lease;
pub mod liveness;
pub mod migrations;
pub mod notices;
pub mod open_events;
mod ownership;
pub mod page;
pub mod partitions;
mod policies;
pub mod pool;
pub mod queues;
pub mod room;
mod row;
pub mod scopes;
pub mod tokens;

pub use error::Error;
pub use policies::policies_of_open_events;
pub use pool::Pool;
pub use sqlx::PgConnection;

pub type Connection = sqlx::pool::PoolConnection<sqlx::Postgres>;
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

pub type Result<T> = std::result::Result<T, Error>;
