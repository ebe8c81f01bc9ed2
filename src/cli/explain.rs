//! `explain`: why an event is not worked on, or why a queue grows, in sentences.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Deserialize;
use uuid::Uuid;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::Outcome;
use super::text::{cut, from_now, in_full, plain, wrapped};
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease explain 01a20093-1ca2-7da5-8000-86c2b092a5fc
  eventlease explain dialogue
  eventlease explain dialogue --json";

/// With what stands around them, the reasons fit on 40 lines.
const MAX_LINES: usize = 34;
const WIDTH: usize = 80;
const INDENT: &str = "    ";
/// Longer texts of others, like the reason of a pause, are cut.
const MAX_SENTENCE_CHARS: usize = 300;

/// The flags of `explain`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArguments {
    /// The id of an event, or the name of a queue.
    event_or_queue: String,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Explanation {
    measured_at: Option<DateTime<Utc>>,
    verdict: Verdict,
    reasons: Vec<Reason>,
    expected_start_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Verdict {
    code: String,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    message: String,
    until: Option<DateTime<Utc>>,
    what_to_do: Option<String>,
    is_decisive: bool,
}

/// Asks the server.
pub async fn run(arguments: &ExplainArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let name = arguments.event_or_queue.as_str();
    let kind = if Uuid::try_parse(name).is_ok() { "events" } else { "queues" };
    let answer = Client::new(server)?.get(&[kind, name, "explain"], &[]).await?;
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let explanation: Explanation = answer.read()?;
    output::line(shown(&explanation, answer.now))?;
    Ok(())
}

/// The reason that decides first, then the others in their order.
fn shown(explanation: &Explanation, now: DateTime<Utc>) -> String {
    let decides = |reason: &&Reason| reason.code == explanation.verdict.code;
    let mut lines: Vec<String> = Vec::new();
    let verdict = explanation.reasons.iter().position(|reason| decides(&reason));
    let others = explanation.reasons.iter().enumerate().filter(|(place, _)| Some(*place) != verdict);
    let in_order = verdict.map(|place| &explanation.reasons[place]).into_iter().chain(others.map(|(_, reason)| reason));
    for (place, reason) in in_order.enumerate() {
        let text = reason.shown(place == 0, now);
        if lines.len() + text.len() > MAX_LINES {
            lines.push(format!("and {} more: with --json", explanation.reasons.len() - place));
            break;
        }
        lines.extend(text);
    }
    if let Some(at) = explanation.expected_start_at {
        lines.push(format!("expected to be leased: {}", in_full(at, now)));
    }
    // What was counted for the reply needs no time.
    if let Some(at) = explanation.measured_at.filter(|at| now - *at >= TimeDelta::seconds(1)) {
        lines.push(format!("the waiting events of the queue were counted {}", from_now(at, now)));
    }
    lines.join("\n")
}

impl Reason {
    /// Its lines. What decides has a sign: two where it is the verdict.
    fn shown(&self, is_verdict: bool, now: DateTime<Utc>) -> Vec<String> {
        let sign = match (is_verdict, self.is_decisive) {
            (true, _) => ">>",
            (false, true) => "> ",
            (false, false) => "- ",
        };
        let sentence = |text: &str| plain(&cut(text, MAX_SENTENCE_CHARS)).into_owned();
        let until = self.until.map(|at| format!(" ({})", ends(at, now))).unwrap_or_default();
        let what = wrapped(&format!("{}{until}: {}", plain(&self.code), sentence(&self.message)), "   ", WIDTH - 3);
        let mut lines: Vec<String> = format!("{sign} {what}").lines().map(str::to_owned).collect();
        if let Some(what_to_do) = &self.what_to_do {
            let to_do = wrapped(&format!("-> {}", sentence(what_to_do)), INDENT, WIDTH - INDENT.len());
            lines.extend(format!("{INDENT}{to_do}").lines().map(str::to_owned));
        }
        lines
    }
}

fn ends(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at > now { format!("ends {}", from_now(at, now)) } else { format!("ended {}", from_now(at, now)) }
}
