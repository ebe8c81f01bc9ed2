//! Who changed something, as the audit trail has it.

use std::net::IpAddr;

use super::access::Role;
use super::tokens::TokenId;

/// Who asks for a change, and from where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// A token's name, or one of those below.
    pub name: String,
    pub token_id: Option<TokenId>,
    pub role: Option<Role>,
    pub address: Option<IpAddr>,
    pub request_id: Option<String>,
}

impl Actor {
    /// Somebody, where authentication is off.
    pub const ANONYMOUS: &'static str = "anonymous";
    /// The server itself, at its first start.
    pub const FIRST_START: &'static str = "first start";
    /// Somebody with the database's password.
    pub const DATABASE: &'static str = "database";

    /// One that is no token.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), token_id: None, role: None, address: None, request_id: None }
    }

    /// The name of who has one.
    #[must_use]
    pub fn known_name(&self) -> Option<&str> {
        self.token_id.map(|_| self.name.as_str())
    }
}
