//! `token`: made, listed, revoked; by way of a server, or directly in its database where none runs.

mod direct;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client::{Answer, Client};
use super::table::{Column, Facts, Table};
use super::text::{from_now, plain};
use super::{Asking, Outcome, UsageError, database_of, print_answer};
use crate::config::DirectDatabase;
use crate::domain::access::Role;
use crate::domain::names::EngineType;
use crate::output;

#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token, and print it: it cannot be read again.
    Create(CreateArguments),
    /// List tokens, the newest first, with those that have ended. Engines' own tokens are left out.
    List(ListArguments),
    /// Revoke a token. On all servers it ends within seconds.
    Revoke(RevokeArguments),
}

/// What every command about tokens takes.
#[derive(Args, Debug)]
struct Where {
    #[command(flatten)]
    database: DirectDatabase,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token create --name shop --role producer")]
pub struct CreateArguments {
    /// Who will show it. Tokens of one name are one caller.
    #[arg(long)]
    name: String,

    /// What it is for: engine, producer, orchestrator, operator, admin, reader or registrar.
    #[arg(long, value_parser = role)]
    role: Role,

    /// Limit it to these engine types; may be repeated, or have several with commas.
    #[arg(long = "engine-type", value_delimiter = ',', value_parser = engine_type)]
    engine_types: Vec<EngineType>,

    /// Of the role engine: which one.
    #[arg(long)]
    engine_id: Option<uuid::Uuid>,

    /// Seconds after which it ends. [default: it does not]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=315_360_000))]
    expires_in_seconds: Option<u32>,

    #[command(flatten)]
    place: Where,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token list --role operator")]
pub struct ListArguments {
    /// Only of that role.
    #[arg(long, value_parser = role)]
    role: Option<Role>,

    /// Only of that name.
    #[arg(long)]
    name: Option<String>,

    /// With the tokens that engines got when they registered. They are also listed if --role or --name asks for them.
    #[arg(long)]
    engines: bool,

    /// Tokens at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    place: Where,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token revoke 01a20093-1ca2-7da5-8000-86c2b092a5fc")]
pub struct RevokeArguments {
    /// Its id, as `token list` tells it; not the token itself.
    token_id: uuid::Uuid,

    #[command(flatten)]
    place: Where,
}

impl ListArguments {
    /// The role whose tokens nobody asked for: thousands of engines have one each.
    const fn left_out(&self) -> Option<Role> {
        let is_asked_for = self.engines || self.role.is_some() || self.name.is_some();
        if is_asked_for { None } else { Some(Role::Engine) }
    }
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("must be one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

fn engine_type(text: &str) -> Result<EngineType, String> {
    EngineType::parse(text).map_err(|error| error.to_string())
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Token {
    token_id: String,
    name: String,
    role: String,
    engine_types: Option<Vec<String>>,
    engine_id: Option<String>,
    state: String,
    created_at: DateTime<Utc>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

const COLUMNS: [Column; 8] = [
    Column::Text("TOKEN ID"),
    Column::Text("ROLE"),
    Column::Text("STATE"),
    Column::SpareText("CREATED"),
    Column::SpareText("LAST USED"),
    Column::SpareText("EXPIRES"),
    Column::SpareText("LIMITED TO"),
    Column::Text("NAME"),
];

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

fn say_created(token_id: &str, name: &str, role: &str) {
    let said = format!("token {token_id} of {name:?}, role {role}; it is shown this once:");
    output::say(plain(&said));
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

fn print_tokens(tokens: &[Token], now: DateTime<Utc>) -> output::Result {
    let mut table = Table::new(&COLUMNS);
    for token in tokens {
        let limited_to = token.engine_types.as_ref().map(|types| types.join(", ")).or_else(|| token.engine_id.clone());
        table.row([
            token.token_id.clone(),
            token.role.clone(),
            token.state.clone(),
            from_now(token.created_at, now),
            token.last_used_at.map_or("never".to_owned(), |at| from_now(at, now)),
            token.expires_at.map_or("-".to_owned(), |at| from_now(at, now)),
            limited_to.unwrap_or_else(|| "-".to_owned()),
            token.name.clone(),
        ]);
    }
    table.print()
}

async fn revoke(arguments: &RevokeArguments) -> Outcome {
    if let Some(url) = database_of(&arguments.place.database)? {
        return direct::revoke(url, arguments.token_id).await;
    }
    let Asking { server, json } = &arguments.place.asking;
    let answer = Client::new(server)?.delete(&["tokens", &arguments.token_id.to_string()]).await?;
    print_answer(&answer, *json, |_| Ok(say_revoked(arguments.token_id)?))
}

fn say_revoked(token_id: uuid::Uuid) -> output::Result {
    let mut told = Facts::default();
    told.add("revoked", token_id.to_string());
    told.print()
}
