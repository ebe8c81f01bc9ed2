//! The workers that serve waiting polls, with one claim after the other.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::claim::Claims;
use super::context::Context;
use super::waiting::{PollGroup, WaitingPolls};
use crate::batching::{Mode, together_or_alone};
use crate::domain::numbers::to_i64;
use crate::supervisor::Work;

/// While one claim commits, the next ones can scan.
pub const WORKERS: usize = 3;
/// The workers' name in metrics and in the log.
pub const TASK: &str = "looks";
/// What claims of several polls are called where those are counted that failed as a whole.
pub const FALLBACK_KIND: &str = "claims";

/// What the workers need.
#[derive(Debug)]
pub struct Serving {
    /// What all of dispatch shares.
    pub context: Arc<Context>,
    /// The polls to serve.
    pub waiting: Arc<WaitingPolls>,
    /// The claims that serve them.
    pub claims: Claims,
}

impl Serving {
    /// Serves polls whenever a queue is ready, until told to stop. Each claim runs to its end also when its callers hang up,
    /// so that no lease is given to nobody.
    pub async fn run(self: &Arc<Self>, stop: &CancellationToken) {
        loop {
            let groups = self.waiting.next_groups();
            if groups.is_empty() {
                tokio::select! {
                    biased;
                    () = self.waiting.claims_wanted.notified() => continue,
                    () = stop.cancelled() => return,
                }
            }
            let span = span_of(&groups);
            // Boxed, since it is large. A panic costs one claim, and not the task.
            let claim = Box::pin(Arc::clone(self).serve(groups).instrument(span));
            self.context.supervisor.catch(Work::Claim, claim).await.ok();
        }
    }

    /// Serves polls together, and each alone if that fails because of one of them.
    async fn serve(self: Arc<Self>, mut groups: Vec<PollGroup>) {
        // Queues are locked in the order of their names.
        groups.sort_by(|one, other| one.engine_type.cmp(&other.engine_type));
        let polls: usize = groups.iter().map(|group| group.polls.len()).sum();
        let mode = if polls > 1 { Mode::Together } else { Mode::Alone };
        let outcome = self.context.in_time(self.claims.claim(&groups, mode)).await;
        if let Ok(claimed) = &outcome {
            Span::current().record("events", to_i64(claimed.iter().map(|claimed| claimed.found.taken).sum()));
        }
        let outcome = outcome.map(|claimed| claimed.into_iter().map(|claimed| Some(Ok(claimed))).collect());
        let claimed = together_or_alone(groups.len(), mode, outcome, |error| {
            let may_be_of_one = error.is_of_one_item();
            if may_be_of_one {
                self.context.metrics.batch_fallbacks.with_label_values(&[FALLBACK_KIND]).inc();
                self.context.troubles.note_batch_failure(error);
            }
            may_be_of_one
        });
        for (group, claimed) in groups.into_iter().zip(claimed) {
            match claimed {
                Some(claimed) => group.end(claimed),
                None => {
                    for single in group.split() {
                        self.context.supervisor.start(Work::SingleClaim, Arc::clone(&self).serve_alone(single));
                    }
                }
            }
        }
    }

    /// Serves one poll, for which a lock may have to be waited for. Boxed, since it is called by what it calls.
    fn serve_alone(self: Arc<Self>, single: PollGroup) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let _permit = self.context.alone.acquire().await;
            if !single.is_unwanted() {
                Arc::clone(&self).serve(vec![single]).await;
            }
        })
    }
}

/// What traces show of a claim.
fn span_of(groups: &[PollGroup]) -> Span {
    tracing::debug_span!(
        target: "eventlease::traces",
        parent: None,
        "look",
        queues = to_i64(groups.len()),
        polls = to_i64(groups.iter().map(|group| group.polls.len()).sum()),
        events = Empty,
    )
}
