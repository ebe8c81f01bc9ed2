//! How long single reads take, one after the other over one connection.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::api;
use crate::bench::Bench;
use crate::client::Connection;

const CALLS: usize = 40;

/// Milliseconds of each read: the median of its calls.
pub async fn times(bench: &Bench<'_>) -> Result<Vec<(&'static str, f64)>> {
    let mut connection = bench.connect(1).await?.pop().context("a connection")?;
    let queues = (0..CALLS).map(|call| format!("viewers-{:04}", 1 + call * 25)).collect::<Vec<_>>();
    let of_queues = |end: &str| queues.iter().map(|queue| format!("/api/v1/queues/{queue}{end}")).collect::<Vec<_>>();
    let events = waiting_events(bench, &queues).await?;
    let groups = "/api/v1/dead-letters/groups?by=error_fingerprint";
    let reads = [
        ("viewers overview", vec!["/api/v1/overview".to_owned(); CALLS]),
        ("viewers queues", pages(&mut connection).await?),
        ("viewers queue", of_queues("")),
        ("viewers explain queue", of_queues("/explain")),
        ("viewers explain event", events.iter().map(|id| format!("/api/v1/events/{id}/explain")).collect()),
        ("viewers groups", vec![groups.to_owned(); CALLS]),
    ];
    let mut medians = Vec::with_capacity(reads.len());
    for (metric, paths) in reads {
        let mut times = Vec::with_capacity(paths.len());
        for path in &paths {
            let request = api::request("GET", path, None, "");
            let since = Instant::now();
            connection.call(&request).await?.expect(&[200])?;
            times.push(since.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
        println!("      {metric}: p50 {median:.2} ms, at most {most:.2} ms, {} calls", times.len());
        medians.push((metric, median));
    }
    Ok(medians)
}

/// The pages of the list of all queues, again and again.
async fn pages(connection: &mut Connection) -> Result<Vec<String>> {
    let first = "/api/v1/queues?limit=200".to_owned();
    let mut pages = vec![first];
    loop {
        let request = api::request("GET", pages.last().context("a page")?, None, "");
        let reply = connection.call(&request).await?;
        reply.expect(&[200])?;
        let page: serde_json::Value = api::read(reply.body)?;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        pages.push(format!("/api/v1/queues?limit=200&cursor={cursor}"));
    }
    Ok(pages.iter().cycle().take(CALLS).cloned().collect())
}

/// An event of each of these queues.
async fn waiting_events(bench: &Bench<'_>, queues: &[String]) -> Result<Vec<String>> {
    let events = "select (select q.event_id::text from eventlease.event_queue q where q.engine_type = named.engine_type
            order by q.lane, q.priority, q.available_at limit 1)
         from unnest($1::text[]) as named (engine_type)";
    let rows = bench.service_sql.query(events, &[&queues]).await?;
    rows.iter().map(|row| row.get::<_, Option<String>>(0).context("a waiting event")).collect()
}
