//! Engines without work: they wait for events, and send heartbeats.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::{MissedTickBehavior, interval_at, sleep};

use super::engine::Engine;
use crate::api::{self, Leased};
use crate::client::Connection;
use crate::ledger::Ledger;

pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);
const WAIT_SECONDS: u32 = 30;

impl Engine {
    /// Polls a queue in which there is never anything, again as soon as it is answered.
    pub async fn waiting(mut self, limit: u32, delay: Duration, ledger: Arc<Ledger>) -> Result<()> {
        sleep(delay).await;
        let poll = api::poll(&self.queue, &self.id, limit, WAIT_SECONDS);
        while !ledger.is_stopping() {
            let reply = self.connection.call(&poll).await?;
            reply.expect(&[200])?;
            ensure!(api::read::<Leased<'_>>(reply.body)?.events.is_empty(), "an event from nowhere");
        }
        Ok(())
    }
}

/// A heartbeat every [`HEARTBEAT_INTERVAL`], the first one after `delay`.
pub async fn beat(
    mut connection: Connection,
    engine_id: String,
    has_load: bool,
    delay: Duration,
    ledger: Arc<Ledger>,
) -> Result<()> {
    let heartbeat = api::heartbeat(&engine_id, has_load);
    let mut times = interval_at(tokio::time::Instant::now() + delay, HEARTBEAT_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !ledger.is_stopping() {
        times.tick().await;
        let since = Instant::now();
        connection.call(&heartbeat).await?.expect(&[200])?;
        ledger.note_heartbeat(since);
    }
    Ok(())
}
