//! What producers in SQL say with their commits: `NOTIFY eventlease`, with the queue's name.

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Result;

const CHANNEL: &str = "eventlease";

#[derive(Debug)]
pub struct Notices {
    listener: PgListener,
}

/// Listens on a connection of its own: one of the pool's would be missing there for ever.
pub async fn listen(pool: &PgPool) -> Result<Notices> {
    let own = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(pool.options().get_acquire_timeout())
        .connect_lazy_with((*pool.connect_options()).clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(Notices { listener })
}

impl Notices {
    /// The queue that the next transaction put events into; `None` when the connection broke. What is said from then
    /// on is lost until [`Notices::connect`].
    pub async fn next(&mut self) -> Result<Option<String>> {
        Ok(self.listener.try_recv().await?.map(|notice| notice.payload().to_owned()))
    }

    /// Listens again where the connection broke. Answers the number of PostgreSQL's process at the other end.
    pub async fn connect(&mut self) -> Result<i32> {
        let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut self.listener).await?;
        // Once more than is needed: as its last statement, it tells in pg_stat_activity what the session is for.
        sqlx::raw_sql("listen eventlease").execute(&mut self.listener).await?;
        Ok(pid)
    }
}
