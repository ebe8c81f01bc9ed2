//! `events cancel`: queued events, by a filter.

use clap::Args;
use serde_json::Map;

use super::queued::{Change, Queued};
use crate::cli::outcome::Outcome;

const EXAMPLES: &str = "Examples:
  eventlease events cancel --engine-type dialogue --event-type line.requested --dry-run
  eventlease events cancel --engine-type dialogue --expected-count 4210";

/// The flags of `events cancel`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CancelQueuedArguments {
    #[command(flatten)]
    queued: Queued,
}

/// Carries out the command.
pub async fn cancel(arguments: &CancelQueuedArguments) -> Outcome {
    let change = Change { call: "cancel", asked: "Cancel", done: "cancelled", members: Map::new() };
    arguments.queued.change(change, |_, _| ()).await
}
