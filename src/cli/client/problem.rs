//! What a server says is wrong, for people.

use std::fmt;

use serde::Deserialize;

use crate::cli::text::cut;

/// Of each text of a problem that is shown: what answers may be no server of ours.
const MAX_CHARS: usize = 4000;
/// Bad places that are shown: as many as a server of ours names.
const MAX_PLACES: usize = 200;

/// `application/problem+json`, as far as people are shown it.
#[derive(Debug, Deserialize)]
pub struct Problem {
    /// The stable code.
    pub code: String,
    status: u16,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<BadPlace>,
    #[serde(skip)]
    request_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct BadPlace {
    #[serde(alias = "pointer", alias = "parameter", alias = "header", default)]
    place: String,
    detail: String,
}

impl Problem {
    /// The server knows no such thing, by any code.
    pub const fn is_not_found(&self) -> bool {
        self.status == 404
    }

    /// The token is good, and does not allow this.
    pub fn is_forbidden(&self) -> bool {
        self.code == "forbidden"
    }

    /// `None` where it is none.
    pub fn read(text: &str, request_id: Option<String>) -> Option<Self> {
        let problem: Self = serde_json::from_str(text).ok()?;
        Some(Self { request_id, ..problem })
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [title, detail, code] = [&self.title, &self.detail, &self.code].map(|text| cut(text, MAX_CHARS));
        write!(formatter, "{title}: {detail} ({} {code})", self.status)?;
        for BadPlace { place, detail } in self.errors.iter().take(MAX_PLACES) {
            // A pointer into a body, like /filter/reason, is read as the names it goes by.
            let place = place.trim_start_matches('/').replace('/', ".");
            let place = if place.is_empty() { "body" } else { &place };
            write!(formatter, "\n  {}: {}", cut(place, MAX_CHARS), cut(detail, MAX_CHARS))?;
        }
        if self.code == "unauthenticated" {
            write!(formatter, "\n  set a token by EVENTLEASE_TOKEN, or --token-file or --token")?;
        }
        if let Some(request_id) = self.request_id.as_ref().filter(|_| self.status >= 500) {
            write!(formatter, "\n  request id, for the server's log: {request_id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn every_bad_place_is_named() {
        let text = r#"{"type": "urn:eventlease:problem:invalid_input", "title": "The request has errors", "status": 422,
            "detail": "3 places of the request are wrong", "code": "invalid_input", "errors": [
            {"parameter": "limit", "detail": "must be a whole number"},
            {"pointer": "/filter/reason", "detail": "is unknown"}, {"pointer": "", "detail": "is empty"}]}"#;
        let shown = Problem::read(text, Some("one".to_owned())).expect("a problem").to_string();
        let expected = "The request has errors: 3 places of the request are wrong (422 invalid_input)
  limit: must be a whole number
  filter.reason: is unknown
  body: is empty";
        assert_eq!(shown, expected);
    }

    #[test]
    fn whoever_shows_no_token_is_told_how_to() {
        let text = r#"{"title": "No token", "status": 401, "detail": "show one", "code": "unauthenticated"}"#;
        let shown = Problem::read(text, None).expect("a problem").to_string();
        for way in ["EVENTLEASE_TOKEN", "--token-file", "--token"] {
            assert!(shown.split([' ', ',']).any(|word| word == way), "{way}: {shown}");
        }
    }

    #[test]
    fn what_is_the_servers_fault_can_be_found_in_its_log() {
        let text = r#"{"title": "Something went wrong here", "status": 500, "detail": "look", "code": "internal"}"#;
        let shown = Problem::read(text, Some("abc".to_owned())).expect("a problem").to_string();
        assert!(shown.ends_with("request id, for the server's log: abc"), "{shown}");
        assert!(Problem::read("<html>Bad Gateway</html>", None).is_none());
    }
}
