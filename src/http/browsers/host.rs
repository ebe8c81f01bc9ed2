//! The host and the port that a request names: in `Host`, in `X-Forwarded-Host`, in an origin, in its target.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name and the longest label of DNS (RFC 1035).
const MAX_NAME_CHARS: usize = 253;
const MAX_LABEL_CHARS: usize = 63;

/// Names that the public DNS has no owners for: a page of the internet cannot be served under one of them.
const LOCAL_SUFFIXES: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];

/// An address, or a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// IPv4, or IPv6 without its brackets.
    Address(IpAddr),
    /// In lower case, without a trailing dot.
    Name(String),
}

/// A host, with its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authority {
    /// The host alone.
    pub host: Host,
    port: Option<u16>,
}

impl Authority {
    /// Reads `name`, `name.:8080`, `192.0.2.1:80`, `[2001:db8::1]:80`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // No browser writes an IPv6 address without brackets, but no name can look like one either.
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Some(Self { host: Host::address(address.into()), port: None });
        }
        let (host, rest) = if let Some(rest) = text.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            (Host::parse_v6(address)?, rest)
        } else {
            let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            (Host::parse_name(name)?, rest)
        };
        let port = match rest {
            "" | ":" => None,
            // `parse` alone would take a sign as well.
            _ => Some(
                rest.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?,
            ),
        };
        Some(Self { host, port })
    }

    /// Reads an `Origin` of the schemes that this server is reached by, and fills in the scheme's port.
    fn parse_origin(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let mut authority = Self::parse(authority)?;
        authority.port = Some(authority.port.unwrap_or(default_port(scheme)?));
        Some(authority)
    }

    /// Whether this host is the one of an origin, where a port that is left out is the origin's default.
    pub fn is_of_origin(&self, origin: &str) -> bool {
        let Some(other) = Self::parse_origin(origin) else { return false };
        let port = self.port.or_else(|| default_port(origin.split_once("://")?.0));
        self.host == other.host && port == other.port
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else {
        None
    }
}

impl Host {
    fn address(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }

    /// The inside of brackets; the zone of a link-local address is this machine's own affair.
    fn parse_v6(text: &str) -> Option<Self> {
        let address = text.split_once('%').map_or(text, |(address, _)| address);
        address.parse::<Ipv6Addr>().ok().map(|address| Self::address(address.into()))
    }

    fn parse_name(text: &str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Some(Self::address(address.into()));
        }
        // Compose and some proxies make names with underscores.
        let is_label = |label: &str| {
            (1..=MAX_LABEL_CHARS).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        let is_name = name.len() <= MAX_NAME_CHARS && name.split('.').all(is_label);
        is_name.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    /// Whether no stranger can own it: an address, a name of one label, or a name below a local suffix.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Name(name) => !name.contains('.') || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Authority;

    #[test]
    fn addresses_and_names_that_nobody_can_register_are_local() {
        for local in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.0.0.1.",
            "0.0.0.0",
            "192.168.1.5:80",
            "203.0.113.9",
            "[::1]",
            "[::1]:8080",
            "[2001:db8::1]",
            "[::ffff:127.0.0.1]:1",
            "[fe80::1%25eth0]:8080",
            "::1",
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "localhost.:8080",
            "localhost:",
            "eventlease",
            "eventlease_1",
            "project-eventlease-1:8080",
            "queue.localhost",
            "printer.local",
            "PRINTER.LOCAL.",
            "eventlease.corp.internal:8080",
            "eventlease.games.svc",
            "eventlease.games.svc.cluster.local",
            "eventlease.games.svc.cluster.local.:8080",
            "host.docker.internal",
            "0.eventlease.games.svc",
        ] {
            let authority = Authority::parse(local).unwrap_or_else(|| panic!("{local} cannot be read"));
            assert!(authority.host.is_local(), "{local}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "svc.evil.example",
            "127.0.0.1.nip.io",
            "127.1",
            "evillocal.example",
            "games.svc.example",
            "xn--e1afmkfd.example.",
            "1.2.3.4.5",
            "internal.example",
            "not-local.locals",
            "evil.notlocal",
        ] {
            let authority = Authority::parse(foreign).unwrap_or_else(|| panic!("{foreign} cannot be read"));
            assert!(!authority.host.is_local(), "{foreign}");
        }
    }

    #[test]
    fn what_is_no_host_is_not_read() {
        let label = "a".repeat(64);
        let name = "a.".repeat(127) + "a";
        for absurd in [
            "",
            " ",
            ".",
            "..",
            ".local",
            "a..local",
            "local..",
            ":8080",
            "a b",
            "a:b",
            "a:80:80",
            "a:+80",
            "a:99999",
            "[::1",
            "::1]",
            "[localhost]",
            "[]",
            "[::1]x",
            "[::1]:x",
            "me@localhost",
            "localhost/",
            "localhost/x",
            "http://localhost",
            "é.local",
            "a,b",
            "127.0.0.1, 127.0.0.1",
            "*",
            "*.local",
            "\u{0}",
            &label,
            &name,
        ] {
            assert_eq!(Authority::parse(absurd), None, "{absurd:?}");
        }
    }

    #[test]
    fn an_origin_is_the_hosts_where_host_and_port_are_the_same() {
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("queue.example", "https://queue.example"),
            ("queue.example", "http://queue.example"),
            ("queue.example:443", "https://queue.example"),
            ("Queue.Example.", "https://queue.example"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("[0:0::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(Authority::parse(host).expect("a host").is_of_origin(origin), "{host} {origin}");
        }
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8081"),
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("127.0.0.1", "http://127.0.0.1:8080"),
            ("queue.example:80", "https://queue.example"),
            ("queue.example", "https://evil.queue.example"),
            ("queue.example", "https://queue.example.evil"),
            ("queue.example", "https://queue.example/"),
            ("queue.example", "https://me@queue.example"),
            ("queue.example", "queue.example"),
            ("queue.example", "null"),
            ("queue.example", ""),
            ("queue.example", "file://"),
            ("queue.example", "file://queue.example"),
            ("queue.example", "chrome-extension://queue.example"),
            ("queue.example", "https://queue.example https://evil.example"),
        ] {
            assert!(!Authority::parse(host).expect("a host").is_of_origin(origin), "{host} {origin}");
        }
    }
}
