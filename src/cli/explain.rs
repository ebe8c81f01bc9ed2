//! `explain`: why an event is not worked on, or why a queue grows, in sentences.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Deserialize;
use uuid::Uuid;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client, Error};
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
/// Longer texts of others, like the reason of a pause, are cut. What to do is not: it ends with a command.
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
    message: String,
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
    let client = Client::new(server)?;
    let is_id = Uuid::try_parse(name).is_ok();
    let kind = if is_id { "events" } else { "queues" };
    let answer = match client.get(&[kind, name, "explain"], &[]).await {
        // A queue may be named like that, too.
        Err(Error::Problem(problem)) if is_id && problem.is_not_found() => {
            let of_queue = client.get(&["queues", name, "explain"], &[]).await;
            of_queue.map_err(|_| Error::Problem(problem))?
        }
        answer => answer?,
    };
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let explanation: Explanation = answer.read()?;
    output::line(shown(&explanation, answer.now))?;
    Ok(())
}

/// The reason that decides first, then the others in their order.
fn shown(explanation: &Explanation, now: DateTime<Utc>) -> String {
    // Several reasons may have one code.
    let Verdict { code, message } = &explanation.verdict;
    let decides = |reason: &&Reason| reason.code == *code && reason.message == *message;
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
        let message = cut(&self.message, MAX_SENTENCE_CHARS);
        let until = self.until.map(|at| format!(" ({})", ends(at, now))).unwrap_or_default();
        let what = wrapped(&format!("{}{until}: {}", plain(&self.code), plain(&message)), "   ", WIDTH - 3);
        let mut lines: Vec<String> = format!("{sign} {what}").lines().map(str::to_owned).collect();
        if let Some(what_to_do) = &self.what_to_do {
            let to_do = wrapped(&format!("-> {}", plain(what_to_do)), INDENT, WIDTH - INDENT.len());
            lines.extend(format!("{INDENT}{to_do}").lines().map(str::to_owned));
        }
        lines
    }
}

fn ends(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at > now { format!("ends {}", from_now(at, now)) } else { format!("ended {}", from_now(at, now)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown_of(reasons: &serde_json::Value, verdict: &serde_json::Value) -> String {
        let explanation =
            json!({"measured_at": null, "verdict": verdict, "reasons": reasons, "expected_start_at": null});
        shown(&serde_json::from_value(explanation).expect("an explanation"), DateTime::UNIX_EPOCH)
    }

    fn reason(code: &str, message: &str, what_to_do: &str, is_decisive: bool) -> serde_json::Value {
        json!({"code": code, "message": message, "until": null, "what_to_do": what_to_do, "is_decisive": is_decisive})
    }

    #[test]
    fn the_verdict_stands_first_also_where_another_reason_has_its_code() {
        let reasons = json!([
            reason("database", "the standby is asynchronous", "look", false),
            reason("database", "it takes no writes", "look", true),
        ]);
        let shown = shown_of(&reasons, &json!({"code": "database", "message": "it takes no writes"}));
        assert!(shown.starts_with(">> database: it takes no writes\n"), "{shown}");
        assert!(shown.contains("\n-  database: the standby is asynchronous"), "{shown}");
    }

    #[test]
    fn what_to_do_is_never_cut() {
        let command =
            format!("eventlease queues lift {} --engine-software-version '{}'", "q".repeat(64), "v ".repeat(150));
        let what_to_do = format!("deploy another version, or: {command}");
        let reasons = json!([reason("none_active", &"long ".repeat(99), &what_to_do, true)]);
        let shown = shown_of(&reasons, &json!({"code": "none_active", "message": "long ".repeat(99)}));
        let unfolded = shown.replace(" \\\n    ", " ");
        assert!(shown.contains('…') && unfolded.ends_with(&command), "{shown}");
    }
}
