//! By whom quotas are counted.

use std::net::{IpAddr, Ipv6Addr};

use super::audit::Actor;
use super::tokens::{Identity, TokenId};

/// Who asks for something new.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Requester {
    /// With authentication.
    Token(TokenId),
    /// Without authentication.
    Network(IpAddr),
    /// Nothing is known of it; and all those beyond the number that are counted each.
    Unknown,
}

impl Requester {
    /// The token if there is one, else the client's network.
    #[must_use]
    pub fn new(identity: Option<&Identity>, address: Option<IpAddr>) -> Self {
        match (identity, address) {
            (Some(identity), _) => Self::Token(identity.token_id),
            (None, Some(address)) => Self::Network(network(address)),
            (None, None) => Self::Unknown,
        }
    }
}

impl From<&Actor> for Requester {
    fn from(actor: &Actor) -> Self {
        match (actor.token_id, actor.address) {
            (Some(token_id), _) => Self::Token(token_id),
            (None, Some(address)) => Self::Network(network(address)),
            (None, None) => Self::Unknown,
        }
    }
}

/// The address, or in IPv6 the network of 64 bits that one caller has as a whole.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}
