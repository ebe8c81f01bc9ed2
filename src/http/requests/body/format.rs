//! What headers say of a body: that it is JSON, in UTF-8, and whether it is compressed.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::http::errors::{Code, Problem};

/// A refusal quotes no more of what a header says.
const MAX_CHARS_QUOTED: usize = 100;

/// How a body is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    /// It is not compressed.
    Identity,
    /// It is compressed with gzip.
    Gzip,
}

/// Reads the headers of a request that has a body.
pub fn declared(headers: &HeaderMap) -> Result<Coding, Problem> {
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Err(unsupported("Content-Type is missing; it must be application/json"));
    }
    // Programs differ in which of several they take, so each must be right.
    for value in headers.get_all(header::CONTENT_TYPE) {
        check_media_type(value.to_str().unwrap_or("?"))?;
    }
    coding(headers.get_all(header::CONTENT_ENCODING).iter())
}

fn check_media_type(value: &str) -> Result<(), Problem> {
    let mut parts = parts(value);
    let media_type = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let is_json =
        media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    if !is_json {
        let media_type: String = media_type.chars().take(MAX_CHARS_QUOTED).collect();
        return Err(unsupported(format!("the body is {media_type:?}; Content-Type must be application/json")));
    }
    for parameter in parts {
        let Some((name, charset)) = parameter.split_once('=') else { continue };
        let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
        if name.trim().eq_ignore_ascii_case("charset") && !matches!(charset.as_str(), "utf-8" | "utf8") {
            let charset: String = charset.chars().take(MAX_CHARS_QUOTED).collect();
            return Err(unsupported(format!("the body is declared to be in {charset:?}; JSON must be sent in UTF-8")));
        }
    }
    Ok(())
}

/// The parts of a header between semicolons, except for those in quotes.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    value.split(move |c| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    })
}

fn coding<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> Result<Coding, Problem> {
    let mut coding = Coding::Identity;
    for value in values {
        for name in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            let is_gzip = name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
            if is_gzip && coding == Coding::Identity {
                coding = Coding::Gzip;
            } else if !name.is_empty() && !name.eq_ignore_ascii_case("identity") {
                return Err(unsupported(
                    "Content-Encoding may be gzip, once, or be left out; no other coding is taken",
                )
                .with_header(header::ACCEPT_ENCODING, "gzip"));
            }
        }
    }
    Ok(coding)
}

fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(Code::UnsupportedMediaType, detail)
}
