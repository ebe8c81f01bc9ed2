//! `whoami`: whose token this is, and what the server lets it do.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::Outcome;
use super::table::Facts;
use super::text::in_full;

const EXAMPLES: &str = "Examples:
  eventlease whoami
  eventlease whoami --json";

/// The flags of `whoami`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct WhoamiArguments {
    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Session {
    name: Option<String>,
    role: Option<String>,
    engine_types: Option<Vec<String>>,
    engine_id: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    is_session: bool,
    operations: Vec<String>,
    server: Server,
    /// Not told by servers of earlier versions.
    #[serde(default)]
    installation: Installation,
}

#[derive(Default, Deserialize)]
struct Installation {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Server {
    version: String,
}

/// Asks the server who is calling.
pub async fn run(arguments: &WhoamiArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let answer = Client::new(server)?.get(&["session"], &[]).await?;
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let session: Session = answer.read()?;
    let mut told = Facts::default();
    match (session.name, session.role) {
        (Some(name), Some(role)) => {
            told.add("name", name);
            told.add("role", if session.is_session { format!("{role} (a session)") } else { role });
            let types = session.engine_types.map_or_else(|| "all".to_owned(), |types| types.join(", "));
            told.add("engine types", types);
            told.add_some("engine", session.engine_id);
            told.add("expires", session.expires_at.map_or_else(|| "never".to_owned(), |at| in_full(at, answer.now)));
        }
        _ => {
            told.add("name", "anybody: the server runs without authentication");
        }
    }
    let operations: Vec<String> = session.operations.iter().map(|operation| operation.replace('_', " ")).collect();
    told.add("may", operations.join(", "));
    told.add_some("installation", session.installation.name);
    told.add("server", session.server.version);
    Ok(told.print()?)
}
