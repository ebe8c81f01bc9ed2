//! A parser for values that may hold a password: where one is refused, the error names the flag and the variable and
//! not the value, as clap's own errors would.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

/// Reads a value by a function, whose errors continue a sentence that begins with the name of the setting.
#[derive(Clone)]
pub struct HiddenValue<T>(pub fn(&str) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for HiddenValue<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let parsed = value.to_str().ok_or_else(|| "is not UTF-8".to_owned()).and_then(self.0);
        parsed.map_err(|problem| {
            let name = argument.map_or_else(|| "a value".to_owned(), name_of);
            Error::raw(ErrorKind::ValueValidation, format!("{name} {problem}\n")).with_cmd(command)
        })
    }
}

fn name_of(argument: &Arg) -> String {
    let flag = argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
    match argument.get_env().and_then(OsStr::to_str) {
        Some(variable) => format!("{variable} ({flag})"),
        None => flag,
    }
}
