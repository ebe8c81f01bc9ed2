//! `viewers`: what it costs to look at a service with 1,000 queues, 10,000 engines that hold two events each, 100,000 dead letters and
//! ten million waiting events, and what 50 viewers cost an everyday load.

mod reads; // how long single reads take
mod accuracy; // whether the overview is right, and how old
mod polling; // the viewers

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::{life, trickle};
use crate::api;
use crate::bench::Bench;
use crate::check::{self, Backlog};
use crate::crew::Crew;
use crate::ledger::{Ledger, UNBOUNDED};
use crate::outcome::Outcome;
use crate::window::{Measured, measure, per_second};
use polling::{Reads, Viewers};

const QUEUES: i32 = 1000;
const ENGINES: i64 = 10_000;
const DEAD_LETTERS: i64 = 100_000;
/// In which nothing changes before the overview is compared with the tables.
const CALM: Duration = Duration::from_secs(10);
/// Pairs of a window without viewers and one with them. Which comes first changes from pair to pair, so that what grows with time
/// is in both alike.
const PAIRS: usize = 10;
/// Each has two rounds of measuring.
const SECONDS_OF_A_WINDOW: u32 = 8;
/// After the fill, in which the everyday load runs, first alone and then with viewers, and nothing is measured: caches fill, and what
/// PostgreSQL writes after a fill is over.
const SECONDS_OF_WARM_UP: u32 = 30;
/// In which statements are counted.
const SECONDS_OF_COUNTING: u32 = 20;

const QUEUED: &str = include_str!("viewers/queued.sql");
const DEAD: &str = include_str!("viewers/dead_letters.sql");
const REGISTERED: &str = include_str!("viewers/engines.sql");
const HELD: &str = include_str!("viewers/held.sql");

pub async fn run(bench: &Bench<'_>) -> Result<Outcome> {
    let backlog = fill(bench).await?;
    // The first round counts all queues, which have just become long; and rounds beside the fill were long, too, so a long pause may
    // follow. The second round is one like all others.
    accuracy::overview_is_new(bench).await?;
    accuracy::overview_is_new(bench).await?;
    sleep(CALM).await;
    accuracy::overview_equals_tables(bench).await?;
    let mut figures = vec![("viewers overview age", accuracy::greatest_age(bench).await?)];
    figures.extend(reads::times(bench).await?);
    figures.push(("viewers overview statements", statements_of_an_overview(bench).await?));

    let ledger = Ledger::new(UNBOUNDED);
    let mut crew = trickle::begin(bench, "viewers-live", &ledger).await?;
    crew.during(sleep(bench.conditions.window(SECONDS_OF_WARM_UP))).await?;
    let viewers = Viewers::start(bench, Reads::All).await?;
    crew.during(sleep(bench.conditions.window(SECONDS_OF_WARM_UP))).await?;
    viewers.stop().await?;
    bench.postgres.control.batch_execute("checkpoint").await?;
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut usage = None;
    for pair in 0..PAIRS {
        let mut alone = None;
        if pair % 2 == 0 {
            alone = Some(window(bench, &mut crew, &ledger).await?.1);
        }
        let viewers = Viewers::start(bench, Reads::All).await?;
        let (measured, beside) = window(bench, &mut crew, &ledger).await?;
        let calls = viewers.stop().await?;
        let alone = match alone {
            Some(alone) => alone,
            None => window(bench, &mut crew, &ledger).await?.1,
        };
        println!("      p99 {alone:.2} ms without, {beside:.2} ms with viewers and {calls} reads of theirs");
        without.push(alone);
        with.push(beside);
        ratios.push(beside / alone);
        usage = Some(measured.usage);
    }
    let (rows, wal_kib) = history(bench).await?;
    figures.extend([
        ("viewers p99 without", median(without)),
        ("viewers p99 with", median(with)),
        ("viewers p99 ratio", median(ratios)),
        ("viewers history rows", rows),
        ("viewers history wal", wal_kib),
    ]);
    bench.print_statements(ledger.completed()).await?;
    let remark = format!("ms of an overview; {}", ledger.times());
    life::end(&mut crew, &ledger).await?;
    check::every_event_ended_once(bench, &ledger, backlog).await?;
    figures.sort_by_key(|(metric, _)| *metric != "viewers overview");
    Ok(Outcome::new(figures, usage.context("a window")?, remark))
}

