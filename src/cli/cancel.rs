//! `cancel`: events by their ids, or a scenario run.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::asking::Asking;
use super::client::Client;
use super::confirm::Consent;
use super::outcome::{Outcome, UsageError};
use super::runs::cancel_run;
use super::tally::Tally;
use super::text::{plain, plain_json};
use crate::domain::counted::counted;
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease cancel 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease cancel --scenario-run-id night-42";

/// The flags of `cancel`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CancelArguments {
    /// These events, one by one.
    #[arg(conflicts_with = "scenario_run_id")]
    event_ids: Vec<String>,

    /// That run, with all its open events, as `runs cancel` does.
    #[arg(long, visible_alias = "scenario-run")]
    scenario_run_id: Option<String>,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Event {
    status: String,
}

impl Event {
    fn in_words(&self) -> &'static str {
        if self.status == "cancelled" {
            "cancelled"
        } else {
            "is to be cancelled when its lease ends, unless its engine completes it before"
        }
    }
}

/// Carries out the command.
pub async fn run(arguments: &CancelArguments) -> Outcome {
    match &arguments.scenario_run_id {
        Some(run) => cancel_run(run, &arguments.consent, &arguments.asking).await,
        None => cancel_events(arguments).await,
    }
}

async fn cancel_events(arguments: &CancelArguments) -> Outcome {
    let question = match arguments.event_ids.len() {
        0 => return Err(UsageError("which ones? Name events, or --scenario-run-id".to_owned()).into()),
        1 => None,
        count => Some(format!("Cancel {}?", counted(count, "event"))),
    };
    if let Some(question) = question
        && !arguments.consent.to(&question)?
    {
        output::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let client = Client::new(&arguments.asking.server)?;
    let mut tally = Tally::default();
    for event_id in &arguments.event_ids {
        let outcome = client.post(&["events", event_id, "cancel"], &json!({})).await;
        tally.add(event_id, outcome, |answer| {
            if arguments.asking.json {
                return Ok(plain_json(answer.json.get()).into_owned());
            }
            Ok(format!("{} {}", plain(event_id), answer.read::<Event>()?.in_words()))
        })?;
    }
    Ok(tally.exit_code())
}
