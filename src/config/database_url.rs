//! The URL of a database: checked before anything is done with it, and shown without its password.
//!
//! A password that was not percent-encoded makes a URL that means something else, and its parts turn up as a host, a
//! port, a path or a parameter. So errors show nothing of the text, but say what to encode.

mod parameters;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use super::secret_file::{self, SecretFileError};
use parameters::{ENCODING, SEVERAL_HOSTS, is_name};

const EXAMPLE: &str = "postgres://user:password@host:5432/database";
const SOCKET_EXAMPLE: &str = "postgres:///app?host=/tmp&user=me";
/// A URL that has been checked: one server, and no parameter that contradicts another.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// With the parameters that are understood.
    url: Url,
    /// The names of the others.
    ignored: Vec<String>,
}

impl DatabaseUrl {
    /// An error continues a sentence that begins with the name of the setting.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(format!("is empty; give a URL like {EXAMPLE}, or unset it"));
        }
        let rest = after_scheme(text)?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("has white space or a control character; write it percent-encoded, a space as %20".to_owned());
        }
        if rest.contains('#') {
            return Err(format!("has a '#', which cannot stand in it; {ENCODING}"));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        if path.contains('@') {
            return Err(format!("has an '@' after a '/', as if a password had a '/'; {ENCODING}"));
        }
        parameters::check_form(query, authority.contains('@'))?;
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        if hosts.contains(',') {
            return Err(SEVERAL_HOSTS.to_owned());
        }
        let mut url = Url::parse(text).map_err(unreadable)?;
        for (part, encoded) in
            [("user name", url.username()), ("password", url.password().unwrap_or_default()), ("database", url.path())]
        {
            match percent_decode_str(encoded).decode_utf8() {
                Ok(text) if !text.contains('\0') => {}
                Ok(_) | Err(_) => return Err(format!("has a {part} that is no text in UTF-8")),
            }
        }
        let ignored = parameters::keep_understood(&mut url)?;
        Ok(Self { url, ignored })
    }

    /// Reads it from a file, which may end in a line break.
    pub fn read_file(path: &Path) -> Result<Self, SecretFileError> {
        Self::read_named_file("DATABASE_URL_FILE", "--database-url-file", path)
    }

    /// The same, for a file that another variable or flag names.
    pub fn read_named_file(variable: &'static str, flag: &'static str, path: &Path) -> Result<Self, SecretFileError> {
        let text = secret_file::read(variable, flag, path)?;
        Self::parse(&text).map_err(|problem| SecretFileError::content(variable, flag, path, problem))
    }

    /// The whole of it, to connect with.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.url.as_str()
    }

    /// The names of parameters that are not used, like `connect_timeout`.
    #[must_use]
    pub fn ignored_parameters(&self) -> &[String] {
        &self.ignored
    }
}

fn unreadable(error: ParseError) -> String {
    if error == ParseError::EmptyHost {
        format!("is not a URL ({error}); give one like {EXAMPLE}, or for a socket: {SOCKET_EXAMPLE}")
    } else {
        format!("is not a URL ({error}); give one like {EXAMPLE}")
    }
}

/// What follows `postgres://`.
fn after_scheme(text: &str) -> Result<&str, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        let is_list = text.split_once('=').is_some_and(|(name, _)| is_name(name.trim()));
        return Err(if is_list {
            format!("is a list of names and values, and a URL is expected, like {EXAMPLE}")
        } else {
            format!("does not begin with postgres://; give a URL like {EXAMPLE}")
        });
    };
    if ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Ok(rest);
    }
    // Other text before it may be a part of anything.
    let is_short = scheme.len() <= 16 && scheme.chars().all(|c| c.is_ascii_lowercase() || c == ':' || c == '+');
    let begin = if is_short { format!(" but with {scheme}://") } else { String::new() };
    Err(format!("does not begin with postgres://{begin}; EventLease needs PostgreSQL, and a URL like {EXAMPLE}"))
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// Fit for logs: the password is starred, and parameters that may hold one are left out.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
            return formatter.write_str("***");
        }
        parameters::keep_harmless(&mut shown);
        formatter.write_str(shown.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
