//! The members of a JSON object, read one by one; what is wrong is collected with its pointer.

use std::cell::Cell;
use std::collections::HashSet;

use serde_json::value::RawValue;

use super::input::Input;
use super::values::{array, check_json, kind};
use crate::domain::json::SentJson;
use crate::domain::json::object::{Member, members_up_to};
use crate::domain::json::string::JsonString;
use crate::domain::limits::MAX_MEMBERS;
use crate::http::errors::{Errors, InputPlace, MAX_PLACE_CHARS, Mistake};
use crate::http::limits::{JsonLimit, Limits};

/// An object of which members are taken; what nobody took is unknown, and an error.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Vec<Member<'a>>,
    /// Of each member, whether somebody took it.
    taken: Vec<Cell<bool>>,
    pointer: String,
    errors: &'a Errors,
    input: &'a Input,
}

/// What a member of a merge patch asks for.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Patch<T> {
    /// The member is missing: its value stays.
    #[default]
    Keep,
    /// The member is null: its value is removed.
    Clear,
    /// The member has this value now.
    Set(T),
}

impl<T> Patch<T> {
    /// Changes the value, if one is to be set.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }

    /// Does to a field what the member asks for.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

impl<'a> Fields<'a> {
    /// The members of `raw`, a part of the body of `input`; anything but an object is reported, and `None`.
    pub fn of(raw: &'a RawValue, pointer: String, errors: &'a Errors, input: &'a Input) -> Option<Self> {
        let refused = match members_up_to(raw, MAX_MEMBERS) {
            Some(Ok(members)) => {
                let taken = vec![Cell::new(false); members.len()];
                let fields = Self { members, taken, pointer, errors, input };
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

    /// Notes what is wrong with a member.
    pub fn error(&self, name: &str, mistake: impl Into<Mistake>) {
        self.errors.add(InputPlace::Pointer(self.place(name)), mistake);
    }

    /// Reports what is wrong with the object itself.
    pub fn refuse(&self, mistake: impl Into<Mistake>) {
        self.errors.add(InputPlace::Pointer(self.pointer.clone()), mistake);
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        // All of that name: that it is given more than once is reported already.
        let mut found = None;
        for (member, taken) in self.members.iter().zip(&self.taken).filter(|(member, _)| member.name.is(name)) {
            taken.set(true);
            found = found.or(Some(member.value));
        }
        found
    }

    /// The value of a member that is there, and not null.
    fn given(&self, name: &str) -> Option<&'a RawValue> {
        self.get(name).filter(|value| value.get() != "null")
    }

    /// What a member of a merge patch asks for; what `read` reports as wrong changes nothing.
    fn patch_of<T>(&self, name: &str, read: impl FnOnce(&'a RawValue) -> Option<T>) -> Patch<T> {
        match self.get(name) {
            None => Patch::Keep,
            Some(value) if value.get() == "null" => Patch::Clear,
            Some(value) => read(value).map_or(Patch::Keep, Patch::Set),
        }
    }

    fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().find(|member| member.name.is(name)).map(|member| member.value)
    }

    /// Whether a member is there, and not null.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        self.find(name).is_some_and(|value| value.get() != "null")
    }

    /// Whether a member is there, if only null.
    #[must_use]
    pub fn is_there(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn note<T>(&self, name: &str, parsed: Result<T, impl Into<Mistake>>) -> Option<T> {
        parsed.map_err(|mistake| self.error(name, mistake)).ok()
    }

    /// A member that must be there.
    pub fn required<T, E: Into<Mistake>>(
        &self,
        name: &str,
        parse: impl FnOnce(&'a RawValue) -> Result<T, E>,
    ) -> Option<T> {
        if let Some(value) = self.get(name) {
            self.note(name, parse(value))
        } else {
            self.error(name, "is missing");
            None
        }
    }

    /// A member that may be missing or null.
    pub fn optional<T, E: Into<Mistake>>(
        &self,
        name: &str,
        parse: impl FnOnce(&'a RawValue) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.given(name)?;
        self.note(name, parse(value))
    }

    /// A member whose null means something else than leaving it out (a merge patch, RFC 7396).
    pub fn patch<T, E: Into<Mistake>>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, E>) -> Patch<T> {
        self.patch_of(name, |value| self.note(name, parse(value)))
    }

    /// A member that is an object with members of its own; may be missing or null.
    pub fn object(&self, name: &str) -> Option<Self> {
        let value = self.given(name)?;
        Self::of(value, self.place(name), self.errors, self.input)
    }

    /// A member that is an object with the members that `take` takes, and no others; may be missing or null.
    pub fn part<T>(&self, name: &str, take: impl FnOnce(&Self) -> T) -> Option<T> {
        self.object(name).map(|object| object.exactly(take))
    }

    /// A member of a merge patch that is an object with the members that `take` takes, and no others.
    pub fn part_patch<T>(&self, name: &str, take: impl FnOnce(&Self) -> T) -> Patch<T> {
        self.object_patch(name).map(|object| object.exactly(take))
    }

    /// A member of a merge patch that is an object with members of its own.
    pub fn object_patch(&self, name: &str) -> Patch<Self> {
        self.patch_of(name, |value| Self::of(value, self.place(name), self.errors, self.input))
    }

    /// A member that is an array of at most `most`, each item read by `parse`; may be missing or null. `None` if an item is wrong:
    /// what is left must not be taken for the whole.
    pub fn items<T>(
        &self,
        name: &str,
        most: usize,
        parse: impl Fn(&'a RawValue) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.given(name)?;
        let items = self.note(name, array(value, most))?;
        let parsed = items.into_iter().enumerate().map(|(index, item)| {
            let place = || InputPlace::Pointer(format!("{}/{index}", self.place(name)));
            parse(item).map_err(|detail| self.errors.add(place(), detail)).ok()
        });
        // All of them are read, so that every mistake is named.
        parsed.collect::<Vec<_>>().into_iter().collect()
    }

    /// A member of a merge patch that is an array of at most `most`, each item read by `parse`.
    pub fn items_patch<T>(
        &self,
        name: &str,
        most: usize,
        parse: impl Fn(&'a RawValue) -> Result<T, String>,
    ) -> Patch<Vec<T>> {
        self.patch_of(name, |_| self.items(name, most, parse))
    }

    /// A member that is an array of at most `most` objects, each with the members that `take` takes, and no others; may be
    /// missing or null. `None` if one is wrong.
    pub fn parts<T>(&self, name: &str, most: usize, take: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        let value = self.given(name)?;
        let items = self.note(name, array(value, most))?;
        let pointer = self.place(name);
        let parts = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| Self::of(item, format!("{pointer}/{index}"), self.errors, self.input)?.exactly(&take));
        // All of them are read, so that every mistake is named.
        parts.collect::<Vec<_>>().into_iter().collect()
    }

    /// Any JSON, kept byte for byte as a part of the body, within its limits.
    pub fn any_json(&self, limit: JsonLimit) -> impl FnOnce(&'a RawValue) -> Result<SentJson, Mistake> + use<'a> {
        let body = self.input.text();
        move |raw| check_json(raw, limit).map(|()| SentJson::of(body, raw))
    }

    /// The request that the object is a part of.
    pub const fn input(&self) -> &'a Input {
        self.input
    }

    /// The limits that hold for it.
    pub const fn limits(&self) -> Limits {
        self.input.limits
    }

    /// A member for an answer; what is wrong with it is not reported.
    pub fn peek<T, E>(&self, name: &str, parse: impl FnOnce(&'a RawValue) -> Result<T, E>) -> Option<T> {
        self.find(name).and_then(|value| parse(value).ok())
    }

    /// Members that may be there for all that can be said, since what decides on them is wrong.
    pub fn let_pass(&self, names: &[&str]) {
        for name in names {
            self.get(name);
        }
    }

    /// What `take` takes; any other member is reported.
    pub fn exactly<T>(&self, take: impl FnOnce(&Self) -> T) -> T {
        let taken = take(self);
        self.finish();
        taken
    }

    /// Reports what nobody took.
    pub fn finish(&self) {
        self.finish_with(|_| None);
    }

    /// Reports what nobody took, with a hint where it belongs.
    pub fn finish_with(&self, hint: impl Fn(&str) -> Option<String>) {
        let mut told = HashSet::new();
        for (member, taken) in self.members.iter().zip(&self.taken) {
            if !taken.get() && told.insert(&member.name) {
                let name = member.name.storable(MAX_PLACE_CHARS);
                let detail = hint(&name).unwrap_or_else(|| "is not a field of this object".to_owned());
                self.error(&name, detail);
            }
        }
    }

    /// True if every member is null, or there is none.
    pub fn says_nothing(&self) -> bool {
        self.members.iter().all(|member| member.value.get() == "null")
    }
}
