//! Finds out whether a transaction pooler stands before PostgreSQL. Behind one, a client's connection gets another session of
//! PostgreSQL for each transaction: what it sets for its session reaches other clients, two clients get the same session-level
//! lock, and `LISTEN` hears nothing. So nothing is set on such sessions; the role brings their settings along, and what needs
//! a session of its own goes to the database directly.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::room::is_out_of_room;
use super::session::{self, Sessions};

/// How long finding out may take altogether: a pooler without a free session lets a connection wait.
const TIMEOUT: Duration = Duration::from_secs(2);
/// A pooler that hands out the least recently used session could by chance give each connection the same one twice.
const COMPARISONS: usize = 2;
/// PostgreSQL's codes for a prepared statement that is not there, and for one that is there already.
const PREPARED_STATEMENT_CODES: [&str; 2] = ["26000", "42P05"];
/// Missing settings that the refusal names.
const NAMED_SETTINGS: usize = 5;

const NO_PREPARED_STATEMENTS: &str = "the database's URL leads to a transaction pooler that does not keep prepared \
    statements: with PgBouncer, use version 1.21 or later and set max_prepared_statements, for example to 200, or set \
    pool_mode = session; docs/scaling.md says more";
const NO_DIRECT_URL: &str = "the database's URL leads to a transaction pooler, and LISTEN, migrations and the removal of old \
    partitions need a session of their own: give the URL of the database itself; `serve` and `migrate` take it as \
    EVENTLEASE_LISTEN_DATABASE_URL (--listen-database-url) beside the pooler's; docs/scaling.md says more";
const DIRECT_URL_IS_POOLED: &str = "EVENTLEASE_LISTEN_DATABASE_URL (--listen-database-url) leads to a transaction pooler: give \
    the URL of the database itself";
const OTHER_DATABASE: &str = "EVENTLEASE_LISTEN_DATABASE_URL (--listen-database-url) and the database's URL lead to different \
    databases";
/// What `doctor` says.
pub const EXAMINED_THROUGH_POOLER: &str = "a transaction pooler stands before it: give the URL of the database itself";

/// What is known of the sessions behind a URL.
#[derive(Debug)]
pub struct Pooling {
    options: PgConnectOptions,
    needs: Needs,
    found: OnceCell<Sessions>,
    /// Why the service cannot work with these sessions.
    refusal: Mutex<Option<Arc<str>>>,
}

/// What a URL is for.
#[derive(Debug)]
pub enum Needs {
    /// For all statements; a session of its own has to be found at another URL where that is given.
    Transactions {
        /// Whether another URL is given for what needs a session of its own.
        has_direct_url: bool,
    },
    /// For what needs a session of its own, in the same database as at these options.
    OwnSessions {
        /// How the other sessions of that database are reached.
        of: Box<PgConnectOptions>,
    },
}

