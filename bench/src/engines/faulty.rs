//! Engines that report a failure of one event in a hundred, and lose one in a hundred.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::engine::{Engine, LONG_POLL_SECONDS};
use crate::api::{self, Leased};
use crate::client::is_turned_away;
use crate::ledger::Ledger;

/// How long a lost event stays leased.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 30;
/// Of so many events one fails, and one is lost.
const FAULT_EVERY: usize = 100;
/// From the third attempt on all goes well: none becomes a dead letter.
const MAX_FAULTY_ATTEMPT: u32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Completed,
    Failed { delay_seconds: usize },
    Lost,
}

impl Fate {
    /// Of the `count`th event that an engine leased.
    fn of(count: usize) -> Self {
        match count % FAULT_EVERY {
            0 => Self::Failed { delay_seconds: (count / FAULT_EVERY) % 2 },
            place if place == FAULT_EVERY / 2 => Self::Lost,
            _ => Self::Completed,
        }
    }
}

impl Engine {
    /// As [`Engine::one_by_one`]; faults are at different times for each `place`, and there are none at the end.
    pub async fn with_faults(mut self, place: usize, limit: u32, ledger: Arc<Ledger>) -> Result<()> {
        let poll = api::poll_with_timeout(&self.queue, &self.id, limit, LONG_POLL_SECONDS, VISIBILITY_TIMEOUT_SECONDS);
        let mut count = place;
        let mut settlements = Vec::new();
        while !ledger.is_stopping() {
            let reply = self.connection.call(&poll).await?;
            if is_turned_away(&reply, 200)? {
                ledger.note_turned_away().await;
                continue;
            }
            settlements.clear();
            for event in api::read::<Leased<'_>>(reply.body)?.events {
                ledger.note_leased(event.event_id)?;
                count += 1;
                let is_faulty = event.attempt <= MAX_FAULTY_ATTEMPT && !ledger.is_ending();
                let fate = if is_faulty { Fate::of(count) } else { Fate::Completed };
                let mut request = Vec::new();
                match fate {
                    Fate::Completed => api::write_complete(&mut request, &self.id, &event),
                    Fate::Failed { delay_seconds } => {
                        ledger.expect_again(event.event_id)?;
                        api::write_fail(&mut request, &self.id, &event, delay_seconds);
                    }
                    Fate::Lost => {
                        ledger.note_abandoned(event.event_id)?;
                        continue;
                    }
                }
                settlements.push((request, fate));
            }
            for (request, fate) in &settlements {
                let since = Instant::now();
                while is_turned_away(&self.connection.call(request).await?, 200)? {
                    ledger.note_turned_away().await;
                }
                if *fate == Fate::Completed {
                    ledger.note_completed(1, since);
                } else {
                    ledger.note_failed(since);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Fate;

    #[test]
    fn one_event_in_a_hundred_fails_and_one_is_lost() {
        let fates: Vec<Fate> = (1..=1000).map(Fate::of).collect();
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Lost).count(), 10);
        assert_eq!(fates.iter().filter(|fate| matches!(fate, Fate::Failed { .. })).count(), 10);
    }
}
