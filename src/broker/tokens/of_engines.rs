//! Tokens of engines: with each registration, and in between.

use serde_json::json;

use super::making::{check_good, new_secret};
use crate::broker::state::Broker;
use crate::domain::access::{Operation, Role};
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::limits::{MAX_TOKENS, RESERVED_TOKENS};
use crate::domain::tokens::{NewToken, Token, TokenSecret};
use crate::error::{Error, Result};
use crate::store::pool::commit;
use crate::store::tokens::{EndOfTokens, Until};
use crate::store::{self, PgConnection};

/// The token that an engine goes on with.
#[derive(Debug)]
pub struct EngineToken {
    /// The engine's, which stays as it is.
    pub incarnation: i32,
    /// Shown to nobody but the caller. `None` where authentication is off, and nobody needs a token.
    pub engine_token: Option<TokenSecret>,
}

impl Broker {
    /// Makes the token of an engine that registers, in its transaction. What it had before ends, and is answered beside: at
    /// once, or a little later where it is the one it registers with.
    pub(in crate::broker) async fn issue_engine_token(
        &self,
        connection: &mut PgConnection,
        by: &Actor,
        engine_id: EngineId,
    ) -> Result<(Vec<Token>, TokenSecret)> {
        let own = by.token_id.filter(|_| by.role == Some(Role::Engine));
        let until = own.map_or(Until::AsNew, Until::AsOf);
        self.replace_engine_tokens(connection, by, engine_id, EndOfTokens::Restarted { by: own }, until).await
    }

    /// Gives an engine a new token without a registration: it keeps its incarnation and what it holds. The tokens that it had
    /// end a little later.
    ///
    /// # Errors
    /// [`Error::EngineNotFound`]: it has to register. [`Error::TooManyTokens`]: some must be revoked first.
    pub async fn renew_engine_token(&self, by: &Actor, engine_id: EngineId) -> Result<EngineToken> {
        let mut transaction = self.begin().await?;
        // The engine before its tokens, as a registration locks them.
        let locked =
            store::engines::lock(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        let incarnation = locked.incarnation;
        if !self.settings.issues_engine_tokens {
            return Ok(EngineToken { incarnation, engine_token: None });
        }
        check_good(&mut transaction, by).await?;
        let why = EndOfTokens::Replaced;
        let (changed, secret) = self.replace_engine_tokens(&mut transaction, by, engine_id, why, Until::AsNew).await?;
        let details = json!({"engine_type": locked.engine_type, "incarnation": incarnation});
        let (action, subject) = (Operation::RenewEngineToken, engine_id.to_string());
        store::audit::record(&mut transaction, by, action, &subject, &details).await?;
        commit(transaction).await?;
        self.tokens.learn_all(&changed);
        self.tokens.read_soon();
        tracing::info!(%engine_id, incarnation, "engine token renewed");
        Ok(EngineToken { incarnation, engine_token: Some(secret) })
    }

    async fn replace_engine_tokens(
        &self,
        connection: &mut PgConnection,
        by: &Actor,
        engine_id: EngineId,
        why: EndOfTokens,
        until: Until,
    ) -> Result<(Vec<Token>, TokenSecret)> {
        if self.tokens.count_good() >= MAX_TOKENS - RESERVED_TOKENS {
            return Err(Error::TooManyTokens);
        }
        store::tokens::forget_of_engine(connection, engine_id).await?;
        let mut changed = store::tokens::end_of_engine(connection, engine_id, why).await?;
        let new = NewToken {
            name: format!("engine {engine_id}"),
            role: Role::Engine,
            engine_types: None,
            engine_id: Some(engine_id),
            expires_in_seconds: None,
        };
        let secret = new_secret();
        changed.push(store::tokens::insert(connection, &new, secret.digest(), by, until).await?);
        Ok((changed, secret))
    }
}
