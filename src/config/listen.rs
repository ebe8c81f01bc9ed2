//! Where the server listens: an address, or a host name, which stands for all of its addresses.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// Never without an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    text: String,
    addresses: Vec<SocketAddr>,
}

impl ListenAddress {
    /// IPv4 before IPv6.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Whether only programs on this machine reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
    }
}

/// As it was given.
impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    /// Resolves a host name, which may take the resolver some seconds.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { text: text.to_owned(), addresses: vec![address] });
        }
        let malformed = || "is no address and port, like 127.0.0.1:8080, [::1]:8080 or localhost:8080".to_owned();
        let (host, port) = text.rsplit_once(':').ok_or_else(malformed)?;
        let port: u16 = port.parse().map_err(|_| malformed())?;
        if host.is_empty() || host.contains([':', '[', ']', '/', '@']) {
            return Err(malformed());
        }
        let resolved = (host, port).to_socket_addrs();
        let found = resolved.map_err(|error| format!("has a host name that cannot be resolved ({error})"))?;
        let mut addresses: Vec<SocketAddr> = found.collect();
        addresses.sort();
        addresses.dedup();
        if addresses.is_empty() {
            return Err("has a host name without an address".to_owned());
        }
        Ok(Self { text: text.to_owned(), addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::ListenAddress;

    fn parse(text: &str) -> Result<ListenAddress, String> {
        text.parse()
    }

    #[test]
    fn an_address_stands_for_itself_and_a_host_name_for_its_addresses() {
        for (text, is_loopback) in [
            ("127.0.0.1:8080", true),
            ("[::1]:0", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("localhost:8080", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.0.2.1:1", false),
        ] {
            let address = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.is_loopback(), is_loopback, "{text}");
            assert_eq!(address.to_string(), text);
            assert!(!address.addresses().is_empty(), "{text}");
        }
        let named = parse("localhost:8080").expect("every machine has it");
        assert!(named.addresses().iter().all(|address| address.port() == 8080), "{named:?}");
    }

    #[test]
    fn one_address_beyond_loopback_is_beyond_loopback() {
        let addresses = ["127.0.0.1:1", "192.0.2.1:1"].map(|text| text.parse().expect("an address")).to_vec();
        assert!(!ListenAddress { text: "both:1".to_owned(), addresses }.is_loopback());
    }

    #[test]
    fn what_is_no_address_and_port_is_refused() {
        for bad in ["here", "", ":8080", "127.0.0.1", "localhost:", "localhost:99999", "::1:8080", "http://localhost:1"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
