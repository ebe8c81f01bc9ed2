//! Transactions whose beginning nobody waited for to its end. sqlx (0.9) counts a transaction from PostgreSQL's reply to
//! `begin` on: where a caller is gone before, its connection goes back into the pool with the transaction open, and the next
//! call's statements would become a part of it. So for a moment each connection that is given back is rolled back.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::{Executor as _, PgConnection};

/// A connection is given back at once by its caller's end; the runtime may be busy for a while.
const LASTS: Duration = Duration::from_secs(2);

/// Until when connections that are given back are rolled back; `None`: nothing was interrupted yet.
static UNTIL: Mutex<Option<Instant>> = Mutex::new(None);

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
            *UNTIL.lock() = Some(Instant::now() + LASTS);
        }
    }
}

/// Ends the transaction that an interrupted beginning may have left open. Of a connection without one, PostgreSQL only says
/// that there is none.
pub async fn roll_back(connection: &mut PgConnection) -> sqlx::Result<()> {
    let until = *UNTIL.lock();
    if until.is_some_and(|until| Instant::now() < until) {
        connection.execute(sqlx::raw_sql("rollback")).await?;
    }
    Ok(())
}
