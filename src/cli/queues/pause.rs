//! `pause` and `resume` of a queue.

use clap::Args;
use serde_json::{Map, Value, json};

use super::queue::{Queue, warn_if_new};
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::cli::table::Facts;
use crate::cli::text::in_full;

/// The flags of `pause`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease pause dialogue --reason \"model upgrade\" --resume-after-seconds 600")]
pub struct PauseArguments {
    /// The queue. One that does not exist is made, and paused.
    queue: String,

    /// Why; the queue's report shows it.
    #[arg(long)]
    reason: Option<String>,

    /// Seconds after which it goes on by itself.
    #[arg(long)]
    resume_after_seconds: Option<u32>,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `resume`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease resume dialogue")]
pub struct ResumeArguments {
    /// The queue.
    queue: String,

    #[command(flatten)]
    asking: Asking,
}

/// Pauses the queue: its events wait.
pub async fn pause(arguments: &PauseArguments) -> Outcome {
    let PauseArguments { queue, reason, resume_after_seconds, asking } = arguments;
    let client = Client::new(&asking.server)?;
    warn_if_new(&client, queue).await?;
    let mut body = Map::new();
    if let Some(reason) = reason {
        body.insert("reason".to_owned(), json!(reason));
    }
    if let Some(seconds) = resume_after_seconds {
        body.insert("resume_after_seconds".to_owned(), json!(seconds));
    }
    let answer = client.post(&["queues", queue, "pause"], &Value::Object(body)).await?;
    print_answer(&answer, asking.json, |answer| {
        let paused: Queue = answer.read()?;
        let mut told = Facts::default();
        let told_to = format!("when told to: eventlease resume {}", paused.engine_type);
        told.add("paused", paused.engine_type);
        if let Some(pause) = paused.pause {
            told.add_some("reason", pause.reason);
            told.add("resumes", pause.resume_at.map_or(told_to, |at| in_full(at, answer.now)));
        }
        Ok(told.print()?)
    })
}

/// Lets the queue go on.
pub async fn resume(arguments: &ResumeArguments) -> Outcome {
    let ResumeArguments { queue, asking } = arguments;
    let answer = Client::new(&asking.server)?.post(&["queues", queue, "resume"], &json!({})).await?;
    print_answer(&answer, asking.json, |answer| {
        let queue: Queue = answer.read()?;
        let mut told = Facts::default();
        told.add("resumed", queue.engine_type.clone()).add("due", queue.count(queue.due));
        Ok(told.print()?)
    })
}
