//! What the commands about tokens take.

use clap::Args;

use crate::cli::asking::Asking;
use crate::config::DirectDatabase;
use crate::domain::access::Role;
use crate::domain::names::EngineType;

/// What every command about tokens takes.
#[derive(Args, Debug)]
pub struct Where {
    /// The database, for a command without a server.
    #[command(flatten)]
    pub database: DirectDatabase,

    /// The server, and how its reply is shown.
    #[command(flatten)]
    pub asking: Asking,
}

/// The flags of `token create`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token create --name shop --role producer")]
pub struct CreateArguments {
    /// Who will show it. Tokens of one name are one caller.
    #[arg(long)]
    pub name: String,

    /// What it is for: engine, producer, orchestrator, operator, admin, reader or registrar.
    #[arg(long, value_parser = role)]
    pub role: Role,

    /// Limit it to these engine types; may be repeated, or have several with commas.
    #[arg(long = "engine-type", value_delimiter = ',', value_parser = engine_type)]
    pub engine_types: Vec<EngineType>,

    /// Of the role engine: which one.
    #[arg(long)]
    pub engine_id: Option<uuid::Uuid>,

    /// Seconds after which it ends. [default: it does not]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=315_360_000))]
    pub expires_in_seconds: Option<u32>,

    /// A server, or a database.
    #[command(flatten)]
    pub place: Where,
}

/// The flags of `token list`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token list --role operator")]
pub struct ListArguments {
    /// Only of that role.
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,

    /// Only of that name.
    #[arg(long)]
    pub name: Option<String>,

    /// With the tokens that engines got when they registered. They are also listed if --role or --name asks for them.
    #[arg(long)]
    pub engines: bool,

    /// Tokens at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,

    /// A server, or a database.
    #[command(flatten)]
    pub place: Where,
}

/// The flags of `token revoke`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease token revoke 01a20093-1ca2-7da5-8000-86c2b092a5fc")]
pub struct RevokeArguments {
    /// Its id, as `token list` tells it; not the token itself.
    pub token_id: uuid::Uuid,

    /// A server, or a database.
    #[command(flatten)]
    pub place: Where,
}

impl ListArguments {
    /// The role whose tokens nobody asked for: thousands of engines have one each.
    pub const fn left_out(&self) -> Option<Role> {
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
