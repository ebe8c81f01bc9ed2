//! What statements run on.

pub use sqlx::PgConnection;

/// A connection of a pool; it is given back when it is dropped.
pub type Connection = sqlx::pool::PoolConnection<sqlx::Postgres>;

/// A transaction on a connection of a pool; it is rolled back when it is dropped.
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;
