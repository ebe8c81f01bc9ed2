//! What is checked before a token is made, and its secret.

use crate::domain::access::Role;
use crate::domain::audit::Actor;
use crate::domain::limits::MAX_TOKENS;
use crate::domain::tokens::TokenSecret;
use crate::error::{Error, Result};
use crate::store::{self, PgConnection};

/// A secret that nobody knows yet.
pub fn new_secret() -> TokenSecret {
    TokenSecret::from_random_bytes(rand::random())
}

/// Refuses whoever shows a token that has ended, also where this replica does not know of it yet: what it would leave behind
/// outlives it.
pub async fn check_good(connection: &mut PgConnection, by: &Actor) -> Result<()> {
    let Some(token_id) = by.token_id else { return Ok(()) };
    if store::tokens::hold_good(connection, token_id, by.role == Some(Role::Engine)).await? {
        return Ok(());
    }
    match store::tokens::superseded(connection, token_id).await? {
        Some((engine_id, registered_at)) => Err(Error::EngineSuperseded { engine_id, registered_at }),
        None => Err(Error::TokenEnded),
    }
}

/// Refuses one more token where there are as many as may be.
pub async fn check_room(connection: &mut PgConnection) -> Result<()> {
    if store::tokens::count_good(connection).await? >= i64::try_from(MAX_TOKENS).unwrap_or(i64::MAX) {
        return Err(Error::TooManyTokens);
    }
    Ok(())
}
