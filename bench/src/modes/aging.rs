//! `steady`, `old-snapshot`: `life-3` for two minutes with failures and lost events, and the same while another session
//! holds the snapshot it began with.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::life::{self, ONE_BY_ONE, Shape, Way};
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::postgres::SERVICE_DATABASE;
use crate::snapshot::Snapshot;
use crate::window::measure;

const SECONDS: u32 = 120;

/// Lost events come back after the visibility timeout of 30 s. Before that there is less to do, and a first quarter that
/// began earlier would be faster for that reason.
const UNTIL_LOST_EVENTS_COME_BACK: Duration = Duration::from_secs(35);

/// At 9,000 events a second 2,700 lost ones are leased at any time: more than 256 engines may hold.
const SHAPE: Shape = Shape { engines: 1024, way: Way::WithFaults, max_outstanding: 8192, ..ONE_BY_ONE };

/// The metrics: the rate, that of the first quarter, that of the last.
pub type Names = [&'static str; 3];
pub const WITHOUT: Names = ["steady", "steady, first quarter", "steady, last quarter"];
pub const WITH: Names = ["old-snapshot", "old-snapshot, first quarter", "old-snapshot, last quarter"];

pub async fn run(bench: &Bench<'_>, names: Names, is_held: bool) -> Result<Outcome> {
    let ledger = Ledger::new(SHAPE.max_outstanding);
    let snapshot = if is_held { Some(Snapshot::take(bench.postgres, SERVICE_DATABASE).await?) } else { None };
    let mut crew = life::begin(bench, names[0], &SHAPE, &ledger).await?;
    let window = bench.conditions.window(SECONDS);
    crew.during(sleep(UNTIL_LOST_EVENTS_COME_BACK.min(window))).await?;
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.completed()).await?;
    if let Some(snapshot) = snapshot {
        snapshot.release().await?;
    }
    let remark = format!(
        "{}, {} turned away, {} failed, {} abandoned",
        ledger.times(),
        ledger.turned_away(),
        ledger.failed(),
        ledger.abandoned()
    );
    bench.print_statements(ledger.completed()).await?;
    life::end(&mut crew, &ledger).await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;
    let rates = [measured.rate, measured.first_quarter, measured.last_quarter];
    Ok(Outcome::new(names.into_iter().zip(rates).collect(), measured.usage, remark))
}
