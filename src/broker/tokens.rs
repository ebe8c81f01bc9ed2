//! Bearer tokens: made, listed, revoked; below, those of engines and of sessions, and how each replica knows all of them without
//! asking the database.

mod of_engines;
mod of_sessions;
mod refresh;
mod making;

use std::collections::HashSet;
use std::convert::Infallible;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::known_tokens::TokenStatus;
use super::state::Broker;
use crate::domain::access::{Operation, Role};
use crate::domain::audit::Actor;
use crate::domain::log_text::LogText;
use crate::domain::tokens::{Filter, NewToken, Token, TokenId, TokenSecret};
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::tokens::Until;
use crate::store::{self, PgConnection};
use making::{check_room, new_secret};

pub(super) use making::check_good;
pub use of_engines::EngineToken;

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
        let revoked = revoke(&mut transaction, by, token_id).await?;
        commit(transaction).await?;
        for token in &revoked {
            let (token_id, name) = (token.identity.token_id, LogText(&token.identity.name));
            tracing::info!(%token_id, %name, "token revoked");
        }
        self.tokens.learn_all(&revoked);
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

    /// Makes a token that somebody has brought the first admin's, if there was none yet. Answers whether it did. One that was revoked
    /// or has expired stays so.
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
        // Nothing is claimed, so that the next start can bring another one.
        if store::tokens::is_known(&mut transaction, secret.digest()).await? {
            return Ok(None);
        }
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

/// Makes a token in a transaction, and records it.
pub async fn create(connection: &mut PgConnection, by: &Actor, new: &NewToken) -> Result<(Token, TokenSecret)> {
    let secret = new_secret();
    let token = insert(connection, by, new, &secret).await?;
    Ok((token, secret))
}

/// The same with a secret that is there already.
async fn insert(connection: &mut PgConnection, by: &Actor, new: &NewToken, secret: &TokenSecret) -> Result<Token> {
    check_good(connection, by).await?;
    check_room(connection).await?;
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

/// Revokes a token in a transaction, and records it. Answers it, and the sessions that ended with it.
pub async fn revoke(connection: &mut PgConnection, by: &Actor, token_id: TokenId) -> Result<Vec<Token>> {
    let revoked = store::tokens::revoke(connection, token_id).await?;
    let token = revoked.first().ok_or(Error::TokenNotFound(token_id))?;
    let details = json!({"name": token.identity.name, "role": token.identity.role});
    store::audit::record(connection, by, Operation::RevokeToken, &token_id.to_string(), &details).await?;
    Ok(revoked)
}
