//! The kinds of work that may panic without ending a task: their names in metrics and in the log.

/// Each has its own label in metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Requests that are carried out together.
    Batch,
    /// A call that changes something, which runs to its end when its caller hangs up.
    Call,
    /// Giving leases back that nobody has heard of.
    HandBack,
    /// A claim of events for waiting polls.
    Claim,
    /// Any other request.
    Request,
    /// A claim for one poll of several whose claim failed.
    SingleClaim,
    /// Reading which tokens have changed.
    TokenReading,
}

impl Work {
    /// Every kind of work, to set up its metrics.
    pub const ALL: [Self; 7] =
        [Self::Batch, Self::Call, Self::HandBack, Self::Claim, Self::Request, Self::SingleClaim, Self::TokenReading];

    /// The label in metrics and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Call => "call",
            Self::HandBack => "hand_back",
            Self::Claim => "look",
            Self::Request => "request",
            Self::SingleClaim => "single_look",
            Self::TokenReading => "token_reading",
        }
    }
}
