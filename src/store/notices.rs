//! What is said with commits: by producers in SQL (`NOTIFY eventlease`, with the queue's name), and by replicas to
//! one another.

use std::time::Instant;

use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use uuid::Uuid;

use super::engines::announcement::{self, Concerns};
use super::error::Result;
use super::pool::Pool;
use super::queues::removal;
use super::{replacement, tokens};

const OF_PRODUCERS: &str = "eventlease";
const OF_REPLICAS: &str = "eventlease_replicas";

/// A connection that listens for what other sessions announce.
#[derive(Debug)]
pub struct Notices {
    listener: PgListener,
    replacements: watch::Receiver<Option<Instant>>,
    replica_id: String,
}

/// What a session announced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// Events came into a queue.
    Events {
        /// The queue's name.
        engine_type: String,
        /// By way of SQL, perhaps from a transaction that began long before.
        is_of_a_producer: bool,
    },
    /// Engines of a type have something to hear.
    Engines {
        /// Their type.
        engine_type: String,
        /// Which of their waiting requests may have their answer.
        concerns: Concerns,
    },
    /// Tokens were made or revoked.
    Tokens,
    /// A queue was removed.
    QueueRemoved {
        /// The queue's name.
        engine_type: String,
    },
}

/// Listens on a connection of its own: one of the pool's would be missing there for ever.
pub async fn listen(pool: &Pool, replica_id: Uuid) -> Result<Notices> {
    let replacements = replacement::of_this_runtime().subscribe();
    let mut listener = PgListener::connect_with(&pool.beside().await?).await?;
    listener.eager_reconnect(false);
    listener.listen_all([OF_REPLICAS, tokens::CHANNEL, removal::CHANNEL, announcement::CHANNEL, OF_PRODUCERS]).await?;
    Ok(Notices { listener, replacements, replica_id: replica_id.simple().to_string() })
}

impl Notices {
    /// What a producer or another replica says next; `None` when the connection broke, or when sessions as old as this one
    /// are replaced: it may lead to a server that takes no events in. What is said from then on is lost until somebody
    /// listens again.
    pub async fn next(&mut self) -> Result<Option<Notice>> {
        loop {
            let notification = tokio::select! {
                notification = self.listener.try_recv() => notification?,
                _ = self.replacements.changed() => None,
            };
            let Some(notification) = notification else { return Ok(None) };
            let payload = notification.payload();
            if notification.channel() == OF_PRODUCERS {
                return Ok(Some(Notice::Events { engine_type: payload.to_owned(), is_of_a_producer: true }));
            }
            if notification.channel() == tokens::CHANNEL {
                return Ok(Some(Notice::Tokens));
            }
            if notification.channel() == removal::CHANNEL {
                return Ok(Some(Notice::QueueRemoved { engine_type: payload.to_owned() }));
            }
            if notification.channel() == announcement::CHANNEL {
                match announcement::read(payload) {
                    Some((concerns, engine_type)) => return Ok(Some(Notice::Engines { engine_type, concerns })),
                    None => continue,
                }
            }
            match payload.split_once(' ') {
                Some((teller, engine_type)) if teller != self.replica_id => {
                    return Ok(Some(Notice::Events { engine_type: engine_type.to_owned(), is_of_a_producer: false }));
                }
                Some(_) | None => {}
            }
        }
    }

    /// Asks whether the connection is there. Answers the number of PostgreSQL's process at the other end.
    pub async fn connect(&mut self) -> Result<i32> {
        let pid = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut self.listener).await?;
        // Not needed to listen: as the session's last statement it shows in pg_stat_activity what the session is for.
        sqlx::raw_sql("listen eventlease").execute(&mut self.listener).await?;
        Ok(pid)
    }
}

/// Tells other replicas of queues into which events came. Nothing needs to be durable of it.
pub async fn tell_replicas(connection: &mut PgConnection, replica_id: Uuid, engine_types: &[String]) -> Result<()> {
    sqlx::query(
        "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2 || ' ' || engine_type)
         from unnest($3::text[]) as told (engine_type)",
    )
    .bind(OF_REPLICAS)
    .bind(replica_id.simple().to_string())
    .bind(engine_types)
    .execute(connection)
    .await?;
    Ok(())
}
