//! The same without a server: for the first token, or where all were lost. Servers on the database hear of it.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::arguments::{CreateArguments, ListArguments};
use super::shown::{Token, print_tokens, say_created, say_revoked};
use crate::app::Database;
use crate::broker::tokens;
use crate::cli::outcome::{Outcome, UsageError};
use crate::cli::{client, text};
use crate::config::{DatabaseConfig, DatabaseUrl};
use crate::domain;
use crate::domain::audit::Actor;
use crate::domain::ids::EngineId;
use crate::domain::tokens::{Filter, NewToken, TokenId};
use crate::output;
use crate::store;

/// Looks at tokens that are there, or ends one: neither has to do with the schema's version.
async fn open_as_it_is(url: DatabaseUrl) -> Result<Database, Box<dyn std::error::Error>> {
    let database = open(url).await?;
    if !store::tokens::are_kept(&database.pools.working).await? {
        return Err("this database has no tokens: neither has a server run on it, nor was one made".into());
    }
    Ok(database)
}

async fn open(url: DatabaseUrl) -> Result<Database, Box<dyn std::error::Error>> {
    let config = DatabaseConfig {
        database_url: Some(url),
        database_url_file: None,
        listen_database_url: None,
        listen_database_url_file: None,
        data_dir: None,
        pg_bin_dir: None,
        max_connections: 2,
        max_reading_connections: 1,
        acquire_timeout_seconds: 10,
        statement_timeout_seconds: 60,
        reading_statement_timeout_seconds: 60,
    };
    let opened = Database::open(&config, &CancellationToken::new()).await?;
    Ok(opened.expect("only the token keeps it from being opened, and nobody cancels that"))
}

/// Makes a token in the database, and prints it.
pub async fn create(url: DatabaseUrl, arguments: &CreateArguments) -> Outcome {
    let new = NewToken {
        name: arguments.name.clone(),
        role: arguments.role,
        engine_types: (!arguments.engine_types.is_empty()).then(|| arguments.engine_types.clone()),
        engine_id: arguments.engine_id.map(EngineId),
        expires_in_seconds: arguments.expires_in_seconds,
    };
    if let Some((member, detail)) = new.wrong().first() {
        return Err(UsageError(format!("--{}: {detail}", flag_of(member))).into());
    }
    let database = open(url).await?;
    // The schema may not be there yet.
    database.migrate().await?;
    let mut transaction = store::pool::begin(&database.pools.working).await?;
    let (token, secret) = tokens::create(&mut transaction, &Actor::named(Actor::DATABASE), &new).await?;
    transaction.commit().await?;
    database.close().await?;
    let token_id = token.identity.token_id.to_string();
    if arguments.place.asking.json {
        let created = json!({"token": secret, "token_id": token_id, "name": new.name, "role": new.role});
        output::line(text::plain_json(&created.to_string()))?;
    } else {
        say_created(&token_id, &new.name, new.role.as_str());
        output::line(secret.reveal())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn flag_of(member: &str) -> String {
    member.trim_end_matches('s').replace('_', "-")
}

/// Lists the tokens in the database.
pub async fn list(url: DatabaseUrl, arguments: &ListArguments) -> Outcome {
    let database = open_as_it_is(url).await?;
    let mut connection = database.pools.working.acquire().await?;
    let filter = Filter { role: arguments.role, except_role: arguments.left_out(), name: arguments.name.clone() };
    let found = store::tokens::list(&mut connection, &filter, None, arguments.limit).await?;
    drop(connection);
    database.close().await?;
    let tokens: Vec<Token> = found.into_iter().map(Token::from).collect();
    if arguments.place.asking.json {
        output::line(text::plain_json(&json!({"items": tokens, "next_cursor": null}).to_string()))?;
    } else {
        print_tokens(&tokens, now())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Times are shown by this machine's clock.
fn now() -> DateTime<Utc> {
    client::here()
}

/// Revokes a token in the database. Running servers notice within seconds.
pub async fn revoke(url: DatabaseUrl, token_id: uuid::Uuid) -> Outcome {
    let database = open_as_it_is(url).await?;
    let mut transaction = store::pool::begin(&database.pools.working).await?;
    tokens::revoke(&mut transaction, &Actor::named(Actor::DATABASE), TokenId(token_id)).await?;
    transaction.commit().await?;
    database.close().await?;
    say_revoked(token_id)?;
    Ok(ExitCode::SUCCESS)
}

impl From<domain::tokens::Token> for Token {
    fn from(token: domain::tokens::Token) -> Self {
        let state = token.state();
        let identity = token.identity;
        Self {
            token_id: identity.token_id.to_string(),
            name: identity.name.to_string(),
            role: identity.role.as_str().to_owned(),
            engine_types: identity.engine_types,
            engine_id: identity.engine_id.map(|engine_id| engine_id.to_string()),
            session_of: identity.session_of.map(|token_id| token_id.to_string()),
            state: state.as_str().to_owned(),
            created_at: token.created_at,
            created_by: token.created_by,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}
