//! `token`: made, listed, revoked; by way of a server, or directly in its database where none runs.

mod direct;
mod arguments;
mod shown;

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::{Outcome, database_of};
use super::text::plain;
use crate::domain::access::Role;
use crate::output;
use arguments::{CreateArguments, ListArguments, RevokeArguments};
use shown::{Token, print_tokens, say_created, say_revoked};

/// What can be done with tokens.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token, and print it: it cannot be read again.
    Create(CreateArguments),
    /// List tokens, the newest first, with those that have ended. Engines' own tokens are left out.
    List(ListArguments),
    /// Revoke a token. On all servers it ends within seconds.
    Revoke(RevokeArguments),
}

/// Carries out the command, by way of a server or in its database.
pub async fn run(command: &TokenCommand) -> Outcome {
    match command {
        TokenCommand::Create(arguments) => create(arguments).await,
        TokenCommand::List(arguments) => list(arguments).await,
        TokenCommand::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn create(arguments: &CreateArguments) -> Outcome {
    if let Some(url) = database_of(&arguments.place.database)? {
        return direct::create(url, arguments).await;
    }
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(arguments.name));
    body.insert("role".to_owned(), json!(arguments.role));
    if !arguments.engine_types.is_empty() {
        body.insert("engine_types".to_owned(), json!(arguments.engine_types));
    }
    if let Some(engine_id) = arguments.engine_id {
        body.insert("engine_id".to_owned(), json!(engine_id));
    }
    if let Some(seconds) = arguments.expires_in_seconds {
        body.insert("expires_in_seconds".to_owned(), json!(seconds));
    }
    let Asking { server, json } = &arguments.place.asking;
    let answer = Client::new(server)?.post(&["tokens"], &Value::Object(body)).await?;
    print_answer(&answer, *json, print_created)
}

/// The token on standard output, so that a script gets nothing else; what it is, beside.
fn print_created(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    #[derive(Deserialize)]
    struct Created {
        token: String,
        #[serde(flatten)]
        about: Token,
    }
    let Created { token, about } = answer.read()?;
    say_created(&about.token_id, &about.name, &about.role);
    Ok(output::line(plain(&token))?)
}

async fn list(arguments: &ListArguments) -> Outcome {
    if let Some(url) = database_of(&arguments.place.database)? {
        return direct::list(url, arguments).await;
    }
    let Asking { server, json } = &arguments.place.asking;
    let name_of = |role: Option<Role>| role.map(|role| role.as_str().to_owned());
    let query = [
        ("role", name_of(arguments.role)),
        ("except_role", name_of(arguments.left_out())),
        ("name", arguments.name.clone()),
    ];
    let list = Client::new(server)?.list(&["tokens"], &query, arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    print_tokens(&list.read::<Token>()?, list.now)?;
    let is_all = arguments.left_out().is_none();
    list.say_what_is_missing(if is_all { "tokens" } else { "tokens besides those of engines (--engines)" });
    Ok(ExitCode::SUCCESS)
}

async fn revoke(arguments: &RevokeArguments) -> Outcome {
    if let Some(url) = database_of(&arguments.place.database)? {
        return direct::revoke(url, arguments.token_id).await;
    }
    let Asking { server, json } = &arguments.place.asking;
    let answer = Client::new(server)?.delete(&["tokens", &arguments.token_id.to_string()]).await?;
    print_answer(&answer, *json, |_| Ok(say_revoked(arguments.token_id)?))
}
