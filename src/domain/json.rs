//! JSON that is passed through byte for byte, never parsed to a tree; below, how its strings and objects are read.

pub mod object;
pub mod string;

use serde_json::value::RawValue;

/// JSON text as it was sent, checked for syntax.
pub type RawJson = Box<RawValue>;

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
    use super::depth;

    #[test]
    fn brackets_nest_and_strings_do_not() {
        assert_eq!(depth(b"1"), 0);
        assert_eq!(depth(b"[]"), 1);
        assert_eq!(depth(br#"{"a":[{"b":[]},[]]}"#), 4);
        assert_eq!(depth(br#"["[[[[", "\"[[", "\\", []]"#), 2);
    }
}
