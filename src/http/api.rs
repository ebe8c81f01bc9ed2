//! What handlers share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::errors::{Cause, Code, Problem, ProblemBody};
use super::installation::InstallationSettings;
use super::limits::Limits;
use crate::broker::Broker;
use crate::domain::tokens::Identity;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

/// What handlers share, behind one pointer: every request clones it.
pub type Api = Arc<ApiParts>;

/// What handlers share.
#[derive(Debug)]
pub struct ApiParts {
    /// Carries out what requests ask for.
    pub broker: Arc<Broker>,
    /// Where requests and refusals are counted.
    pub metrics: Arc<Metrics>,
    /// Finishes calls whose clients have hung up.
    pub supervisor: Supervisor,
    /// Limits on requests and replies.
    pub limits: Limits,
    /// What people are told of the installation.
    pub installation: InstallationSettings,
    /// Who may do what.
    pub access: Access,
    /// Cancelled when the server is about to stop: it is not ready then, and still answers.
    pub stop_announced: CancellationToken,
}

impl ApiParts {
    /// A problem as an entry of a reply that answers several; what is refused for a limit is counted, and what the service
    /// could not carry out is logged.
    pub fn told(&self, problem: Problem) -> ProblemBody {
        if let Some(limit) = problem.limit() {
            self.metrics.limits_met.with_label_values(&[limit.as_str()]).inc();
        }
        if let Some(Cause(error)) = problem.cause() {
            self.broker.troubles().note_refusal(error);
        }
        problem.into_body()
    }

    /// Counts a request that the caller's token does not allow.
    pub fn count_refusal(&self, identity: &Identity) {
        self.metrics.access_refusals.with_label_values(&[identity.role.as_str()]).inc();
    }

    /// Counts and words a refusal of somebody who is known.
    pub fn refuse(&self, identity: &Identity, detail: impl Into<String>) -> Problem {
        self.count_refusal(identity);
        Problem::new(Code::Forbidden, detail)
    }
}
