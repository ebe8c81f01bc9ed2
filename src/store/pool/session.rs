//! The settings of a session. PostgreSQL takes them from its configuration, the database, the role and the client's
//! environment. A session that belongs to one connection sets each one that a statement of the service relies on as it
//! begins, by statements, since PgBouncer passes few parameters of a connection's start on. On sessions that connections share,
//! nothing is set: the role brings the settings along, and the service checks that it does.
//!
//! What decides how durable a commit is, how much memory a statement gets or what is logged remains the operator's choice.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

use crate::logs::Outage;

/// Whether a session of PostgreSQL belongs to one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sessions {
    /// A connection has a session of PostgreSQL for itself, for as long as it is open.
    Own,
    /// A connection has another session for each transaction, and other clients have it between them.
    Shared,
}

/// Names and values. Those that this PostgreSQL does not have, being older or newer, are left out.
const SETTINGS: &[(&str, &str)] = &[
    // Transactions.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    (READ_ONLY, "off"),
    // Limits: a statement that waits for a lock has the limit of all statements.
    ("lock_timeout", "0"),
    ("transaction_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("exit_on_error", "off"),
    // How a statement is read. Every statement names its schema.
    ("search_path", "pg_catalog"),
    ("standard_conforming_strings", "on"),
    ("backslash_quote", "safe_encoding"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    ("quote_all_identifiers", "off"),
    ("row_security", "on"),
    ("restrict_nonsystem_relation_kind", ""),
    ("check_function_bodies", "on"),
    ("default_table_access_method", "heap"),
    // How values are written.
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("client_min_messages", "notice"),
    // A plan made while a table (or the partition of a day that has just begun) is empty reads it from end to end, and is
    // kept while it fills, until autovacuum comes by. Every statement here has an index to go by. What must read a small
    // table whole is costed so high then that it would be compiled, for longer than it runs. And a statement that touches
    // partitions would be planned anew with every call, for several times as long as it runs, only to leave partitions
    // out that the generic plan does not open either.
    ("enable_seqscan", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    // All other ways to run a statement are open: a plan without nested loops or index scans reads whole tables.
    ("enable_bitmapscan", "on"),
    ("enable_gathermerge", "on"),
    ("enable_hashagg", "on"),
    ("enable_hashjoin", "on"),
    ("enable_incremental_sort", "on"),
    ("enable_indexonlyscan", "on"),
    ("enable_indexscan", "on"),
    ("enable_material", "on"),
    ("enable_memoize", "on"),
    ("enable_mergejoin", "on"),
    ("enable_nestloop", "on"),
    ("enable_partition_pruning", "on"),
    ("enable_sort", "on"),
    ("enable_tidscan", "on"),
    ("constraint_exclusion", "partition"),
    ("from_collapse_limit", "8"),
    ("join_collapse_limit", "8"),
    ("geqo", "on"),
    ("geqo_threshold", "12"),
    ("force_parallel_mode", "off"),
    ("debug_parallel_query", "off"),
];

/// Where the role or the database sets it, it is a default for sessions that do not say what they want. Where the server's
/// configuration does, an operator has taken writes away from the server, as before a standby takes over: then it stands,
/// also for sessions that are open already.
const READ_ONLY: &str = "default_transaction_read_only";

/// Brings a new session into the state that all statements rely on. Answers whether it takes writes. Only for a session that
/// no other client gets before it is reset.
pub async fn set_up(connection: &mut PgConnection, statement_timeout: Duration) -> sqlx::Result<bool> {
    // By itself: the statement after it no longer runs under the limit that the session was opened with.
    let limit = format!("set statement_timeout = {}", statement_timeout.as_millis());
    connection.execute(sqlx::raw_sql(AssertSqlSafe(limit))).await?;
    let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(set_all(statement_timeout)))).await?;
    row.try_get("takes_writes")
}

const TAKES_WRITES: &str = "select not pg_catalog.pg_is_in_recovery()
             and not pg_catalog.current_setting('default_transaction_read_only')::boolean as takes_writes";

/// Whether an open session still takes writes.
pub async fn takes_writes(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar(TAKES_WRITES).fetch_one(connection).await
}

/// The sessions of a pool, which all take writes.
#[derive(Debug)]
pub struct WritingSessions {
    outage: Outage,
}

impl Default for WritingSessions {
    fn default() -> Self {
        let begins = "the database takes no writes: calls wait for one that does";
        Self { outage: Outage::new(begins, "the database takes writes again") }
    }
}

impl WritingSessions {
    /// Sets a session up where it belongs to the connection, and refuses it where it takes no writes: the pool then opens
    /// another, until its caller has waited for long enough.
    pub async fn set_up(
        &self,
        connection: &mut PgConnection,
        sessions: Sessions,
        statement_timeout: Duration,
    ) -> sqlx::Result<()> {
        let takes_writes = match sessions {
            Sessions::Own => set_up(connection, statement_timeout).await?,
            Sessions::Shared => takes_writes(connection).await?,
        };
        if takes_writes {
            self.outage.note_success();
            return Ok(());
        }
        self.outage.note_failure(&"it is a standby, or read-only");
        Err(sqlx::Error::Configuration("the database takes no writes".into()))
    }
}

/// One statement: sets everything, then answers whether the session takes writes.
fn set_all(statement_timeout: Duration) -> String {
    // A transaction whose replica hangs would hold its row locks for ever.
    let mut wanted = format!("('idle_in_transaction_session_timeout', '{}')", statement_timeout.as_millis());
    for (name, value) in SETTINGS {
        write!(wanted, ", ('{name}', '{value}')").expect("a text takes all");
    }
    // What takes the writes away is read after everything was set: the row that it stands in comes from the count.
    format!(
        "with given as materialized (
             select pg_catalog.set_config(wanted.name, wanted.value, false)
             from (values {wanted}) as wanted (name, value)
             where pg_catalog.current_setting(wanted.name, true) is not null
                 and case when wanted.name = '{READ_ONLY}'
                     then pg_catalog.current_setting(wanted.name)::boolean and exists (
                         select from pg_catalog.pg_settings as given
                         where given.name = '{READ_ONLY}'
                             and given.source in ('database', 'user', 'database user', 'client'))
                     else true end
         )
         {TAKES_WRITES} from (select pg_catalog.count(*) from given) as done"
    )
}

