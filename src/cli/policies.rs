//! `policies`: retry policies of event types.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asking::{Asking, print_answer};
use super::client::{Client, Error};
use super::outcome::{Outcome, UsageError};
use super::policy_flags::{Changes, PolicyFlags};
use super::table::{Column, Facts, Table};

const EXAMPLES: &str = "Examples:
  eventlease policies
  eventlease policies dialogue.requested
  eventlease policies set dialogue.requested --max-retries 5";

/// The flags of `policies`, and the commands below it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct PoliciesArguments {
    #[command(subcommand)]
    command: Option<PoliciesCommand>,

    /// One event type. One that is named like a command: `policies -- set`.
    event_type: Option<String>,

    /// Event types at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Subcommand, Debug)]
enum PoliciesCommand {
    /// Change the retry policy of an event type. What is not named stays as it is, or inherited.
    Set(SetArguments),
    /// Remove the retry policy of an event type: all of it is inherited again.
    Unset(UnsetArguments),
}

const SET_EXAMPLES: &str = "Examples:
  eventlease policies set dialogue.requested --max-retries 5 --retry-delay-max 60
  eventlease policies set dialogue.requested --unset jitter";

#[derive(Args, Debug)]
#[command(after_help = SET_EXAMPLES)]
struct SetArguments {
    /// The event type.
    event_type: String,

    #[command(flatten)]
    policy: PolicyFlags,

    /// Parts of the policy to inherit again, by the names of their flags, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "SETTING")]
    unset: Vec<String>,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease policies unset dialogue.requested")]
struct UnsetArguments {
    /// The event type.
    event_type: String,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct EventType {
    event_type: String,
    retry_policy: Value,
}

const COLUMNS: [Column; 7] = [
    Column::Text("EVENT TYPE"),
    Column::Number("RETRIES"),
    Column::Number("FIRST DELAY"),
    Column::Number("MAX DELAY"),
    Column::Number("MULTIPLIER"),
    Column::Number("LOSSES"),
    Column::Number("JITTER"),
];

/// The members of a policy, by their pointers, in the order of the columns.
const MEMBERS: [(&str, &str); 6] = [
    ("max retries", "/max_retries"),
    ("first delay", "/retry_delay/initial"),
    ("max delay", "/retry_delay/max"),
    ("multiplier", "/retry_delay/multiplier"),
    ("silent losses", "/dead_letter_threshold"),
    ("jitter", "/jitter"),
];

impl EventType {
    /// A member as text; `None` where it is inherited.
    fn member(&self, pointer: &str) -> Option<String> {
        let value = self.retry_policy.pointer(pointer).filter(|value| !value.is_null())?;
        Some(if pointer.ends_with("/initial") || pointer.ends_with("/max") {
            format!("{value} s")
        } else {
            value.to_string()
        })
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        facts.add("event type", self.event_type.clone());
        for (name, pointer) in MEMBERS {
            facts.add(name, self.member(pointer).unwrap_or_else(|| "inherited".to_owned()));
        }
        facts
    }
}

/// Carries out the command.
pub async fn run(arguments: &PoliciesArguments) -> Outcome {
    match &arguments.command {
        Some(PoliciesCommand::Set(arguments)) => return set(arguments).await,
        Some(PoliciesCommand::Unset(arguments)) => return unset(arguments).await,
        None => {}
    }
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    if let Some(event_type) = &arguments.event_type {
        let answer = client.get(&["event-types", event_type, "retry-policy"], &[]).await?;
        return print_answer(&answer, *json, |answer| Ok(answer.read::<EventType>()?.facts().print()?));
    }
    let list = client.list(&["event-types"], &[], arguments.limit).await?;
    if *json {
        list.print_json()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(COLUMNS);
    for policy in list.read::<EventType>()? {
        let members = MEMBERS.iter().map(|(_, pointer)| policy.member(pointer).unwrap_or_else(|| "-".to_owned()));
        table.row(std::iter::once(policy.event_type.clone()).chain(members));
    }
    table.print()?;
    list.say_what_is_missing("retry policy");
    Ok(ExitCode::SUCCESS)
}

impl SetArguments {
    fn changes(&self) -> Result<Changes, UsageError> {
        let mut changes = Changes::default();
        self.policy.add_to(&mut changes, &[]);
        for name in &self.unset {
            changes.unset(name)?;
        }
        changes.checked()
    }
}

async fn set(arguments: &SetArguments) -> Outcome {
    let SetArguments { event_type, asking, .. } = arguments;
    let changes = arguments.changes()?;
    let client = Client::new(&asking.server)?;
    let path = ["event-types", event_type, "retry-policy"];
    // The call replaces the policy as a whole.
    let before = match client.get(&path, &[]).await {
        Ok(answer) => answer.read::<EventType>()?.retry_policy,
        Err(Error::Problem(problem)) if problem.is_not_found() => json!({}),
        Err(error) => return Err(error.into()),
    };
    let answer = client.put(&path, &changes.applied_to(before)).await?;
    print_answer(&answer, asking.json, |answer| Ok(answer.read::<EventType>()?.facts().print()?))
}

async fn unset(arguments: &UnsetArguments) -> Outcome {
    let UnsetArguments { event_type, asking } = arguments;
    let answer = Client::new(&asking.server)?.delete(&["event-types", event_type, "retry-policy"]).await?;
    print_answer(&answer, asking.json, |_| {
        let mut told = Facts::default();
        told.add("removed the policy of", event_type.clone());
        Ok(told.print()?)
    })
}
