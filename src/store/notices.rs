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
    listener.listen(CHANNEL).await?;
    Ok(Notices { listener })
}

impl Notices {
    /// The queue that the next transaction put events into. What is said while the connection is broken is lost.
    pub async fn next(&mut self) -> Result<String> {
        Ok(self.listener.recv().await?.payload().to_owned())
    }
}
