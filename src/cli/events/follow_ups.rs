//! The follow-up events that the completion of an event enqueued.

use serde::Deserialize;

use crate::cli::table::{Column, Table};
use crate::output;

/// What became of one, as the server describes it.
#[derive(Deserialize)]
pub struct FollowUp {
    event_id: Option<String>,
    duplicate_of: Option<String>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

const COLUMNS: [Column; 2] = [Column::Text("FOLLOW-UP"), Column::Text("OUTCOME")];

/// A table of them, where there are any.
pub fn print(follow_ups: Vec<FollowUp>) -> output::Result {
    if follow_ups.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(COLUMNS);
    for follow_up in follow_ups {
        let outcome = match (follow_up.error, follow_up.duplicate_of) {
            (Some(refusal), _) => refusal.detail,
            (None, Some(key)) => format!("was there before, by its {key}"),
            (None, None) => "enqueued".to_owned(),
        };
        table.row([follow_up.event_id.unwrap_or_else(|| "-".to_owned()), outcome]);
    }
    table.print_below()
}
