//! Tokens as people read them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cli::table::{Column, Facts, Table};
use crate::cli::text::{from_now, plain};
use crate::output;

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
pub struct Token {
    pub token_id: String,
    pub name: String,
    pub role: String,
    pub engine_types: Option<Vec<String>>,
    pub engine_id: Option<String>,
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub expires_at: Option<DateTime<Utc>>,
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

pub fn say_created(token_id: &str, name: &str, role: &str) {
    let said = format!("token {token_id} of {name:?}, role {role}; it is shown this once:");
    output::say(plain(&said));
}

pub fn print_tokens(tokens: &[Token], now: DateTime<Utc>) -> output::Result {
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

pub fn say_revoked(token_id: uuid::Uuid) -> output::Result {
    let mut told = Facts::default();
    told.add("revoked", token_id.to_string());
    told.print()
}
