//! Transactions whose beginning nobody waited for to its end. sqlx (0.9) counts a transaction from PostgreSQL's reply to
//! `begin` on: where a caller is gone before, its connection goes back into the pool with the transaction open, and the next
//! call's statements would become a part of it. So for a moment each connection that is given back is rolled back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Executor as _, PgConnection};

use crate::store::elapsed::milliseconds;

/// A connection is given back at once by its caller's end; the runtime may be busy for a while.
const LASTS: Duration = Duration::from_secs(2);

/// By [`milliseconds`].
static UNTIL: AtomicU64 = AtomicU64::new(0);

/// A transaction that begins. Dropped before `has_begun`, it was interrupted.
#[derive(Debug)]
pub struct Beginning {
    has_begun: bool,
}

impl Beginning {
    /// A transaction whose `begin` has not been answered yet.
    pub const fn new() -> Self {
        Self { has_begun: false }
    }

    /// PostgreSQL has answered.
    pub fn has_ended(mut self) {
        self.has_begun = true;
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if !self.has_begun {
            let lasts = u64::try_from(LASTS.as_millis()).unwrap_or(u64::MAX);
            UNTIL.fetch_max(milliseconds().saturating_add(lasts), Ordering::Relaxed);
        }
    }
}

/// Ends the transaction that an interrupted beginning may have left open. Of a connection without one, PostgreSQL only says
/// that there is none.
pub async fn roll_back(connection: &mut PgConnection) -> sqlx::Result<()> {
    if UNTIL.load(Ordering::Relaxed) > milliseconds() {
        connection.execute(sqlx::raw_sql("rollback")).await?;
    }
    Ok(())
}
