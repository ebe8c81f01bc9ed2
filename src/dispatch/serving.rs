//! The workers that serve waiting polls, with one claim after the other.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::claim::Claims;
use super::context::Context;
use super::waiting::{PollGroup, WaitingPolls};
use crate::domain::numbers::to_i64;
use crate::supervisor::Work;

/// While one claim commits, the next ones can scan.
pub const WORKERS: usize = 3;
/// The workers' name in metrics and in the log.
pub const TASK: &str = "looks";

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
            let claim = Box::pin(self.serve(groups).instrument(span));
            self.context.supervisor.catch(Work::Claim, claim).await.ok();
        }
    }

    async fn serve(self: &Arc<Self>, mut groups: Vec<PollGroup>) {
        // Queues are locked in the order of their names.
        groups.sort_by(|one, other| one.engine_type.cmp(&other.engine_type));
        let polls: usize = groups.iter().map(|group| group.polls.len()).sum();
        match self.context.in_time(self.claims.claim(&groups)).await {
            Ok(claimed) => {
                Span::current().record("events", to_i64(claimed.iter().map(|claimed| claimed.found.taken).sum()));
                for (group, claimed) in groups.into_iter().zip(claimed) {
                    group.end(Ok(claimed));
                }
            }
            Err(error) if polls > 1 && error.is_of_one_item() => {
                tracing::debug!(%error, queues = groups.len(), "a claim failed; its polls are served singly");
                for single in groups.into_iter().flat_map(PollGroup::split) {
                    let serving = Arc::clone(self);
                    self.context.supervisor.start(Work::SingleClaim, async move {
                        let claim = Box::pin(serving.serve_alone(single));
                        serving.context.supervisor.catch(Work::Claim, claim).await.ok();
                    });
                }
            }
            Err(error) => {
                for group in groups {
                    group.end(Err(error.clone()));
                }
            }
        }
    }

    /// Serves one poll, for which a lock may have to be waited for.
    async fn serve_alone(&self, group: PollGroup) {
        let permit = self.context.alone.acquire().await;
        if group.is_unwanted() {
            return;
        }
        let claimed = self.context.in_time(self.claims.claim(std::slice::from_ref(&group))).await;
        drop(permit);
        group.end(claimed.map(|mut claimed| claimed.pop().expect("one for one group")));
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
