//! The commands for operators: the program itself, against a server.

mod audit;
mod cancel;
mod dead_letters;
mod doctor;
mod drain;
mod events;
mod lists;
mod narrow;
mod night;
mod overview;
mod quarantines;
mod redrive_jobs;
mod roles;
mod runs;
mod settings;
mod stranger;
mod terminal;
mod trouble;
mod whoami;

use serde_json::{Value, json};

use crate::cli::program::{Ended, run_beside};
use crate::support::Lab;

/// Clears the screen, sets a colour the old way, and turns the direction of writing.
const HOSTILE: &str = "boom \u{1b}[2J\u{9b}31m\u{202e}gnp.exe\r\nnext";

/// Runs the program, like `queues --json`, against the lab's server.
async fn ask(lab: &Lab, command: &str) -> Ended {
    ask_at(&lab.url, command).await
}

async fn ask_at(url: &str, command: &str) -> Ended {
    let arguments = command.split_whitespace().chain(["--url", url]);
    run_beside(arguments.map(str::to_owned).collect()).await
}

/// What it printed, where it went well and had nothing to say beside.
#[track_caller]
fn printed(ended: Ended) -> String {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    ended.stdout
}

#[track_caller]
fn printed_json(ended: Ended) -> Value {
    let text = printed(ended);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What it said was wrong.
#[track_caller]
fn refused(ended: Ended) -> String {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    ended.stderr
}

/// The cells of a table's row that has this text, by the headings above them.
#[track_caller]
fn row_with(table: &str, text: &str) -> Vec<(String, String)> {
    let mut lines = table.lines();
    let headings = lines.next().expect("headings");
    let row = lines.find(|line| line.contains(text)).unwrap_or_else(|| panic!("no row has {text}: {table}"));
    let cells = |line: &str| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    cells(headings).into_iter().zip(cells(row)).collect()
}

fn cell<'a>(row: &'a [(String, String)], heading: &str) -> &'a str {
    let found = row.iter().find(|(known, _)| known == heading);
    &found.unwrap_or_else(|| panic!("no {heading} in {row:?}")).1
}

/// Makes a dead letter of `dialogue`, and answers its id.
async fn make_dead_letter(lab: &Lab, engine: &str, error: Value) -> String {
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false, "error": error})).await.expect(200);
    event_id
}

/// Nothing that a terminal acts upon, but the ends of lines.
#[track_caller]
fn assert_harmless(text: &str) {
    let active = text.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
    assert_eq!(active, None, "{text:?}");
}