/// What a window brought, and the time that 99 of 100 events needed from their POST to their engine.
async fn window(bench: &Bench<'_>, crew: &mut Crew, ledger: &Ledger) -> Result<(Measured, f64)> {
    let window = bench.conditions.window(SECONDS_OF_A_WINDOW);
    let measured = measure(&bench.meter(), crew, ledger, window, || ledger.completed()).await?;
    Ok((measured, ledger.pickup_times().1))
}

async fn fill(bench: &Bench<'_>) -> Result<Backlog> {
    let started = Instant::now();
    let (sql, payload) = (&bench.service_sql, api::payload());
    let queues = "insert into eventlease.queues (engine_type)
         select 'viewers-' || lpad(number::text, 4, '0') from generate_series(1, $1::integer) as number";
    sql.execute(queues, &[&QUEUES]).await?;
    sql.execute(REGISTERED, &[&QUEUES, &ENGINES]).await?;
    let held = sql.execute(HELD, &[&payload]).await?;
    let waiting = sql.execute(QUEUED, &[&QUEUES, &bench.conditions.open_events, &payload]).await?;
    let dead_letters = sql.execute(DEAD, &[&QUEUES, &DEAD_LETTERS, &payload]).await?;
    for table in ["events", "event_queue", "event_leases", "event_attempts", "dead_letters", "engine_states", "queues"]
    {
        sql.batch_execute(&format!("vacuum (analyze) eventlease.{table}")).await?;
    }
    bench.postgres.control.batch_execute("checkpoint").await?;
    bench.postgres.forget_statements().await?;
    println!(
        "      filled with {waiting} waiting events and {held} held ones in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(Backlog { queued: waiting, held, completed: 0, dead_letters })
}

/// The statements that an overview costs: those of a window with viewers beyond those of one without, by their reads.
async fn statements_of_an_overview(bench: &Bench<'_>) -> Result<f64> {
    let window = bench.conditions.window(SECONDS_OF_COUNTING);
    let meter = bench.meter();
    let before = meter.read().await?;
    sleep(window).await;
    let between = meter.read().await?;
    let viewers = Viewers::start(bench, Reads::Overview).await?;
    sleep(window).await;
    let calls = viewers.stop().await?;
    let (with, without) = (meter.read().await? - between, between - before);
    let (with, without) = with.statements.zip(without.statements).context("statements are not counted")?;
    println!("      {without} statements without viewers, {with} beside {calls} overviews");
    Ok((with - without) / per_second(calls, 1.0))
}

/// Rows and KiB of WAL that the history wrote, a minute.
async fn history(bench: &Bench<'_>) -> Result<(f64, f64)> {
    let minutes = "select count(distinct minute_at) filter (where engine_type = '')::float8,
            count(*)::float8 / greatest(count(distinct minute_at), 1)
         from eventlease.queue_history
         where minute_at >= (select min(minute_at) + interval '1 minute' from eventlease.queue_history
            where engine_type = 'viewers-1000')";
    let rows_a_minute: f64 = bench.service_sql.query_one(minutes, &[]).await?.get(1);
    let written = "select coalesce(sum(s.wal_bytes), 0)::float8, coalesce(sum(s.rows), 0)::float8
         from pg_stat_statements s join pg_database d on d.oid = s.dbid
         where d.datname = $1 and s.query like '%insert into eventlease.queue_history%'";
    let row = bench.postgres.control.query_one(written, &[&crate::postgres::SERVICE_DATABASE]).await?;
    let (wal_bytes, rows): (f64, f64) = (row.get(0), row.get(1));
    Ok((rows_a_minute, wal_bytes / 1024.0 / rows.max(1.0) * rows_a_minute))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
