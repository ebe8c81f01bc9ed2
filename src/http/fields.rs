//! The members of a JSON object, read one by one; what is wrong is collected with its pointer.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;

use bytestring::ByteString;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::input::{Errors, parse_uuid};
use super::problem::{InputPlace, MAX_PLACE_CHARS};
use crate::domain::json::object::{Member, members_up_to};
use crate::domain::json::string::JsonString;
use crate::domain::json::{RawJson, SentJson, depth};
use crate::domain::limits::MAX_MEMBERS;

/// An object of which members are taken; what nobody took is unknown, and an error.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Vec<Member<'a>>,
    taken: RefCell<Vec<String>>,
    pointer: String,
    errors: &'a Errors,
    body: &'a ByteString,
}

/// What a member of a merge patch asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum Patch<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

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

impl<'a> Fields<'a> {
    /// The members of `raw`, a part of `body`; anything but an object is reported, and `None`.
    pub fn of(raw: &'a RawValue, pointer: String, errors: &'a Errors, body: &'a ByteString) -> Option<Self> {
        let refused = match members_up_to(raw, MAX_MEMBERS) {
            Some(Ok(members)) => {
                let fields = Self { members, taken: RefCell::default(), pointer, errors, body };
                fields.report_repeated();
                return Some(fields);
            }
            Some(Err(too_many)) => too_many.to_string(),
            None => format!("must be an object, not {}", kind(raw)),
        };
        errors.add(InputPlace::Pointer(pointer), refused);
        None
    }

    fn report_repeated(&self) {
        let mut names: Vec<&JsonString<'a>> = self.members.iter().map(|member| &member.name).collect();
        names.sort_unstable();
        for same in names.chunk_by(|one, other| one == other).filter(|same| same.len() > 1) {
            self.error(&same[0].storable(MAX_PLACE_CHARS), "is given more than once");
        }
    }

    /// The pointer to a member.
    pub fn place(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    pub fn error(&self, name: &str, detail: impl Into<String>) {
        self.errors.add(InputPlace::Pointer(self.place(name)), detail);
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.taken.borrow_mut().push(name.to_owned());
        self.find(name)
    }

    fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().find(|member| member.name.is(name)).map(|member| member.value)
    }

