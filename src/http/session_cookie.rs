//! The cookie by which a browser shows the token of its session.

use axum::http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use crate::domain::tokens::TokenSecret;

/// How all names of such cookies begin.
const PREFIX: &str = "eventlease_session_";
/// Digits of the installation's id in the name. Browsers do not keep cookies apart by port: without these, two servers on one
/// host would sign each other's users out.
const INSTALLATION_DIGITS: usize = 8;

/// The name of an installation's cookie.
pub fn name(installation_id: Uuid) -> String {
    let digits = installation_id.simple().to_string();
    format!("{PREFIX}{}", &digits[..INSTALLATION_DIGITS])
}

/// Whether a request has the cookie of any installation.
pub fn is_there(headers: &HeaderMap) -> bool {
    cookies(headers).any(|(name, _)| name.starts_with(PREFIX))
}

/// The value of the cookie of that name; the first, where there are several.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(';')).filter_map(|cookie| cookie.trim().split_once('='))
}

/// What a browser is to keep for so many seconds. Without a path of its own the cookie is sent to the folder of the request
/// that set it: the interface, whatever path a proxy adds before it.
pub fn set(name: &str, secret: &TokenSecret, seconds: u64, headers: &HeaderMap) -> HeaderValue {
    written(name, secret.reveal(), seconds, headers)
}

/// What makes a browser forget it.
pub fn clear(name: &str, headers: &HeaderMap) -> HeaderValue {
    written(name, "", 0, headers)
}

fn written(name: &str, value: &str, seconds: u64, headers: &HeaderMap) -> HeaderValue {
    let secure = if is_by_tls(headers) { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut cookie = HeaderValue::try_from(cookie).expect("names, digits and tokens are ASCII");
    cookie.set_sensitive(true);
    cookie
}

/// Whether the browser speaks TLS, with this server or with a proxy. It says so itself by the page's `Origin`; other callers
/// leave that out, and a proxy may say it instead. Who lies about it only changes a cookie of their own.
fn is_by_tls(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("origin") {
        Some(origin) => origin.starts_with("https://"),
        None => text("x-forwarded-proto").is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let name = name(Uuid::from_u128(0x1234_5678 << 96));
        assert_eq!(name, "eventlease_session_12345678");
        let sent = headers(&[("cookie", "a=1; eventlease_session_87654321=x; eventlease_session_12345678=el_1; b")]);
        assert_eq!(read(&sent, &name), Some("el_1"));
        assert!(is_there(&sent) && !is_there(&headers(&[("cookie", "a=eventlease_session_12345678")])));
        assert_eq!(read(&headers(&[("cookie", "eventlease_session_123456789=y")]), &name), None);
    }

    #[test]
    fn a_cookie_is_for_tls_alone_where_the_browser_or_a_proxy_says_that_it_came_by_it() {
        for (given, is_secure) in [
            (headers(&[]), false),
            (headers(&[("origin", "https://queue.example.com")]), true),
            (headers(&[("origin", "http://localhost:8080")]), false),
            (headers(&[("x-forwarded-proto", "https")]), true),
            // The browser knows better.
            (headers(&[("origin", "http://localhost:8080"), ("x-forwarded-proto", "https")]), false),
        ] {
            let cookie = clear("eventlease_session_1", &given);
            let text = cookie.to_str().expect("ASCII");
            assert!(text.starts_with("eventlease_session_1=; Max-Age=0; HttpOnly; SameSite=Strict"), "{text}");
            assert_eq!(text.ends_with("; Secure"), is_secure, "{text}");
            assert!(!text.contains("Path") && !text.contains("Domain") && cookie.is_sensitive());
        }
    }
}
