//! Whether the overview is right, and how old it is.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::time::sleep;

use crate::api;
use crate::bench::Bench;

/// For which its age is observed: several rounds of measuring.
const SECONDS: u32 = 20;
/// For a round of measuring that was slowed down by making the events rests for long.
const NEWNESS_LIMIT: Duration = Duration::from_mins(2);

#[derive(Deserialize)]
struct Overview {
    as_of: String,
    queues: Vec<Queue>,
}

#[derive(Deserialize)]
struct Queue {
    engine_type: String,
    due: i64,
    delayed: i64,
    dead_letters: i64,
    is_approximate: bool,
}

async fn read(bench: &Bench<'_>) -> Result<Overview> {
    let mut connection = bench.connect(1).await?.pop().context("a connection")?;
    let reply = connection.call(&api::request("GET", "/api/v1/overview", None, "")).await?;
    reply.expect(&[200])?;
    api::read(reply.body)
}

/// Waits until the overview was measured after now; prints how long that took.
pub async fn overview_is_new(bench: &Bench<'_>) -> Result<()> {
    let began = Instant::now();
    let now: String = bench.service_sql.query_one("select clock_timestamp()::text", &[]).await?.get(0);
    let is_newer = "select $1::text::timestamptz > $2::text::timestamptz";
    while !bench.service_sql.query_one(is_newer, &[&read(bench).await?.as_of, &now]).await?.get::<_, bool>(0) {
        ensure!(began.elapsed() < NEWNESS_LIMIT, "the overview is not measured again");
        sleep(Duration::from_millis(250)).await;
    }
    println!("      the overview knows of it after {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Queues that are counted have the counts of the tables; of the others the greatest error is printed.
pub async fn overview_equals_tables(bench: &Bench<'_>) -> Result<()> {
    let overview = read(bench).await?;
    let counts =
        "select u.engine_type, coalesce(waiting.due, 0), coalesce(waiting.delayed, 0), coalesce(dead.letters, 0)
         from eventlease.queues u
         left join (
            select engine_type, count(*) filter (where available_at <= statement_timestamp()) as due,
                count(*) filter (where available_at > statement_timestamp()) as delayed
            from eventlease.event_queue group by engine_type
         ) waiting using (engine_type)
         left join (select engine_type, count(*) as letters from eventlease.dead_letters group by engine_type) dead
            using (engine_type)";
    let rows = bench.service_sql.query(counts, &[]).await?;
    let tables: HashMap<String, [i64; 3]> =
        rows.iter().map(|row| (row.get(0), [row.get(1), row.get(2), row.get(3)])).collect();
    ensure!(overview.queues.len() == tables.len(), "{} queues, {} should be", overview.queues.len(), tables.len());
    let (mut estimated, mut least, mut most) = (0, 1.0_f64, 1.0_f64);
    for queue in &overview.queues {
        let shown = [queue.due, queue.delayed, queue.dead_letters];
        let is = tables.get(&queue.engine_type).with_context(|| format!("no queue {}", queue.engine_type))?;
        if queue.is_approximate {
            let ratio = per(shown[0] + shown[1], is[0] + is[1]);
            (estimated, least, most) = (estimated + 1, least.min(ratio), most.max(ratio));
        } else {
            ensure!(shown == *is, "{} has {is:?} due, delayed and dead, shown are {shown:?}", queue.engine_type);
        }
    }
    println!("      {estimated} of {} queues are estimated, {least:.2} to {most:.2} of what they are", tables.len());
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn per(count: i64, of: i64) -> f64 {
    count as f64 / of.max(1) as f64
}

/// The greatest age of an overview, in seconds.
pub async fn greatest_age(bench: &Bench<'_>) -> Result<f64> {
    let age = "select extract(epoch from clock_timestamp() - $1::text::timestamptz)::float8";
    let mut greatest = 0.0_f64;
    for _ in 0..SECONDS * 4 {
        sleep(Duration::from_millis(250)).await;
        let overview = read(bench).await?;
        greatest = greatest.max(bench.service_sql.query_one(age, &[&overview.as_of]).await?.get(0));
    }
    Ok(greatest)
}
