//! Bearer tokens: how they look, what is kept of them, and whom they stand for.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Role, TypeLimit};
use super::ids::EngineId;
use super::limits::MAX_TOKEN_NAME_CHARS;
use super::names::{EngineType, check_text};

/// So that people, and programs that look for leaked secrets, know one when they see it.
const PREFIX: &str = "el_";
const RANDOM_BYTES: usize = 32;
const CHARS: usize = PREFIX.len() + 2 * RANDOM_BYTES;

/// The caller that the idempotency keys of follow-up events belong to: all engines of a type are one caller, so that a
/// redelivery to another engine finds the same keys.
pub const ENGINES_CALLER_PREFIX: &str = "engine:";

/// Names a token in lists and logs; it is no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct TokenId(pub Uuid);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A token as its bearer shows it: the prefix, and 256 random bits as hexadecimal digits.
#[derive(Clone)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// `bytes` must come from a cryptographic source.
    #[must_use]
    pub fn from_random_bytes(bytes: [u8; RANDOM_BYTES]) -> Self {
        use fmt::Write as _;
        let mut text = PREFIX.to_owned();
        for byte in bytes {
            write!(text, "{byte:02x}").expect("a text takes whatever is written");
        }
        Self(text)
    }

    /// A token that was made elsewhere; `None` for what cannot be one by its form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        TokenDigest::of(text).map(|_| Self(text.to_owned()))
    }

    /// To be shown once, to whom it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored in the secret's place.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0).expect("it was made or checked in this form")
    }
}

/// Tokens stay out of logs, also by way of `{:?}`.
impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(*)")
    }
}

impl Serialize for TokenSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A token's SHA-256. With 256 random bits behind it, no slower function is needed.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// `None` for what cannot be a token by its form.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let has_form = text.len() == CHARS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        has_form.then(|| Self(Sha256::digest(text).into()))
    }

    /// A digest read back from the database.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the database.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// To find it by. Only the whole digest tells that it is the same.
    #[must_use]
    pub fn key(&self) -> u64 {
        u64::from_le_bytes(self.0[..8].try_into().expect("8 of 32 bytes"))
    }

    /// Takes the same time wherever the two differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(*)")
    }
}

/// Whom a token stands for.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The id of the token that was shown.
    pub token_id: TokenId,
    /// For people; several tokens may share it.
    pub name: Arc<str>,
    /// What the token may do.
    pub role: Role,
    /// Of the role engine.
    pub engine_id: Option<EngineId>,
    /// `None`: not limited.
    pub engine_types: Option<Vec<String>>,
    /// Of a session: the token with which it began. `None` for any other token.
    pub session_of: Option<TokenId>,
}

impl Identity {
    /// True of the token of a browser's session.
    #[must_use]
    pub const fn is_session(&self) -> bool {
        self.session_of.is_some()
    }

    /// True if the token names engine types.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.engine_types.is_some()
    }

    /// Whether its limit, if there is one, lets it have to do with that engine type.
    #[must_use]
    pub fn reaches(&self, engine_type: &str) -> bool {
        self.engine_types.as_ref().is_none_or(|types| types.iter().any(|known| known == engine_type))
    }
}

/// A token, as it is known.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whom it stands for.
    pub identity: Identity,
    /// Of its secret.
    pub digest: TokenDigest,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// The name of the caller that made it.
    pub created_by: String,
    /// `None`: it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// By the database's clock, when it was read; negative where it is over.
    pub expires_in_seconds: Option<f64>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Of an engine's token that ended, or will in a moment, because the engine registered again: when it did.
    pub superseded_at: Option<DateTime<Utc>>,
    /// To within a few seconds.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Token {
    /// Whether it was good when it was read.
    #[must_use]
    pub fn state(&self) -> TokenState {
        match (self.revoked_at, self.expires_in_seconds) {
            (Some(_), _) => TokenState::Revoked,
            (None, Some(left)) if left <= 0.0 => TokenState::Expired,
            (None, _) => TokenState::Active,
        }
    }
}

/// Whether a token is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It is accepted.
    Active,
    /// Its `expires_at` has passed.
    Expired,
    /// An admin revoked it, or a newer token replaced it.
    Revoked,
}

impl TokenState {
    /// The name the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Which tokens are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What they allow.
    pub role: Option<Role>,
    /// Those of this role are not.
    pub except_role: Option<Role>,
    /// Names may be used more than once.
    pub name: Option<String>,
}

