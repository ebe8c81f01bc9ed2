//! `pickup`: one POST into an idle queue with a waiting engine, from sending it to the engine's reply.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::api::{self, Leased};
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::engines::Engine;
use crate::ledger::{Ledger, UNBOUNDED};
use crate::outcome::Outcome;

const SECONDS: u32 = 8;
/// For the engine's poll to be parked.
const PARKING: Duration = Duration::from_millis(5);
/// Not measured.
const FIRST_TRIES: u32 = 50;

pub async fn run(bench: &Bench<'_>, queue: &str) -> Result<Outcome> {
    let ledger = Ledger::new(UNBOUNDED);
    let mut producer = bench.connect(1).await?.remove(0);
    let Engine { id, mut connection, .. } = bench.register(&[queue.to_owned()], 1, 5).await?.remove(0);
    let (enqueue, poll) = (api::enqueue(queue), api::poll(queue, &id, 3, 20));
    let mut completion = Vec::new();
    let mut tries = 0;

    let meter = bench.meter();
    let before = meter.read().await?;
    let started = Instant::now();
    while started.elapsed() < bench.conditions.window(SECONDS) {
        let picked_up = async {
            let reply = connection.call(&poll).await?;
            let at = Instant::now();
            reply.expect(&[200])?;
            let leased: Leased<'_> = api::read(reply.body)?;
            ensure!(leased.events.len() == 1, "{} events for one POST", leased.events.len());
            ledger.note_leased(leased.events[0].event_id)?;
            api::write_complete(&mut completion, &id, &leased.events[0]);
            Ok(at)
        };
        let posted = async {
            sleep(PARKING).await;
            let sent = Instant::now();
            producer.call(&enqueue).await?.expect(&[201])?;
            ledger.note_enqueued(1, sent);
            Ok(sent)
        };
        let (at, sent) = tokio::try_join!(picked_up, posted)?;
        ledger.note_picked_up(at - sent);
        let since = Instant::now();
        connection.call(&completion).await?.expect(&[200])?;
        ledger.note_completed(1, since);
        tries += 1;
        if tries == FIRST_TRIES {
            ledger.forget_times();
        }
    }
    let usage = meter.read().await? - before;
    bench.print_statements(ledger.completed()).await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;
    ensure!(tries > FIRST_TRIES, "all {tries} tries went into warming up: measure for longer");
    let ((pickup_p50, pickup_p99), (post_p50, post_p99)) = (ledger.pickup_times(), ledger.enqueue_times());
    let figures = vec![
        ("pickup p50", pickup_p50),
        ("pickup p99", pickup_p99),
        ("pickup POST p50", post_p50),
        ("pickup POST p99", post_p99),
    ];
    let remark = format!("ms at the median, {} tries; {}", tries - FIRST_TRIES, ledger.times());
    Ok(Outcome::new(figures, usage, remark))
}
