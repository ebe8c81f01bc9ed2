//! Asking a server over HTTP.

mod problem;

use std::error::Error as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use crate::cli::text::cut;
use crate::config::{ClientConfig, SecretFileError, ServerUrl};

pub use problem::Problem;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Of one reply, or of all pages of a list. A server's own replies are far smaller.
pub const MAX_REPLY_BYTES: usize = 64 << 20;

const NO_BODY: Option<&()> = None;

/// Why a call brought no reply of success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's own word, already in full sentences.
    #[error(transparent)]
    Problem(#[from] Box<Problem>),
    #[error("{base} cannot be reached: {cause}; is that the URL (--url, EVENTLEASE_URL), and does the server run?")]
    Unreachable { base: String, cause: String },
    #[error("{base} did not answer within {seconds} s (--timeout-seconds){}", if *.is_change { "; whether it was done is not known" } else { "" })]
    Late { base: String, seconds: u64, is_change: bool },
    #[error("{base} stopped answering half-way: {cause}")]
    Broken { base: String, cause: String },
    #[error("{url} answered {status}, not as EventLease does{}; is that the URL of its server?", told_location(.location.as_deref()))]
    Stranger { url: String, status: u16, location: Option<String> },
    #[error("{url} answered with more than {} MiB, which is not read; ask for less (--limit), unless that is not the URL of an EventLease server", MAX_REPLY_BYTES >> 20)]
    TooLarge { url: String },
    #[error("{url} answered something that this version does not understand: {source}")]
    NotUnderstood { url: String, source: serde_json::Error },
    #[error("{0:?} cannot stand in a URL")]
    Unaddressable(String),
    #[error("the token has characters that a header cannot have")]
    BadToken,
    #[error(transparent)]
    TokenFile(#[from] SecretFileError),
    #[error("no HTTP client can be made: {0}")]
    NoClient(String),
}

fn told_location(location: Option<&str>) -> String {
    location.map_or_else(String::new, |location| format!(" (it points to {})", cut(location, 500)))
}

/// The outcome of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Parameters of a query, of which the ones without a value are left out.
pub type Query<'a> = &'a [(&'static str, Option<String>)];

/// Calls one server, with the token for it.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: ServerUrl,
    timeout: Duration,
}

/// A reply of success.
#[derive(Debug)]
pub struct Answer {
    /// As it was sent.
    pub json: Box<RawValue>,
    /// The server's clock, to the second.
    pub now: DateTime<Utc>,
    /// The time from sending the request to the end of the reply.
    pub took: Duration,
    /// The URL that was called, for error messages.
    pub url: String,
}

impl Answer {
    /// Decodes the reply's body.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read(self.json.get(), &self.url)
    }
}

/// Decodes JSON that a server sent; `url` is what was called, for the error message.
pub fn read<T: DeserializeOwned>(json: &str, url: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|source| Error::NotUnderstood { url: url.to_owned(), source })
}

impl Client {
    /// A client that shows the configured token, if there is one.
    pub fn new(config: &ClientConfig) -> Result<Self> {
        // Fails where it was chosen before, which is as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let timeout = Duration::from_secs(config.timeout_seconds);
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = config.token()? {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.0)).map_err(|_| Error::BadToken)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("eventlease/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A token is for the server that was named.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout);
        if is_this_machine(&config.url.0) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::NoClient(causes(&error)))?;
        Ok(Self { http, base: config.url.clone(), timeout })
    }

    /// Reads a resource.
    pub async fn get(&self, path: &[&str], query: Query<'_>) -> Result<Answer> {
        self.call(Method::GET, self.url(&["api", "v1"], path, query)?, NO_BODY).await
    }

    /// Reads something beside the versioned interface, like `/healthz`.
    pub async fn get_of_root(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, self.url(&[], &[path], &[])?, NO_BODY).await
    }

    /// Posts a body.
    pub async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Answer> {
        self.call(Method::POST, self.url(&["api", "v1"], path, &[])?, Some(body)).await
    }

    /// Replaces a resource.
    pub async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Answer> {
        self.call(Method::PUT, self.url(&["api", "v1"], path, &[])?, Some(body)).await
    }

    /// Changes a resource by a merge patch.
    pub async fn patch(&self, path: &[&str], body: &impl Serialize) -> Result<Answer> {
        self.call(Method::PATCH, self.url(&["api", "v1"], path, &[])?, Some(body)).await
    }

    /// Removes a resource.
    pub async fn delete(&self, path: &[&str]) -> Result<Answer> {
        self.call(Method::DELETE, self.url(&["api", "v1"], path, &[])?, NO_BODY).await
    }

    /// Removes what a query names of a resource.
    pub async fn delete_by(&self, path: &[&str], query: Query<'_>) -> Result<Answer> {
        self.call(Method::DELETE, self.url(&["api", "v1"], path, query)?, NO_BODY).await
    }

    /// Where the server is, fit to be shown.
    pub fn base(&self) -> String {
        self.base.to_string()
    }

    fn url(&self, prefix: &[&str], path: &[&str], query: Query<'_>) -> Result<Url> {
        // These would be taken for steps in the path, whichever way they are written.
        if let Some(bad) = path.iter().find(|segment| matches!(**segment, "" | "." | "..")) {
            return Err(Error::Unaddressable((*bad).to_owned()));
        }
        let mut url = self.base.0.clone();
        url.path_segments_mut().expect("a URL of http has a path").pop_if_empty().extend(prefix).extend(path);
        let given = query.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let given: Vec<_> = given.collect();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given);
        }
        Ok(url)
    }

    async fn call(&self, method: Method, url: Url, body: Option<&impl Serialize>) -> Result<Answer> {
        let is_change = method != Method::GET;
        let mut request = self.http.request(method, url.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let asked = Instant::now();
        let reply = request.send().await.map_err(|error| self.failed(&error, is_change))?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let url = ServerUrl(url).to_string();
        let text = self.read_text(reply, &url, is_change).await?;
        let took = asked.elapsed();
        if status.is_success() {
            let json = if text.is_empty() { "null" } else { &text };
            return Ok(Answer { json: read(json, &url)?, now: time_of(&headers), took, url });
        }
        let word = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        match Problem::read(&text, word("x-request-id")) {
            Some(problem) => Err(Box::new(problem).into()),
            None => Err(Error::Stranger { url, status: status.as_u16(), location: word("location") }),
        }
    }

    async fn read_text(&self, mut reply: reqwest::Response, url: &str, is_change: bool) -> Result<String> {
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|error| self.failed(&error, is_change))? {
            if bytes.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(Error::TooLarge { url: url.to_owned() });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn failed(&self, error: &reqwest::Error, is_change: bool) -> Error {
        let base = self.base();
        if error.is_connect() {
            Error::Unreachable { base, cause: causes(error) }
        } else if error.is_timeout() {
            Error::Late { base, seconds: self.timeout.as_secs(), is_change }
        } else {
            Error::Broken { base, cause: causes(error) }
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost cause: the outer ones only say that a request failed.
fn causes(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut told = error.to_string();
    while let Some(inner) = cause {
        told = inner.to_string();
        cause = inner.source();
    }
    told
}

fn time_of(headers: &HeaderMap) -> DateTime<Utc> {
    let sent = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let read = sent.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc());
    read.unwrap_or_else(here)
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "to show times by, and to compare with the server's; nothing is stored")]
pub fn here() -> DateTime<Utc> {
    Utc::now()
}
