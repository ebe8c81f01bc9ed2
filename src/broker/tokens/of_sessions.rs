//! Sessions of browsers: tokens that are made out of another one, live for hours, and end with it.

use serde_json::json;
use uuid::Uuid;

use super::making::{check_room, new_secret};
use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::log_text::LogText;
use crate::domain::tokens::{Token, TokenId, TokenSecret};
use crate::error::{Error, Result};
use crate::store;
use crate::store::pool::commit;

impl Broker {
    /// Begins a session with a token, which must not be a session's. Its secret is known to nobody but the caller. The oldest
    /// session of that token ends where there would be too many.
    pub async fn begin_session(&self, by: &Actor, of: TokenId) -> Result<(Token, TokenSecret)> {
        let mut transaction = self.begin().await?;
        // As if the token were changed: so its sessions are counted one after the other.
        if !store::tokens::hold_good(&mut transaction, of, true).await? {
            return Err(Error::TokenEnded);
        }
        check_room(&mut transaction).await?;
        store::tokens::forget_sessions(&mut transaction, of).await?;
        let secret = new_secret();
        let session = store::tokens::insert_session(&mut transaction, of, secret.digest()).await?;
        let ended = store::tokens::end_surplus_sessions(&mut transaction, of).await?;
        let details = json!({"session_of": of, "role": session.identity.role, "expires_at": session.expires_at});
        let subject = session.identity.token_id.to_string();
        store::audit::record(&mut transaction, by, Operation::CreateSession, &subject, &details).await?;
        commit(transaction).await?;
        self.tokens.learn(&session);
        self.tokens.learn_all(&ended);
        let (token_id, name) = (session.identity.token_id, LogText(&session.identity.name));
        tracing::info!(%token_id, %name, role = session.identity.role.as_str(), "session begun");
        Ok((session, secret))
    }

    /// Ends a session: here at once, on other replicas within seconds.
    pub async fn end_session(&self, by: &Actor, session: TokenId) -> Result<()> {
        let mut transaction = self.begin().await?;
        let ended = store::tokens::revoke(&mut transaction, session).await?;
        let token = ended.first().ok_or(Error::TokenNotFound(session))?;
        let details = json!({"session_of": token.identity.session_of, "role": token.identity.role});
        store::audit::record(&mut transaction, by, Operation::DeleteSession, &session.to_string(), &details).await?;
        commit(transaction).await?;
        tracing::info!(token_id = %session, name = %LogText(&token.identity.name), "session ended");
        self.tokens.learn_all(&ended);
        Ok(())
    }

    /// A token as the database has it; beside an engine's, the type of that engine.
    pub async fn read_token(&self, token_id: TokenId) -> Result<(Token, Option<String>)> {
        let mut connection = self.reading_connection().await?;
        let token = store::tokens::read(&mut connection, token_id).await?.ok_or(Error::TokenEnded)?;
        let engine_type = match token.identity.engine_id {
            Some(engine_id) => store::engines::type_of(&mut connection, engine_id).await?,
            None => None,
        };
        Ok((token, engine_type))
    }

    /// The installation's id, read from the database once.
    pub async fn installation_id(&self) -> Result<Uuid> {
        let read = || async {
            let mut connection = self.connection().await?;
            Ok(store::installation::id(&mut connection).await?)
        };
        self.installation_id.get_or_try_init(read).await.copied()
    }
}
