//! Queued events that are changed together: counted first, then asked about, then done to as many as were shown.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::asking::Asking;
use crate::cli::client::{Answer, Client, Result};
use crate::cli::confirm::Consent;
use crate::cli::outcome::{Outcome, UsageError, only_counted};
use crate::cli::text::plain_json;
use crate::domain::counted::counted;
use crate::domain::limits::MAX_BULK_EVENTS;
use crate::output;

/// Which queued events are meant, and how many of them.
#[derive(Args, Debug)]
pub struct Queued {
    /// These events.
    #[arg(conflicts_with = "all")]
    event_ids: Vec<String>,

    /// Every queued event that the token reaches.
    #[arg(long, conflicts_with_all = ["engine_type", "event_type", "scenario_run_id"])]
    all: bool,

    /// Only of that queue.
    #[arg(long)]
    engine_type: Option<String>,

    /// Only of that event type.
    #[arg(long)]
    event_type: Option<String>,

    /// Only of that run.
    #[arg(long)]
    scenario_run_id: Option<String>,

    /// The oldest so many; more than 10000 are done in several calls. [default: all that match]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// Count, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// If another number matches, change nothing.
    #[arg(long)]
    expected_count: Option<u64>,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    asking: Asking,
}

/// What is done to them.
pub struct Change {
    /// The last part of the call's path.
    pub call: &'static str,
    /// As a question begins.
    pub asked: &'static str,
    /// As it is told, and as the reply names its count.
    pub done: &'static str,
    /// Members of the body.
    pub members: Map<String, Value>,
}

/// How far a call came.
struct Progress {
    matched: u64,
    done: u64,
    remaining: u64,
}

impl Change {
    async fn count(&self, client: &Client, expected_count: Option<u64>) -> Result<Answer> {
        let mut body = self.members.clone();
        body.insert("dry_run".to_owned(), json!(true));
        if let Some(expected_count) = expected_count {
            body.insert("expected_count".to_owned(), json!(expected_count));
        }
        client.post(&["events", self.call], &body).await
    }

    fn progress(&self, answer: &Answer) -> Result<Progress> {
        let reply: Value = answer.read()?;
        let number = |name: &str| reply[name].as_u64().unwrap_or(0);
        Ok(Progress { matched: number("matched"), done: number(self.done), remaining: number("remaining") })
    }
}

impl Queued {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let texts = [
            ("engine_type", &self.engine_type),
            ("event_type", &self.event_type),
            ("scenario_run_id", &self.scenario_run_id),
        ];
        texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)))
    }

    /// Which ones, behind their number in a question.
    fn in_words(&self) -> String {
        if self.all {
            return " of all queues that the token reaches".to_owned();
        }
        let named = match self.event_ids.as_slice() {
            [] => "",
            [_] => " that is named",
            _ => " of those that are named",
        };
        let texts: Vec<String> = self.texts().map(|(name, text)| format!("{name} {text:?}")).collect();
        if texts.is_empty() { named.to_owned() } else { format!("{named} with {}", texts.join(", ")) }
    }

    fn filter(&self) -> Map<String, Value> {
        let ids = (!self.event_ids.is_empty()).then(|| json!(self.event_ids));
        let texts = self.texts().map(|(name, text)| (name, json!(text)));
        let members = texts.chain(ids.map(|ids| ("event_ids", ids)));
        members.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Carries the change out. Where that takes several calls, `at_one_time` makes it one for all of them, by the time of the count.
    pub async fn change(
        &self,
        mut change: Change,
        at_one_time: impl FnOnce(&mut Map<String, Value>, DateTime<Utc>),
    ) -> Outcome {
        let filter = self.filter();
        if !self.all && filter.is_empty() {
            let which = "which ones? Name events, a filter like --scenario-run-id, or --all";
            return Err(UsageError(which.to_owned()).into());
        }
        let client = Client::new(&self.asking.server)?;
        let (name, value) = if self.all { ("all", json!(true)) } else { ("filter", json!(filter)) };
        change.members.insert(name.to_owned(), value);
        let answer = change.count(&client, self.expected_count).await?;
        let mut matched = change.progress(&answer)?.matched;
        let most = self.limit.unwrap_or(u64::MAX);
        if matched.min(most) > MAX_BULK_EVENTS.into() {
            let before = change.members.clone();
            at_one_time(&mut change.members, answer.now);
            if change.members != before {
                // Counted again: some may be so by themselves then.
                matched = change.progress(&change.count(&client, None).await?)?.matched;
            }
        }
        let total = matched.min(most);
        if self.dry_run || total == 0 {
            self.report(&change, matched, 0)?;
            return Ok(ExitCode::SUCCESS);
        }
        let events = counted(matched, "queued event");
        let events = if total < matched { format!("the oldest {total} of {events}") } else { events };
        if !self.consent.to(&format!("{} {events}{}?", change.asked, self.in_words()))? {
            output::say("nothing was done");
            return Ok(ExitCode::FAILURE);
        }
        let mut done = 0;
        let outcome = work(&client, &change, matched, total, &mut done).await;
        // What was done before a trouble is done.
        if outcome.is_ok() || done > 0 {
            self.report(&change, matched, done)?;
        }
        outcome?;
        Ok(ExitCode::SUCCESS)
    }

    fn report(&self, change: &Change, matched: u64, done: u64) -> output::Result {
        if self.asking.json {
            let report = json!({"matched": matched, change.done: done, "remaining": matched.saturating_sub(done)});
            return output::line(plain_json(&report.to_string()));
        }
        if matched == 0 || self.dry_run {
            output::line(only_counted(matched, "queued event"))
        } else if done == matched {
            output::line(format_args!("{done} {}", change.done))
        } else {
            output::line(format_args!("{done} of {matched} {}", change.done))
        }
    }
}

/// In as many calls as it takes; with a delay it is one.
async fn work(client: &Client, change: &Change, matched: u64, total: u64, done: &mut u64) -> Result<()> {
    let mut expected_count = matched;
    while *done < total {
        let mut body = change.members.clone();
        body.insert("limit".to_owned(), json!((total - *done).min(MAX_BULK_EVENTS.into())));
        body.insert("expected_count".to_owned(), json!(expected_count));
        let answer = client.post(&["events", change.call], &body).await?;
        let progress = change.progress(&answer)?;
        *done += progress.done;
        expected_count = progress.remaining;
        // With a delay, what was rescheduled matches again: one call is all, and what it passed over stays.
        if progress.done == 0 || change.members.contains_key("delay_seconds") {
            break;
        }
    }
    Ok(())
}
