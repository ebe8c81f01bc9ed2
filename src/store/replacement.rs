//! Which sessions are not used again. An error that says that a session is of no use mostly holds for its neighbours
//! too: after a failover all of them lead to the server that was. So all that were opened before it are replaced.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::PgDatabaseError;
use tokio::runtime::{Handle, Id};
use tokio::sync::watch;

/// PostgreSQL's error codes, by their beginning, after which a session is of no use: lost connections; a server that
/// stops, or has ended the session; one that takes no writes; time limits that end a session; prepared statements that
/// are not those this end knows of.
const CODES: [&str; 7] = ["08", "57P", "25006", "25P03", "25P04", "26000", "42P05"];

/// By the runtime on which the sessions are used: the service has one, and a process of tests has servers on many.
static REPLACEMENTS: LazyLock<Mutex<HashMap<Option<Id>, Replacements>>> = LazyLock::new(Mutex::default);

/// When the sessions of one runtime were last to be replaced; `None` for never. A holder of sessions keeps it, so that it is
/// looked up once.
#[derive(Clone, Debug, Default)]
pub struct Replacements(watch::Sender<Option<Instant>>);

/// The replacements of the calling runtime's sessions.
pub fn of_this_runtime() -> Replacements {
    let runtime = Handle::try_current().ok().map(|handle| handle.id());
    REPLACEMENTS.lock().entry(runtime).or_default().clone()
}

/// Has all sessions of this runtime replaced that are open now.
pub fn replace_all() {
    of_this_runtime().0.send_replace(Some(Instant::now()));
}

impl Replacements {
    /// Changes each time that sessions are to be replaced, for a holder of one outside of a pool.
    pub fn subscribe(&self) -> watch::Receiver<Option<Instant>> {
        self.0.subscribe()
    }

    /// Whether a session of this age is to be replaced.
    pub fn is_due(&self, age: Duration) -> bool {
        self.0.borrow().is_some_and(|replaced_at| replaced_at.elapsed() <= age)
    }
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
        let replacements = Replacements::default();
        assert!(!replacements.is_due(Duration::from_secs(5)), "there was no error");
        replacements.0.send_replace(Some(Instant::now()));
        assert!(replacements.is_due(Duration::from_secs(5)));
        assert!(!replacements.is_due(Duration::ZERO));
    }

    #[test]
    fn sessions_of_other_runtimes_are_left_alone() {
        let runtimes: [_; 2] =
            std::array::from_fn(|_| tokio::runtime::Builder::new_current_thread().build().expect("one"));
        runtimes[0].block_on(async { replace_all() });
        let is_due = |runtime: &tokio::runtime::Runtime| {
            runtime.block_on(async { of_this_runtime().is_due(Duration::from_secs(1)) })
        };
        assert_eq!(runtimes.each_ref().map(is_due), [true, false]);
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
