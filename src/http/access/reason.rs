//! Why a request failed authentication, as metrics name it.

/// Why a request was not authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It showed no token.
    Missing,
    /// What it showed is no token of this service.
    Malformed,
    /// No such token exists.
    Unknown,
    /// The token has expired.
    Expired,
    /// The token was revoked, or replaced.
    Revoked,
    /// The token's engine has registered again.
    Superseded,
    /// Its address has shown too many tokens that do not exist.
    RateLimited,
    /// The database could not be asked.
    Database,
}

impl Reason {
    /// All of them, for metrics.
    pub const ALL: [Self; 8] = [
        Self::Missing,
        Self::Malformed,
        Self::Unknown,
        Self::Expired,
        Self::Revoked,
        Self::Superseded,
        Self::RateLimited,
        Self::Database,
    ];

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::RateLimited => "rate_limited",
            Self::Database => "database",
        }
    }
}
