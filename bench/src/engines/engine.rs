//! An engine: registered, and on a connection of its own.

use std::net::SocketAddr;

use anyhow::Result;

use crate::api::{self, Registered};
use crate::client::Connection;

/// How long a poll waits for an event.
pub const LONG_POLL_SECONDS: u32 = 20;

pub struct Engine {
    pub id: String,
    pub queue: String,
    pub connection: Connection,
}

impl Engine {
    pub async fn register(address: SocketAddr, queue: &str, max_concurrent_events: u32) -> Result<Self> {
        let mut connection = Connection::open(address).await?;
        let reply = connection.call(&api::register(queue, max_concurrent_events)).await?;
        reply.expect(&[201])?;
        let id = api::read::<Registered<'_>>(reply.body)?.engine_id.to_owned();
        Ok(Self { id, queue: queue.to_owned(), connection })
    }
}
