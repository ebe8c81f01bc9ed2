//! Ids are newtypes, so that none can stand where another belongs.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// An event's id: a UUID of version 7, made by the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

/// An engine's id: any UUID, best chosen by the engine itself and kept over its restarts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct EngineId(pub Uuid);

impl EventId {
    /// The smallest id that an event of that time can have; of times before 1970, the smallest of all.
    #[must_use]
    pub fn floor(at: DateTime<Utc>) -> Self {
        let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(Uuid::from_u128(millis << 80))
    }

    /// The last 64 bits of a new id, in a UUID that is empty but for them: the variant, 14 bits of `ordinal`, so that
    /// the events of one batch sort as they were sent, and 48 of `random_bits`.
    #[must_use]
    pub const fn ending(ordinal: usize, random_bits: u64) -> Uuid {
        let ordinal = (ordinal & 0x3fff) as u64;
        Uuid::from_u64_pair(0, 1 << 63 | ordinal << 48 | random_bits >> 16)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The fence: 128 random bits, new for every lease. Opaque to clients.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken(u128);

impl LeaseToken {
    /// `bits` must come from a cryptographic source; whoever knows them may settle the lease.
    #[must_use]
    pub const fn from_random_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// For the database, which keeps tokens as UUIDs.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        Uuid::from_u128(self.0)
    }

    /// A token read back from the database.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid.as_u128())
    }
}

/// Written as 32 hexadecimal digits, and read in either case.
impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Tokens stay out of logs, also by way of `{:?}`.
impl fmt::Debug for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseToken(*)")
    }
}

impl Serialize for LeaseToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("is not a lease token: 32 hexadecimal digits are expected, as the lease gave them")]
pub struct NotALeaseToken;

impl FromStr for LeaseToken {
    type Err = NotALeaseToken;

    fn from_str(text: &str) -> Result<Self, NotALeaseToken> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotALeaseToken);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NotALeaseToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = LeaseToken::from_random_bits(0x00ab_cdef);
        assert_eq!(token.to_string().parse::<LeaseToken>().expect("own text"), token);
        assert_eq!(token.to_string().to_uppercase().parse::<LeaseToken>().expect("the same"), token);
        assert_eq!(token.to_string().len(), 32);
    }

    #[test]
    fn ids_begin_with_their_time() {
        let floor = |at: &str| EventId::floor(at.parse().expect("a time")).to_string();
        assert_eq!(floor("2026-01-01T00:00:00Z"), "019b76da-a800-0000-0000-000000000000");
        assert_eq!(floor("1960-01-01T00:00:00Z"), "00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in [
            "",
            "+0000000000000000000000000000001",
            "xyz",
            "0x000000000000000000000000000001",
            "0198c0de-0000-7000-8000-000000000000",
        ] {
            assert!(text.parse::<LeaseToken>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_does_not_show_in_debug_output() {
        let token = LeaseToken::from_random_bits(0xfeed);
        assert!(!format!("{token:?}").contains("feed"));
    }
}
