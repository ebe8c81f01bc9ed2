//! The connections to PostgreSQL, and the limits each of them carries.

use std::pin::pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};
use tokio::time::timeout;

use super::{Error, Result};
use crate::config::DatabaseUrl;

/// An idle connection is taken to be whole for so long.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// For the answer of a connection that is under suspicion.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
const SUSPICION_LASTS: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    pub max_connections: u32,
    /// How long a call waits for a connection before it is told that there is none.
    pub acquire_timeout: Duration,
    pub statement_timeout: Duration,
}

/// How to connect. PgBouncer refuses a session that sets `extra_float_digits` as it begins, and PostgreSQL's default
/// loses no digit either.
pub(super) fn connect_options(url: &DatabaseUrl, application_name: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.reveal().parse()?;
    Ok(options.application_name(application_name).extra_float_digits(None))
}

/// The connections of a server.
#[derive(Clone, Debug)]
pub struct Pools {
    /// For what changes something, and for what engines and producers wait for.
    pub working: PgPool,
    /// For lists and reports: however slow they are, they delay nobody but each other.
    pub reading: PgPool,
}

/// Opens no connection yet: the first call does.
pub fn connect_lazily(url: &DatabaseUrl, limits: PoolLimits) -> Result<PgPool> {
    let options = connect_options(url, "eventlease")?;
    let statement_timeout = format!("{}ms", limits.statement_timeout.as_millis());
    Ok(PgPoolOptions::new()
        .max_connections(limits.max_connections)
        .acquire_timeout(limits.acquire_timeout)
        // A connection that was used a moment ago is not asked first whether it is still there.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                if Suspicion::is_raised() && timeout(PING_TIMEOUT, connection.ping()).await.is_err() {
                    return Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let statement_timeout = statement_timeout.clone();
            Box::pin(async move {
                // A transaction whose replica hangs would hold its row locks for ever.
                // A plan made while a table (or the partition of a day that has just begun) is empty reads it
                // from end to end, and is kept while it fills, until autovacuum comes by. Every statement here
                // has an index to go by. What must read a small table whole is costed so high then that it
                // would be compiled, for longer than it runs. And a statement that touches partitions would be planned
                // anew with every call, for several times as long as it runs, only to leave partitions out
                // that the generic plan does not open either.
                sqlx::query(
                    "select set_config('statement_timeout', $1, false),
                            set_config('idle_in_transaction_session_timeout', $1, false),
                            set_config('timezone', 'UTC', false),
                            set_config('enable_seqscan', 'off', false),
                            set_config('plan_cache_mode', 'force_generic_plan', false),
                            set_config('jit', 'off', false)",
                )
                .bind(statement_timeout)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .connect_lazy_with(options))
}

/// Whether calls were given up lately. Then a connection may be there and dumb, as behind a firewall that forgot it, and
/// the pool must not wait for it: sqlx asks a connection that comes back whether it is well, for as long as it takes.
struct Suspicion;

/// Milliseconds since the process first asked.
static SUSPICION_UNTIL: AtomicU64 = AtomicU64::new(0);
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Suspicion {
    fn now() -> u64 {
        u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn raise() {
        let lasts = u64::try_from(SUSPICION_LASTS.as_millis()).unwrap_or(u64::MAX);
        SUSPICION_UNTIL.fetch_max(Self::now().saturating_add(lasts), Ordering::Relaxed);
    }

    fn is_raised() -> bool {
        SUSPICION_UNTIL.load(Ordering::Relaxed) > Self::now()
    }
}

/// Lets `work` go on for so long; `None` where that was not enough. The connections it held are given back then, or
/// closed if they do not answer.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let outcome = timeout(limit, work.as_mut()).await.ok();
    if outcome.is_none() {
        // Before `work` is dropped, and its connections with it.
        Suspicion::raise();
    }
    outcome
}

/// Whether the database answers.
pub async fn ping(pool: &PgPool) -> Result<()> {
    sqlx::query("select 1").execute(pool).await?;
    Ok(())
}

/// Begins a transaction. A connection that was used a moment ago may have died since: then nothing has happened yet,
/// and another is taken.
pub async fn begin(pool: &PgPool) -> Result<super::Transaction> {
    match pool.begin().await {
        Err(sqlx::Error::Io(_) | sqlx::Error::Database(_)) => Ok(pool.begin().await?),
        begun => Ok(begun?),
    }
}

/// Begins a transaction of several callers, which waits for nobody's locks for long: one locked row must not stall
/// them all. In one round trip, where setting it would take two.
pub async fn begin_impatient(pool: &PgPool) -> Result<super::Transaction> {
    const BEGIN: &str = "begin; set local lock_timeout = '200ms'";
    match pool.begin_with(BEGIN).await {
        Err(sqlx::Error::Io(_) | sqlx::Error::Database(_)) => Ok(pool.begin_with(BEGIN).await?),
        begun => Ok(begun?),
    }
}

/// Takes a connection for lists and reports.
pub async fn acquire_reading(reading: &PgPool) -> Result<super::Connection> {
    reading.acquire().await.map_err(|error| of_reading(error.into()))
}

/// Begins a transaction for reading by a filter of many optional parts: its statements are planned for the parts given.
pub async fn begin_reading(reading: &PgPool) -> Result<super::Transaction> {
    let mut transaction = begin(reading).await.map_err(of_reading)?;
    sqlx::query("select set_config('plan_cache_mode', 'force_custom_plan', true)").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// A caller that got no connection for reading is told so: others may be free.
fn of_reading(error: Error) -> Error {
    match error {
        Error::Unavailable(cause) if matches!(*cause, sqlx::Error::PoolTimedOut) => Error::ReadersBusy(cause),
        other => other,
    }
}
