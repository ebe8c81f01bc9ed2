//! `cancel`: events by their ids, or all that is open of a scenario run.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::asking::{Asking, print_answer};
use super::client::{Client, Result};
use super::confirm::Consent;
use super::outcome::{Outcome, UsageError};
use super::tally::Tally;
use super::text::{plain, plain_json};
use crate::output;

/// Open events of a run are counted up to here before the question.
const MAX_COUNTED: u32 = 1000;

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

    /// All open events of that run.
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

#[derive(Deserialize)]
struct CancelledRun {
    cancelled: u64,
    cancel_requested: u64,
}

/// Carries out the command.
pub async fn run(arguments: &CancelArguments) -> Outcome {
    match &arguments.scenario_run_id {
        Some(run) => cancel_run(arguments, run).await,
        None => cancel_events(arguments).await,
    }
}

async fn cancel_events(arguments: &CancelArguments) -> Outcome {
    let question = match arguments.event_ids.len() {
        0 => return Err(UsageError("which ones? Name events, or --scenario-run-id".to_owned()).into()),
        1 => None,
        count => Some(format!("Cancel {count} events?")),
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

async fn cancel_run(arguments: &CancelArguments, run: &str) -> Outcome {
    let client = Client::new(&arguments.asking.server)?;
    if !arguments.consent.is_given() {
        let (queued, processing) = (count(&client, run, "queued").await?, count(&client, run, "processing").await?);
        if queued.count + processing.count == 0 {
            output::say(format_args!("scenario run {} has no open events", plain(run)));
            return Ok(ExitCode::SUCCESS);
        }
        let question = format!(
            "Cancel all open events of scenario run {run:?}, of which {} are queued and {} are with engines?",
            queued.in_words(),
            processing.in_words()
        );
        if !arguments.consent.to(&question)? {
            output::say("nothing was done");
            return Ok(ExitCode::FAILURE);
        }
    }
    let answer = client.post(&["scenario-runs", run, "cancel"], &json!({})).await?;
    print_answer(&answer, arguments.asking.json, |answer| {
        let CancelledRun { cancelled, cancel_requested } = answer.read()?;
        output::line(format_args!("{cancelled} cancelled"))?;
        if cancel_requested > 0 {
            let told = "to be cancelled when their leases end, unless their engines complete them before";
            output::line(format_args!("{cancel_requested} {told}"))?;
        }
        Ok(())
    })
}

struct Counted {
    count: usize,
    has_more: bool,
}

impl Counted {
    fn in_words(&self) -> String {
        if self.has_more { format!("more than {}", self.count) } else { self.count.to_string() }
    }
}

async fn count(client: &Client, run: &str, status: &str) -> Result<Counted> {
    let query = [("scenario_run_id", Some(run.to_owned())), ("status", Some(status.to_owned()))];
    let list = client.list(&["events"], &query, MAX_COUNTED).await?;
    Ok(Counted { count: list.len(), has_more: list.has_more() })
}
