//! `trickle`: an everyday load, far below what the server can bear. What an event costs, and how long it is on its way from
//! the POST to its engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::api::{self, Leased};
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::client::Connection;
use crate::crew::Crew;
use crate::engines::{Engine, HEARTBEAT_INTERVAL, beat};
use crate::ledger::{Ledger, UNBOUNDED};
use crate::modes::life;
use crate::outcome::Outcome;
use crate::window::measure;

const SECONDS: u32 = 15;
const QUEUES: u32 = 20;
const ENGINES: u32 = 200;
const PRODUCERS: u32 = 20;
/// All producers together send 500 events a second.
const PRODUCER_INTERVAL: Duration = Duration::from_millis(40);
const WAIT_SECONDS: u32 = 20;

pub async fn run(bench: &Bench<'_>, name: &'static str) -> Result<Outcome> {
    let ledger = Ledger::new(UNBOUNDED);
    let mut crew = begin(bench, name, &ledger).await?;

    let window = bench.conditions.window(SECONDS);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.completed()).await?;
    let (remark, pickups) = (ledger.times(), ledger.pickup_times());
    bench.print_statements(ledger.completed()).await?;
    life::end(&mut crew, &ledger).await?;
    check::every_event_ended_once(bench, &ledger, Backlog::default()).await?;

    let (events, usage) = (measured.events(), &measured.usage);
    ensure!(events > 0.0, "no event was completed: measure for longer");
    let figures = vec![
        (name, measured.rate),
        ("trickle p50", pickups.0),
        ("trickle p99", pickups.1),
        ("trickle cpu server", usage.server * 1e6 / events),
        ("trickle cpu database", usage.database * 1e6 / events),
    ];
    Ok(Outcome::new(figures, measured.usage, remark))
}

/// Engines first, then producers; the queues have `name` before their numbers.
pub async fn begin(bench: &Bench<'_>, name: &str, ledger: &Arc<Ledger>) -> Result<Crew> {
    let mut crew = Crew::default();
    let queues: Arc<[String]> = (1..=QUEUES).map(|number| format!("{name}-{number}")).collect();
    let started = Instant::now();
    let engines = bench.register(&queues, ENGINES as usize, 5).await?;
    let connections = bench.connect(engines.len()).await?;
    for (place, (engine, connection)) in (0..).zip(engines.into_iter().zip(connections)) {
        let delay = HEARTBEAT_INTERVAL * place / ENGINES;
        crew.add_engine(beat(connection, engine.id.clone(), true, delay, ledger.clone()));
        crew.add_engine(work(engine, started, ledger.clone()));
    }
    for (place, connection) in (0..).zip(bench.connect(PRODUCERS as usize).await?) {
        let delay = PRODUCER_INTERVAL * place / PRODUCERS;
        crew.add_producer(produce(connection, queues.clone(), place as usize, delay, started, ledger.clone()));
    }
    Ok(crew)
}

/// Sends an event each interval, whether or not the one before took longer, to the queues in turn.
async fn produce(
    mut connection: Connection,
    queues: Arc<[String]>,
    first: usize,
    delay: Duration,
    started: Instant,
    ledger: Arc<Ledger>,
) -> Result<()> {
    let mut times = interval_at(tokio::time::Instant::now() + delay, PRODUCER_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for queue in queues.iter().cycle().skip(first) {
        // Late by its own fault or the server's, an event is on its way since it should have been sent.
        let at = times.tick().await.into_std();
        if ledger.is_ending() {
            break;
        }
        let request = api::enqueue_at(queue, at.saturating_duration_since(started));
        connection.call(&request).await?.expect(&[201])?;
        ledger.note_enqueued(1, at);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Times {
    events: Vec<Timed>,
}

#[derive(Deserialize)]
struct Timed {
    payload: api::SentAt,
}

/// Waits for events, and completes each at once.
async fn work(mut engine: Engine, started: Instant, ledger: Arc<Ledger>) -> Result<()> {
    let poll = api::poll(&engine.queue, &engine.id, 3, WAIT_SECONDS);
    let mut completions = vec![Vec::new(); 3];
    while !ledger.is_stopping() {
        let reply = engine.connection.call(&poll).await?;
        let at = Instant::now();
        reply.expect(&[200])?;
        let (leased, times): (Leased<'_>, Times) = (api::read(reply.body)?, api::read(reply.body)?);
        for ((event, timed), completion) in leased.events.iter().zip(times.events).zip(&mut completions) {
            ledger.note_leased(event.event_id)?;
            ledger.note_picked_up(at.saturating_duration_since(started + timed.payload.since_start()));
            api::write_complete(completion, &engine.id, event);
        }
        for completion in &completions[..leased.events.len()] {
            let since = Instant::now();
            engine.connection.call(completion).await?.expect(&[200])?;
            ledger.note_completed(1, since);
        }
    }
    Ok(())
}