/// A token to be made, checked.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Names may be used more than once.
    pub name: String,
    /// What the token will allow.
    pub role: Role,
    /// `None`: not limited to engine types.
    pub engine_types: Option<Vec<EngineType>>,
    /// Of the role engine.
    pub engine_id: Option<EngineId>,
    /// 1 to [`MAX_TOKEN_SECONDS`](super::limits::MAX_TOKEN_SECONDS); `None`: it does not expire.
    pub expires_in_seconds: Option<u32>,
}

/// What is wrong with a token to be made, and with which member.
pub type Contradiction = (&'static str, &'static str);

impl NewToken {
    /// What is wrong with it. Where requests are read, the name is checked with all others.
    #[must_use]
    pub fn wrong(&self) -> Vec<Contradiction> {
        let mut found = self.contradictions();
        if check_text(&self.name, MAX_TOKEN_NAME_CHARS).is_err() {
            found.push(("name", "must have 1 to 100 characters, none of them a control character"));
        }
        found
    }

    /// What does not go together.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        if self.name.starts_with(ENGINES_CALLER_PREFIX) {
            found.push(("name", "begins with engine:, which is for the follow-up events of engines"));
        }
        match (self.role.limit(), &self.engine_types) {
            (TypeLimit::Never, Some(_)) => {
                found.push(("engine_types", "does not go with this role, which has no limit"));
            }
            (TypeLimit::Always, None) => {
                found.push(("engine_types", "is missing; a registrar is for listed types only"));
            }
            (TypeLimit::Never | TypeLimit::Possible, None) | (TypeLimit::Possible | TypeLimit::Always, Some(_)) => {}
        }
        match (self.role, self.engine_id) {
            (Role::Engine, None) => found.push(("engine_id", "is missing; an engine's token is bound to one engine")),
            (Role::Engine, Some(_)) | (_, None) => {}
            (_, Some(_)) => found.push(("engine_id", "goes with the role engine only")),
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_digest_and_shown_nowhere() {
        let token = TokenSecret::from_random_bytes([0xab; 32]);
        assert_eq!(token.reveal().len(), 67);
        assert!(token.reveal().starts_with("el_abab"));
        let other = TokenSecret::from_random_bytes([0xac; 32]);
        assert!(token.digest().is_same(&TokenDigest::of(token.reveal()).expect("a token")));
        assert!(!token.digest().is_same(&other.digest()));
        for shown in [format!("{token:?}"), format!("{:?}", token.digest())] {
            assert!(!shown.contains("ab"), "{shown}");
        }
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let digits = "0".repeat(64);
        for text in
            ["", "el_", &digits, &format!("el_{digits}0"), &format!("EL_{digits}"), &format!("el_{}g", &digits[1..])]
        {
            assert!(TokenDigest::of(text).is_none() && TokenSecret::parse(text).is_none(), "{text}");
        }
        assert!(TokenDigest::of(&format!("el_{digits}")).is_some());
    }

    #[test]
    fn roles_have_the_members_they_need() {
        let wrong = |role, engine_types: Option<&[&str]>, engine_id| {
            let engine_types = engine_types
                .map(|types| types.iter().map(|name| EngineType::parse(name).expect("a name")).collect::<Vec<_>>());
            let token = NewToken { name: "n".to_owned(), role, engine_types, engine_id, expires_in_seconds: None };
            token.contradictions().iter().map(|(member, _)| *member).collect::<Vec<_>>()
        };
        let engine = Some(EngineId(Uuid::from_u128(1)));
        assert_eq!(wrong(Role::Producer, None, None), [""; 0]);
        assert_eq!(wrong(Role::Producer, Some(&["a"]), engine), ["engine_id"]);
        assert_eq!(wrong(Role::Engine, None, engine), [""; 0]);
        assert_eq!(wrong(Role::Engine, Some(&["a"]), None), ["engine_types", "engine_id"]);
        assert_eq!(wrong(Role::Registrar, None, None), ["engine_types"]);
        assert_eq!(wrong(Role::Admin, Some(&["a"]), None), ["engine_types"]);
    }

    #[test]
    fn no_token_has_the_name_of_a_caller_that_is_all_engines_of_a_type() {
        let wrong = |name: &str| {
            let (name, role) = (name.to_owned(), Role::Producer);
            NewToken { name, role, engine_types: None, engine_id: None, expires_in_seconds: None }.contradictions()
        };
        assert_eq!(wrong("engine:dialogue").iter().map(|(member, _)| *member).collect::<Vec<_>>(), ["name"]);
        assert_eq!(wrong("engine of dialogue"), []);
    }
}
