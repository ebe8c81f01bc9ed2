//! Strings of JSON, also those that no Rust text and no `text` column of PostgreSQL can hold: JSON can escape one half of a
//! surrogate pair (`"\ud83d"`, what JavaScript makes of an emoji that is cut in two), and the NUL character (`"\u0000"`).

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{Error, Visitor};
use serde_json::value::RawValue;

/// A JSON string, decoded. Two of them are equal if they have the same code points, however these are escaped: `"a"` equals
/// `"\u0061"`, and `"\ud83d"` equals `"\uD83D"`.
///
/// The bytes are UTF-8, but for unpaired surrogates, which have three bytes each, as if they were characters (WTF-8).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JsonString<'a>(Cow<'a, [u8]>);

/// The string is not Unicode text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("has an unpaired surrogate (\\u{0:04x})")]
pub struct UnpairedSurrogate(u16);

/// The first byte of an encoded surrogate. In UTF-8 what follows it is less than the second byte of a surrogate.
const BEGINS_SURROGATE: u8 = 0xED;

impl<'a> JsonString<'a> {
    /// `None`: the JSON is no string.
    #[must_use]
    pub fn decode(json: &'a RawValue) -> Option<Self> {
        let content = json.get().strip_prefix('"')?.strip_suffix('"')?;
        if !content.contains('\\') {
            return Some(Self(Cow::Borrowed(content.as_bytes())));
        }
        let bytes = serde_json::Deserializer::from_str(json.get()).deserialize_bytes(Bytes);
        Some(Self(Cow::Owned(bytes.expect("a raw value is JSON, and this one is a string"))))
    }

    /// Whether it is that text.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        *self.0 == *text.as_bytes()
    }

    /// The same as a text.
    ///
    /// # Errors
    /// [`UnpairedSurrogate`] where no Rust text can hold it.
    pub fn into_text(self) -> Result<Cow<'a, str>, UnpairedSurrogate> {
        match self.0 {
            Cow::Borrowed(bytes) => {
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| surrogate(bytes, error))
            }
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map(Cow::Owned)
                .map_err(|error| surrogate(error.as_bytes(), error.utf8_error())),
        }
    }

    /// Its first characters as a text that PostgreSQL can store: U+FFFD stands for each unpaired surrogate and each NUL.
    #[must_use]
    pub fn storable(&self, max_chars: usize) -> String {
        let characters = self.0.utf8_chunks().flat_map(|chunk| {
            // Each byte of a surrogate is a chunk's invalid part of its own.
            let surrogate = chunk.invalid().first().filter(|byte| **byte == BEGINS_SURROGATE);
            chunk.valid().chars().chain(surrogate.map(|_| char::REPLACEMENT_CHARACTER))
        });
        characters.map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).take(max_chars).collect()
    }
}

impl<'a> From<&'a str> for JsonString<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

/// The surrogate where decoding ended: nothing else can be wrong with the bytes, and it has three of them.
fn surrogate(bytes: &[u8], error: std::str::Utf8Error) -> UnpairedSurrogate {
    let bits = |index: usize| u16::from(bytes[error.valid_up_to() + index] & 0x3f);
    UnpairedSurrogate(0xd000 | bits(1) << 6 | bits(2))
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    fn storable(json: &str, max_chars: usize) -> String {
        JsonString::decode(&raw(json)).expect("a string").storable(max_chars)
    }

    #[test]
    fn strings_are_equal_however_they_are_escaped() {
        for (one, other, are_equal) in [
            (r#""a""#, r#""\u0061""#, true),
            (r#""ü/""#, r#""\u00fc\/""#, true),
            (r#""\ud83d""#, r#""\uD83D""#, true),
            (r#""\ud83d\ude00""#, "\"\u{1f600}\"", true),
            (r#""\ud83d""#, r#""\ud83e""#, false),
            (r#""\ud83d""#, "\"\u{fffd}\"", false),
            (r#""\\ud83d""#, r#""\ud83d""#, false),
        ] {
            let (left, right) = (raw(one), raw(other));
            assert_eq!(JsonString::decode(&left) == JsonString::decode(&right), are_equal, "{one} {other}");
        }
        assert!(JsonString::decode(&raw(r#""n\u0061me""#)).expect("a string").is("name"));
        assert_eq!(JsonString::decode(&raw("5")), None);
    }

    #[test]
    fn what_no_text_holds_is_named() {
        let text = |json: &str| JsonString::decode(&raw(json)).expect("a string").into_text().map(Cow::into_owned);
        assert_eq!(text(r#""a\u0000\ud83d\ude00""#), Ok("a\0\u{1f600}".to_owned()));
        for (json, said) in [
            (r#""cut \ud83d""#, r"has an unpaired surrogate (\ud83d)"),
            (r#""\uDE00 first""#, r"has an unpaired surrogate (\ude00)"),
            (r#""\ud83d\ud83e\ude00""#, r"has an unpaired surrogate (\ud83d)"),
            (r#""\ud83d\n""#, r"has an unpaired surrogate (\ud83d)"),
        ] {
            assert_eq!(text(json).expect_err(json).to_string(), said);
        }
    }

    #[test]
    fn what_is_stored_has_a_replacement_for_each_half_and_each_nul() {
        assert_eq!(storable(r#""cut \ud83d""#, 100), "cut \u{fffd}");
        assert_eq!(storable(r#""\udfff\ud800x\u0000\ud83d\ude00\n""#, 100), "\u{fffd}\u{fffd}x\u{fffd}\u{1f600}\n");
        assert_eq!(storable(r#""퟿\ud7ff""#, 100), "\u{d7ff}\u{d7ff}");
        assert_eq!(storable(r#""äöü""#, 2), "äö");
        assert_eq!(storable(r#""\ud83d\ud83dü""#, 1), "\u{fffd}");
    }
}
