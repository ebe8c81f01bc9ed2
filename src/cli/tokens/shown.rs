//! Tokens as people read them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cli::table::{Column, Facts, Table};
use crate::cli::text::{from_now, plain};
use crate::output;

/// An item of `GET /tokens`, or a row of the database.
#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Token {
    /// Its id, by which it is revoked; not the token itself.
    pub token_id: String,
    /// The caller's name.
    pub name: String,
    /// What it may be used for.
    pub role: String,
    /// The queues that it is limited to; `None`: all of them.
    pub engine_types: Option<Vec<String>>,
    /// The engine that it belongs to; `None` if it is not an engine's.
    pub engine_id: Option<String>,
    /// Of the session of a browser: the token that it began with. `None` for all others, and from servers of earlier versions.
    #[serde(default)]
    pub session_of: Option<String>,
    /// `active`, `expired` or `revoked`; a later server may know others.
    pub state: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The name of whoever made it.
    pub created_by: String,
    /// `None`: it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// To some minutes; `None` if it was never used.
    pub last_used_at: Option<DateTime<Utc>>,
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

/// Says on standard error which token is printed.
pub fn say_created(token_id: &str, name: &str, role: &str) {
    let said = format!("token {token_id} of {name:?}, role {role}; it is shown this once:");
    output::say(plain(&said));
}

/// Prints a table of tokens.
pub fn print_tokens(tokens: &[Token], now: DateTime<Utc>) -> output::Result {
    let mut table = Table::new(COLUMNS);
    for token in tokens {
        let limited_to = token.engine_types.as_ref().map(|types| types.join(", ")).or_else(|| token.engine_id.clone());
        table.row([
            token.token_id.clone(),
            if token.session_of.is_some() { format!("{} (a session)", token.role) } else { token.role.clone() },
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

/// Prints which token was revoked.
pub fn say_revoked(token_id: uuid::Uuid) -> output::Result {
    let mut told = Facts::default();
    told.add("revoked", token_id.to_string());
    told.print()
}
