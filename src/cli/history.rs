//! `history`: how a queue, or all of them together, stood in the last hours, as a compact table.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::Outcome;
use super::table::{Column, Table};
use super::text::from_now;
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
    // The step that is under way would look as if less happened in it.
    let to = now - TimeDelta::seconds(now.timestamp().rem_euclid(step_seconds.into()));
    let from = to - TimeDelta::hours(arguments.hours.into());
    let query = [
        ("from", Some(from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        ("to", Some(to.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        ("step_seconds", Some(step_seconds.to_string())),
    ];
    let answer = client.get(&path, &query).await?;
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let history: History = answer.read()?;
    if history.due.iter().all(Option::is_none) {
        output::line("Nothing was measured in that time.")?;
        return Ok(());
    }
    let mut table = Table::new(&COLUMNS);
    for place in 0..history.due.len() {
        let at = history.from + TimeDelta::seconds(i64::from(history.step_seconds)) * i32::try_from(place)?;
        table.row(history.cells(place, from_now(at, answer.now)));
    }
    table.print()?;
    Ok(())
}

impl History {
    /// A line; dashes where nothing was measured.
    fn cells(&self, place: usize, time: String) -> [String; 10] {
        let count = |column: &[Option<i64>]| told(column.get(place).copied().flatten(), |count| count.to_string());
        let rate = |column: &[Option<i64>]| {
            #[expect(clippy::cast_precision_loss, reason = "counts of a step are far below 2^52")]
            told(column.get(place).copied().flatten(), |count| {
                format!("{:.2}", count as f64 / f64::from(self.step_seconds))
            })
        };
        let span = |column: &[Option<f64>]| told(column.get(place).copied().flatten(), in_words);
        [
            time,
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
