//! `engines drain` and `engines resume`: engines that are named, or all of a type or version.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::engine::Engine;
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::{Answer, Client, Result};
use crate::cli::confirm::Consent;
use crate::cli::outcome::{Outcome, UsageError};
use crate::cli::tally::Tally;
use crate::cli::text::{plain, plain_json};
use crate::domain::counted::{counted, counted_match};
use crate::output;

const DRAIN_EXAMPLES: &str = "Examples:
  eventlease engines drain 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease engines drain --engine-type dialogue --engine-software-version 1.4.0 --dry-run";

/// The flags of `engines drain`.
#[derive(Args, Debug)]
#[command(after_help = DRAIN_EXAMPLES)]
pub struct DrainArguments {
    #[command(flatten)]
    which: Which,

    /// Why; the engines are told, and their reports show it.
    #[arg(long)]
    reason: Option<String>,

    /// What they are to do once they hold nothing: exit or stay. Where it is not said, those that are draining
    /// keep what they were told; for others it is exit.
    #[arg(long)]
    then: Option<String>,

    /// Count the engines, and change nothing.
    #[arg(long, conflicts_with = "engine_ids")]
    dry_run: bool,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

const RESUME_EXAMPLES: &str = "Examples:
  eventlease engines resume 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease engines resume --engine-type dialogue";

/// The flags of `engines resume`.
#[derive(Args, Debug)]
#[command(after_help = RESUME_EXAMPLES)]
pub struct ResumeArguments {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

/// Those that are named, or those of a type, a version, or both.
#[derive(Args, Debug)]
#[expect(clippy::struct_field_names, reason = "they are the names of flags")]
struct Which {
    /// These engines, one by one.
    #[arg(conflicts_with_all = ["engine_type", "engine_software_version"])]
    engine_ids: Vec<String>,

    /// All engines of that type.
    #[arg(long)]
    engine_type: Option<String>,

    /// All engines with that version.
    #[arg(long)]
    engine_software_version: Option<String>,
}

impl Which {
    fn filter(&self) -> [(&'static str, &Option<String>); 2] {
        [("engine_type", &self.engine_type), ("engine_software_version", &self.engine_software_version)]
    }

    fn check(&self) -> std::result::Result<(), UsageError> {
        if self.engine_ids.is_empty() && self.filter().iter().all(|(_, value)| value.is_none()) {
            let told = "which ones? Name engines, --engine-type, --engine-software-version, or both";
            return Err(UsageError(told.to_owned()));
        }
        Ok(())
    }

    /// For a question.
    fn in_words(&self) -> String {
        let given = self.filter().into_iter().filter_map(|(name, value)| Some(format!("{name} {:?}", value.as_ref()?)));
        given.collect::<Vec<_>>().join(", ")
    }
}

/// The reply of `POST /engines/drain`.
#[derive(Deserialize)]
struct Drained {
    matched: u64,
    draining: u64,
}

impl DrainArguments {
    /// What the engines are told.
    fn order(&self) -> Map<String, Value> {
        let said = [("reason", &self.reason), ("then", &self.then)];
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect()
    }
}

/// Drains the engines that are meant: they get no further events.
pub async fn drain(arguments: &DrainArguments) -> Outcome {
    let DrainArguments { which, dry_run, consent, asking, .. } = arguments;
    which.check()?;
    if !which.engine_ids.is_empty() {
        return one_by_one(&which.engine_ids, "drain", &Value::Object(arguments.order()), consent, asking).await;
    }
    let client = Client::new(&asking.server)?;
    let given = which.filter().into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    let filter: Map<String, Value> = given.collect();
    if *dry_run || !consent.is_given() {
        let body = json!({"filter": filter, "dry_run": true});
        let answer = client.post(&["engines", "drain"], &body).await?;
        let Drained { matched, draining } = answer.read()?;
        if *dry_run || matched == draining {
            return print_answer(&answer, asking.json, |_| {
                let change = if *dry_run { "; nothing was changed" } else { "" };
                Ok(output::line(format_args!("{}{change}", told_of_draining(matched, draining)))?)
            });
        }
        let engines = counted(matched - draining, "engine");
        if !consent.to(&format!("Drain {engines} with {}?", which.in_words()))? {
            output::say("nothing was done");
            return Ok(ExitCode::FAILURE);
        }
    }
    let mut body = arguments.order();
    body.insert("filter".to_owned(), Value::Object(filter));
    let answer = client.post(&["engines", "drain"], &Value::Object(body)).await?;
    print_answer(&answer, asking.json, |answer| {
        let Drained { matched, draining } = answer.read()?;
        Ok(output::line(told_of_draining(matched, draining))?)
    })
}

fn told_of_draining(matched: u64, draining: u64) -> String {
    match matched {
        0 => "no engine matches".to_owned(),
        some => format!("{}, {draining} draining", counted_match(some, "engine")),
    }
}

/// Lets drained engines get events again.
pub async fn resume(arguments: &ResumeArguments) -> Outcome {
    let ResumeArguments { which, consent, asking } = arguments;
    which.check()?;
    if !which.engine_ids.is_empty() {
        return one_by_one(&which.engine_ids, "resume", &json!({}), consent, asking).await;
    }
    let mut query = vec![("status", Some("draining".to_owned()))];
    query.extend(which.filter().into_iter().map(|(name, value)| (name, value.clone())));
    let list = Client::new(&asking.server)?.list(&["engines"], &query, u32::MAX).await?;
    let engine_ids: Vec<String> = list.read::<Engine>()?.into_iter().map(|engine| engine.engine_id).collect();
    if engine_ids.is_empty() {
        output::say(format_args!("no engine with {} is draining", plain(&which.in_words())));
        return Ok(ExitCode::SUCCESS);
    }
    one_by_one(&engine_ids, "resume", &json!({}), consent, asking).await
}

/// `verb`: `drain` or `resume`.
async fn one_by_one(engine_ids: &[String], verb: &str, body: &Value, consent: &Consent, asking: &Asking) -> Outcome {
    let asked = if verb == "drain" { "Drain" } else { "Resume" };
    if engine_ids.len() > 1 && !consent.to(&format!("{asked} {}?", counted(engine_ids.len(), "engine")))? {
        output::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let client = Client::new(&asking.server)?;
    let mut tally = Tally::default();
    for engine_id in engine_ids {
        let outcome = client.post(&["engines", engine_id, verb], body).await;
        tally.add(engine_id, outcome, |answer| {
            if asking.json { Ok(plain_json(answer.json.get()).into_owned()) } else { told(answer) }
        })?;
    }
    Ok(tally.exit_code())
}

fn told(answer: &Answer) -> Result<String> {
    let engine: Engine = answer.read()?;
    let held = match engine.leases_held {
        0 => "nothing".to_owned(),
        some => counted(some, "lease"),
    };
    Ok(format!("{} is {}, and holds {held}", plain(&engine.engine_id), plain(&engine.status)))
}
