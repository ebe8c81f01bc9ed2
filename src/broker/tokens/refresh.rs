//! Keeping the map of tokens true: read when a replica says that something changed, every few seconds for those that
//! cannot be told (behind a pooler), and when somebody shows a token that is not known. However many do so, readings are
//! so far apart that they cost next to nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::broker::known_tokens::{Reading, TokenStatus};
use crate::broker::state::Broker;
use crate::domain::numbers::to_i64;
use crate::domain::tokens::TokenDigest;
use crate::error::{Error, Result};
use crate::store;
use crate::store::tokens::Horizon;
use crate::supervisor::Work;

/// From the begin of one reading to that of the next.
const PAUSE: Duration = Duration::from_millis(200);
/// Without being told.
const INTERVAL: Duration = Duration::from_secs(3);
/// What was removed is not among the changes; and after a failover to another cluster, changes may have numbers of before.
const WHOLE_INTERVAL: Duration = Duration::from_mins(1);

/// A reading that takes longer is given up, with its connection: a peer that is gone without a word would hold up
/// revocations until TCP gives up, a quarter of an hour later. The database's own limit does not end that.
const LIMIT: Duration = Duration::from_secs(5);
/// For the reading that is under way, and the pause before it.
const WAIT: Duration = Duration::from_secs(6);

impl Broker {
    /// How a token stands, if that is known without asking the database.
    pub fn known_token(&self, digest: &TokenDigest) -> Option<TokenStatus> {
        self.tokens.find(digest)
    }

    /// How a token stands that was not known: it may be new. `None`: there is none.
    pub async fn unknown_token(self: &Arc<Self>, digest: &TokenDigest) -> Result<Option<TokenStatus>> {
        self.read_tokens().await?;
        Ok(self.tokens.find(digest))
    }

    /// Reads what changed of the tokens by now. Calls that come together share a reading.
    pub async fn read_tokens(self: &Arc<Self>) -> Result<()> {
        let asked_at = Instant::now();
        let reading = Arc::clone(&self.tokens.reading);
        let mut reading =
            timeout(WAIT, reading.lock_owned()).await.map_err(|_| Error::from(store::Error::no_answer()))?;
        if reading.began_at.is_some_and(|began_at| began_at >= asked_at) {
            return reading.trouble.clone().map_or(Ok(()), Err);
        }
        // Where the caller hangs up, the reading goes on for those who wait for it.
        let broker = Arc::clone(self);
        let read = async move {
            if let Some(began_at) = reading.began_at {
                sleep_until(began_at + PAUSE).await;
            }
            broker.read_tokens_into(&mut reading).await
        };
        self.supervisor.finish(Work::TokenReading, read).await?
    }

    async fn read_tokens_into(&self, reading: &mut Reading) -> Result<()> {
        self.metrics.token_readings.inc();
        let now = Instant::now();
        reading.began_at = Some(now);
        reading.trouble = Some(Error::Crashed);
        let is_whole = reading.whole_at.is_none_or(|at| now - at >= WHOLE_INTERVAL);
        let outcome = self.read_tokens_since(if is_whole { Horizon::default() } else { reading.horizon }).await;
        match &outcome {
            // Another cluster has taken over, whose transactions count from less.
            Ok(horizon) if *horizon < reading.horizon => {
                reading.horizon = Horizon::default();
                reading.whole_at = None;
            }
            Ok(horizon) => {
                reading.horizon = *horizon;
                if is_whole {
                    reading.whole_at = Some(now);
                }
            }
            Err(_) => {}
        }
        reading.trouble = outcome.as_ref().err().cloned();
        outcome.map(|_| ())
    }

    async fn read_tokens_since(&self, since: Horizon) -> Result<Horizon> {
        let deadline = Instant::now() + LIMIT;
        let mut connection = timeout_at(deadline, self.connection()).await.map_err(|_| store::Error::no_answer())??;
        let Ok(changed) = timeout_at(deadline, store::tokens::changed_since(&mut connection, since)).await else {
            // Nobody else is to get it, nor is anything to be sent by it: the other side may be gone.
            drop(connection.detach());
            return Err(store::Error::no_answer().into());
        };
        let (tokens, horizon) = changed?;
        if since == Horizon::default() {
            self.tokens.learn_whole(&tokens);
        } else {
            self.tokens.learn_all(&tokens);
        }
        self.metrics.tokens_known.set(to_i64(self.tokens.count()));
        Ok(horizon)
    }

    /// Keeps the tokens true until told to stop.
    pub async fn keep_tokens(self: &Arc<Self>, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.tokens.changed.notified() => {}
                () = sleep(INTERVAL) => {}
                () = stop.cancelled() => return,
            }
            match self.read_tokens().await {
                Ok(()) => self.troubles.note_success_of_task("token_refresh"),
                Err(error) => self.troubles.note_failure_of_task("token_refresh", &error),
            }
        }
    }
}
