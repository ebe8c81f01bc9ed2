//! The connections to PostgreSQL, and the limits each of them carries.

mod interruption; // transactions that nobody waits for
mod pooling; // whether a transaction pooler stands before PostgreSQL
mod room; // what is done where PostgreSQL has no room for another session
mod session; // the settings of a session

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use prometheus::Histogram;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};
use tokio::time::timeout;

use super::connection::{Connection, Transaction};
use super::error::{Error, Result};
use super::replacement;
use crate::config::DatabaseUrl;
use interruption::Beginning;
use pooling::{Needs, Pooling};
use room::{Room, Share};
use session::WritingSessions;

pub(super) use pooling::{EXAMINED_THROUGH_POOLER, are_shared};
pub(super) use room::is_out_of_room;
pub(super) use session::set_up;

/// The target by which the client logs what PostgreSQL says beside its replies.
pub const NOTICES: &str = "sqlx::postgres::notice";

/// What is left out of the log, unless the operator names it: the client logs each slow statement, with its whole text, each slow
/// wait for a connection, and each connection that it loses or was told to refuse. In a trouble that the service logs once,
/// that is a line a request.
pub const QUIET: &str = "sqlx::query=off,sqlx::pool=off,sqlx_core::pool=off";

/// What sessions are called in `pg_stat_activity`.
const APPLICATION: &str = "eventlease";

/// How long an idle connection is used without being checked first.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// Connections for work that needs a session of its own, where a transaction pooler is not to serve it.
const MAX_DIRECT_CONNECTIONS: u32 = 2;

/// How long a connection beside the pool is tried to be opened before room is made for it again.
const BESIDE_TIMEOUT: Duration = Duration::from_secs(2);

/// Limits of one pool and of each of its connections.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// How many may be open at a time.
    pub max_connections: u32,
    /// How long a call waits for a connection before it fails.
    pub acquire_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

/// How to connect. PgBouncer refuses a session that sets `extra_float_digits` as it begins, and PostgreSQL's default
/// loses no digit either.
pub(super) fn connect_options(url: &DatabaseUrl, application_name: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.reveal().parse()?;
    Ok(options.application_name(application_name).extra_float_digits(None))
}

/// A pool of connections. It opens as many as its limits allow, or fewer where PostgreSQL itself allows fewer.
#[derive(Clone, Debug)]
pub struct Pool {
    sessions: PgPool,
    pooling: Arc<Pooling>,
    /// For what needs a session of its own, where that has a URL of its own.
    direct: Option<Direct>,
    writing: Arc<WritingSessions>,
    room: Room,
    limits: PoolLimits,
    /// Seconds that calls waited for a connection, once somebody wants to know.
    waits: Arc<OnceLock<Histogram>>,
}

/// Connections that no transaction pooler stands before.
#[derive(Clone, Debug)]
struct Direct {
    sessions: PgPool,
    pooling: Arc<Pooling>,
}

/// The connections of a server.
#[derive(Clone, Debug)]
pub struct Pools {
    /// For what changes something, and for what engines and producers wait for.
    pub working: Pool,
    /// For lists and reports: however slow they are, they delay nobody but each other.
    pub reading: Pool,
}

impl Pools {
    /// Opens no connection yet. Where PostgreSQL has room for few, lists and reports keep one, if there is another one. What
    /// needs a session of its own is done at `direct`, if that is given, since `url` may lead to a transaction pooler.
    pub fn connect_lazily(
        url: &DatabaseUrl,
        direct: Option<&DatabaseUrl>,
        working: PoolLimits,
        reading: PoolLimits,
    ) -> Result<Self> {
        let writing = Arc::<WritingSessions>::default();
        let options = connect_options(url, APPLICATION)?;
        let needs = Needs::Transactions { has_direct_url: direct.is_some() };
        let pooling = Arc::new(Pooling::new(options.clone(), needs));
        let direct = direct.map(|direct| Direct::connect_lazily(direct, &options, &writing, working)).transpose()?;
        let pool =
            |limits| connect_lazily_with(options.clone(), &pooling, direct.clone(), limits, Arc::clone(&writing));
        let (working, reading) = (pool(working), pool(reading));
        working.room.share_with(&reading.sessions, Share { keeps_when_missing: 0, keeps_when_short: Some(1) });
        reading.room.share_with(&working.sessions, Share { keeps_when_missing: 1, keeps_when_short: None });
        Ok(Self { working, reading })
    }
}

/// Opens no connection yet: the first call does.
pub fn connect_lazily(url: &DatabaseUrl, limits: PoolLimits) -> Result<Pool> {
    let options = connect_options(url, APPLICATION)?;
    let pooling = Arc::new(Pooling::new(options.clone(), Needs::Transactions { has_direct_url: false }));
    Ok(connect_lazily_with(options, &pooling, None, limits, Arc::default()))
}

