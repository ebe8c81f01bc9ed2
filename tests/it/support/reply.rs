//! A reply, and what tests read of it.

use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub raw: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Reply {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("a reply");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let raw = response.text().await.expect("a whole body");
        let body = serde_json::from_str(&raw).unwrap_or(Value::Null);
        Self { status, headers, raw, body }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Expects a problem with that status and code, well formed.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{reply:?}");
        assert_eq!(reply.body["code"], code, "{reply:?}");
        assert_eq!(reply.body["type"], format!("urn:eventlease:problem:{code}"), "{reply:?}");
        assert_eq!(reply.body["status"], status, "{reply:?}");
        for member in ["title", "detail"] {
            assert!(reply.body[member].as_str().is_some_and(|text| !text.is_empty()), "{reply:?}");
        }
        let told = reply.raw.to_lowercase();
        for secret in ["select ", "insert into", "sqlx", "panicked", ".rs:", "eventlease."] {
            assert!(!told.contains(secret), "a reply shows {secret:?}: {reply:?}");
        }
        reply
    }

    /// The places that an `invalid_input` names, sorted.
    pub fn places(&self) -> Vec<String> {
        let mut places: Vec<String> = self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                ["pointer", "parameter", "header"]
                    .iter()
                    .find_map(|kind| error[kind].as_str())
                    .expect("a place")
                    .to_owned()
            })
            .collect();
        places.sort();
        places
    }

    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member}: {self:?}")).to_owned()
    }

    /// The ids of the events that were leased or listed.
    #[track_caller]
    pub fn event_ids(&self) -> Vec<String> {
        self.texts(if self.body["events"].is_array() { "events" } else { "items" }, "event_id")
    }

    /// A member of each item of a list.
    #[track_caller]
    pub fn texts(&self, list: &str, member: &str) -> Vec<String> {
        let items = self.body[list].as_array().unwrap_or_else(|| panic!("no {list}: {self:?}"));
        items.iter().map(|item| item[member].as_str().expect("a text").to_owned()).collect()
    }

    /// The seconds of `Retry-After`.
    #[track_caller]
    pub fn retry_after(&self) -> u32 {
        self.header("retry-after").parse().unwrap_or_else(|_| panic!("no Retry-After: {self:?}"))
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}
