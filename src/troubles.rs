//! What goes wrong again and again for as long as its cause lasts, logged once each. While the database is away, every
//! request and every task fails by that: it is one outage for all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::Error;
use crate::logs::{LineBudget, Outage};
use crate::store;

/// The database counts as available again with a write before which no call failed for this long.
const DATABASE_QUIET: Duration = Duration::from_secs(2);
/// A trouble that only requests meet counts as ended when none has met it for this long.
const REQUESTS_QUIET: Duration = Duration::from_secs(10);
/// Failures of requests that nobody foresaw, each with a line of its own, within [`UNFORESEEN_WINDOW`].
const UNFORESEEN_LINES: u32 = 20;
const UNFORESEEN_WINDOW: Duration = Duration::from_mins(1);

/// One outage for each cause that requests and tasks can share.
#[derive(Debug)]
pub struct Troubles {
    database: Outage,
    reading_connections: Outage,
    time_limits: Outage,
    hung_calls: Outage,
    batches: Outage,
    leases_kept: Outage,
    /// By the name of the task; those that have failed before.
    tasks: Mutex<HashMap<&'static str, Arc<Outage>>>,
    unforeseen: LineBudget,
}

impl Default for Troubles {
    fn default() -> Self {
        let of_requests = |begins, ends| Outage::new(begins, ends).ending_after(REQUESTS_QUIET);
        Self {
            database: Outage::new(
                "the database is not available: requests that need it are refused until it is",
                "the database is available again",
            )
            .ending_after(DATABASE_QUIET),
            reading_connections: of_requests(
                "all connections for lists and reports are in use: requests for more are refused",
                "connections for lists and reports are free again",
            ),
            time_limits: of_requests(
                "statements run into their time limit, or wait too long for locks: their requests are refused",
                "statements end in time again",
            ),
            hung_calls: of_requests("calls do not end in time, and are given up", "calls end in time again"),
            batches: of_requests(
                "transactions of several requests fail: each of their requests is carried out in one of its own, which is slower",
                "requests share transactions again",
            ),
            leases_kept: Outage::new(
                "leases of callers that are gone cannot be given back: they last until they run out",
                "leases of callers that are gone are given back again",
            ),
            tasks: Mutex::default(),
            unforeseen: LineBudget::new(UNFORESEEN_LINES, UNFORESEEN_WINDOW),
        }
    }
}

impl Troubles {
    /// Notes that a request could not be carried out. To be called where its id is known to the log.
    pub fn note_refusal(&self, error: &Error) {
        if let Error::Store(error) = error {
            if let Some(outage) = self.outage_of(error) {
                return outage.note_refusal(&error.cause_in_words());
            }
            if matches!(error, store::Error::Timeout(_) | store::Error::Locked(_)) {
                return self.time_limits.note_refusal(&error.cause_in_words());
            }
        }
        let cause = error.in_words();
        match self.unforeseen.take(Instant::now()) {
            Some(0) => tracing::error!(%cause, "request failed"),
            Some(left_out) => tracing::error!(%cause, left_out, "request failed, and others before it without a line"),
            None => tracing::debug!(%cause, "request failed"),
        }
    }

    /// Notes that a call neither ended nor ran into any other limit.
    pub fn note_hung_call(&self) {
        self.hung_calls.note_refusal(&"no part of it ran into its own limit");
    }

    /// Notes that several requests could not be carried out together.
    pub fn note_batch_failure(&self, error: &Error) {
        self.batches.note_failure(&error.in_words());
    }

    /// Notes that a round of a task failed; the task tries again.
    pub fn note_failure_of_task(&self, name: &'static str, error: &Error) {
        let own = || {
            let begins = || format!("task {name} fails, and tries again");
            let new = || Arc::new(Outage::new(begins(), format!("task {name} works again")));
            Arc::clone(self.tasks.lock().entry(name).or_insert_with(new))
        };
        self.note_failure(error, || own().note_failure(&error.in_words()));
    }

    /// Notes that leases of a caller that was gone could not be given back.
    pub fn note_leases_kept(&self, error: &Error) {
        self.note_failure(error, || self.leases_kept.note_failure(&error.in_words()));
    }

    /// Notes that leases of a caller that was gone went back.
    pub fn note_leases_given_back(&self) {
        self.leases_kept.note_success();
    }

    /// Notes a failure of nobody's request: as part of the outage it belongs to, else by itself.
    fn note_failure(&self, error: &Error, by_itself: impl FnOnce()) {
        if let Error::Store(error) = error
            && let Some(outage) = self.outage_of(error)
        {
            return outage.note_failure(&error.cause_in_words());
        }
        by_itself();
    }

    /// Notes that a round of a task succeeded.
    pub fn note_success_of_task(&self, name: &'static str) {
        let outage = self.tasks.lock().get(name).cloned();
        if let Some(outage) = outage {
            outage.note_success();
        }
    }

    /// Notes that the database took a write. What was not met for long enough has ended.
    pub fn note_write(&self) {
        let all = [&self.database, &self.reading_connections, &self.time_limits, &self.hung_calls, &self.batches];
        for outage in all {
            outage.note_success();
        }
    }

    /// The outage that an error is part of, whoever met it.
    fn outage_of(&self, error: &store::Error) -> Option<&Outage> {
        match error {
            store::Error::Unavailable(_) => Some(&self.database),
            // While the database is away, what has a connection keeps it until it is given up.
            store::Error::ReadersBusy(_) if self.database.is_on() => Some(&self.database),
            store::Error::ReadersBusy(_) => Some(&self.reading_connections),
            // The other side of the connection is silent.
            store::Error::Timeout(cause) if cause.is_of_connection() => Some(&self.database),
            store::Error::Timeout(_)
            | store::Error::Locked(_)
            | store::Error::Corrupt { .. }
            | store::Error::Unusable(_)
            | store::Error::Migration(_)
            | store::Error::Failed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_connections_that_an_outage_keeps_are_part_of_it() {
        let troubles = Troubles::default();
        let outage_of = |error: &store::Error| troubles.outage_of(error).map(std::ptr::from_ref);
        assert_eq!(outage_of(&store::Error::readers_busy()), Some(std::ptr::from_ref(&troubles.reading_connections)));
        troubles.database.note_failure(&"the connection failed");
        assert_eq!(outage_of(&store::Error::readers_busy()), Some(std::ptr::from_ref(&troubles.database)));
    }
}
