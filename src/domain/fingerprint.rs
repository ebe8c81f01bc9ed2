//! Error fingerprints: dead letters with one cause have the same, although their messages name different ids, numbers and
//! times. A change of the rule needs a new `RULE`; housekeeping makes fingerprints of older rules anew, which it finds by an
//! index that names them.

/// The message of an error that was too long to be kept as a text.
mod message;
/// A message without its changing parts.
mod normalized;

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use normalized::normalized;

/// The version of the rule, kept beside each fingerprint that was made by it.
pub const RULE: i16 = 2;

/// The version that is kept beside a fingerprint that an engine sent.
pub const SENT: i16 = 0;

/// A fingerprint has so many bytes of the hash.
const HASH_BYTES: usize = 8;

/// What an event died of.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// An engine reported an error.
    Error {
        /// The fingerprint that the engine sent with it, which counts as it is.
        fingerprint: Option<&'a str>,
        /// Its type, if it has one.
        kind: Option<&'a str>,
        /// Its message, as far as it is kept as a text.
        message: &'a str,
        /// The error as it was sent, which has the whole message.
        json: Option<&'a str>,
    },
    /// A lease ended without a report.
    Loss {
        /// The outcome of the last attempt, like `engine_unresponsive`.
        outcome: &'a str,
    },
}

/// A fingerprint, and the version of the rule that made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint<'a> {
    /// 16 hexadecimal digits, or what the engine sent.
    pub text: Cow<'a, str>,
    /// [`RULE`], or [`SENT`].
    pub rule: i16,
}

/// The fingerprint of what an event died of: the first 8 bytes of the SHA-256 of the error's type and its message without
/// the changing parts, or of a loss's outcome.
#[must_use]
pub fn fingerprint(cause: Cause<'_>) -> Fingerprint<'_> {
    let mut hash = Sha256::new();
    match cause {
        Cause::Error { fingerprint: Some(sent), .. } => return Fingerprint { text: Cow::Borrowed(sent), rule: SENT },
        // Neither a type nor a message has a NUL.
        Cause::Error { fingerprint: None, kind, message, json } => {
            hash.update(kind.unwrap_or_default());
            hash.update("\0");
            hash.update(normalized(&message::whole(message, json)));
        }
        Cause::Loss { outcome } => {
            hash.update("\0\0");
            hash.update(outcome);
        }
    }
    let hex = hash.finalize().iter().take(HASH_BYTES).fold(String::with_capacity(2 * HASH_BYTES), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    });
    Fingerprint { text: Cow::Owned(hex), rule: RULE }
}

#[cfg(test)]
mod tests;