    /// Whether a member is there, and not null.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        self.find(name).is_some_and(|value| value.get() != "null")
    }

    fn note<T>(&self, name: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|detail| self.error(name, detail)).ok()
    }

    /// A member that must be there.
    pub fn required<T>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, String>) -> Option<T> {
        if let Some(value) = self.get(name) {
            self.note(name, parse(value))
        } else {
            self.error(name, "is missing");
            None
        }
    }

    /// A member that may be missing or null.
    pub fn optional<T>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, String>) -> Option<T> {
        let value = self.get(name).filter(|value| value.get() != "null")?;
        self.note(name, parse(value))
    }

    /// A member whose null means something else than leaving it out (a merge patch, RFC 7396).
    pub fn patch<T>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, String>) -> Patch<T> {
        match self.get(name) {
            None => Patch::Keep,
            Some(value) if value.get() == "null" => Patch::Clear,
            Some(value) => self.note(name, parse(value)).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// A member that is an object with members of its own; may be missing or null.
    pub fn object(&self, name: &str) -> Option<Self> {
        let value = self.get(name).filter(|value| value.get() != "null")?;
        Self::of(value, self.place(name), self.errors, self.body)
    }

    /// A member that is an array of at most `most`, each item read by `parse`; may be missing or null.
    pub fn items<T>(
        &self,
        name: &str,
        most: usize,
        parse: impl Fn(&'a RawValue) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.get(name).filter(|value| value.get() != "null")?;
        let items = self.note(name, array(value, most))?;
        let parsed = items.into_iter().enumerate().filter_map(|(index, item)| {
            let place = || InputPlace::Pointer(format!("{}/{index}", self.place(name)));
            parse(item).map_err(|detail| self.errors.add(place(), detail)).ok()
        });
        Some(parsed.collect())
    }

    /// A member that is an array of objects, of at most `most`; may be missing or null.
    pub fn objects(&self, name: &str, most: usize) -> Option<Vec<Option<Self>>> {
        let value = self.get(name).filter(|value| value.get() != "null")?;
        let items = self.note(name, array(value, most))?;
        let pointer = self.place(name);
        Some(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| Self::of(item, format!("{pointer}/{index}"), self.errors, self.body))
                .collect(),
        )
    }

    /// Any JSON, kept byte for byte as a part of the body, within its limits.
    pub fn any_json(&self, limit: JsonLimit) -> impl FnOnce(&'a RawValue) -> Result<SentJson, String> + use<'a> {
        let body = self.body;
        move |raw| check_json(raw, limit).map(|()| SentJson::of(body, raw))
    }

    /// The body that the object is a part of.
    pub const fn body(&self) -> &'a ByteString {
        self.body
    }

    /// A member for an answer; what is wrong with it is not reported.
    pub fn peek<T>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, String>) -> Option<T> {
        self.find(name).and_then(|value| parse(value).ok())
    }

    /// Members that may be there for all that can be said, since what decides on them is wrong.
    pub fn let_pass(&self, names: &[&str]) {
        self.taken.borrow_mut().extend(names.iter().map(|name| (*name).to_owned()));
    }

    /// Reports what nobody took.
    pub fn finish(&self) {
        self.finish_with(|_| None);
    }

    /// Reports what nobody took, with a hint where it belongs.
    pub fn finish_with(&self, hint: impl Fn(&str) -> Option<String>) {
        let taken = self.taken.borrow();
        for member in &self.members {
            if !taken.iter().any(|known| member.name.is(known)) {
                let name = member.name.storable(MAX_PLACE_CHARS);
                let detail = hint(&name).unwrap_or_else(|| "is not a field of this object".to_owned());
                self.error(&name, detail);
            }
        }
    }

    /// All members, as they came.
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
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

pub fn uuid(raw: &RawValue) -> Result<uuid::Uuid, String> {
    parse_uuid(&text(raw)?)
}

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

pub fn number(range: RangeInclusive<f64>) -> impl FnOnce(&RawValue) -> Result<f64, String> {
    move |raw| {
        let expected = || format!("must be a number from {} to {}", range.start(), range.end());
        if kind(raw) != "a number" {
            return Err(format!("{}, not {}", expected(), kind(raw)));
        }
        raw.get().parse::<f64>().ok().filter(|number| range.contains(number)).ok_or_else(expected)
    }
}

/// How large and how deep JSON may be that is kept as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimit {
    pub max_bytes: usize,
    pub max_depth: usize,
}

impl JsonLimit {
    /// For a member's value, where the limit is that of the object.
    pub const fn of_a_member(self) -> Self {
        Self { max_depth: self.max_depth.saturating_sub(1), ..self }
    }
}

/// What is said of JSON beyond its depth begins so; by it such refusals are counted.
pub const TOO_DEEP: &str = "is nested ";

/// Refuses what has more bytes than the limit.
pub fn within_bytes(bytes: usize, limit: JsonLimit) -> Result<(), String> {
    let most = limit.max_bytes;
    if bytes > most { Err(format!("has {bytes} bytes; at most {most} are taken")) } else { Ok(()) }
}

/// Refuses JSON beyond its limits.
pub fn check_json(raw: &RawValue, limit: JsonLimit) -> Result<(), String> {
    within_bytes(raw.get().len(), limit)?;
    let depth = depth(raw.get().as_bytes());
    if depth > limit.max_depth {
        return Err(format!("{TOO_DEEP}{depth} deep; at most {} are taken", limit.max_depth));
    }
    Ok(())
}

/// A copy of any JSON object, byte for byte, within its limits. Used for engines' metadata, which is small.
pub fn any_object(limit: JsonLimit) -> impl FnOnce(&RawValue) -> Result<RawJson, String> {
    move |raw| {
        if !raw.get().starts_with('{') {
            return Err(format!("must be an object, not {}", kind(raw)));
        }
        check_json(raw, limit).map(|()| raw.to_owned())
    }
}
