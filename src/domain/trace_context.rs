//! W3C Trace Context: what is a `traceparent`.

use super::limits::MAX_TRACEPARENT_CHARS;
use super::names::check_text;

/// Whether a text has the form of a `traceparent`: version, trace id, parent id and flags in lower-case hexadecimal digits, with
/// hyphens between them; neither id is all zeros, and only a version after 00 may have more behind another hyphen
/// (W3C Trace Context, 3.2).
#[must_use]
pub fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |part: &str, digits: usize| is_hex(part, digits) && part.bytes().any(|digit| digit != b'0');
    if check_text(text, MAX_TRACEPARENT_CHARS).is_err() {
        return false;
    }
    let mut parts = text.splitn(5, '-');
    let version = parts.next().unwrap_or_default();
    is_hex(version, 2)
        && version != "ff"
        && parts.next().is_some_and(|trace_id| is_id(trace_id, 32))
        && parts.next().is_some_and(|parent_id| is_id(parent_id, 16))
        && parts.next().is_some_and(|flags| is_hex(flags, 2))
        && (version != "00" || parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::is_traceparent;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn the_form_of_the_standard_is_accepted() {
        for text in [
            format!("00-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-b7ad6b7169203331-00"),
            format!("cc-{TRACE}-b7ad6b7169203331-01"),
            format!("cc-{TRACE}-b7ad6b7169203331-01-what"),
        ] {
            assert!(is_traceparent(&text), "{text}");
        }
    }

    #[test]
    fn all_else_is_not() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "nonsense".to_owned(),
            format!("00-{TRACE}-b7ad6b7169203331"),
            format!("00-{TRACE}-b7ad6b7169203331-1"),
            format!("00-{TRACE}-b7ad6b7169203331-01-what"),
            format!("00-{TRACE}-b7ad6b7169203331-01-"),
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("cc-{TRACE}-b7ad6b7169203331-01what"),
            format!("cc-{TRACE}-b7ad6b7169203331-01-\n"),
            format!("cc-{TRACE}-b7ad6b7169203331-01-{zeros}"),
            format!("00-{}-b7ad6b7169203331-01", TRACE.to_uppercase()),
            format!("00-{zeros}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!(" 00-{TRACE}-b7ad6b7169203331-01"),
        ] {
            assert!(!is_traceparent(&text), "{text:?}");
        }
    }
}
