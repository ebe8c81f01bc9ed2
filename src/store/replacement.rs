//! Which sessions are not used again. An error that says that a session is of no use mostly holds for its neighbours
//! too: after a failover all of them lead to the server that was. So all that were opened before it are replaced.

use std::io::ErrorKind;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use sqlx::postgres::PgDatabaseError;
use tokio::sync::watch;

/// PostgreSQL's error codes, by their beginning, after which a session is of no use: lost connections; a server that
/// stops, or has ended the session; one that takes no writes; time limits that end a session; prepared statements that
/// are not those this end knows of.
const CODES: [&str; 7] = ["08", "57P", "25006", "25P03", "25P04", "26000", "42P05"];

/// Milliseconds since the first use of this clock; 0 for never.
static REPLACED_BEFORE: LazyLock<watch::Sender<u64>> = LazyLock::new(watch::Sender::default);
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> u64 {
    // Not 0, which stands for never.
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// Has all sessions replaced that are open now.
pub fn replace_all() {
    REPLACED_BEFORE.send_replace(now());
}

/// Changes each time that sessions are to be replaced, for whoever holds one outside of a pool.
pub fn subscribe() -> watch::Receiver<u64> {
    REPLACED_BEFORE.subscribe()
}

/// Whether a session of this age is to be replaced.
pub fn is_due(age: Duration) -> bool {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    was_open(now(), age, *REPLACED_BEFORE.borrow())
}

/// Whether a session of an age was open at a moment, each in milliseconds. One that was opened in the same millisecond
/// counts as open.
const fn was_open(now: u64, age: u64, at: u64) -> bool {
    at != 0 && now.saturating_sub(age) <= at
}

/// Whether an error says that sessions are of no use. One that could not be opened says nothing of those that are open.
pub fn ends_sessions(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                | ErrorKind::NotConnected
        ),
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            let has_stale_plan = error
                .try_downcast_ref::<PgDatabaseError>()
                // "cached plan must not change result type": a table has changed since its statement was prepared.
                .is_some_and(|error| error.routine() == Some("RevalidateCachedQuery"));
            has_stale_plan || error.code().is_some_and(|code| CODES.iter().any(|begin| code.starts_with(begin)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_opened_before_an_error_are_replaced_and_later_ones_are_not() {
        assert!(was_open(1000, 500, 700));
        assert!(was_open(1000, 300, 700));
        assert!(was_open(1000, 5000, 700), "opened before the clock began");
        assert!(!was_open(1000, 299, 700));
        assert!(!was_open(1000, 5000, 0), "there was no error");
    }

    #[test]
    fn an_error_of_opening_a_session_says_nothing_of_open_ones() {
        for (kind, ends) in [
            (ErrorKind::ConnectionReset, true),
            (ErrorKind::UnexpectedEof, true),
            (ErrorKind::ConnectionRefused, false),
            (ErrorKind::TimedOut, false),
            (ErrorKind::Other, false),
        ] {
            assert_eq!(ends_sessions(&sqlx::Error::Io(kind.into())), ends, "{kind}");
        }
        assert!(!ends_sessions(&sqlx::Error::PoolTimedOut));
    }
}
