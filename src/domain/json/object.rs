//! The members of a JSON object, with their names as they are spelled: what is not read of an object is kept byte for byte.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::string::JsonString;

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The name, decoded.
    pub name: JsonString<'a>,
    /// The name as JSON, with its quotes and escapes.
    pub spelling: &'a str,
    /// Its value, byte for byte.
    pub value: &'a RawValue,
}

/// An object has more members than are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("has more than {most} members")]
pub struct TooManyMembers {
    most: usize,
}

/// The members of an object in their order, doubled ones among them; `None` where the JSON is no object.
#[must_use]
pub fn members(json: &RawValue) -> Option<Vec<Member<'_>>> {
    members_up_to(json, usize::MAX).map(|members| members.expect("no object has that many"))
}

/// The same, but an error where the object has more than `most` members.
#[must_use]
pub fn members_up_to(json: &RawValue, most: usize) -> Option<Result<Vec<Member<'_>>, TooManyMembers>> {
    if !json.get().starts_with('{') {
        return None;
    }
    let read = serde_json::Deserializer::from_str(json.get()).deserialize_map(Members { most });
    // A raw value is JSON, so that nothing else can be wrong with it.
    Some(read.map_err(|_| TooManyMembers { most }))
}

/// The value of the last member of that name; `None` where there is none, or the JSON is no object.
#[must_use]
pub fn member_named<'a>(json: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    members(json)?.into_iter().rfind(|member| member.name.is(name)).map(|member| member.value)
}

struct Members {
    most: usize,
}

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            if members.len() >= self.most {
                return Err(A::Error::custom("too many members"));
            }
            let spelling = name.get();
            let name = JsonString::decode(name).ok_or_else(|| A::Error::custom("a name is no string"))?;
            members.push(Member { name, spelling, value });
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_as_they_are_spelled() {
        let json = r#"{ "a" :1, "\ud83d": {"x" : 2} ,"\u0061":[ ],"":null}"#;
        let raw: &RawValue = serde_json::from_str(json).expect("JSON");
        let all = members(raw).expect("an object");
        let told: Vec<_> = all.iter().map(|member| (member.spelling, member.value.get())).collect();
        assert_eq!(told, [("\"a\"", "1"), (r#""\ud83d""#, r#"{"x" : 2}"#), (r#""\u0061""#, "[ ]"), ("\"\"", "null")]);
        assert_eq!(member_named(raw, "a").map(RawValue::get), Some("[ ]"));
        assert!(member_named(raw, "b").is_none());
        assert!(members_up_to(raw, 4).expect("an object").is_ok());
        let refused = members_up_to(raw, 3).expect("an object").expect_err("four are there");
        assert_eq!(refused.to_string(), "has more than 3 members");
        let array: &RawValue = serde_json::from_str("[1]").expect("JSON");
        assert!(members(array).is_none());
    }
}
