//! What is done where PostgreSQL has no room for another session (a role's or a database's `connection limit`, or
//! `max_connections`): calls share the connections that are open. The pool itself would go on trying to open one for a
//! call, and let it fail at last, while others are given back.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::session;
use crate::domain::counted::counted_are;
use crate::logs::Outage;
use crate::store::connection::Connection;
use crate::store::error::InWords;

/// A call that waits longer for a connection asks why.
const USUAL_WAIT: Duration = Duration::from_millis(50);
/// Between two attempts to find out whether there is room, at first and at most.
const CHECK_EVERY: Duration = Duration::from_millis(500);
const CHECK_AT_LEAST_EVERY: Duration = Duration::from_secs(8);
/// For a place that a neighbour has just given up.
const OPENING_TIMEOUT: Duration = Duration::from_millis(500);
/// How long no further connection is opened after PostgreSQL refused one.
const FULL_FOR: Duration = Duration::from_secs(5);
/// While no further connection is opened, how often the first call in line looks for one that was given back.
const IDLE_CHECK_EVERY: Duration = Duration::from_millis(1);

/// PostgreSQL's error code `too_many_connections`.
const TOO_MANY_CONNECTIONS: &str = "53300";

/// How many connections PostgreSQL still grants to a pool.
#[derive(Clone, Debug, Default)]
pub struct Room {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    outage: Outage,
    /// Until when no further connection is opened.
    full_until: watch::Sender<Option<Instant>>,
    /// Held by the one call that asks PostgreSQL whether there is room; when that is to be asked again.
    check: Mutex<Check>,
    /// Another pool of the same server, and what it gives up.
    neighbour: OnceLock<(PgPool, Share)>,
    /// Held by the first call in line for a connection that is given back.
    turn: Mutex<()>,
}

impl Default for State {
    fn default() -> Self {
        let begins = "the database gives no further connections: calls share those that are open";
        Self {
            outage: Outage::new(begins, "connections are given to calls at once again").ending_after(FULL_FOR),
            full_until: watch::Sender::default(),
            check: Mutex::default(),
            neighbour: OnceLock::new(),
            turn: Mutex::default(),
        }
    }
}

#[derive(Debug)]
struct Check {
    next: Instant,
    pause: Duration,
}

impl Default for Check {
    fn default() -> Self {
        Self { next: Instant::now(), pause: CHECK_EVERY }
    }
}

fn is_in_future(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() < time)
}

/// True if PostgreSQL refused a connection because too many are open.
pub fn is_out_of_room(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().is_some_and(|code| code == TOO_MANY_CONNECTIONS))
}

/// How many sessions a pool leaves to its neighbour where PostgreSQL has no room for more.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Where this pool has none at all.
    pub keeps_when_missing: u32,
    /// Where all of this pool's are in use; `None`: the neighbour keeps what it has.
    pub keeps_when_short: Option<u32>,
}

impl Room {
    /// Lets this room close idle sessions of a neighbour, to have their places.
    pub fn share_with(&self, neighbour: &PgPool, share: Share) {
        // Only the first neighbour counts.
        self.state.neighbour.set((neighbour.clone(), share)).ok();
    }

    /// Takes a connection that is open, or opens one as far as there is room.
    pub async fn take(&self, pool: &PgPool) -> sqlx::Result<Connection> {
        if !self.is_full() {
            let mut taking = pin!(pool.acquire());
            if let Ok(taken) = timeout(USUAL_WAIT, taking.as_mut()).await {
                if taken.is_ok() {
                    self.state.outage.note_success();
                }
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
        let mut next_try = Instant::now() + USUAL_WAIT;
        loop {
            if let Some(mut connection) = pool.try_acquire() {
                // The pool does not check it here. One that takes no writes was open when its server was demoted.
                match session::takes_writes(&mut connection).await {
                    Ok(true) => return Ok(connection),
                    Ok(false) | Err(_) => drop(connection.close().await),
                }
                continue;
            }
            if pool.size() == 0 || Instant::now() >= next_try {
                next_try = Instant::now() + USUAL_WAIT;
                if let Some(opened) = self.open(pool).await {
                    return opened;
                }
            }
            sleep(IDLE_CHECK_EVERY).await;
        }
    }

    /// Opens a connection where a neighbour gives up its place, or where there is no other way; `None` where it keeps it.
    async fn open(&self, pool: &PgPool) -> Option<sqlx::Result<Connection>> {
        let is_missing = pool.size() == 0;
        let keeps =
            self.state.neighbour.get().and_then(|(_, share)| {
                if is_missing { Some(share.keeps_when_missing) } else { share.keeps_when_short }
            });
        let has_gained = match keeps {
            Some(keeps) => self.close_one_of_neighbour(keeps).await,
            None => false,
        };
        if !has_gained && !is_missing {
            return None;
        }
        // Others may have been faster.
        timeout(OPENING_TIMEOUT, pool.acquire()).await.ok()
    }

    /// Closes an idle session of the neighbour, if it has more than it keeps. Answers whether it did.
    pub async fn close_one_of_neighbour(&self, keeps: u32) -> bool {
        let Some((neighbour, _)) = self.state.neighbour.get() else { return false };
        if neighbour.size() <= keeps {
            return false;
        }
        match neighbour.try_acquire() {
            Some(connection) => connection.close().await.is_ok(),
            None => false,
        }
    }

    fn is_full(&self) -> bool {
        is_in_future(*self.state.full_until.borrow())
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

    /// Asks the less often the longer there is room: then all connections that the pool may have are in use, and asking
    /// changes nothing.
    async fn check_until_full(&self, pool: &PgPool) {
        let mut check = self.state.check.lock().await;
        loop {
            sleep_until(check.next).await;
            let is_full = self.check(pool).await;
            check.pause = if is_full { CHECK_EVERY } else { (check.pause * 2).min(CHECK_AT_LEAST_EVERY) };
            check.next = Instant::now() + check.pause;
            if is_full {
                return;
            }
        }
    }

    /// Asks PostgreSQL for a connection beside the pool, which is closed at once. Answers whether there is no room for it.
    pub async fn check(&self, pool: &PgPool) -> bool {
        match PgConnection::connect_with(&pool.connect_options()).await {
            Ok(connection) => {
                // The pool's own attempts are in nobody's way.
                connection.close().await.ok();
                false
            }
            Err(error) if is_out_of_room(&error) => {
                let cause = format!("{}, {} open", InWords(&error), counted_are(pool.size(), "connection"));
                self.state.outage.note_failure(&cause);
                self.state.full_until.send_replace(Some(Instant::now() + FULL_FOR));
                true
            }
            // What else is wrong is what the pool's own attempt comes to.
            Err(_) => false,
        }
    }
}
