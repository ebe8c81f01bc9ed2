//! Bearer tokens: made, listed, revoked; below, how each replica knows them without asking the database.

mod refresh;

use std::collections::HashSet;
use std::convert::Infallible;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::known_tokens::TokenStatus;
use super::state::Broker;
use crate::domain::access::{Operation, Role};
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_TOKENS, RESERVED_TOKENS};
use crate::domain::log_text::LogText;
use crate::domain::tokens::{Filter, NewToken, Token, TokenId, TokenSecret};
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::tokens::Until;
use crate::store::{self, PgConnection};

fn new_secret() -> TokenSecret {
    TokenSecret::from_random_bytes(rand::random())
}

impl Broker {
    /// Makes a token. Its secret is known to nobody but the caller.
    pub async fn create_token(&self, by: &Actor, new: &NewToken) -> Result<(Token, TokenSecret)> {
        let mut transaction = self.begin().await?;
        let made = create(&mut transaction, by, new).await?;
        commit(transaction).await?;
        let (token_id, name) = (made.0.identity.token_id, LogText(&new.name));
        tracing::info!(%token_id, %name, role = new.role.as_str(), "token made");
        self.tokens.learn(&made.0);
        Ok(made)
    }

    /// Up to `limit` tokens made before the one in `behind`, the newest first.
    pub async fn list_tokens(
        &self,
        filter: &Filter,
        behind: Option<(DateTime<Utc>, TokenId)>,
        limit: u32,
    ) -> Result<Vec<Token>> {
        let mut connection = self.reading_connection().await?;
        Ok(store::tokens::list(&mut connection, filter, behind, limit).await?)
    }

    /// Revokes a token: here at once, on other replicas within seconds.
    pub async fn revoke_token(&self, by: &Actor, token_id: TokenId) -> Result<()> {
        let mut transaction = self.begin().await?;
        let token = revoke(&mut transaction, by, token_id).await?;
        commit(transaction).await?;
        tracing::info!(%token_id, name = %LogText(&token.identity.name), "token revoked");
        self.tokens.learn(&token);
        Ok(())
    }

    /// Makes the first admin's token, if it is on this replica to do so, and hands it to `keep` before anybody could know
    /// that it is there: where it cannot be kept, there is none.
    pub async fn make_first_admin<E>(
        &self,
        keep: impl FnOnce(&TokenSecret) -> std::result::Result<(), E> + Send,
    ) -> Result<Option<std::result::Result<(), E>>> {
        self.add_first_admin(&new_secret(), keep).await
    }

    /// Makes a token that somebody has brought the first admin's, if there was none yet. Answers whether it did.
    pub async fn take_first_admin(&self, secret: &TokenSecret) -> Result<bool> {
        let keep = |_: &TokenSecret| Ok::<(), Infallible>(());
        Ok(self.add_first_admin(secret, keep).await?.is_some())
    }

    async fn add_first_admin<E>(
        &self,
        secret: &TokenSecret,
        keep: impl FnOnce(&TokenSecret) -> std::result::Result<(), E> + Send,
    ) -> Result<Option<std::result::Result<(), E>>> {
        let mut transaction = self.begin().await?;
        if !store::tokens::claim_first_admin(&mut transaction).await? {
            // The row stays also where somebody had made one by hand.
            commit(transaction).await?;
            return Ok(None);
        }
        let new = NewToken {
            name: "first admin".to_owned(),
            role: Role::Admin,
            engine_types: None,
            engine_id: None,
            expires_in_seconds: None,
        };
        let token = insert(&mut transaction, &Actor::named(Actor::FIRST_START), &new, secret).await?;
        if let Err(error) = keep(secret) {
            return Ok(Some(Err(error)));
        }
        commit(transaction).await?;
        self.tokens.learn(&token);
        Ok(Some(Ok(())))
    }

    /// Whether a token lets its owner in, as far as this replica knows: one that was revoked or has expired does not.
    pub fn is_good_token(&self, secret: &TokenSecret) -> bool {
        matches!(self.tokens.find(&secret.digest()), Some(TokenStatus::Good(_)))
    }

