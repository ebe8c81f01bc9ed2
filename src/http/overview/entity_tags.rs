//! `If-None-Match` (RFC 9110, §13.1.2).

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names the entity tag with these characters between its quotes, or is `*`. Several lines of it are one
/// list. Weak tags are compared like strong ones. A list that is not well formed names nothing.
pub fn if_none_match_names(headers: &HeaderMap, opaque_tag: &str) -> bool {
    let lines: Vec<&[u8]> = headers.get_all(header::IF_NONE_MATCH).iter().map(AsRef::as_ref).collect();
    let list = lines.join(&b", "[..]);
    list.trim_ascii() == b"*" || opaque_tags(&list).is_some_and(|tags| tags.contains(&opaque_tag.as_bytes()))
}

/// What stands between the quotes of each entity tag of a list; `None` where it is no such list.
fn opaque_tags(list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        // Empty elements are allowed (§5.6.1.2).
        let begin = rest.iter().position(|byte| !b", \t".contains(byte));
        let Some(begin) = begin else { return Some(tags) };
        rest = &rest[begin..];
        let quoted = rest.strip_prefix(b"W/").unwrap_or(rest).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (tag, behind) = (&quoted[..end], quoted[end + 1..].trim_ascii_start());
        if !tag.iter().copied().all(is_of_tag) || !(behind.is_empty() || behind.starts_with(b",")) {
            return None;
        }
        tags.push(tag);
        rest = behind;
    }
}

/// `etagc` (§8.8.3): what is visible, but for the quote, and all that is not ASCII.
const fn is_of_tag(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn names(lines: &[&[u8]]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_NONE_MATCH, HeaderValue::from_bytes(line).expect("a header"));
        }
        if_none_match_names(&headers, "a-1")
    }

    #[test]
    fn a_list_of_tags_names_one_of_them() {
        for (lines, is_named) in [
            (&[&b"\"a-1\""[..]][..], true),
            (&[b"\"b\", \"a-1\""], true),
            (&[b"\"b\"", b"\"a-1\""], true),
            (&[b"W/\"a-1\""], true),
            (&[b" , ,\"b\"\t,W/\"a-1\",, "], true),
            (&[b"\"\xe9\", \"a-1\""], true),
            (&[b"\"b,\", \"a-1\""], true),
            (&[b"\"a-2\""], false),
            (&[b"\"x,\"a-1\",\""], false),
            (&[b"\"x, a-1\""], false),
            (&[b"a-1"], false),
            (&[b"w/\"a-1\""], false),
            (&[b"W/ \"a-1\""], false),
            (&[b"W/W/\"a-1\""], false),
            (&[b"\"a-1\" \"b\""], false),
            (&[b"\"a-1\", b"], false),
            (&[b"\"a-1\", \"b c\""], false),
            (&[b"\"a-1"], false),
            (&[b""], false),
            (&[], false),
        ] {
            assert_eq!(names(lines), is_named, "{lines:?}");
        }
    }

    #[test]
    fn a_star_names_any_tag_where_it_stands_alone() {
        for (lines, is_named) in [
            (&[&b"*"[..]][..], true),
            (&[b" * "], true),
            (&[b"\"b\", *"], false),
            (&[b"*, *"], false),
            (&[b"*", b"*"], false),
            (&[b"\"*\""], false),
            (&[b"\"b,*,c\""], false),
        ] {
            assert_eq!(names(lines), is_named, "{lines:?}");
        }
    }
}
