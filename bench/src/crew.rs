//! Those at work. One that fails ends whatever is waited for.

use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::timeout;

const ENDING_LIMIT: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Crew {
    producers: JoinSet<Result<()>>,
    engines: JoinSet<Result<()>>,
}

impl Crew {
    pub fn add_producer(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.producers.spawn(work);
    }

    pub fn add_engine(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) {
        self.engines.spawn(work);
    }

    pub async fn during<T>(&mut self, event: impl Future<Output = T>) -> Result<T> {
        let mut event = std::pin::pin!(event);
        loop {
            tokio::select! {
                value = &mut event => return Ok(value),
                Some(ended) = self.producers.join_next() => ended??,
                Some(ended) = self.engines.join_next() => ended??,
            }
        }
    }

    /// Waits until every producer has had its last answer.
    pub async fn producers_end(&mut self) -> Result<()> {
        while let Some(ended) = self.producers.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Waits until the engines have settled what they are about to; whoever still waits for an event hangs up.
    pub async fn engines_end(&mut self) -> Result<()> {
        let all = async {
            while let Some(ended) = self.engines.join_next().await {
                ended??;
            }
            Ok(())
        };
        let outcome = timeout(ENDING_LIMIT, all).await.unwrap_or(Ok(()));
        self.engines.shutdown().await;
        outcome
    }
}
