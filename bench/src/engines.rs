//! Those who lease and complete: each registered, and on a connection of its own.

mod faulty; // those who fail, and lose events
mod idle; // those who only wait, and send heartbeats
mod engine; // what each of them is: registered, and connected

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use crate::api::{self, Leased, LeasedEvent, SettledMany};
use crate::client::is_turned_away;
use crate::ledger::Ledger;

pub use engine::Engine;
use engine::LONG_POLL_SECONDS;
pub use idle::{HEARTBEAT_INTERVAL, beat};

impl Engine {
    /// Polls for `limit` events, completes them one by one, polls again.
    pub async fn one_by_one(mut self, limit: u32, ledger: Arc<Ledger>) -> Result<()> {
        let poll = api::poll(&self.queue, &self.id, limit, LONG_POLL_SECONDS);
        let mut completions = vec![Vec::new(); limit as usize];
        while !ledger.is_stopping() {
            let reply = self.connection.call(&poll).await?;
            if is_turned_away(&reply, 200)? {
                ledger.note_turned_away().await;
                continue;
            }
            let leased: Leased<'_> = api::read(reply.body)?;
            let count = leased.events.len();
            for (event, request) in leased.events.iter().zip(&mut completions) {
                ledger.note_leased(event.event_id)?;
                api::write_complete(request, &self.id, event);
            }
            for request in &completions[..count] {
                let since = Instant::now();
                while is_turned_away(&self.connection.call(request).await?, 200)? {
                    ledger.note_turned_away().await;
                }
                ledger.note_completed(1, since);
            }
        }
        Ok(())
    }

    /// Exchanges: completes all it holds and leases up to `limit` more, in one request.
    pub async fn by_exchange(mut self, limit: u32, wait_seconds: u32, ledger: Arc<Ledger>) -> Result<()> {
        let path = format!("/api/v1/events/queue/{}/lease", self.queue);
        let mut settlements = "[]".to_owned();
        let mut request = Vec::new();
        while !ledger.is_stopping() {
            api::write_exchange(&mut request, &path, &self.id, limit, wait_seconds, &settlements);
            let since = Instant::now();
            let reply = self.connection.call(&request).await?;
            if is_turned_away(&reply, 200)? {
                ledger.note_turned_away().await;
                continue;
            }
            let Leased { events, results } = api::read(reply.body)?;
            note_results(&results, since, &ledger)?;
            note_leased(&events, &ledger)?;
            api::write_settlements(&mut settlements, &events);
        }
        if settlements != "[]" {
            let body = format!(r#"{{"settlements":{settlements}}}"#);
            api::write_request(&mut request, "PUT", "/api/v1/events/status", Some(&self.id), &body);
            let since = Instant::now();
            let reply = self.connection.call(&request).await?;
            reply.expect(&[200])?;
            note_results(&api::read::<SettledMany<'_>>(reply.body)?.results, since, &ledger)?;
        }
        Ok(())
    }
}

fn note_leased(events: &[LeasedEvent<'_>], ledger: &Ledger) -> Result<()> {
    events.iter().try_for_each(|event| ledger.note_leased(event.event_id))
}

fn note_results(results: &[api::Settled<'_>], since: Instant, ledger: &Ledger) -> Result<()> {
    let completed = results.iter().filter(|result| result.is_completed()).count();
    if let Some(refused) = results.iter().find(|result| !result.is_completed()) {
        let (count, why) = (results.len() - completed, refused.error.map_or("no error", |error| error.get()));
        anyhow::bail!("{count} of {} settlements were refused, the first with {why}", results.len());
    }
    if completed > 0 {
        ledger.note_completed(completed, since);
    }
    Ok(())
}
