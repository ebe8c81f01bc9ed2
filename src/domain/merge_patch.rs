//! Merge patches of JSON (RFC 7396), on the text: what a patch does not touch keeps its spelling, names included. Names are
//! compared as decoded strings.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::json::object::{Member, members};
use super::json::string::JsonString;

/// `before` changed by `patch`: its members are merged, null removes one, what is no object replaces. Of doubled members the
/// last one counts; a change replaces all of them.
#[must_use]
pub fn apply(before: Option<&RawValue>, patch: &RawValue) -> String {
    let Some(changes) = members(patch) else { return patch.get().to_owned() };
    // What is no object is replaced by one.
    let before = before.and_then(members).unwrap_or_default();
    let latest = last_places(&changes);
    let known = last_places(&before);
    let mut merged = Vec::with_capacity(before.len() + changes.len());
    for (place, member) in before.iter().enumerate() {
        match latest.get(&member.name).map(|&change| changes[change].value) {
            None => merged.push(spelled(member.spelling, member.value.get())),
            Some(change) if known[&member.name] != place || is_null(change) => {}
            Some(change) => merged.push(spelled(member.spelling, &apply(Some(member.value), change))),
        }
    }
    let added = changes.iter().enumerate().filter(|(place, change)| {
        !known.contains_key(&change.name) && latest[&change.name] == *place && !is_null(change.value)
    });
    merged.extend(added.map(|(_, change)| spelled(change.spelling, &apply(None, change.value))));
    object(&merged)
}

/// `before` with members set as they come: they are replaced whole, and null removes one. Of two changes by one name the
/// last one counts.
#[must_use]
pub fn set_members(before: &RawValue, changes: &[Member<'_>]) -> String {
    // What is no object is replaced by one.
    let before = members(before).unwrap_or_default();
    let latest = last_places(changes);
    let kept = before.iter().filter(|member| !latest.contains_key(&member.name));
    let set = changes
        .iter()
        .enumerate()
        .filter(|(place, change)| latest[&change.name] == *place && !is_null(change.value))
        .map(|(_, change)| change);
    let merged: Vec<String> = kept.chain(set).map(|member| spelled(member.spelling, member.value.get())).collect();
    object(&merged)
}

/// Where the last member of each name is.
fn last_places<'m, 'a>(members: &'m [Member<'a>]) -> HashMap<&'m JsonString<'a>, usize> {
    members.iter().enumerate().map(|(place, member)| (&member.name, place)).collect()
}

fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

fn spelled(spelling: &str, value: &str) -> String {
    format!("{spelling}:{value}")
}

fn object(members: &[String]) -> String {
    format!("{{{}}}", members.join(","))
}

/// A member as JSON text.
#[must_use]
pub fn member(name: &str, value: &str) -> String {
    spelled(&Value::String(name.to_owned()).to_string(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(before: &str, patch: &str) -> String {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("valid");
        apply(Some(&raw(before)), &raw(patch))
    }

    #[test]
    fn what_is_not_touched_keeps_its_order_and_spelling() {
        let before = r#"{"b": 1.50, "a": {"x": [ 1 ], "y": 1e3}, "\u0000": "\u00e9"}"#;
        assert_eq!(
            patched(before, r#"{"a": {"y": 2}, "c": 5.0}"#),
            r#"{"b":1.50,"a":{"x":[ 1 ],"y":2},"\u0000":"\u00e9","c":5.0}"#
        );
    }

    /// The examples of the RFC's appendix A.
    #[test]
    fn the_examples_of_the_rfc() {
        for (before, patch, after) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(patched(before, patch), after, "{before} {patch}");
        }
    }

    #[test]
    fn names_that_no_text_holds_are_merged_like_any_other() {
        // What JavaScript makes of a cut emoji.
        let before = r#"{"a": 1, "\ud83d": {"x": 1}, "\ud83e": 2, "\u0000": 3}"#;
        assert_eq!(
            patched(before, r#"{"\uD83D": {"\udc00": 4}, "\u0000": null, "\ude00": 5}"#),
            r#"{"a":1,"\ud83d":{"x":1,"\udc00":4},"\ud83e":2,"\ude00":5}"#
        );
        assert_eq!(
            patched(before, r#"{"\ufffd": 6}"#),
            r#"{"a":1,"\ud83d":{"x": 1},"\ud83e":2,"\u0000":3,"\ufffd":6}"#
        );
        assert_eq!(patched(r#"{"\ud83d": 1, "b": 2}"#, r#"{"b": null}"#), r#"{"\ud83d":1}"#);
    }

    #[test]
    fn names_are_equal_however_they_are_escaped_and_keep_their_spelling() {
        assert_eq!(patched(r#"{"\u0061": 1, "\u00fc\/": 2}"#, r#"{"a": 3}"#), r#"{"\u0061":3,"\u00fc\/":2}"#);
        assert_eq!(
            patched(r#"{"__proto__": {"a": 1}}"#, r#"{"__proto__": {"b": 2}}"#),
            r#"{"__proto__":{"a":1,"b":2}}"#
        );
    }

    #[test]
    fn a_change_replaces_all_of_a_doubled_member_and_merges_into_the_last() {
        let doubled = r#"{"a": {"p": 1}, "b": 1, "b": 2, "\u0061": {"q": 2}}"#;
        assert_eq!(patched(doubled, r#"{"a": {"r": 3}}"#), r#"{"b":1,"b":2,"\u0061":{"q":2,"r":3}}"#);
        assert_eq!(patched(doubled, r#"{"a": null}"#), r#"{"b":1,"b":2}"#);
    }

    #[test]
    fn setting_members_keeps_the_order_and_spelling_of_all_others() {
        let set = |before: &str, changes: &str| {
            let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("valid");
            set_members(&raw(before), &members(&raw(changes)).expect("an object"))
        };
        let before = r#"{"b": 1.50, "a": [ 1 ], "c": null, "\ud83d": {"x": 1}, "\u00e9": 2}"#;
        assert_eq!(
            set(before, r#"{"a": 2, "c": null, "\"d": {}, "e\/": {"f": null}}"#),
            r#"{"b":1.50,"\ud83d":{"x": 1},"\u00e9":2,"a":2,"\"d":{},"e\/":{"f": null}}"#
        );
        assert_eq!(
            set(before, r#"{"\uD83D": {"y": 2}, "é": null}"#),
            r#"{"b":1.50,"a":[ 1 ],"c":null,"\uD83D":{"y": 2}}"#
        );
        assert_eq!(set("{}", r#"{"a": 1, "\u0061": 2}"#), r#"{"\u0061":2}"#);
        assert_eq!(set(r#"{"a": 1, "a": 2}"#, r#"{"b": 3}"#), r#"{"a":1,"a":2,"b":3}"#);
    }

    #[test]
    fn of_two_changes_by_one_name_the_later_one_counts() {
        assert_eq!(patched("{}", r#"{"a": 1, "a": 2}"#), r#"{"a":2}"#);
        assert_eq!(patched(r#"{"a": 0}"#, r#"{"a": 1, "a": null}"#), "{}");
    }
}
