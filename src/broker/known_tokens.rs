//! The tokens as this replica knows them: a map in memory, so that telling who calls costs a hash and a look-up.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::RwLock;
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use crate::domain::ids::EngineId;
use crate::domain::tokens::{Identity, Token, TokenDigest, TokenId};
use crate::error::Error;
use crate::store::tokens::Horizon;

/// What a token that is known is good for.
#[derive(Clone, Debug)]
pub enum TokenStatus {
    /// It may be used; whose it is.
    Good(Arc<Identity>),
    /// Its `expires_at` has passed.
    Expired,
    /// It was revoked, even if it has expired since.
    Revoked,
    /// It ended because its engine registered again.
    Superseded {
        /// The engine that it was for.
        engine_id: EngineId,
        /// When the engine registered again.
        registered_at: DateTime<Utc>,
    },
}

impl TokenStatus {
    /// Whose token it is, or why it lets nobody in.
    pub fn check(self) -> Result<Arc<Identity>, Error> {
        match self {
            Self::Good(identity) => Ok(identity),
            Self::Expired | Self::Revoked => Err(Error::TokenEnded),
            Self::Superseded { engine_id, registered_at } => Err(Error::EngineSuperseded { engine_id, registered_at }),
        }
    }
}

#[derive(Debug)]
struct Known {
    identity: Arc<Identity>,
    digest: TokenDigest,
    /// By this machine's steady clock, set from the database's.
    expires_at: Option<Instant>,
    is_revoked: bool,
    superseded_at: Option<DateTime<Utc>>,
    is_used: AtomicBool,
}

impl Known {
    fn of(token: &Token) -> Self {
        let left = token.expires_in_seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default());
        Self {
            identity: Arc::new(token.identity.clone()),
            digest: token.digest,
            expires_at: left.map(|left| Instant::now() + left),
            is_revoked: token.revoked_at.is_some(),
            superseded_at: token.superseded_at,
            is_used: AtomicBool::new(false),
        }
    }

    fn has_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    fn status(&self) -> TokenStatus {
        let has_expired = self.has_expired(Instant::now());
        if (self.is_revoked || has_expired)
            && let (Some(registered_at), Some(engine_id)) = (self.superseded_at, self.identity.engine_id)
        {
            TokenStatus::Superseded { engine_id, registered_at }
        } else if self.is_revoked {
            TokenStatus::Revoked
        } else if has_expired {
            TokenStatus::Expired
        } else {
            // Read first: written by every call, the line would wander between the cores.
            if !self.is_used.load(Ordering::Relaxed) {
                self.is_used.store(true, Ordering::Relaxed);
            }
            TokenStatus::Good(Arc::clone(&self.identity))
        }
    }
}

/// The last reading.
#[derive(Debug, Default)]
pub struct Reading {
    /// `None` before the first one.
    pub began_at: Option<Instant>,
    /// The error it ended with; `None` if it succeeded.
    pub trouble: Option<Error>,
    /// Where the next one continues.
    pub horizon: Horizon,
    /// When all tokens were last read, not only those that changed; `None`: the next one reads all.
    pub whole_at: Option<Instant>,
}

/// All tokens that have not ended long ago. No more than `MAX_TOKENS` are good.
#[derive(Debug, Default)]
pub struct KnownTokens {
    by_key: RwLock<HashMap<u64, Known>>,
    /// Whoever reads what is new holds it.
    pub reading: Arc<Mutex<Reading>>,
    /// There is something new.
    pub changed: Notify,
}

impl KnownTokens {
    /// How that token stands; `None` where it is not known.
    pub fn find(&self, digest: &TokenDigest) -> Option<TokenStatus> {
        let tokens = self.by_key.read();
        tokens.get(&digest.key()).filter(|known| known.digest.is_same(digest)).map(Known::status)
    }

    /// How many are known, with those that have ended.
    pub fn count(&self) -> usize {
        self.by_key.read().len()
    }

    /// Looks at all of them.
    pub fn count_good(&self) -> usize {
        let now = Instant::now();
        let tokens = self.by_key.read();
        tokens.values().filter(|known| !known.is_revoked && !known.has_expired(now)).count()
    }

    /// A token was made or revoked here.
    pub fn learn(&self, token: &Token) {
        self.learn_all(std::slice::from_ref(token));
    }

    /// There may be something new in the database.
    pub fn read_soon(&self) {
        self.changed.notify_one();
    }

    /// Tokens were made, revoked or cut short here, or somewhere else.
    pub fn learn_all(&self, tokens: &[Token]) {
        if tokens.is_empty() {
            return;
        }
        let mut by_key = self.by_key.write();
        for token in tokens {
            let mut known = Known::of(token);
            if let Some(before) = by_key.get(&token.digest.key()) {
                // What is learned may have been read before what is known: nothing makes a token good again.
                known.is_revoked |= before.is_revoked;
                known.superseded_at = known.superseded_at.or(before.superseded_at);
                known.is_used.store(before.is_used.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            by_key.insert(token.digest.key(), known);
        }
    }

    /// These are all there are.
    pub fn learn_whole(&self, tokens: &[Token]) {
        self.learn_all(tokens);
        let there: HashSet<u64> = tokens.iter().map(|token| token.digest.key()).collect();
        self.by_key.write().retain(|key, _| there.contains(key));
    }

    /// Those used since the last time.
    pub fn take_used(&self) -> Vec<TokenId> {
        let tokens = self.by_key.read();
        let used = tokens.values().filter(|known| known.is_used.swap(false, Ordering::Relaxed));
        used.map(|known| known.identity.token_id).collect()
    }

    /// Marks them used again, since the use could not be recorded.
    pub fn put_back_used(&self, used: &[TokenId]) {
        let used: HashSet<&TokenId> = used.iter().collect();
        for known in self.by_key.read().values() {
            if used.contains(&known.identity.token_id) {
                known.is_used.store(true, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::access::Role;
    use crate::domain::tokens::TokenSecret;

    #[test]
    fn what_was_read_before_a_revocation_does_not_undo_it() {
        let digest = TokenSecret::from_random_bytes([1; 32]).digest();
        let before = Token {
            identity: Identity {
                token_id: TokenId(Uuid::from_u128(1)),
                name: Arc::from("n"),
                role: Role::Reader,
                engine_id: None,
                engine_types: None,
                session_of: None,
            },
            digest,
            created_at: DateTime::UNIX_EPOCH,
            created_by: "a test".to_owned(),
            expires_at: None,
            expires_in_seconds: None,
            revoked_at: None,
            superseded_at: None,
            last_used_at: None,
        };
        let known = KnownTokens::default();
        known.learn(&before);
        assert!(matches!(known.find(&digest), Some(TokenStatus::Good(_))));
        known.learn(&Token { revoked_at: Some(DateTime::UNIX_EPOCH), ..before.clone() });
        known.learn_all(std::slice::from_ref(&before));
        assert!(matches!(known.find(&digest), Some(TokenStatus::Revoked)));
        known.learn_whole(&[before]);
        assert!(matches!(known.find(&digest), Some(TokenStatus::Revoked)));
    }
}