    /// Makes the token of an engine that registers, in its transaction. What it had before ends, and is answered beside: at
    /// once, or a little later where it is the one it registers with.
    pub(super) async fn issue_engine_token(
        &self,
        connection: &mut PgConnection,
        by: &Actor,
        engine_id: EngineId,
    ) -> Result<(Vec<Token>, TokenSecret)> {
        if self.tokens.count_good() >= MAX_TOKENS - RESERVED_TOKENS {
            return Err(Error::TooManyTokens);
        }
        store::tokens::forget_of_engine(connection, engine_id).await?;
        let own = by.token_id.filter(|_| by.role == Some(Role::Engine));
        let mut changed = store::tokens::end_of_engine(connection, engine_id, own).await?;
        let new = NewToken {
            name: format!("engine {engine_id}"),
            role: Role::Engine,
            engine_types: None,
            engine_id: Some(engine_id),
            expires_in_seconds: None,
        };
        let until = own.map_or(Until::AsNew, Until::AsOf);
        let secret = new_secret();
        changed.push(store::tokens::insert(connection, &new, secret.digest(), by, until).await?);
        Ok((changed, secret))
    }

    /// Writes down which tokens were used, ends those of engines that are gone, and forgets those that ended long ago.
    pub async fn tend_tokens(&self) -> Result<u64> {
        let used = self.tokens.take_used();
        if !used.is_empty() {
            let noted = store::tokens::note_used(&self.pool, &used).await;
            let known: HashSet<&TokenId> = noted.iter().flatten().collect();
            let left: Vec<TokenId> = used.into_iter().filter(|token_id| !known.contains(token_id)).collect();
            self.tokens.put_back_used(&left);
            noted?;
        }
        if store::tokens::end_of_missing_engines(&self.pool).await? > 0 {
            self.tokens.read_soon();
        }
        Ok(store::tokens::forget_ended(&self.pool).await?)
    }
}

/// Refuses whoever shows a token that has ended, also where this replica does not know of it yet: what it would leave behind
/// outlives it.
pub(super) async fn check_good(connection: &mut PgConnection, by: &Actor) -> Result<()> {
    match by.token_id {
        Some(token_id) if !store::tokens::hold_good(connection, token_id, by.role == Some(Role::Engine)).await? => {
            Err(Error::TokenEnded)
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes a token in a transaction, and records it.
pub async fn create(connection: &mut PgConnection, by: &Actor, new: &NewToken) -> Result<(Token, TokenSecret)> {
    let secret = new_secret();
    let token = insert(connection, by, new, &secret).await?;
    Ok((token, secret))
}

/// The same with a secret that is there already.
async fn insert(connection: &mut PgConnection, by: &Actor, new: &NewToken, secret: &TokenSecret) -> Result<Token> {
    check_good(connection, by).await?;
    if store::tokens::count_good(connection).await? >= i64::try_from(MAX_TOKENS).unwrap_or(i64::MAX) {
        return Err(Error::TooManyTokens);
    }
    if let Some(engine_id) = new.engine_id {
        store::engines::lock(connection, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
    }
    let token = store::tokens::insert(connection, new, secret.digest(), by, Until::AsNew).await?;
    let details = json!({
        "name": new.name, "role": new.role, "engine_types": new.engine_types, "engine_id": new.engine_id,
        "expires_at": token.expires_at,
    });
    let subject = token.identity.token_id.to_string();
    store::audit::record(connection, by, Operation::CreateToken, &subject, &details).await?;
    Ok(token)
}

/// Revokes a token in a transaction, and records it.
pub async fn revoke(connection: &mut PgConnection, by: &Actor, token_id: TokenId) -> Result<Token> {
    let token = store::tokens::revoke(connection, token_id).await?.ok_or(Error::TokenNotFound(token_id))?;
    let details = json!({"name": token.identity.name, "role": token.identity.role});
    store::audit::record(connection, by, Operation::RevokeToken, &token_id.to_string(), &details).await?;
    Ok(token)
}
