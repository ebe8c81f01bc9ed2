//! What each kind of batch does.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::batchers::{Answers, Batcher};
use super::state::Broker;
use crate::batching::{Mode, Run, together_or_alone};
use crate::error::Result;

impl Broker {
    /// Starts the workers that carry batches out. They end after `stop`, when nothing waits any more.
    pub fn start_batches(self: &Arc<Self>, stop: &CancellationToken) {
        for events in [&self.batchers.events, &self.batchers.keyed_events] {
            self.start_batcher(events, stop, |broker, items, mode| async move { broker.take_in(&items, mode).await });
        }
        for settlements in [&self.batchers.settlements, &self.batchers.with_follow_ups] {
            self.start_batcher(settlements, stop, |broker, items, mode| async move {
                broker.settle_batch(&items, mode).await
            });
        }
        let heartbeats = &self.batchers.heartbeats;
        self.start_batcher(heartbeats, stop, |broker, items, mode| async move {
            broker.take_heartbeats(&items, mode).await
        });
    }

    fn start_batcher<I, A, F>(
        self: &Arc<Self>,
        batcher: &Batcher<I, A>,
        stop: &CancellationToken,
        run: fn(Arc<Self>, Vec<Arc<I>>, Mode) -> F,
    ) where
        I: Send + Sync + 'static,
        A: Send + 'static,
        F: Future<Output = Result<Answers<A>>> + Send + 'static,
    {
        let (broker, counting) = (Arc::clone(self), Arc::clone(batcher));
        let run: Arc<Run<I, Result<A>>> = Arc::new(move |items, mode| {
            let (broker, counting, count) = (Arc::clone(&broker), Arc::clone(&counting), items.len());
            Box::pin(async move {
                let outcome = broker.in_time(run(Arc::clone(&broker), items, mode)).await;
                together_or_alone(count, mode, outcome, |error| {
                    let may_be_of_one = error.is_of_one_item();
                    if may_be_of_one && count > 1 {
                        counting.count_fallback();
                        broker.troubles.note_batch_failure(error);
                    }
                    may_be_of_one
                })
            })
        });
        batcher.start(stop, &run);
    }
}
