//! `events payload` and `events result`: the JSON alone.

use clap::Args;

use crate::cli::asking::print_answer;
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::config::ClientConfig;

/// The flags of `events payload` and `events result`.
#[derive(Args, Debug)]
pub struct JsonArguments {
    /// The event.
    event_id: String,

    /// The server, and the token to show it.
    #[command(flatten)]
    server: ClientConfig,
}

/// Prints one part of an event.
pub async fn print(arguments: &JsonArguments, part: &str) -> Outcome {
    let answer = Client::new(&arguments.server)?.get(&["events", &arguments.event_id, part], &[]).await?;
    print_answer(&answer, true, |_| Ok(()))
}
