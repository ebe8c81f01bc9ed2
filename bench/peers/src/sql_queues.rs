//! A hand-written table, and PGMQ: how each is driven by SQL.

use anyhow::Result;
use eventlease_bench::postgres::Postgres;
use eventlease_bench::raw;
use pgmq::install::install_sql_from_embedded;
use sqlx::PgPool;

/// Where the peers' tables are.
pub const PEER_DATABASE: &str = "bench_peer";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Table,
    Pgmq,
}

/// A queue whose clients speak SQL.
#[derive(Debug)]
pub struct SqlQueue {
    kind: Kind,
    /// Payloads as `text[]`.
    pub send: &'static str,
    /// So many, as `bigint`: gives ids and payloads.
    pub lease: &'static str,
    /// Ids as `bigint[]`; says by its rows how many there were.
    pub complete: &'static str,
    pub count: &'static str,
    pub vacuum: &'static str,
}

/// That of `raw-1` and `raw-100`.
pub const TABLE: SqlQueue = SqlQueue {
    kind: Kind::Table,
    send: raw::INSERT_MANY,
    lease: raw::LEASE,
    complete: raw::COMPLETE,
    count: "select count(*) from jobs",
    vacuum: "vacuum analyze jobs",
};

/// As its documentation has it: read with a visibility timeout, and delete.
pub const PGMQ: SqlQueue = SqlQueue {
    kind: Kind::Pgmq,
    send: "select pgmq.send_batch('bench', $1::text[]::jsonb[])",
    lease: "select msg_id, message::text from pgmq.read('bench', 300, $1::bigint::integer)",
    complete: "select pgmq.delete('bench', $1::bigint[])",
    count: "select count(*) from pgmq.q_bench",
    vacuum: "vacuum analyze pgmq.q_bench",
};

impl SqlQueue {
    /// An empty queue in an empty database.
    pub async fn make(&self, postgres: &Postgres) -> Result<()> {
        postgres.make_database(PEER_DATABASE).await?;
        let session = postgres.connect(PEER_DATABASE).await?;
        match self.kind {
            Kind::Table => session.batch_execute(raw::TABLE).await?,
            Kind::Pgmq => {
                let pool = PgPool::connect(&postgres.url(PEER_DATABASE)).await?;
                install_sql_from_embedded(&pool).await?;
                pool.close().await;
                session.batch_execute("select pgmq.create('bench')").await?;
            }
        }
        Ok(())
    }
}
