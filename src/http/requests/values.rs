//! What JSON values can say, each read by one function that words what is wrong.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::texts::parse_uuid;
use crate::domain::json::string::JsonString;
use crate::domain::json::{RawJson, depth};
use crate::domain::names::check_text;
use crate::http::errors::{Limit, Mistake};
use crate::http::limits::JsonLimit;

/// What a JSON value is, for messages.
pub fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Reads a string; one with half of a surrogate pair is refused.
pub fn text(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    any_string(raw)?.into_text().map_err(|error| error.to_string())
}

/// A string, also one that is no text.
pub fn any_string(raw: &RawValue) -> Result<JsonString<'_>, String> {
    JsonString::decode(raw).ok_or_else(|| format!("must be a string, not {}", kind(raw)))
}

/// A text that one of the domain's constructors checks.
pub fn parsed<T, E: ToString>(parse: impl FnOnce(&str) -> Result<T, E>) -> impl FnOnce(&RawValue) -> Result<T, String> {
    move |raw| parse(&text(raw)?).map_err(|error| error.to_string())
}

/// A text of 1 to `max_chars` characters, none of them a control character.
pub fn checked_text(max_chars: usize) -> impl Fn(&RawValue) -> Result<String, String> {
    move |raw| parsed(|text| check_text(text, max_chars).map(|()| text.to_owned()))(raw)
}

/// Reads a UUID, which must have its hyphens.
pub fn uuid(raw: &RawValue) -> Result<uuid::Uuid, String> {
    parse_uuid(&text(raw)?)
}

/// Reads `true` or `false`; no number or text stands for them.
pub fn boolean(raw: &RawValue) -> Result<bool, String> {
    match raw.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("must be true or false, not {}", kind(raw))),
    }
}

/// A whole number; `5.0` is one.
pub fn integer(range: RangeInclusive<u32>) -> impl FnOnce(&RawValue) -> Result<u32, String> {
    move |raw| {
        let expected = || format!("must be a whole number from {} to {}", range.start(), range.end());
        if kind(raw) != "a number" {
            return Err(format!("{}, not {}", expected(), kind(raw)));
        }
        let number = raw.get().parse::<f64>().map_err(|_| expected())?;
        let is_in_range =
            number.fract() == 0.0 && number >= f64::from(*range.start()) && number <= f64::from(*range.end());
        if !is_in_range {
            return Err(expected());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within u32, as just checked"
        )]
        Ok(number as u32)
    }
}

/// Reads a number in this range, which may have a fraction.
pub fn number(range: RangeInclusive<f64>) -> impl FnOnce(&RawValue) -> Result<f64, String> {
    move |raw| {
        let expected = || format!("must be a number from {} to {}", range.start(), range.end());
        if kind(raw) != "a number" {
            return Err(format!("{}, not {}", expected(), kind(raw)));
        }
        raw.get().parse::<f64>().ok().filter(|number| range.contains(number)).ok_or_else(expected)
    }
}

/// The items of an array of at most `most`.
pub fn array(raw: &RawValue, most: usize) -> Result<Vec<&RawValue>, String> {
    if !raw.get().starts_with('[') {
        return Err(format!("must be an array, not {}", kind(raw)));
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let (items, count) =
        serde::Deserializer::deserialize_seq(&mut reader, Items { most }).map_err(|error| error.to_string())?;
    if count > most {
        return Err(format!("has {count} items; at most {most} are taken"));
    }
    Ok(items)
}

/// Collects items up to `most`, and counts them all.
struct Items {
    most: usize,
}

impl<'de> Visitor<'de> for Items {
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut kept, mut count) = (Vec::new(), 0);
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            count += 1;
            if count <= self.most {
                kept.push(item);
            }
        }
        Ok((kept, count))
    }
}

/// Refuses what has more bytes than the limit.
pub fn within_bytes(bytes: usize, limit: JsonLimit) -> Result<(), String> {
    let most = limit.max_bytes;
    if bytes > most { Err(format!("has {bytes} bytes; at most {most} are taken")) } else { Ok(()) }
}

/// Refuses JSON beyond its limits.
pub fn check_json(raw: &RawValue, limit: JsonLimit) -> Result<(), Mistake> {
    within_bytes(raw.get().len(), limit)?;
    let depth = depth(raw.get().as_bytes());
    if depth > limit.max_depth {
        let detail = format!("is nested {depth} deep; at most {} are taken", limit.max_depth);
        return Err(Mistake { detail, limit: Some(Limit::JsonDepth) });
    }
    Ok(())
}

/// A copy of any JSON object, byte for byte, within its limits. Used for engines' metadata, which is small.
pub fn any_object(limit: JsonLimit) -> impl FnOnce(&RawValue) -> Result<RawJson, Mistake> {
    move |raw| {
        if !raw.get().starts_with('{') {
            return Err(format!("must be an object, not {}", kind(raw)).into());
        }
        check_json(raw, limit).map(|()| raw.to_owned())
    }
}