/// Settings that a session has otherwise than the service relies on. `column` of `pg_settings` says of which moment.
fn differing(column: &str) -> String {
    let mut wanted = String::new();
    for (name, value) in SETTINGS.iter().filter(|(name, _)| *name != READ_ONLY) {
        write!(wanted, "('{name}', '{value}'), ").expect("a text takes all");
    }
    // How long the limits are is the operator's choice, but there must be one.
    let limits: Vec<String> = LIMITS.iter().map(|name| format!("('{name}', null)")).collect();
    format!(
        "select found.name, wanted.value
         from (values {wanted}{}) as wanted (name, value)
         join pg_catalog.pg_settings as found on pg_catalog.lower(found.name) = pg_catalog.lower(wanted.name)
         where case when wanted.value is null then found.{column} = '0'
             else found.{column} is distinct from wanted.value end
         order by found.name",
        limits.join(", ")
    )
}

/// What a transaction holds may not be held for ever.
const LIMITS: [&str; 2] = ["statement_timeout", "idle_in_transaction_session_timeout"];

/// The names of settings that a session which the service may not set up has otherwise than it relies on.
pub async fn missing_settings(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(differing("setting")))).await?;
    rows.iter().map(|row| row.try_get("name")).collect()
}

/// The statements by which the role of a session brings all settings along, in this database; none where it does already.
pub async fn statements_for_role(
    connection: &mut PgConnection,
    statement_timeout: Duration,
) -> sqlx::Result<Vec<String>> {
    // What a session would have, had nothing set it up.
    let statements = format!(
        "select pg_catalog.format('alter role %I in database %I set %I = %L;', current_user, pg_catalog.current_database(),
             differing.name, coalesce(differing.value, '{}')) as statement
         from ({}) as differing",
        statement_timeout.as_millis(),
        differing("reset_val")
    );
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
    rows.iter().map(|row| row.try_get("statement")).collect()
}