/// Why a session is not used.
enum Unfit {
    Refused(String),
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Unfit {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Pooling {
    /// Asks nothing yet.
    pub fn new(options: PgConnectOptions, needs: Needs) -> Self {
        Self { options, needs, found: OnceCell::new(), refusal: Mutex::default() }
    }

    /// Finds out with the first connection whether sessions belong to their connections. An error where the service cannot work
    /// with them.
    pub async fn sessions(&self, connection: &mut PgConnection) -> sqlx::Result<Sessions> {
        let found = self.found.get_or_try_init(|| async {
            let finding = Box::pin(self.find_out(connection));
            timeout(TIMEOUT, finding).await.unwrap_or_else(|_| Err(Unfit::Failed(sqlx::Error::PoolTimedOut)))
        });
        match found.await {
            Ok(sessions) => Ok(*sessions),
            // PostgreSQL gives this role no second connection: a pooler would have let it wait. The next connection asks again.
            Err(Unfit::Failed(error)) if is_out_of_room(&error) => Ok(Sessions::Own),
            Err(Unfit::Failed(error)) => Err(error),
            Err(Unfit::Refused(refusal)) => {
                *self.refusal.lock() = Some(Arc::from(refusal.as_str()));
                Err(sqlx::Error::Configuration(refusal.into()))
            }
        }
    }

    /// Why the service cannot work with these sessions, if that was found.
    pub fn refusal(&self) -> Option<Arc<str>> {
        self.refusal.lock().clone()
    }

    async fn find_out(&self, connection: &mut PgConnection) -> Result<Sessions, Unfit> {
        let mut second = PgConnection::connect_with(&self.options).await?;
        let found = match &self.needs {
            Needs::Transactions { has_direct_url } => for_transactions(connection, &mut second, *has_direct_url).await,
            Needs::OwnSessions { of } => as_own_sessions(connection, &mut second, of).await,
        };
        second.close().await.ok();
        found
    }
}

async fn for_transactions(
    first: &mut PgConnection,
    second: &mut PgConnection,
    has_direct_url: bool,
) -> Result<Sessions, Unfit> {
    if !are_shared(first, second).await? {
        return Ok(Sessions::Own);
    }
    if !keeps_prepared_statements(first, second).await? {
        return Err(Unfit::Refused(NO_PREPARED_STATEMENTS.to_owned()));
    }
    if !has_direct_url {
        return Err(Unfit::Refused(NO_DIRECT_URL.to_owned()));
    }
    let missing = session::missing_settings(first).await?;
    if missing.is_empty() {
        return Ok(Sessions::Shared);
    }
    let named = missing.iter().take(NAMED_SETTINGS).cloned().collect::<Vec<_>>().join(", ");
    let more = if missing.len() > NAMED_SETTINGS { ", …" } else { "" };
    Err(Unfit::Refused(format!(
        "sessions behind the transaction pooler lack settings that the service relies on ({named}{more}): apply the SQL that \
         `eventlease migrate --pooler-settings` prints, then let the pooler reconnect; docs/scaling.md says more"
    )))
}

async fn as_own_sessions(
    first: &mut PgConnection,
    second: &mut PgConnection,
    other: &PgConnectOptions,
) -> Result<Sessions, Unfit> {
    if are_shared(first, second).await? {
        return Err(Unfit::Refused(DIRECT_URL_IS_POOLED.to_owned()));
    }
    let mut through_pooler = PgConnection::connect_with(other).await?;
    let places = (place(first).await?, place(&mut through_pooler).await?);
    through_pooler.close().await.ok();
    if places.0 == places.1 { Ok(Sessions::Own) } else { Err(Unfit::Refused(OTHER_DATABASE.to_owned())) }
}

/// True if two open connections take turns with sessions of PostgreSQL: one is on another session than before, or both are on
/// the same one.
pub async fn are_shared(first: &mut PgConnection, second: &mut PgConnection) -> sqlx::Result<bool> {
    for _ in 0..COMPARISONS {
        let before = backend(first).await?;
        let again = backend(first).await?;
        // While the second one is in a transaction, the first one gets another session.
        second.execute(sqlx::raw_sql("begin")).await?;
        let other = backend(second).await?;
        let meanwhile = backend(first).await?;
        second.execute(sqlx::raw_sql("rollback")).await?;
        if before != again || before != meanwhile || before == other {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The process that serves a session. Not a prepared statement, which may not be kept.
async fn backend(connection: &mut PgConnection) -> sqlx::Result<i32> {
    connection.fetch_one(sqlx::raw_sql("select pg_catalog.pg_backend_pid()")).await?.try_get(0)
}

/// Which database it is, and since when its server runs.
async fn place(connection: &mut PgConnection) -> sqlx::Result<String> {
    let place = "select pg_catalog.concat_ws(' ', oid, pg_catalog.pg_postmaster_start_time())
                 from pg_catalog.pg_database where datname = pg_catalog.current_database()";
    connection.fetch_one(sqlx::raw_sql(place)).await?.try_get(0)
}

/// True if both connections can use their own prepared statements on whichever session they get. The client gives both
/// statements the same name.
async fn keeps_prepared_statements(first: &mut PgConnection, second: &mut PgConnection) -> sqlx::Result<bool> {
    let tried = async {
        for _ in 0..COMPARISONS {
            sqlx::query("select $1::integer").bind(1).execute(&mut *first).await?;
            second.execute(sqlx::raw_sql("begin")).await?;
            sqlx::query("select $1::integer + 1").bind(1).execute(&mut *second).await?;
            sqlx::query("select $1::integer").bind(1).execute(&mut *first).await?;
            second.execute(sqlx::raw_sql("rollback")).await?;
        }
        Ok(())
    };
    match tried.await {
        Ok(()) => Ok(true),
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| PREPARED_STATEMENT_CODES.contains(&code.as_ref())) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
