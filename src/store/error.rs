//! What can go wrong with the database, sorted by what a caller can do about it.

mod cause;

use std::fmt;
use std::sync::Arc;

use super::replacement::{ends_sessions, replace_all};
pub use cause::Cause;
pub(super) use cause::InWords;

/// What a statement comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Cheap to clone: one failure may be the answer to many.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Not reachable, restarting, or out of connections. The same call may work in a moment.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// All connections for reading were in use for as long as a call waits for one.
    #[error("no connection for reading became free in time")]
    ReadersBusy(#[source] Cause),
    /// A statement ran into its time limit.
    #[error("the database did not answer in time")]
    Timeout(#[source] Cause),
    /// Somebody else has locked what a statement needs, and it was told not to wait for long.
    #[error("somebody else has locked what is needed")]
    Locked(#[source] Cause),
    /// A stored value that this version does not understand.
    #[error("{table}.{column} of {id} holds {value:?}, which is not understood")]
    #[expect(missing_docs, reason = "the message says what the fields are")]
    Corrupt { table: &'static str, column: &'static str, id: String, value: String },
    /// The database is there, and the service cannot work on it as it is. Says what to do.
    #[error("{0}")]
    Unusable(Arc<str>),
    /// A migration could not be applied.
    #[error("the schema could not be migrated")]
    Migration(#[source] Cause),
    /// Any other failure of a statement.
    #[error("a statement failed")]
    Failed(#[source] Cause),
}

impl Error {
    /// Nothing came of a call, not even the end of its statement's time limit.
    #[must_use]
    pub fn stalled() -> Self {
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, "the database's side of a connection is silent");
        Self::Timeout(sqlx::Error::Io(error).into())
    }

    /// Nothing came back for so long that nobody waits for it any more.
    #[must_use]
    pub fn no_answer() -> Self {
        Self::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into())
    }

    /// For tests above the store, which do not know the client's errors.
    #[cfg(test)]
    #[must_use]
    pub fn readers_busy() -> Self {
        Self::ReadersBusy(sqlx::Error::PoolTimedOut.into())
    }

    /// With its cause, for the log.
    #[must_use]
    pub fn in_words(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// Its cause alone, where it has one.
    #[must_use]
    pub fn cause_in_words(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// A value that is not of its column's kind; at most 100 of its characters are kept.
    pub(super) fn corrupt(table: &'static str, column: &'static str, id: impl fmt::Display, value: &str) -> Self {
        Self::Corrupt { table, column, id: id.to_string(), value: value.chars().take(100).collect() }
    }
}

/// PostgreSQL's error codes (its documentation, appendix A) for "come back in a moment", by their beginning: exhausted
/// resources (connections, disk, memory), and transactions that were rolled back for the sake of others. Beside them are
/// those after which sessions are replaced.
const UNAVAILABLE: [&str; 3] = ["53", "40001", "40P01"];
/// `query_canceled` and `lock_not_available`: the limits that `pool` sets.
const TIMEOUT: &str = "57014";
const LOCKED: &str = "55P03";

/// `check_violation`. By no constraint, it is a row whose day has no partition: it is just being taken away, or
/// could not be made yet.
const CHECK_VIOLATION: &str = "23514";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if ends_sessions(&error) {
            // The session is given back after this.
            replace_all();
            return Self::Unavailable(error.into());
        }
        let error = match error {
            sqlx::Error::Decode(source) => match source.downcast::<Self>() {
                Ok(corrupt) => return *corrupt,
                Err(source) => sqlx::Error::Decode(source),
            },
            error => error,
        };
        let is_of_no_constraint = error.as_database_error().is_some_and(|error| error.constraint().is_none());
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
        match (&error, code.as_deref()) {
            (_, Some(TIMEOUT)) => Self::Timeout(error.into()),
            (_, Some(LOCKED)) => Self::Locked(error.into()),
            (_, Some(CHECK_VIOLATION)) if is_of_no_constraint => Self::Unavailable(error.into()),
            (_, Some(code)) if UNAVAILABLE.iter().any(|begin| code.starts_with(begin)) => {
                Self::Unavailable(error.into())
            }
            (
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
                _,
            ) => Self::Unavailable(error.into()),
            _ => Self::Failed(error.into()),
        }
    }
}
