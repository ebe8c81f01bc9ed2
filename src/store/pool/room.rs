//! What is done where PostgreSQL has no room for another session (a role's or a database's `connection limit`, or
//! `max_connections`): calls share the connections that are open. The pool itself would go on trying to open one for a
//! call, and let it fail at last, while others are given back.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgPool};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::store::Connection;

/// A call that waits longer for a connection asks why.
const USUAL_WAIT: Duration = Duration::from_millis(50);
/// Between two attempts to find out whether there is room.
const CHECK_EVERY: Duration = Duration::from_millis(500);
/// How long no further connection is opened after PostgreSQL refused one.
const FULL_FOR: Duration = Duration::from_secs(5);
/// While no further connection is opened, how often the first call in line looks for one that was given back.
const IDLE_CHECK_EVERY: Duration = Duration::from_millis(1);

/// PostgreSQL's error code `too_many_connections`.
const TOO_MANY_CONNECTIONS: &str = "53300";

#[derive(Clone, Debug, Default)]
pub struct Room {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Until when no further connection is opened.
    full_until: watch::Sender<Option<Instant>>,
    /// Held by the one call that asks PostgreSQL whether there is room; when that was last asked.
    check: Mutex<Option<Instant>>,
    /// Held by the first call in line for a connection that is given back.
    turn: Mutex<()>,
}

fn is_in_future(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() < time)
}

pub fn is_out_of_room(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().is_some_and(|code| code == TOO_MANY_CONNECTIONS))
}

impl Room {
    /// Takes a connection that is open, or opens one as far as there is room.
    pub async fn take(&self, pool: &PgPool) -> sqlx::Result<Connection> {
        if !self.is_full() {
            let mut taking = pin!(pool.acquire());
            if let Ok(taken) = timeout(USUAL_WAIT, taking.as_mut()).await {
                return taken;
            }
            tokio::select! {
                taken = taking => return taken,
                () = self.until_full(pool) => {}
            }
        }
        self.take_open(pool).await
    }

    /// Takes a connection that is open, in the order of the calls.
    async fn take_open(&self, pool: &PgPool) -> sqlx::Result<Connection> {
        let _turn = self.state.turn.lock().await;
        loop {
            if let Some(mut connection) = pool.try_acquire() {
                match connection.ping().await {
                    Ok(()) => return Ok(connection),
                    Err(_) => drop(connection.close().await),
                }
            } else if pool.size() == 0 {
                return pool.acquire().await;
            } else {
                sleep(IDLE_CHECK_EVERY).await;
            }
        }
    }

    fn is_full(&self) -> bool {
        is_in_future(*self.state.full_until.borrow())
    }

    /// Returns when a call has found that PostgreSQL has no room.
    pub async fn is_out_of(&self) {
        let found = self.state.full_until.subscribe().wait_for(|until| is_in_future(*until)).await.is_ok();
        debug_assert!(found, "its sender is in the state, which is borrowed here");
    }

    /// Returns when PostgreSQL has no room; never, while it has.
    async fn until_full(&self, pool: &PgPool) {
        let mut full_until = self.state.full_until.subscribe();
        tokio::select! {
            // Its sender is in the state, which is borrowed here.
            _ = full_until.wait_for(|until| is_in_future(*until)) => {}
            () = self.check_until_full(pool) => {}
        }
    }

    async fn check_until_full(&self, pool: &PgPool) {
        let mut checked_at = self.state.check.lock().await;
        loop {
            if let Some(checked_at) = *checked_at {
                sleep_until(checked_at + CHECK_EVERY).await;
            }
            *checked_at = Some(Instant::now());
            if self.check(pool).await {
                return;
            }
        }
    }

    /// Asks PostgreSQL for a connection beside the pool, which is closed at once. Answers whether there is no room for it.
    pub async fn check(&self, pool: &PgPool) -> bool {
        match super::connect_beside(&pool.connect_options()).await {
            Ok(connection) => {
                // The pool's own attempts are in nobody's way.
                connection.close().await.ok();
                false
            }
            Err(error) if is_out_of_room(&error) => {
                if !self.is_full() {
                    tracing::warn!(%error, open = pool.size(), "the database gives no further connections; calls share those there are");
                }
                self.state.full_until.send_replace(Some(Instant::now() + FULL_FOR));
                true
            }
            // What else is wrong is what the pool's own attempt comes to.
            Err(_) => false,
        }
    }
}
