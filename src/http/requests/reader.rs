//! Reads a request so that every bad place is named at once: path, query, headers, body.
//!
//! `serde`'s derive stops at the first error; here each part is read by a checked constructor, and
//! what is wrong is collected until [`Reader::finish`].

use std::cell::RefCell;
use std::collections::HashSet;

use serde_json::value::RawValue;

use super::fields::Fields;
use super::input::{ENGINE_ID_PARAMETER, Input, QueryParameter};
use super::texts::{number_in, parse_uuid};
use crate::domain::ids::EngineId;
use crate::domain::limits::MAX_INCARNATION;
use crate::http::errors::{Code, Errors, InputPlace, Problem};

/// Reads the parts of one request and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a Input,
    errors: Errors,
    known_parameters: RefCell<Vec<&'static str>>,
}

/// By which an engine says which registration it speaks of.
const INCARNATION_HEADER: &str = "X-Engine-Incarnation";

impl Input {
    /// Reads a call about the engine in its path, with the incarnation that is said of it; a body, where one comes, must be an
    /// empty object.
    pub fn read_engine(&self) -> Result<(EngineId, Option<i32>), Problem> {
        let reader = self.reader();
        let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
        let incarnation = reader.incarnation(true);
        reader.caller();
        reader.empty_body()?;
        reader.finish(|| Some((engine_id?, incarnation)))
    }

    /// Reads a call that says nothing; a body, where one comes, must be an empty object.
    pub fn read_nothing(&self) -> Result<(), Problem> {
        let reader = self.reader();
        reader.caller();
        reader.empty_body()?;
        reader.finish(|| Some(()))
    }

    /// Reads a call that says all in one parameter of its path; a body, where one comes, must be an empty object.
    pub fn read_path<T, E: ToString>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        let reader = self.reader();
        let value = reader.path(name, parse);
        reader.caller();
        reader.empty_body()?;
        reader.finish(|| value)
    }

    /// Begins to read the request.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader { input: self, errors: Errors::default(), known_parameters: RefCell::default() }
    }
}

impl<'a> Reader<'a> {
    /// A parameter of the path.
    pub fn path<T, E: ToString>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let (_, text) = self.input.path.iter().find(|(known, _)| *known == name)?;
        self.note(InputPlace::Parameter(name.to_owned()), parse(text))
    }

    /// A parameter of the query; may be missing.
    pub fn query<T, E: ToString>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        self.known_parameters.borrow_mut().push(name);
        let mut given = self.input.query.iter().filter(|known| known.name == name);
        let QueryParameter { value: text, has_plus, .. } = given.next()?;
        let place = InputPlace::Parameter(name.to_owned());
        if given.next().is_some() {
            self.errors.add(place, "is given twice");
            return None;
        }
        // No text of the database's can have it, so no filter can look for it.
        if text.contains('\0') {
            self.errors.add(place, "has a NUL character");
            return None;
        }
        let parsed = parse(text).map_err(|error| match has_plus {
            true => format!("{}; a + in a query stands for a space, and is itself written %2B", error.to_string()),
            false => error.to_string(),
        });
        self.note(place, parsed)
    }

    /// Whether a parameter of the query is given, well or badly.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.input.query.iter().any(|known| known.name == name)
    }

    /// The engine that calls: the token's; without authentication, where it says so: `X-Engine-Id`, else `?engine_id=`.
    pub fn caller(&self) -> Option<EngineId> {
        self.known_parameters.borrow_mut().push(ENGINE_ID_PARAMETER);
        let named = self.input.named_engine().and_then(|(place, text)| self.note(place, parse_uuid(&text)));
        match self.input.caller.identity() {
            Some(identity) => identity.engine_id,
            None => named.map(EngineId),
        }
    }

    /// A header; may be missing.
    pub fn header<T, E: ToString>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let value = self.input.headers.get(name)?;
        let place = InputPlace::Header(name.to_owned());
        let Ok(text) = value.to_str() else {
            self.errors.add(place, "has characters outside of ASCII");
            return None;
        };
        self.note(place, parse(text))
    }

    /// The incarnation that the calling engine says it has, to be checked against the registered one; may be missing.
    /// `is_about_engine`: the call says which engine that is.
    pub fn incarnation(&self, is_about_engine: bool) -> Option<i32> {
        let place = || InputPlace::Header(INCARNATION_HEADER.to_owned());
        let incarnation = self.header(INCARNATION_HEADER, number_in(1..=MAX_INCARNATION)).map(u32::cast_signed);
        if self.input.headers.get_all(INCARNATION_HEADER).iter().nth(1).is_some() {
            self.errors.add(place(), "is given twice");
        }
        if incarnation.is_some() && !is_about_engine {
            self.errors.add(place(), "needs X-Engine-Id beside it");
        }
        incarnation
    }

    /// The body, which must be an object.
    pub fn body(&'a self) -> Result<Option<Fields<'a>>, Problem> {
        let raw = parse_json(self.input.text())?;
        Ok(Fields::of(raw, String::new(), &self.errors, self.input))
    }

    /// The body, which may be left out.
    pub fn optional_body(&'a self) -> Result<Option<Fields<'a>>, Problem> {
        if self.input.text().is_empty() { Ok(None) } else { self.body() }
    }

    /// A body that may be left out, and has no fields.
    fn empty_body(&self) -> Result<(), Problem> {
        if let Some(fields) = self.optional_body()? {
            fields.finish();
        }
        Ok(())
    }

    fn note<T, E: ToString>(&self, place: InputPlace, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.errors.add(place, error.to_string())).ok()
    }

    /// The request that is read.
    pub const fn input(&self) -> &'a Input {
        self.input
    }

    /// What was found to be wrong so far.
    pub const fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Ends the reading: the value made of the parts, or all that is wrong. `value` may answer
    /// `None` only where a part was missing or wrong and has been reported.
    pub fn finish<T>(&self, value: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let mut told: HashSet<&str> = self.known_parameters.borrow().iter().copied().collect();
        for QueryParameter { name, .. } in &self.input.query {
            if told.insert(name) {
                self.errors.add(InputPlace::Parameter(name.clone()), "is not a parameter of this call");
            }
        }
        let errors = self.errors.take();
        if errors.is_empty() {
            Ok(value().expect("a part that is missing or wrong has been reported"))
        } else {
            Err(Problem::invalid_input(errors))
        }
    }
}

fn parse_json(body: &str) -> Result<&RawValue, Problem> {
    if body.is_empty() {
        return Err(Problem::new(Code::MalformedJson, "the body is empty; a JSON object is expected"));
    }
    serde_json::from_str(body).map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}
