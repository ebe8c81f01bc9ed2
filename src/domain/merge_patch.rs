//! Merge patches of JSON (RFC 7396), on the text: what a patch does not touch keeps its spelling.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::RawJson;

/// `before` changed by `patch`: its members are merged, null removes one, what is no object replaces.
#[must_use]
pub fn apply(before: Option<&RawValue>, patch: &RawValue) -> String {
    if !patch.get().starts_with('{') {
        return patch.get().to_owned();
    }
    let before = before.map(members).unwrap_or_default();
    let changes = members(patch);
    // Of two changes by one name the later one counts.
    let latest: HashMap<&str, &RawJson> = changes.iter().map(|(name, change)| (name.as_str(), change)).collect();
    let known: HashSet<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
    let mut merged = Vec::with_capacity(before.len() + changes.len());
    for (name, value) in &before {
        match latest.get(name.as_str()) {
            None => merged.push(member(name, value.get())),
            Some(change) if change.get() == "null" => {}
            Some(change) => merged.push(member(name, &apply(Some(value), change))),
        }
    }
    let added = changes.iter().filter(|(name, change)| {
        !known.contains(name.as_str()) && std::ptr::eq(latest[name.as_str()], change) && change.get() != "null"
    });
    merged.extend(added.map(|(name, change)| member(name, &apply(None, change))));
    format!("{{{}}}", merged.join(","))
}

/// A member as JSON text.
#[must_use]
pub fn member(name: &str, value: &str) -> String {
    format!("{}:{value}", Value::String(name.to_owned()))
}

/// The members of a JSON object in their order; of anything else, none.
#[must_use]
pub fn members(json: &RawValue) -> Vec<(String, RawJson)> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, RawJson)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(json.get()).deserialize_map(Members).unwrap_or_default()
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
    fn of_two_changes_by_one_name_the_later_one_counts() {
        assert_eq!(patched("{}", r#"{"a": 1, "a": 2}"#), r#"{"a":2}"#);
        assert_eq!(patched(r#"{"a": 0}"#, r#"{"a": 1, "a": null}"#), "{}");
    }
}