impl Direct {
    /// To the same database as at the options `of`.
    fn connect_lazily(
        url: &DatabaseUrl,
        of: &PgConnectOptions,
        writing: &Arc<WritingSessions>,
        limits: PoolLimits,
    ) -> Result<Self> {
        let options = connect_options(url, APPLICATION)?;
        let pooling = Arc::new(Pooling::new(options.clone(), Needs::OwnSessions { of: Box::new(of.clone()) }));
        let sessions = writing_sessions(writing, &pooling, limits).max_connections(MAX_DIRECT_CONNECTIONS);
        Ok(Self { sessions: sessions.connect_lazy_with(options), pooling })
    }
}

/// Pools that share `writing` log once for all of them that their database takes no writes.
fn connect_lazily_with(
    options: PgConnectOptions,
    pooling: &Arc<Pooling>,
    direct: Option<Direct>,
    limits: PoolLimits,
    writing: Arc<WritingSessions>,
) -> Pool {
    let before_use = replacement::of_this_runtime();
    let after_use = before_use.clone();
    let sessions = writing_sessions(&writing, pooling, limits)
        .max_connections(limits.max_connections)
        // A connection that was used a moment ago is not asked first whether it is still there.
        .test_before_acquire(false)
        .before_acquire(move |connection, used| {
            let is_replaced = before_use.is_due(used.age);
            Box::pin(async move {
                if is_replaced {
                    return Ok(false);
                }
                if used.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection, used| {
            let is_replaced = after_use.is_due(used.age);
            Box::pin(async move {
                if is_replaced {
                    return Ok(false);
                }
                interruption::roll_back(connection).await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let pooling = Arc::clone(pooling);
    Pool { sessions, pooling, direct, writing, room: Room::default(), limits, waits: Arc::default() }
}

/// The options of a pool whose sessions are set up, and refused where they take no writes.
fn writing_sessions(writing: &Arc<WritingSessions>, pooling: &Arc<Pooling>, limits: PoolLimits) -> PgPoolOptions {
    let (writing, pooling) = (Arc::clone(writing), Arc::clone(pooling));
    PgPoolOptions::new().acquire_timeout(limits.acquire_timeout).after_connect(move |connection, _| {
        let (writing, pooling) = (Arc::clone(&writing), Arc::clone(&pooling));
        Box::pin(async move {
            let sessions = pooling.sessions(connection).await?;
            writing.set_up(connection, sessions, limits.statement_timeout).await
        })
    })
}

/// Where no connection could be had because the service cannot work with the sessions behind the URL, says so.
fn or_refusal<T>(taken: sqlx::Result<T>, pooling: &Pooling) -> Result<T> {
    taken.map_err(|error| match pooling.refusal() {
        Some(refusal) if matches!(error, sqlx::Error::PoolTimedOut) => Error::Unusable(refusal),
        _ => error.into(),
    })
}

impl Pool {
    /// Takes a connection, which is given back when it is dropped.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where none could be opened or became free within the limit: the caller may try again.
    pub async fn acquire(&self) -> Result<Connection> {
        or_refusal(self.take().await, &self.pooling)
    }

    /// Takes a connection whose session of PostgreSQL belongs to it for as long as it is open: for settings and locks of a session.
    /// The caller closes it, so that nothing of that remains for others.
    pub async fn acquire_own_session(&self) -> Result<Connection> {
        let Some(direct) = &self.direct else { return self.acquire().await };
        or_refusal(direct.sessions.acquire().await, &direct.pooling)
    }

    async fn take(&self) -> sqlx::Result<Connection> {
        // Large, and part of the future of every call.
        let taking = Box::pin(self.room.take(&self.sessions));
        let began = Instant::now();
        let taken = timeout(self.limits.acquire_timeout, taking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        if let Some(waits) = self.waits.get() {
            waits.observe(began.elapsed().as_secs_f64());
        }
        taken
    }

    /// Begins a transaction with a statement. A connection that was used a moment ago may have died since: then nothing
    /// has happened yet, and another is taken.
    async fn begin_with(&self, statement: Option<&'static str>) -> Result<Transaction> {
        let attempt = async || {
            let connection = self.take().await?;
            let mut transaction = sqlx::Transaction::begin(connection, statement.map(sqlx::SqlSafeStr::into_sql_str));
            // Declared later, it is dropped first: an interruption is noted before the connection is given back.
            let beginning = Beginning::new();
            let begun = (&mut transaction).await;
            beginning.has_ended();
            begun
        };
        match attempt().await {
            Err(error @ (sqlx::Error::Io(_) | sqlx::Error::Database(_))) => {
                if replacement::ends_sessions(&error) {
                    replacement::replace_all();
                }
                Ok(attempt().await?)
            }
            begun => Ok(begun?),
        }
    }

    /// How it connects to sessions that belong to one connection each, for connections beside it.
    pub(super) fn connect_options(&self) -> PgConnectOptions {
        let sessions = self.direct.as_ref().map_or(&self.sessions, |direct| &direct.sessions);
        (*sessions.connect_options()).clone()
    }

    /// A pool of one connection, for somebody who keeps it. Where PostgreSQL has no room for it, another connection is
    /// closed, but not the last one of this pool.
    pub(super) async fn beside(&self) -> Result<PgPool> {
        if self.room.check(&self.sessions).await && !self.room.close_one_of_neighbour(1).await && self.size() > 1 {
            self.take().await?.close().await?;
        }
        let pooling = self.direct.as_ref().map_or(&self.pooling, |direct| &direct.pooling);
        let options = writing_sessions(&self.writing, pooling, self.limits);
        let options = options.max_connections(1).acquire_timeout(BESIDE_TIMEOUT);
        Ok(options.max_lifetime(None).idle_timeout(None).connect_lazy_with(self.connect_options()))
    }

    /// Has each call's wait for a connection observed, in seconds. Only the first histogram counts.
    pub fn observe_waits(&self, waits: Histogram) {
        self.waits.set(waits).ok();
    }

    /// Most connections that may be open, as configured.
    pub fn max_connections(&self) -> u32 {
        self.limits.max_connections
    }

    /// How many connections are open.
    pub fn size(&self) -> u32 {
        self.sessions.size()
    }

    /// How many connections are open and not in use.
    pub fn count_idle(&self) -> usize {
        self.sessions.num_idle()
    }

    /// Closes it, and returns when all connections are closed.
    pub async fn close(&self) {
        self.sessions.close().await;
        if let Some(direct) = &self.direct {
            direct.sessions.close().await;
        }
    }

    /// The statements by which the role of this pool's sessions brings along what the service relies on, for sessions behind a
    /// transaction pooler; none where it does already.
    pub async fn statements_for_role(&self) -> Result<Vec<String>> {
        let mut connection = self.acquire_own_session().await?;
        Ok(session::statements_for_role(&mut connection, self.limits.statement_timeout).await?)
    }
}

/// Gives `work` up after `limit`; `None` then. A connection it held may be silent, as behind a firewall that forgot it:
/// such a connection is not used again.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let outcome = timeout(limit, work.as_mut()).await.ok();
    if outcome.is_none() {
        // Before `work` is dropped, and its connections with it.
        replacement::replace_all();
    }
    outcome
}

/// The same for a use-case: what takes the database too long altogether is an error.
pub async fn in_time<T, E: From<Error>>(
    limit: Duration,
    use_case: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<T, E> {
    within(limit, use_case).await.unwrap_or_else(|| Err(Error::stalled().into()))
}

/// Begins a transaction.
pub async fn begin(pool: &Pool) -> Result<Transaction> {
    pool.begin_with(None).await
}

/// Commits a transaction. Replies come after this, never before.
pub async fn commit(transaction: Transaction) -> Result<()> {
    Ok(transaction.commit().await?)
}

/// Begins a part of a transaction that can be undone alone. Row locks from before it stay.
pub async fn begin_savepoint(transaction: &mut Transaction) -> Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    Ok(sqlx::Connection::begin(&mut **transaction).await?)
}

/// Keeps what was done since the savepoint, for the transaction's commit.
pub async fn keep_savepoint(savepoint: sqlx::Transaction<'_, sqlx::Postgres>) -> Result<()> {
    Ok(savepoint.commit().await?)
}

/// Undoes what was done since the savepoint.
pub async fn roll_back_savepoint(savepoint: sqlx::Transaction<'_, sqlx::Postgres>) -> Result<()> {
    Ok(savepoint.rollback().await?)
}

/// Begins a transaction of several callers, which waits for nobody's locks for long: one locked row must not stall
/// them all. In one round trip, where a message for the setting would take two. Poolers refuse `SET` in a message of several
/// statements, or do not see it; a function is like any other.
///
/// # Errors
/// A statement that waited 200 ms for a lock fails with [`Error::Locked`]; each caller can then be served alone.
pub async fn begin_impatient(pool: &Pool) -> Result<Transaction> {
    pool.begin_with(Some("begin; select pg_catalog.set_config('lock_timeout', '200ms', true)")).await
}

/// Takes a connection for lists and reports.
///
/// # Errors
/// [`Error::ReadersBusy`] where all of them stayed in use: the database is there, and the caller may try again.
pub async fn acquire_reading(reading: &Pool) -> Result<Connection> {
    reading.acquire().await.map_err(of_reading)
}

/// Begins a transaction for reading by a filter of many optional parts: its statements are planned for the parts given.
pub async fn begin_reading(reading: &Pool) -> Result<Transaction> {
    let mut transaction = begin(reading).await.map_err(of_reading)?;
    plan_for_parts_given(&mut transaction).await?;
    Ok(transaction)
}

/// Has the rest of a transaction plan its statements anew, each for the parts of a filter that are given.
pub async fn plan_for_parts_given(transaction: &mut Transaction) -> Result<()> {
    sqlx::query("select set_config('plan_cache_mode', 'force_custom_plan', true)").execute(&mut **transaction).await?;
    Ok(())
}

/// No connection for reading is an error of its own: connections of the other pool may be free.
fn of_reading(error: Error) -> Error {
    match error {
        Error::Unavailable(cause) if cause.is_pool_timeout() => Error::ReadersBusy(cause),
        other => other,
    }
}
