//! What the commands share that ask a server.

use std::process::ExitCode;

use clap::Args;

use super::client::Answer;
use super::outcome::Outcome;
use super::text::plain_json;
use crate::config::ClientConfig;
use crate::output;

/// What every command for operators takes.
#[derive(Args, Debug)]
pub struct Asking {
    /// The server, and the token to show it.
    #[command(flatten)]
    pub server: ClientConfig,

    /// Print the server's JSON.
    #[arg(long)]
    pub json: bool,
}

/// Prints an answer as it was sent, or as people read it.
pub fn print_answer(
    answer: &Answer,
    is_json: bool,
    for_people: impl FnOnce(&Answer) -> Result<(), Box<dyn std::error::Error>>,
) -> Outcome {
    if is_json {
        output::line(plain_json(answer.json.get()))?;
    } else {
        for_people(answer)?;
    }
    Ok(ExitCode::SUCCESS)
}
