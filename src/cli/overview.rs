//! `overview`: what needs attention, the totals, and the worst queues, on one page.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use super::asking::{Asking, print_answer};
use super::client::{Answer, Client};
use super::outcome::Outcome;
use super::queues::{Queue, standing_in_words, table_of};
use super::text::{cut, from_now, plain, wrapped};
use crate::domain::counted::counted;
use crate::domain::spans::in_words;
use crate::output;

const EXAMPLES: &str = "Examples:
  eventlease overview
  eventlease overview --json";

const PAGE_LINES: usize = 40;
const MAX_QUEUES: usize = 8;
/// What the table of queues takes beside their rows: an empty line, the headings, and which columns were left out.
const LINES_OF_TABLE: usize = 3;
const WIDTH: usize = 80;
const INDENT: &str = "    ";
/// Longer texts of strangers, like the reason of a pause, are cut. A statement at the end of a warning is not, whatever the names in it, nor
/// is what to do.
const MAX_SENTENCE_CHARS: usize = 450;

/// The flags of `overview`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct OverviewArguments {
    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Overview {
    as_of: DateTime<Utc>,
    attention: Vec<Item>,
    totals: Totals,
    queues: Vec<Queue>,
    database: Option<DatabaseLook>,
}

#[derive(Deserialize)]
struct Item {
    code: String,
    severity: String,
    message: String,
    what_to_do: String,
    subject: Subject,
    since: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Subject {
    engine_type: Option<String>,
}

#[derive(Deserialize)]
struct Totals {
    queues: i64,
    paused_queues: i64,
    due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    suspects: i64,
    oldest_due_age_seconds: f64,
    rates: Rates,
    slots: Slots,
    engines: Engines,
    is_approximate: bool,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as in the reply")]
struct Rates {
    enqueued_per_second: f64,
    completed_per_second: f64,
    failed_per_second: f64,
    lost_per_second: f64,
}

#[derive(Deserialize)]
struct Slots {
    total: i64,
    busy: i64,
}

#[derive(Deserialize)]
struct Engines {
    active: i64,
    draining: i64,
    unresponsive: i64,
    quarantined: i64,
}

#[derive(Deserialize)]
struct DatabaseLook {
    as_of: DateTime<Utc>,
}

/// Asks the server how everything stands.
pub async fn run(arguments: &OverviewArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let answer = Client::new(server)?.get(&["overview"], &[]).await?;
    print_answer(&answer, *json, print)
}

fn print(answer: &Answer) -> Result<(), Box<dyn std::error::Error>> {
    let overview: Overview = answer.read()?;
    let totals = totals(&overview, answer.now);
    let page = PAGE_LINES - (1 + totals.lines().count());
    let mut attention = shown_attention(&overview, answer.now, usize::MAX);
    if attention.lines().count() > page {
        // Where not all of it has room, one queue has.
        attention = shown_attention(&overview, answer.now, page - (LINES_OF_TABLE + 1));
    }
    output::line(&attention)?;
    output::line("")?;
    output::line(totals)?;
    let room = (page - attention.lines().count()).saturating_sub(LINES_OF_TABLE);
    let worst = worst(overview.queues, &overview.attention, room.min(MAX_QUEUES));
    if !worst.is_empty() {
        table_of(&worst, answer.now).print_below()?;
    }
    Ok(())
}

/// The worst first, on so many lines at most; what is beyond them is counted.
fn shown_attention(overview: &Overview, now: DateTime<Utc>, most: usize) -> String {
    if overview.attention.is_empty() {
        // An event has to wait for a while before it asks for attention.
        let standing = standing_in_words(&overview.queues);
        return standing.map_or("Nothing needs attention.".to_owned(), |standing| {
            wrapped(&format!("Nothing needs attention yet; {standing}."), INDENT, WIDTH)
        });
    }
    let mut shown = String::new();
    let mut lines = 0;
    for (place, item) in overview.attention.iter().enumerate() {
        let message = cut(&item.message, MAX_SENTENCE_CHARS);
        let (message, to_do) = (plain(&message), plain(&item.what_to_do));
        let (severity, code, since) = (item.severity.to_uppercase(), plain(&item.code), from_now(item.since, now));
        let what = wrapped(&format!("{} {code} ({since}): {message}", plain(&severity)), INDENT, WIDTH);
        let to_do = wrapped(&format!("-> {to_do}"), INDENT, WIDTH - INDENT.len());
        // What helps against several is said once, below the last of them.
        let is_said_below = overview.attention.get(place + 1).is_some_and(|next| next.what_to_do == item.what_to_do);
        let text = if is_said_below { format!("{what}\n") } else { format!("{what}\n{INDENT}{to_do}\n") };
        lines += text.lines().count();
        // One line is for the count of the others.
        if lines + 1 > most {
            let more = overview.attention.len() - place;
            writeln!(shown, "and {more} more: eventlease overview --json").expect("a text takes whatever is written");
            break;
        }
        shown.push_str(&text);
    }
    shown.truncate(shown.trim_end().len());
    shown
}

fn totals(overview: &Overview, now: DateTime<Utc>) -> String {
    let Totals { queues, paused_queues, due, delayed, processing, dead_letters, suspects, .. } = &overview.totals;
    let Totals { oldest_due_age_seconds, rates, slots, engines, is_approximate, .. } = &overview.totals;
    let about = if *is_approximate { "about " } else { "" };
    let database = overview.database.as_ref().map(|look| format!(", database {}", from_now(look.as_of, now)));
    let oldest =
        if *due > 0 { format!(", the oldest for {}", in_words(*oldest_due_age_seconds)) } else { String::new() };
    let lines = [
        format!(
            "measured {}{}; {}, {paused_queues} paused",
            from_now(overview.as_of, now),
            database.unwrap_or_default(),
            counted(*queues, "queue")
        ),
        format!(
            "{about}{due} due{oldest}, {delayed} delayed, {processing} processing, {}, {}",
            counted(*dead_letters, "dead letter"),
            counted(*suspects, "suspect")
        ),
        format!(
            "{:.2} enqueued, {:.2} completed, {:.2} failed, {:.2} lost per second",
            rates.enqueued_per_second, rates.completed_per_second, rates.failed_per_second, rates.lost_per_second
        ),
        format!(
            "engines: {} active, {} draining, {} unresponsive, {} quarantined; {} of {} busy",
            engines.active,
            engines.draining,
            engines.unresponsive,
            engines.quarantined,
            slots.busy,
            counted(slots.total, "slot")
        ),
    ];
    lines.map(|line| wrapped(&line, INDENT, WIDTH)).join("\n")
}

/// Queues that need attention, in its order, then those whose events have waited for longest.
fn worst(mut queues: Vec<Queue>, attention: &[Item], most: usize) -> Vec<Queue> {
    let place = |queue: &Queue| {
        let of_queue = |item: &Item| item.subject.engine_type.as_deref() == Some(queue.engine_type.as_str());
        attention.iter().position(of_queue).unwrap_or(usize::MAX)
    };
    queues.retain(|queue| place(queue) < usize::MAX || queue.badness().1 > 0);
    queues.sort_by(|a, b| {
        let (worse_a, worse_b) = (a.badness(), b.badness());
        place(a).cmp(&place(b)).then(worse_b.0.total_cmp(&worse_a.0)).then(worse_b.1.cmp(&worse_a.1))
    });
    queues.truncate(most);
    queues
}
