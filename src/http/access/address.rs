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
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = match told_by {
        ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, of_text),
        ForwardedHeader::Forwarded => (FORWARDED, of_forwarded),
    };
    // Several lines of one header are one list (RFC 9110).
    let lines: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        let Some(told) = read(hop) else { return address };
        address = told;
        if !is_trusted(&address) {
            return address;
        }
    }
    address
}

/// One hop of `Forwarded`, like `for="[2001:db8::1]:4711";proto=https` (RFC 7239).
fn of_forwarded(hop: &str) -> Option<IpAddr> {
    let node = hop.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })?;
    of_text(node)
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
}
