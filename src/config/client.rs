//! What the commands for operators take: which server, and who asks.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::hidden_value::HiddenValue;
use super::secret_file::{self, SecretFileError};

/// The server an operator's command asks, and the token it shows.
#[derive(Args, Clone, Debug)]
pub struct ClientConfig {
    /// The URL of the server to ask.
    #[arg(long, env = "EVENTLEASE_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080", value_parser = HiddenValue(server_url))]
    pub url: ServerUrl,

    /// The bearer token to show it. Other users of this machine can see flags (`ps`): better given by its variable or in
    /// a file.
    #[arg(long, env = "EVENTLEASE_TOKEN", hide_env_values = true)]
    pub token: Option<Secret>,

    /// A file that holds this token, instead of --token.
    #[arg(long, env = "EVENTLEASE_TOKEN_FILE", value_name = "PATH")]
    pub token_file: Option<PathBuf>,

    /// Seconds to wait for a reply.
    #[arg(long, env = "EVENTLEASE_TIMEOUT_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout_seconds: u64,
}

impl ClientConfig {
    /// The token, from wherever it was given. An empty one is none.
    pub fn token(&self) -> Result<Option<Secret>, SecretFileError> {
        let given = self.token.as_ref().filter(|token| !token.0.is_empty());
        match (given, &self.token_file) {
            (Some(_), Some(_)) => Err(SecretFileError::both("EVENTLEASE_TOKEN", "--token")),
            (Some(token), None) => Ok(Some(token.clone())),
            (None, Some(path)) => {
                let token = secret_file::read("EVENTLEASE_TOKEN_FILE", "--token-file", path)?;
                if token.is_empty() {
                    let problem = "is empty".to_owned();
                    return Err(SecretFileError::content("EVENTLEASE_TOKEN_FILE", "--token-file", path, problem));
                }
                Ok(Some(Secret(token)))
            }
            (None, None) => Ok(None),
        }
    }
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(pub String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// A server's URL, or one on it, which may hold a user name and a password.
#[derive(Clone)]
pub struct ServerUrl(pub Url);

/// Without what only the server should read.
impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.0.clone();
        // They fail only for URLs without a host.
        url.set_password(None).ok();
        url.set_username("").ok();
        formatter.write_str(url.as_str())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn server_url(text: &str) -> Result<ServerUrl, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("is not a URL ({error}); one like http://127.0.0.1:8080 is expected"))?;
    match url.scheme() {
        "http" | "https" if url.query().is_none() && url.fragment().is_none() => Ok(ServerUrl(url)),
        "http" | "https" => Err("has more than a server and a path".to_owned()),
        _ => Err("does not begin with http:// or https://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, server_url};

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret("secret".to_owned())), "***");
        let url = server_url("https://me:secret@queue.example/below").expect("a URL");
        assert_eq!(format!("{url} {url:?}"), "https://queue.example/below https://queue.example/below");
        assert_eq!(url.0.password(), Some("secret"), "it is sent");
    }

    #[test]
    fn a_server_is_a_url_of_http() {
        for good in ["http://127.0.0.1:8080", "https://queue.example/below/", "http://[::1]:1"] {
            assert!(server_url(good).is_ok(), "{good}");
        }
        for bad in ["127.0.0.1:8080", "localhost:8080", "postgres://db/app", "http://queue.example/?a=b", ""] {
            assert!(server_url(bad).is_err(), "{bad}");
        }
    }
}
