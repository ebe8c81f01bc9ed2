//! `idle`, `heartbeats`: what engines cost that have nothing to do.

use std::mem;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::bench::Bench;
use crate::crew::Crew;
use crate::engines::{Engine, HEARTBEAT_INTERVAL, beat};
use crate::ledger::{Ledger, UNBOUNDED};
use crate::outcome::Outcome;
use crate::window::measure;

pub struct Shape {
    engines: u32,
    queues: u32,
    /// Whether each has a poll waiting, beside its heartbeats.
    are_waiting: bool,
    /// Whether heartbeats say what the engine is at.
    have_load: bool,
    seconds: u32,
}

/// The window holds one poll of each engine, and two heartbeats.
pub const PARKED: Shape = Shape { engines: 1000, queues: 20, are_waiting: true, have_load: false, seconds: 30 };
pub const BEATING: Shape = Shape { engines: 5000, queues: 1, are_waiting: false, have_load: true, seconds: 20 };

pub async fn run(bench: &Bench<'_>, name: &str, shape: &Shape) -> Result<Outcome> {
    let ledger = Ledger::new(UNBOUNDED);
    let queues: Vec<String> = (1..=shape.queues).map(|number| format!("{name}-{number}")).collect();
    let mut engines = bench.register(&queues, shape.engines as usize, 5).await?;
    let mut crew = Crew::default();
    if shape.are_waiting {
        let connections = bench.connect(engines.len()).await?;
        // Polls that begin together also end together, and one claim would serve them all.
        for (place, (engine, connection)) in (0..).zip(engines.iter_mut().zip(connections)) {
            let delay = HEARTBEAT_INTERVAL * place / shape.engines;
            let (id, queue) = (engine.id.clone(), engine.queue.clone());
            let poller = mem::replace(engine, Engine { id, queue, connection });
            crew.add_engine(poller.waiting(3, delay, ledger.clone()));
        }
    }
    for (place, engine) in (0..).zip(engines) {
        let delay = HEARTBEAT_INTERVAL * place / shape.engines;
        crew.add_engine(beat(engine.connection, engine.id, shape.have_load, delay, ledger.clone()));
    }

    // The first interval is for warming up, too: everybody's first call costs more.
    crew.during(sleep(HEARTBEAT_INTERVAL)).await?;
    bench.postgres.forget_statements().await?;
    let window = bench.conditions.window(shape.seconds);
    let measured = measure(&bench.meter(), &mut crew, &ledger, window, || ledger.heartbeats()).await?;
    bench.print_statements(ledger.heartbeats()).await?;
    engines_are_well(bench, shape.engines).await?;
    ledger.stop_all();

    let usage = measured.usage;
    let percent = |seconds: f64| 100.0 * seconds / usage.seconds;
    let (server, database) = (percent(usage.server), percent(usage.database));
    let figures = if shape.are_waiting {
        let mut figures = vec![("idle server", server), ("idle database", database)];
        figures.extend(usage.statements.map(|statements| ("idle statements", statements / usage.seconds)));
        figures
    } else {
        vec![("heartbeats in all", server + database), ("heartbeats server", server), ("heartbeats database", database)]
    };
    let remark = format!("% of a core; {:.0} heartbeats/s, {}", measured.rate, ledger.times());
    Ok(Outcome::new(figures, usage, remark))
}

/// Nobody was taken for silent.
async fn engines_are_well(bench: &Bench<'_>, expected: u32) -> Result<()> {
    let count = "select count(*) from eventlease.engine_states where status = 'active' and last_heartbeat is not null";
    let active: i64 = bench.service_sql.query_one(count, &[]).await?.get(0);
    ensure!(active == i64::from(expected), "{active} engines are active, {expected} should be");
    Ok(())
}
