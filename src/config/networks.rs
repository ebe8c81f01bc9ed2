//! Networks that an operator trusts.

use std::net::IpAddr;

use clap::ValueEnum;
use ipnet::IpNet;

/// The header in which trusted proxies name the client.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the help would show them, and become twice as long")]
pub enum ForwardedHeader {
    // `X-Forwarded-For`, a list of addresses.
    XForwardedFor,
    // `Forwarded`, as RFC 7239 defines it.
    Forwarded,
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| single()).map_err(|_| "is no network like 10.0.0.0/8, nor an address".to_owned())
}

/// One of several with commas between them. An empty one, like that of a variable without a value, is none.
pub fn network_if_any(item: &str) -> Result<Option<IpNet>, String> {
    let item = item.trim();
    if item.is_empty() { Ok(None) } else { network(item).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_network_may_be_a_single_address() {
        assert_eq!(network("10.0.0.0/8").map(|network| network.to_string()).as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(network("::1").map(|network| network.to_string()).as_deref(), Ok("::1/128"));
        assert!(network("10.0.0.0/99").is_err() && network("proxy").is_err());
    }
}
