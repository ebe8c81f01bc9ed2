//! `runs cancel` and `runs reopen`.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::run::Run;
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::confirm::Consent;
use crate::cli::outcome::Outcome;
use crate::cli::text::plain;
use crate::domain::counted::counted;
use crate::output;

/// The flags of `runs cancel`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease runs cancel night-42")]
pub struct CancelArguments {
    /// The run.
    scenario_run_id: String,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `runs reopen`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease runs reopen night-42")]
pub struct ReopenArguments {
    /// The run.
    scenario_run_id: String,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct CancelledRun {
    cancelled: u64,
    cancel_requested: u64,
}

#[derive(Deserialize)]
struct ReopenedRun {
    reopened: bool,
}

/// Carries out `runs cancel`.
pub async fn cancel(arguments: &CancelArguments) -> Outcome {
    cancel_run(&arguments.scenario_run_id, &arguments.consent, &arguments.asking).await
}

/// Cancels a run after a question that says how many events it has.
pub async fn cancel_run(run: &str, consent: &Consent, asking: &Asking) -> Outcome {
    let client = Client::new(&asking.server)?;
    if !consent.is_given() {
        let Run { counts, is_approximate, .. } = client.get(&["scenario-runs", run], &[]).await?.read()?;
        let more = if is_approximate { "at least " } else { "" };
        let question = format!(
            "Scenario run {run:?} has {more}{}, and {} with engines. Cancel it, so that it takes no events until it is \
             reopened?",
            counted(counts.queued, "queued event"),
            counts.processing
        );
        if !consent.to(&question)? {
            output::say("nothing was done");
            return Ok(ExitCode::FAILURE);
        }
    }
    let answer = client.post(&["scenario-runs", run, "cancel"], &json!({})).await?;
    print_answer(&answer, asking.json, |answer| {
        let CancelledRun { cancelled, cancel_requested } = answer.read()?;
        output::line(format_args!("{cancelled} cancelled"))?;
        if cancel_requested > 0 {
            let told = "to be cancelled when their leases end, unless their engines complete them before";
            output::line(format_args!("{cancel_requested} {told}"))?;
        }
        Ok(())
    })
}

/// Carries out `runs reopen`.
pub async fn reopen(arguments: &ReopenArguments) -> Outcome {
    let run = &arguments.scenario_run_id;
    let client = Client::new(&arguments.asking.server)?;
    let answer = client.post(&["scenario-runs", run, "reopen"], &json!({})).await?;
    print_answer(&answer, arguments.asking.json, |answer| {
        let ReopenedRun { reopened } = answer.read()?;
        let told = if reopened { "takes events again" } else { "was not cancelled" };
        Ok(output::line(format_args!("scenario run {} {told}", plain(run)))?)
    })
}
