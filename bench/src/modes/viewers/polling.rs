//! Viewers: each on a connection of its own, with a pause between its rounds of reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api;
use crate::bench::Bench;
use crate::client::Connection;

const VIEWERS: u32 = 50;
/// As the dashboard polls.
const PAUSE: Duration = Duration::from_secs(5);
/// More often, so that a statement for each would show.
const SHORT_PAUSE: Duration = Duration::from_millis(500);

/// What viewers read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Overviews alone.
    Overview,
    /// The overview, a page of queues, one queue, and why it grows.
    All,
}

pub struct Viewers {
    tasks: JoinSet<Result<()>>,
    calls: Arc<AtomicU64>,
}

impl Viewers {
    pub async fn start(bench: &Bench<'_>, reads: Reads) -> Result<Self> {
        let (mut tasks, calls) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        for (place, connection) in (0..VIEWERS).zip(bench.connect(VIEWERS as usize).await?) {
            let (pause, paths) = match reads {
                Reads::Overview => (SHORT_PAUSE, vec!["/api/v1/overview".to_owned()]),
                Reads::All => (PAUSE, paths_of(place)),
            };
            tasks.spawn(view(connection, paths, pause, pause * place / VIEWERS, calls.clone()));
        }
        Ok(Self { tasks, calls })
    }

    /// How many reads they had answered.
    pub async fn stop(mut self) -> Result<u64> {
        if let Some(ended) = self.tasks.try_join_next() {
            ended??;
            bail!("a viewer ended");
        }
        self.tasks.shutdown().await;
        Ok(self.calls.load(Relaxed))
    }
}

/// Those of one viewer: each looks at another queue.
fn paths_of(place: u32) -> Vec<String> {
    let queue = format!("viewers-{:04}", 1 + place * 20);
    vec![
        "/api/v1/overview".to_owned(),
        "/api/v1/queues?limit=200".to_owned(),
        format!("/api/v1/queues/{queue}"),
        format!("/api/v1/queues/{queue}/explain"),
    ]
}

async fn view(
    mut connection: Connection,
    paths: Vec<String>,
    pause: Duration,
    delay: Duration,
    calls: Arc<AtomicU64>,
) -> Result<()> {
    sleep(delay).await;
    loop {
        for path in &paths {
            connection.call(&api::request("GET", path, None, "")).await?.expect(&[200])?;
            calls.fetch_add(1, Relaxed);
        }
        sleep(pause).await;
    }
}
