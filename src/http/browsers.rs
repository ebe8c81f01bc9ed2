//! Refuses requests that pages of other sites may have sent, before anything is read of them: `rule` decides.

mod rule;
mod host;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;

use super::api::Api;
use super::dashboard;
use super::errors::{Code, Problem};
use rule::{Call, Hosts, Refusal, RequestHead};

const LEASE: &str = "/api/v1/events/queue/{engine_type}";
const EXCHANGE: &str = "/api/v1/events/queue/{engine_type}/lease";

/// The codes of problems by which requests are refused here.
pub const REFUSAL_CODES: [Code; 3] = [Code::HostNotAllowed, Code::NotForBrowsers, Code::CrossSiteRefused];

/// Refuses a request with 403 or 421 where the rule says so.
pub fn check(api: &Api, request: &Request) -> Result<(), Problem> {
    let settings = &api.access.settings;
    let hosts = if settings.is_auth_required { Hosts::Any } else { Hosts::LocalAnd(&settings.allowed_hosts) };
    let (version, uri, headers) = (request.version(), request.uri(), request.headers());
    rule::check(hosts, RequestHead { call: call_of(request), version, uri, headers }).map_err(|refusal| {
        let problem = Problem::from(refusal);
        api.metrics.browser_refusals.with_label_values(&[problem.code()]).inc();
        problem
    })
}

fn call_of(request: &Request) -> Call {
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(LEASE) if *request.method() == Method::GET => Call::LeaseByGet,
        Some(EXCHANGE) => Call::Exchange,
        Some(dashboard::FILES) => Call::File,
        Some(path) if dashboard::PAGES.contains(&path) && [Method::GET, Method::HEAD].contains(request.method()) => {
            Call::Page
        }
        Some(_) | None => Call::Other,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::HostUnclear => Self::new(
                Code::HostNotAllowed,
                "a server without authentication needs one Host header, with a host name or an address, and the same host in an \
                 absolute request target",
            ),
            Refusal::HostNotAllowed(name) => Self::new(
                Code::HostNotAllowed,
                format!(
                    "the server runs without authentication and does not answer to the host {name}; if it is yours, add it to \
                     --allowed-hosts (EVENTLEASE_ALLOWED_HOSTS)"
                ),
            ),
            Refusal::NotForBrowsers => Self::new(
                Code::NotForBrowsers,
                "a browser that opens this address would lease events; read them with GET /api/v1/events/{event_id}",
            ),
            Refusal::OtherSite => Self::new(
                Code::CrossSiteRefused,
                "the browser says that a page of another site sent this request or links here; to open the address, type or \
                 paste it",
            ),
            Refusal::OtherOrigin => Self::new(
                Code::CrossSiteRefused,
                "Origin is neither the host and port of Host nor those of X-Forwarded-Host; a proxy that changes Host must set \
                 X-Forwarded-Host",
            ),
        }
    }
}
