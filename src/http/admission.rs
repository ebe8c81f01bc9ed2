//! Who gets in: before a handler runs, the caller is identified and the table of `domain::access` consulted. What
//! depends on the request's own words (an engine's id, an event's queue) is checked as it is read, in `requests`.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::header;
use axum::http::request::Parts;

use super::access::{Granted, Reason, Ruled, peer};
use super::api::Api;
use super::errors::{Code, INVALID_TOKEN, Problem};
use super::{dashboard, session_cookie};
use crate::broker::Error;
use crate::broker::known_tokens::TokenStatus;
use crate::domain::access::{About, Permission};
use crate::domain::tokens::{Identity, TokenDigest};

/// Lets a request in, with what was found out of its caller. Without authentication, that is everyone.
pub async fn admit(api: &Api, mut request: Request) -> Result<Request, Problem> {
    if api.access.settings.is_auth_required {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(check(api, &parts).await?);
        request = Request::from_parts(parts, body);
    }
    Ok(request)
}

async fn check(api: &Api, request: &Parts) -> Result<Granted, Problem> {
    let path = request.extensions.get::<MatchedPath>();
    let operation = path.and_then(|path| api.access.operation(path.as_str(), &request.method));
    if let Some(Ruled::By(operation)) = operation
        && api.access.settings.is_open(operation)
    {
        return Ok(Granted { operation: Some(operation), identity: None, digest: None });
    }
    let (identity, digest) = identify(api, request).await.map_err(|refusal| {
        api.metrics.authentication_failures.with_label_values(&[refusal.reason.as_str()]).inc();
        *refusal.problem
    })?;
    let operation = match operation {
        Some(Ruled::By(operation)) => Some(operation),
        Some(Ruled::Missing) => return Err(api.refuse(&identity, "nobody may do this")),
        None => None,
    };
    if let Some(operation) = operation {
        if operation.permission(identity.role) == Permission::Nothing {
            api.count_refusal(&identity);
            return Err(Problem::of_role(identity.role, operation));
        }
        if operation.about() == About::Everything && identity.is_limited() {
            let detail = "this is about all engine types, and the token is limited to some; use one that is not";
            return Err(api.refuse(&identity, detail));
        }
    }
    Ok(Granted { operation, identity: Some(identity), digest: Some(digest) })
}

/// Why a request could not be authenticated.
struct Unidentified {
    /// For the metric.
    reason: Reason,
    problem: Box<Problem>,
}

impl Unidentified {
    fn new(reason: Reason, detail: &str) -> Self {
        let challenge = if reason == Reason::Missing { r#"Bearer realm="eventlease""# } else { INVALID_TOKEN };
        let problem = Problem::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, challenge);
        Self { reason, problem: Box::new(problem) }
    }
}

async fn identify(api: &Api, request: &Parts) -> Result<(Arc<Identity>, TokenDigest), Unidentified> {
    let token = match request.headers.get(header::AUTHORIZATION) {
        Some(shown) => shown.to_str().ok().and_then(bearer),
        None => Some(session(api, request).await?.ok_or_else(|| nothing_shown(request))?),
    };
    let Some(digest) = token.and_then(TokenDigest::of) else {
        return Err(failed_attempt(api, request, Reason::Malformed, "that is no token of this service"));
    };
    let standing = match api.broker.known_token(&digest) {
        Some(standing) => Some(standing),
        None => ask_database(api, request, &digest).await?,
    };
    match standing {
        Some(TokenStatus::Good(identity)) => Ok((identity, digest)),
        // These were good once: nobody guesses them, so they are no attempts.
        Some(TokenStatus::Expired) => Err(Unidentified::new(Reason::Expired, "the token has expired")),
        Some(TokenStatus::Revoked) => {
            Err(Unidentified::new(Reason::Revoked, "the token was revoked, or replaced by a newer one"))
        }
        Some(TokenStatus::Superseded { engine_id, registered_at }) => {
            let problem = Problem::from(Error::EngineSuperseded { engine_id, registered_at });
            Err(Unidentified { reason: Reason::Superseded, problem: Box::new(problem) })
        }
        None => Err(failed_attempt(api, request, Reason::Unknown, "the token is not known")),
    }
}

/// A request without a token, or with a cookie that does not count.
fn nothing_shown(request: &Parts) -> Unidentified {
    let detail = if session_cookie::is_there(&request.headers) {
        "the cookie of a session needs the header X-EventLease-Dashboard: 1 beside it, and must be of this installation; or show a \
         token, as Authorization: Bearer el_…"
    } else {
        "a token is required, as Authorization: Bearer el_…"
    };
    Unidentified::new(Reason::Missing, detail)
}

/// The token of a browser's session. A page of another site can have a browser send the cookie, but not the header beside it;
/// without that, the cookie is as good as not there.
async fn session<'a>(api: &Api, request: &'a Parts) -> Result<Option<&'a str>, Unidentified> {
    if !session_cookie::is_there(&request.headers) || !dashboard::has_sent(&request.headers) {
        return Ok(None);
    }
    let installation_id = api
        .broker
        .installation_id()
        .await
        .map_err(|error| Unidentified { reason: Reason::Database, problem: Box::new(Problem::from(error)) })?;
    Ok(session_cookie::read(&request.headers, &session_cookie::name(installation_id)))
}

/// The token of a header, whose scheme may be written in any case (RFC 7235).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A token that is not known may have been made a moment ago, by another replica.
async fn ask_database(api: &Api, request: &Parts, digest: &TokenDigest) -> Result<Option<TokenStatus>, Unidentified> {
    check_attempts(api, request)?;
    let attempt = api.access.failed_logins.begin(api.access.address(peer(&request.extensions), &request.headers));
    let standing = api.broker.unknown_token(digest).await;
    attempt.finish();
    standing.map_err(|error| Unidentified { reason: Reason::Database, problem: Box::new(Problem::from(error)) })
}

/// Whoever has shown too many tokens that do not exist waits, before anything else is done for it. A good token is let in
/// all the same: others may be behind the same address.
fn check_attempts(api: &Api, request: &Parts) -> Result<(), Unidentified> {
    let Some(address) = api.access.address(peer(&request.extensions), &request.headers) else { return Ok(()) };
    let Some(wait) = api.access.failed_logins.must_wait(address) else { return Ok(()) };
    let detail = "this address has shown too many tokens that do not exist";
    let problem = Problem::new(Code::RateLimited, detail).retry_after(wait);
    Err(Unidentified { reason: Reason::RateLimited, problem: Box::new(problem) })
}

fn failed_attempt(api: &Api, request: &Parts, reason: Reason, detail: &str) -> Unidentified {
    if let Err(limited) = check_attempts(api, request) {
        return limited;
    }
    if let Some(address) = api.access.address(peer(&request.extensions), &request.headers) {
        api.access.failed_logins.failed(address);
    }
    Unidentified::new(reason, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_told_in_any_case() {
        assert_eq!(bearer("Bearer el_1"), Some("el_1"));
        assert_eq!(bearer("bearer  el_1 "), Some("el_1"));
        for other in ["el_1", "Basic el_1", "Bearerel_1", ""] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
