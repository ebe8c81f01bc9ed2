//! A session that sees the tables as they were, so that nothing that dies meanwhile can be cleared away.

use anyhow::{Result, ensure};
use tokio_postgres::Client;

use crate::postgres::Postgres;

pub struct Snapshot {
    session: Client,
    taken: String,
}

impl Snapshot {
    pub async fn take(postgres: &Postgres, database: &str) -> Result<Self> {
        let session = postgres.connect(database).await?;
        session.batch_execute("begin isolation level repeatable read").await?;
        let taken = current(&session).await?;
        Ok(Self { session, taken })
    }

    /// An error if it was not held throughout.
    pub async fn release(self) -> Result<()> {
        let held = current(&self.session).await?;
        ensure!(held == self.taken, "the snapshot {} became {held}", self.taken);
        self.session.batch_execute("rollback").await?;
        Ok(())
    }
}

async fn current(session: &Client) -> Result<String> {
    Ok(session.query_one("select pg_current_snapshot()::text", &[]).await?.get(0))
}
