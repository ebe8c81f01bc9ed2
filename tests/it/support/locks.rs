//! Locks that a test holds, and who waits for them.

use sqlx::{PgConnection, PgPool, Postgres, Transaction};

/// A transaction of the test with locks that others wait for; dropped, it is rolled back.
pub struct Holder {
    pub transaction: Transaction<'static, Postgres>,
    pid: i32,
}

impl Holder {
    /// Begins a transaction and takes the locks of a statement.
    pub async fn of(db: &PgPool, statement: &str) -> Self {
        let mut transaction = db.begin().await.expect("a transaction");
        lock(&mut transaction, statement).await;
        let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *transaction).await.expect("a number");
        Self { transaction, pid }
    }

    /// Takes the locks of another statement, too.
    pub async fn lock(&mut self, statement: &str) {
        lock(&mut self.transaction, statement).await;
    }

    /// How many statements wait for what the transaction has locked, or behind one that does. Nothing else counts: the server's
    /// own tasks may wait somewhere, too.
    pub async fn statements_behind(&self, db: &PgPool) -> i64 {
        let behind = "with waiting as (
                select pid, pg_blocking_pids(pid) as blockers from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
            ),
            first as (select pid from waiting where $1 = any(blockers))
            select count(*) from waiting where $1 = any(blockers) or blockers && array(select pid from first)";
        sqlx::query_scalar(behind).bind(self.pid).fetch_one(db).await.expect("a count")
    }

    /// Waits until at least that many statements wait behind the transaction.
    pub async fn wait_for_statements_behind(&self, db: &PgPool, count: i64) {
        let what = format!("{count} statements behind the test's locks");
        super::wait_for(&what, async || (self.statements_behind(db).await >= count).then_some(())).await;
    }

    /// Waits until a statement waits for what the transaction has locked, for longer than those wait that give up to be tried
    /// anew: so it goes on once the transaction is over.
    pub async fn wait_for_a_patient_statement(&self, db: &PgPool) {
        let is_there = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and $1 = any(pg_blocking_pids(pid))
                and clock_timestamp() - query_start > interval '400 milliseconds')";
        super::wait_for("a statement that is not given up", async || {
            let is_there: bool = sqlx::query_scalar(is_there).bind(self.pid).fetch_one(db).await.expect("an answer");
            is_there.then_some(())
        })
        .await;
    }

    pub async fn release(self) {
        self.transaction.rollback().await.expect("the locks go");
    }
}

async fn lock(connection: &mut PgConnection, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
