//! `events change`: when one queued event is due, or its priority.

use clap::Args;
use serde_json::{Map, json};

use super::event::facts;
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::{Outcome, UsageError};

const EXAMPLES: &str = "Examples:
  eventlease events change 01a20093-1ca2-7da5-8000-86c2b092a5fc --now --priority 9
  eventlease events change 01a20093-1ca2-7da5-8000-86c2b092a5fc --available-at 2030-01-31T12:00:00Z";

/// The flags of `events change`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ChangeArguments {
    /// The event.
    event_id: String,

    /// Another priority, 0 to 9; 9 is leased first.
    #[arg(long)]
    priority: Option<u8>,

    /// When it is due, like 2030-01-31T12:00:00Z; a time in the past means now.
    #[arg(long, conflicts_with = "now")]
    available_at: Option<String>,

    /// It is due now.
    #[arg(long)]
    now: bool,

    #[command(flatten)]
    asking: Asking,
}

/// Any time in the past means now.
pub const PAST: &str = "1970-01-01T00:00:00Z";

/// Carries out the command.
pub async fn change(arguments: &ChangeArguments) -> Outcome {
    let at = arguments.available_at.as_deref().or(arguments.now.then_some(PAST));
    let members =
        [("priority", arguments.priority.map(|priority| json!(priority))), ("available_at", at.map(|at| json!(at)))];
    let body: Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if body.is_empty() {
        return Err(UsageError("what is to change? Name --priority, --available-at or --now".to_owned()).into());
    }
    let Asking { server, json } = &arguments.asking;
    let answer = Client::new(server)?.patch(&["events", &arguments.event_id], &body).await?;
    print_answer(&answer, *json, |answer| facts(answer)?.print().map_err(Into::into))
}
