//! `redrive` and `purge` of many by a filter: counted first, then asked about, then done to as many as were shown.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::filter::Filter;
use super::job_flags::{JobFlags, json_text};
use crate::cli::asking::Asking;
use crate::cli::client::{Client, Result};
use crate::cli::confirm::Consent;
use crate::cli::outcome::{Outcome, UsageError, only_counted};
use crate::cli::text::{plain, plain_json};
use crate::domain::counted::counted;
use crate::domain::limits::{MAX_BULK_DEAD_LETTERS, MAX_DONE_DEAD_LETTERS_TOLD};
use crate::output;

const REDRIVE_EXAMPLES: &str = "Examples:
  eventlease dead-letters redrive --engine-type dialogue --spread-seconds 600
  eventlease dead-letters redrive --engine-type dialogue --canary 10 --rate 5 --stop-at 0.2 --wait";

/// The flags of `dead-letters redrive`.
#[derive(Args, Debug)]
#[command(after_help = REDRIVE_EXAMPLES)]
pub struct RedriveArguments {
    /// The dead letters that are meant.
    #[command(flatten)]
    pub which: Which,

    /// What becomes different about them.
    #[command(flatten)]
    pub overrides: Overrides,

    /// They become due evenly over that many seconds.
    #[arg(long, default_value_t = 0, conflicts_with = "event_ids")]
    pub spread_seconds: u64,

    /// Another payload, in JSON: it makes a new event of the one dead letter that is named.
    #[arg(long, requires = "event_ids", conflicts_with_all = ["Filter", "all"], value_parser = json_text)]
    pub payload: Option<Box<RawValue>>,

    /// Have the server do it as a job.
    #[command(flatten)]
    pub job: JobFlags,

    /// The server, and how its reply is shown.
    #[command(flatten)]
    pub asking: Asking,
}

/// What a redrive changes.
#[derive(Args, Debug)]
pub struct Overrides {
    /// Another priority, 0 to 9.
    #[arg(long)]
    pub priority: Option<u8>,

    /// Seconds until the first one is due.
    #[arg(long, default_value_t = 0)]
    pub delay_seconds: u64,

    /// Another visibility timeout.
    #[arg(long)]
    pub visibility_timeout_seconds: Option<u32>,

    /// Another retry policy, in JSON, like `{"max_retries": 1}`.
    #[arg(long, value_parser = json_text)]
    pub retry_policy: Option<Box<RawValue>>,
}

/// The flags of `dead-letters purge`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease dead-letters purge --dead-lettered-before 2030-01-01T00:00:00Z")]
pub struct PurgeArguments {
    /// The dead letters that are meant.
    #[command(flatten)]
    pub which: Which,

    /// The server, and how its reply is shown.
    #[command(flatten)]
    pub asking: Asking,
}

/// Which ones: those that are named, those of a filter, or all.
#[derive(Args, Debug)]
pub struct Which {
    /// These, one by one.
    #[arg(conflicts_with_all = ["Filter", "all", "limit", "dry_run", "expected_count"])]
    pub event_ids: Vec<String>,

    /// Every dead letter that the token reaches.
    #[arg(long, conflicts_with = "Filter")]
    pub all: bool,

    /// Those of a filter.
    #[command(flatten)]
    pub filter: Filter,

    /// The oldest so many; more than 10000 are done in several calls. [default: all that match]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Count, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// If another number matches, change nothing.
    #[arg(long)]
    pub expected_count: Option<u64>,

    /// The flag that skips the question.
    #[command(flatten)]
    pub consent: Consent,
}

impl Which {
    /// By their ids, not by a filter.
    pub const fn are_named(&self) -> bool {
        !self.event_ids.is_empty()
    }

    /// Refuses flags that name none.
    pub fn check(&self) -> std::result::Result<(), UsageError> {
        if self.all || !self.filter.is_empty() {
            return Ok(());
        }
        Err(UsageError("which ones? Name events, a filter like --engine-type, or --all".to_owned()))
    }

    /// So many of them, in words.
    pub fn in_words(&self, matched: u64, total: u64) -> String {
        let letters = counted(matched, "dead letter");
        let letters = if total < matched { format!("the oldest {total} of {letters}") } else { letters };
        if self.all {
            format!("{letters} of all queues that the token reaches")
        } else {
            format!("{letters} with {}", self.filter.in_words())
        }
    }
}

/// Both calls' bodies.
#[derive(Default, Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<&'a RawValue>,
}

/// Both calls' replies: how far one came.
#[derive(Deserialize)]
struct Progress {
    matched: u64,
    #[serde(alias = "redriven", alias = "purged")]
    done: u64,
    remaining: u64,
    /// Left as they are, by the code of why; a server of an older version does not say it.
    #[serde(default)]
    skipped: BTreeMap<String, u64>,
    /// A server of an older version does not say it.
    #[serde(default)]
    event_ids: Vec<String>,
}

/// What all calls together have done.
#[derive(Default)]
struct Done {
    count: u64,
    /// Left as they are, by the code of why.
    skipped: BTreeMap<String, u64>,
    /// The first of them.
    event_ids: Vec<String>,
}

/// One of the two verbs.
struct Verb<'a> {
    path: &'static str,
    /// For questions: `Redrive`.
    name: &'static str,
    /// For reports: `redriven`.
    past: &'static str,
    overrides: Option<&'a Overrides>,
    schedule: Schedule,
    which: &'a Which,
}

/// When the redriven ones become due.
#[derive(Clone, Copy, Default)]
struct Schedule {
    delay_seconds: u64,
    spread_seconds: u64,
}

