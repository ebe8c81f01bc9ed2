//! `engines summary`: how many engines do what.

use clap::Args;
use serde::Deserialize;

use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::Outcome;
use crate::cli::table::{Column, Table};
use crate::output;

/// The flags of `engines summary`.
#[derive(Args, Debug)]
pub struct SummaryArguments {
    /// Only of that type.
    #[arg(long)]
    engine_type: Option<String>,

    #[command(flatten)]
    asking: Asking,
}

#[derive(Deserialize)]
struct Summary {
    groups: Vec<Group>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Group {
    engine_type: String,
    engine_software_version: Option<String>,
    status: String,
    engines: i64,
    idle: i64,
    full: i64,
    zombie: i64,
    holding_off: i64,
    quarantined: i64,
    leases_held: i64,
}

const COLUMNS: [Column; 10] = [
    Column::Text("TYPE"),
    Column::Text("VERSION"),
    Column::Text("STATUS"),
    Column::Number("ENGINES"),
    Column::Number("ZOMBIE"),
    Column::SpareNumber("IDLE"),
    Column::SpareNumber("FULL"),
    Column::SpareNumber("HOLDING OFF"),
    Column::SpareNumber("QUARANTINED"),
    Column::SpareNumber("HELD"),
];

/// Carries out the command.
pub async fn summarize(arguments: &SummaryArguments) -> Outcome {
    let Asking { server, json } = &arguments.asking;
    let query = [("engine_type", arguments.engine_type.clone())];
    let answer = Client::new(server)?.get(&["engines", "summary"], &query).await?;
    print_answer(&answer, *json, |answer| {
        let summary: Summary = answer.read()?;
        let mut table = Table::new(COLUMNS);
        for group in &summary.groups {
            let counts = [
                group.engines,
                group.zombie,
                group.idle,
                group.full,
                group.holding_off,
                group.quarantined,
                group.leases_held,
            ];
            let version = group.engine_software_version.clone().unwrap_or_else(|| "-".to_owned());
            let names = [group.engine_type.clone(), version, group.status.clone()];
            table.row(names.into_iter().chain(counts.map(|count| count.to_string())));
        }
        table.print()?;
        if summary.groups.is_empty() {
            output::say("no engines");
        } else if summary.has_more {
            output::say("there are more groups; name one type with --engine-type");
        }
        Ok(())
    })
}
