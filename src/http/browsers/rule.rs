//! Which requests a page of another site may have sent, decided by their headers alone.
//!
//! A page chooses neither `Host` nor `Origin` nor `Sec-Fetch-*`, and sends a header of its own choice only after a
//! preflight, which this server never grants.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, Version, header};

use super::host::{Authority, Host};
use crate::http::dashboard;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What is asked for, as far as the rule differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// `GET /events/queue/{engine_type}`: a GET that changes something, which an image or a link can send.
    LeaseByGet,
    /// `POST /events/queue/{engine_type}/lease`
    Exchange,
    /// A page that reads nothing before its own scripts do, so that any link may open it.
    Page,
    /// A file of that page, which has no data either. Browsers send `Origin` for modules, which may be another than what a proxy
    /// made of `Host`.
    File,
    /// Any other call.
    Other,
}

/// The hosts that the server answers to.
#[derive(Clone, Copy, Debug)]
pub enum Hosts<'a> {
    /// With authentication: a page that reaches the server by a name of its own has no token to show.
    Any,
    /// Without: a name that a stranger can point at this server (DNS rebinding) must be allowed by the operator.
    LocalAnd(&'a [String]),
}

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// `Host` is missing (in HTTP/1.1), is there twice, cannot be read, or differs from the request's target.
    HostUnclear,
    /// The server does not answer to this host.
    HostNotAllowed(String),
    /// A browser asks for events.
    NotForBrowsers,
    /// The browser says that another site's page asks.
    OtherSite,
    /// The request's `Origin` is another host.
    OtherOrigin,
}

/// The part of a request that the rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// What it calls.
    pub call: Call,
    /// The version of HTTP; only with 1.0 may `Host` be missing.
    pub version: Version,
    /// Its target, which may name a host as well.
    pub uri: &'a Uri,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
}

/// Refuses what the page of another site may have sent.
pub fn check(hosts: Hosts<'_>, head: RequestHead<'_>) -> Result<(), Refusal> {
    let RequestHead { call, headers, .. } = head;
    check_host(hosts, head)?;
    if is_browsers_lease(call, headers) {
        return Err(Refusal::NotForBrowsers);
    }
    let is_followed_link = call == Call::Page && is_navigation(headers) && is_for_a_tab(headers);
    // Values that are not known today are refused with those that are known to be bad.
    if !is_followed_link && texts(headers, &SEC_FETCH_SITE).any(|site| !is_one_of(site, &["same-origin", "none"])) {
        return Err(Refusal::OtherSite);
    }
    if is_navigation(headers) && call == Call::Exchange {
        return Err(Refusal::NotForBrowsers);
    }
    if call == Call::File { Ok(()) } else { check_origin(headers) }
}

fn check_host(hosts: Hosts<'_>, head: RequestHead<'_>) -> Result<(), Refusal> {
    let RequestHead { version, uri, headers, .. } = head;
    let allowed = match hosts {
        Hosts::Any => return Ok(()),
        Hosts::LocalAnd(allowed) => allowed,
    };
    let target = uri.authority().map(|target| Authority::parse(target.as_str()).map(|target| target.host));
    let host = match only(headers, &header::HOST).map(Authority::parse) {
        Some(Some(authority)) => authority.host,
        // HTTP/1.0 knows no Host, and no browser speaks it.
        None if version <= Version::HTTP_10 && !headers.contains_key(header::HOST) => match &target {
            None => return Ok(()),
            Some(target) => target.clone().ok_or(Refusal::HostUnclear)?,
        },
        Some(None) | None => return Err(Refusal::HostUnclear),
    };
    // In `GET http://name/path HTTP/1.1` the target is what counts (RFC 9112, section 3.2.2).
    if target.is_some_and(|target| target.as_ref() != Some(&host)) {
        return Err(Refusal::HostUnclear);
    }
    match &host {
        Host::Name(name) if !host.is_local() && !allowed.contains(name) => Err(Refusal::HostNotAllowed(name.clone())),
        Host::Address(_) | Host::Name(_) => Ok(()),
    }
}

/// Pages in a local network over plain HTTP send neither `Sec-Fetch-Site` nor, for an image, `Origin`; but all browsers
/// call themselves Mozilla.
fn is_browsers_lease(call: Call, headers: &HeaderMap) -> bool {
    // As bytes: what follows may be a device's name in any script.
    let is_browser =
        |agent: &HeaderValue| agent.as_bytes().get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"mozilla/"));
    call == Call::LeaseByGet
        && (is_navigation(headers)
            || texts(headers, &SEC_FETCH_SITE).any(|site| is_one_of(site, &["cross-site", "same-site"]))
            || headers.get_all(header::USER_AGENT).iter().any(is_browser))
}

fn is_navigation(headers: &HeaderMap) -> bool {
    texts(headers, &SEC_FETCH_MODE).any(|mode| is_one_of(mode, &["navigate"]))
}

/// Whether the page is to be shown in a tab of its own, and not within another page.
fn is_for_a_tab(headers: &HeaderMap) -> bool {
    only(headers, &SEC_FETCH_DEST) == Some("document")
}

fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    // Programs send none.
    if !headers.contains_key(header::ORIGIN) || dashboard::has_sent(headers) {
        return Ok(());
    }
    let host = only(headers, &header::HOST).and_then(Authority::parse);
    // Each proxy on the way may have added the host that it was asked for.
    let forwarded = texts(headers, &X_FORWARDED_HOST).flat_map(|list| list.split(',')).filter_map(Authority::parse);
    let own: Vec<Authority> = host.into_iter().chain(forwarded).collect();
    let is_own = |origin: &str| own.iter().any(|own| own.is_of_origin(origin));
    if texts(headers, &header::ORIGIN).all(is_own) { Ok(()) } else { Err(Refusal::OtherOrigin) }
}

/// The values of a header; one that is no text is like nothing that is compared with it.
fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}").trim())
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = texts(headers, name);
    values.next().filter(|_| values.next().is_none())
}

fn is_one_of(text: &str, known: &[&str]) -> bool {
    known.iter().any(|known| text.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
