//! JSON that is passed through byte for byte, never parsed to a tree; below, how its strings and objects are read.

/// The members of an object, as they are spelled.
pub mod object;
/// Strings that PostgreSQL or Rust may not be able to hold.
pub mod string;

use bytestring::ByteString;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

/// JSON text as it was sent, checked for syntax.
pub type RawJson = Box<RawValue>;

/// JSON as a caller sent it, checked for syntax: a part of its request's body, which it shares instead of copying it. The
/// body stays in memory, and counts among those held, until the last of its parts is dropped.
#[derive(Clone, Debug)]
pub struct SentJson(ByteString);

impl SentJson {
    /// `part` must have been read from `body`.
    #[must_use]
    pub fn of(body: &ByteString, part: &RawValue) -> Self {
        Self(body.slice_ref(part.get()))
    }

    /// The JSON text, byte for byte.
    #[must_use]
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// JSON that the service wrote around what was sent, in memory of its own.
impl From<RawJson> for SentJson {
    fn from(json: RawJson) -> Self {
        Self(String::from(Box::<str>::from(json)).into())
    }
}

impl Serialize for SentJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(self.get()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

/// How deep arrays and objects are nested in `json`, which must be valid JSON. A scalar has depth 0.
#[must_use]
pub fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Brackets inside strings nest nothing.
fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;
    use serde_json::value::RawValue;

    use super::{SentJson, depth};

    #[test]
    fn json_that_was_sent_shares_its_body_and_is_written_as_it_came() {
        let body = ByteString::from(r#" [ {"n": 1.00, "n": "\u00e9"} , 2 ] "#);
        let parts: Vec<&RawValue> = serde_json::from_str(&body).expect("JSON");
        let sent = SentJson::of(&body, parts[0]);
        assert_eq!(sent.get(), r#"{"n": 1.00, "n": "\u00e9"}"#);
        assert_eq!(sent.get().as_ptr(), parts[0].get().as_ptr(), "it was copied");
        assert_eq!(serde_json::to_string(&[&sent]).expect("JSON"), r#"[{"n": 1.00, "n": "\u00e9"}]"#);
    }

    #[test]
    fn brackets_nest_and_strings_do_not() {
        assert_eq!(depth(b"1"), 0);
        assert_eq!(depth(b"[]"), 1);
        assert_eq!(depth(br#"{"a":[{"b":[]},[]]}"#), 4);
        assert_eq!(depth(br#"["[[[[", "\"[[", "\\", []]"#), 2);
    }
}
