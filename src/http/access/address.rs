//! Whose request it is, where proxies stand before the service: read from the right, since only what trusted proxies
//! have added can be believed.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::config::ForwardedHeader;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

/// The first address from the right that is no trusted proxy's. What cannot be read ends the search: the last address
/// that could be is taken.
pub fn real(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], told_by: ForwardedHeader) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer;
    if !is_trusted(&address) {
        return address;
    }
    let name = match told_by {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => FORWARDED,
    };
    let read = |line: &str| -> Vec<Option<IpAddr>> {
        match told_by {
            ForwardedHeader::XForwardedFor => line.split(',').map(of_text).collect(),
            ForwardedHeader::Forwarded => elements(line).into_iter().map(of_forwarded).collect(),
        }
    };
    // Several lines of one header are one list (RFC 9110).
    let lines: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for told in lines.into_iter().flat_map(read).rev() {
        let Some(told) = told else { return address };
        address = told;
        if !is_trusted(&address) {
            return address;
        }
    }
    address
}

/// The elements of a list, without the empty ones. What stands in quotes ends none.
fn elements(line: &str) -> Vec<&str> {
    split(line, ',').into_iter().filter(|element| !element.trim().is_empty()).collect()
}

/// Splits where a separator is not in a quoted string (RFC 9110, section 5.6.4). A quote that is not closed goes to the end.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(|c: char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if is_quoted => is_escaped = !was_escaped,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        c == separator && !is_quoted
    })
    .collect()
}

/// One hop of `Forwarded`, like `for="[2001:db8::1]:4711";proto=https` (RFC 7239). One that is not well formed tells nothing:
/// somebody may have sent half of it to hide the rest.
fn of_forwarded(hop: &str) -> Option<IpAddr> {
    let mut node = None;
    for pair in split(hop, ';') {
        let (name, value) = pair.split_once('=')?;
        let value = value_of(value.trim())?;
        if name.trim().eq_ignore_ascii_case("for") && node.replace(value).is_some() {
            return None;
        }
    }
    of_text(&node?)
}

/// A token, or what a quoted string says.
fn value_of(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else { return (!text.contains('"')).then(|| text.to_owned()) };
    let (mut said, mut chars) = (String::new(), rest.chars());
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(said),
            '\\' => said.push(chars.next()?),
            other => said.push(other),
        }
    }
}

/// An address, perhaps with brackets and a port.
fn of_text(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok()?,
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => text.rsplit_once(':')?.0.parse().ok()?,
        },
    };
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(peer: &str, header: &str, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                axum::http::HeaderName::try_from(header).expect("a name"),
                axum::http::HeaderValue::try_from(*value).expect("a value"),
            );
        }
        let trusted = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
        let told_by = if header == FORWARDED { ForwardedHeader::Forwarded } else { ForwardedHeader::XForwardedFor };
        real(peer.parse().expect("an address"), &headers, &trusted, told_by).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(told("192.0.2.7", X_FORWARDED_FOR, &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["198.51.100.1"]), "198.51.100.1");
        // What stands further left came from the caller itself.
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["127.0.0.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["127.0.0.1", "198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_is_the_last_proxys_doing() {
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &[]), "10.0.0.1");
        assert_eq!(told("10.0.0.1", X_FORWARDED_FOR, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn both_ways_to_write_addresses_are_read() {
        assert_eq!(told("::1", FORWARDED, &["for=192.0.2.60;proto=http, for=10.0.0.9"]), "192.0.2.60");
        assert_eq!(told("::1", FORWARDED, &[r#"proto=https; For="[2001:db8:cafe::17]:4711""#]), "2001:db8:cafe::17");
        assert_eq!(told("::1", FORWARDED, &["for=_hidden"]), "::1");
        assert_eq!(told("::1", X_FORWARDED_FOR, &["192.0.2.60:4711"]), "192.0.2.60");
        assert_eq!(told("::1", X_FORWARDED_FOR, &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(told("::1", X_FORWARDED_FOR, &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(told("::1", X_FORWARDED_FOR, &["::ffff:192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn what_stands_in_quotes_separates_nothing() {
        let quoted = r#"for=192.0.2.60;secret="a, for=203.0.113.1;\" b", for=10.0.0.9"#;
        assert_eq!(told("::1", FORWARDED, &[quoted]), "192.0.2.60");
        assert_eq!(told("::1", FORWARDED, &[r#"by="x;for=203.0.113.1";for="192.0.2.60""#]), "192.0.2.60");
        assert_eq!(told("::1", FORWARDED, &["for=192.0.2.60, , for=10.0.0.9,"]), "192.0.2.60");
    }

    #[test]
    fn half_an_element_tells_nothing() {
        // A caller has sent a quote that is not closed, before what the proxy has added.
        for sent in [r#"for=203.0.113.1;x=", for=192.0.2.60"#, r#"for=203.0.113.1;x=", for="[2001:db8::1]""#] {
            assert_eq!(told("::1", FORWARDED, &[sent]), "::1", "{sent}");
        }
        for sent in ["for=192.0.2.60;for=192.0.2.61", "192.0.2.60", r#"for="192.0.2.60"x"#, r#"for=192.0.2.60""#] {
            assert_eq!(told("::1", FORWARDED, &[sent]), "::1", "{sent}");
        }
    }
}
