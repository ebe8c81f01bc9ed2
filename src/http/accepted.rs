//! What a client says that it takes: `Accept` and `Accept-Encoding`, with their weights.

use axum::http::{HeaderMap, HeaderName, header};

/// Whether HTML is named, and nothing that this interface speaks is wanted more. `*/*` names nothing.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let html = weight(headers, &header::ACCEPT, "text/html").unwrap_or(0.0);
    html > 0.0 && html >= weight(headers, &header::ACCEPT, "application/json").unwrap_or(0.0)
}

/// Whether a reply may come compressed.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    weight(headers, &header::ACCEPT_ENCODING, "gzip").is_some_and(|weight| weight > 0.0)
}

/// The weight of a name in a list like `text/html;q=0.8, */*`.
fn weight(headers: &HeaderMap, header: &HeaderName, name: &str) -> Option<f32> {
    let texts = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    let mut items = texts.flat_map(|text| text.split(',')).filter_map(item);
    items.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, weight)| weight)
}

fn item(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok())?;
    Some((name, weight))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn browsers_prefer_html_and_programs_do_not() {
        for (accept, is_preferred) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("TEXT/HTML; q=0.5", true),
            ("application/json;q=0.9, text/html", true),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0", false),
            ("text/html;q=x", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(prefers_html(&headers(header::ACCEPT, accept)), is_preferred, "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn gzip_is_taken_where_it_is_named() {
        for (accept, is_taken) in [
            ("gzip, deflate, br, zstd", true),
            ("GZIP", true),
            ("br;q=1.0, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("x-gzip", false),
            ("identity", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&headers(header::ACCEPT_ENCODING, accept)), is_taken, "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
