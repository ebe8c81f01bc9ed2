//! Why the database could not do something, in words. Whatever shows it, shows no more than that: the client's errors name
//! lines and functions of PostgreSQL's source, and what PostgreSQL quotes of values may be a caller's text of any length.

use std::fmt;
use std::sync::Arc;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::domain::log_text::LogText;

/// Cheap to clone.
#[derive(Clone)]
pub struct Cause(Arc<Source>);

enum Source {
    Statement(sqlx::Error),
    Migration(MigrateError),
}

impl Cause {
    /// All connections were in use for as long as a call waits for one, or none could be opened.
    pub fn is_pool_timeout(&self) -> bool {
        matches!(*self.0, Source::Statement(sqlx::Error::PoolTimedOut))
    }

    /// It is the connection, and not the statement.
    pub fn is_of_connection(&self) -> bool {
        matches!(*self.0, Source::Statement(sqlx::Error::Io(_)))
    }
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(Source::Statement(error)))
    }
}

impl From<MigrateError> for Cause {
    fn from(error: MigrateError) -> Self {
        Self(Arc::new(Source::Migration(error)))
    }
}

impl std::error::Error for Cause {}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Statement(error) => write_error(f, error),
            Source::Migration(error) => write_migration_error(f, error),
        }
    }
}

/// An error of the client in words.
pub struct InWords<'a>(pub &'a sqlx::Error);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, self.0)
    }
}

fn write_error(f: &mut fmt::Formatter<'_>, error: &sqlx::Error) -> fmt::Result {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => write_answer(f, error),
            None => write!(f, "{}", LogText(error.message())),
        },
        sqlx::Error::Io(error) => write!(f, "the connection failed: {error}"),
        sqlx::Error::PoolTimedOut => f.write_str("no connection became free in time, or none could be opened"),
        sqlx::Error::PoolClosed => f.write_str("the connections are closed"),
        sqlx::Error::Migrate(error) => write_migration_error(f, error),
        other => write!(f, "{}", LogText(&other.to_string())),
    }
}

fn write_migration_error(f: &mut fmt::Formatter<'_>, error: &MigrateError) -> fmt::Result {
    match error {
        MigrateError::Execute(error) => write_error(f, error),
        MigrateError::ExecuteMigration(error, version) => {
            write!(f, "migration {version}: ")?;
            write_error(f, error)
        }
        other => write!(f, "{other}"),
    }
}

/// What PostgreSQL answered. Its detail is left out, which quotes rows: `ERROR 42501: "permission denied for table events"`.
fn write_answer(f: &mut fmt::Formatter<'_>, error: &PgDatabaseError) -> fmt::Result {
    let severity = match error.severity() {
        PgSeverity::Panic => "PANIC",
        PgSeverity::Fatal => "FATAL",
        _ => "ERROR",
    };
    write!(f, "{severity} {}: {}", error.code(), LogText(error.message()))?;
    for (name, value) in [("table", error.table()), ("constraint", error.constraint()), ("hint", error.hint())] {
        if let Some(value) = value {
            write!(f, ", {name} {}", LogText(value))?;
        }
    }
    Ok(())
}
