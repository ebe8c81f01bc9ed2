//! `history`: how a queue, or all of them together, stood in the last hours, as a compact table.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::{from_now, in_full};
use crate::domain::spans::in_words;
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease history dialogue
  eventlease history dialogue --hours 24
  eventlease history --json";

/// Rows of the table; the steps between them follow from it.
const ROWS: u32 = 30;

const COLUMNS: [Column; 10] = [
    Column::Text("TIME"),
    Column::Number("DUE"),
    Column::Number("OLDEST DUE"),
    Column::SpareNumber("PROCESSING"),
    Column::Number("IN/S"),
    Column::Number("DONE/S"),
    Column::Number("FAILED"),
    Column::SpareNumber("LOST"),
    Column::SpareNumber("DEAD"),
    Column::SpareNumber("P99"),
];

/// The flags of `history`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct HistoryArguments {
    /// The queue; all of them together, where none is named.
    queue: Option<String>,

    /// Hours back from now.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=720))]
    hours: u32,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct History {
    from: DateTime<Utc>,
    step_seconds: u32,
    due: Vec<Option<i64>>,
    processing: Vec<Option<i64>>,
    oldest_due_age_seconds: Vec<Option<f64>>,
    enqueued: Vec<Option<i64>>,
    completed: Vec<Option<i64>>,
    failed: Vec<Option<i64>>,
    lost: Vec<Option<i64>>,
    dead_lettered: Vec<Option<i64>>,
    attempt_p99_seconds: Vec<Option<f64>>,
}

/// Asks the server, and prints a line for each step, the oldest first.
pub async fn run(arguments: &HistoryArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let client = Client::new(server)?;
    let path = match &arguments.queue {
        Some(queue) => vec!["queues", queue, "history"],
        None => vec!["history"],
    };
    // The server's clock decides what now is.
    let now = client.get(&["server"], &[]).await?.now;
    let step_seconds = (arguments.hours * 3600 / ROWS).div_ceil(60).max(1) * 60;
    let from = now - TimeDelta::hours(arguments.hours.into());
    let query = [
        ("from", Some(from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        ("to", Some(now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        ("step_seconds", Some(step_seconds.to_string())),
    ];
    let answer = client.get(&path, &query).await?;
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let history: History = answer.read()?;
    let is_measured = |due: &Option<i64>| due.is_some();
    let (first, last) = (history.due.iter().position(is_measured), history.due.iter().rposition(is_measured));
    let (Some(first), Some(last)) = (first, last) else {
        output::line("Nothing was measured in that time.")?;
        return Ok(());
    };
    let mut table = Table::new(COLUMNS);
    for place in first..=last {
        table.row(history.cells(place, answer.now));
    }
    table.print()?;
    if first > 0 {
        output::say(format_args!("nothing was measured before {}", in_full(history.begin_of(first), answer.now)));
    }
    Ok(())
}

impl History {
    fn begin_of(&self, place: usize) -> DateTime<Utc> {
        let steps = i64::try_from(place).unwrap_or(i64::MAX);
        self.from + TimeDelta::seconds(i64::from(self.step_seconds).saturating_mul(steps))
    }

    /// A line; dashes where nothing was measured. Of the step that is under way only whole minutes are measured.
    fn cells(&self, place: usize, now: DateTime<Utc>) -> [String; 10] {
        let begin = self.begin_of(place);
        let so_far = u32::try_from((now - begin).num_minutes()).unwrap_or(0).max(1).saturating_mul(60);
        let seconds = so_far.min(self.step_seconds);
        let count = |column: &[Option<i64>]| told(column.get(place).copied().flatten(), |count| count.to_string());
        let rate = |column: &[Option<i64>]| {
            #[expect(clippy::cast_precision_loss, reason = "counts of a step are far below 2^52")]
            told(column.get(place).copied().flatten(), |count| format!("{:.2}", count as f64 / f64::from(seconds)))
        };
        let span = |column: &[Option<f64>]| told(column.get(place).copied().flatten(), in_words);
        [
            from_now(begin, now),
            count(&self.due),
            span(&self.oldest_due_age_seconds),
            count(&self.processing),
            rate(&self.enqueued),
            rate(&self.completed),
            count(&self.failed),
            count(&self.lost),
            count(&self.dead_lettered),
            span(&self.attempt_p99_seconds),
        ]
    }
}

fn told<T>(value: Option<T>, words: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), words)
}