impl Schedule {
    /// For the dead letters from `done` on, `count` of them, of `total`: so that several calls spread like one.
    fn part(self, done: u64, count: u64, total: u64) -> (u64, u64) {
        let share = |of: u64| self.spread_seconds * of / total.max(1);
        (self.delay_seconds + share(done), share(done + count) - share(done))
    }
}

/// Redrives all that match, in calls of limited size.
pub async fn redrive(arguments: &RedriveArguments) -> Outcome {
    let verb = Verb {
        path: "redrive",
        name: "Redrive",
        past: "redriven",
        overrides: Some(&arguments.overrides),
        schedule: Schedule {
            delay_seconds: arguments.overrides.delay_seconds,
            spread_seconds: arguments.spread_seconds,
        },
        which: &arguments.which,
    };
    verb.run(&arguments.asking).await
}

/// Removes all that match, in calls of limited size.
pub async fn purge(arguments: &PurgeArguments) -> Outcome {
    let verb = Verb {
        path: "purge",
        name: "Remove for good",
        past: "purged",
        overrides: None,
        schedule: Schedule::default(),
        which: &arguments.which,
    };
    verb.run(&arguments.asking).await
}

impl Verb<'_> {
    async fn run(&self, asking: &Asking) -> Outcome {
        self.which.check()?;
        let client = Client::new(&asking.server)?;
        let matched = self.count(&client).await?;
        let total = matched.min(self.which.limit.unwrap_or(u64::MAX));
        if self.which.dry_run || total == 0 {
            self.report(asking.json, matched, &Done::default())?;
            return Ok(ExitCode::SUCCESS);
        }
        if !self.which.consent.to(&self.question(matched, total))? {
            output::say("nothing was done");
            return Ok(ExitCode::FAILURE);
        }
        let mut done = Done::default();
        let outcome = self.work(&client, matched, total, &mut done).await;
        // What was done before a trouble is done.
        if outcome.is_ok() || done.count > 0 {
            self.report(asking.json, matched, &done)?;
        }
        outcome?;
        Ok(ExitCode::SUCCESS)
    }

    /// In as many calls as it takes.
    async fn work(&self, client: &Client, matched: u64, total: u64, done: &mut Done) -> Result<()> {
        let mut expected_count = matched;
        while done.count < total {
            let count = (total - done.count).min(MAX_BULK_DEAD_LETTERS.into());
            let mut body = self.body(Some(expected_count));
            body.limit = Some(count);
            if let Some(overrides) = self.overrides {
                let (delay_seconds, spread_seconds) = self.schedule.part(done.count, count, total);
                body.delay_seconds = Some(delay_seconds);
                body.spread_seconds = Some(spread_seconds);
                body.priority = overrides.priority;
                body.visibility_timeout_seconds = overrides.visibility_timeout_seconds;
                body.retry_policy = overrides.retry_policy.as_deref();
            }
            let progress = self.call(client, &body).await?;
            done.count += progress.done;
            let room = MAX_DONE_DEAD_LETTERS_TOLD.saturating_sub(done.event_ids.len());
            done.event_ids.extend(progress.event_ids.into_iter().take(room));
            // What was skipped is met again by the next call: its count says it all.
            done.skipped = progress.skipped;
            expected_count = progress.remaining;
            if progress.done == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn count(&self, client: &Client) -> Result<u64> {
        let body = Body { dry_run: true, ..self.body(self.which.expected_count) };
        Ok(self.call(client, &body).await?.matched)
    }

    fn body(&self, expected_count: Option<u64>) -> Body<'_> {
        let (all, filter) = if self.which.all { (Some(true), None) } else { (None, Some(self.which.filter.body())) };
        Body { all, filter, expected_count, ..Body::default() }
    }

    async fn call(&self, client: &Client, body: &Body<'_>) -> Result<Progress> {
        client.post(&["dead-letters", self.path], body).await?.read()
    }

    fn question(&self, matched: u64, total: u64) -> String {
        format!("{} {}?", self.name, self.which.in_words(matched, total))
    }

    fn report(&self, is_json: bool, matched: u64, done: &Done) -> output::Result {
        let Done { count, skipped, event_ids } = done;
        let passed_over: u64 = skipped.values().sum();
        if is_json {
            let remaining = matched.saturating_sub(*count);
            let mut report =
                json!({"matched": matched, self.past: count, "remaining": remaining, "event_ids": event_ids});
            if passed_over > 0 {
                report["skipped"] = json!(skipped);
            }
            return output::line(plain_json(&report.to_string()));
        }
        if matched == 0 || self.which.dry_run {
            output::line(only_counted(matched, "dead letter"))
        } else if *count == matched {
            output::line(format_args!("{count} {}", self.past))
        } else if passed_over > 0 {
            let causes = skipped.iter().filter(|(_, count)| **count > 0).map(|(code, count)| format!("{count} {code}"));
            let (past, causes) = (self.past, causes.collect::<Vec<_>>().join(", "));
            output::line(plain(&format!("{count} of {matched} {past}; skipped: {causes}")))
        } else {
            output::line(format_args!("{count} of {matched} {}", self.past))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn several_calls_spread_like_one() {
        let schedule = Schedule { delay_seconds: 5, spread_seconds: 3600 };
        assert_eq!(schedule.part(0, 25_000, 25_000), (5, 3600));
        let parts =
            [(0, 10_000), (10_000, 10_000), (20_000, 5000)].map(|(done, count)| schedule.part(done, count, 25_000));
        assert_eq!(parts, [(5, 1440), (1445, 1440), (2885, 720)]);
        assert_eq!(Schedule { delay_seconds: 0, spread_seconds: 0 }.part(0, 1, 1), (0, 0));
    }
}
