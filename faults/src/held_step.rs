//! A step of a redrive job that is kept from one of its writes.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;
use tokio_postgres::Client;

/// In the order in which a step writes them.
const WRITTEN: [&str; 4] = ["dead_letters", "event_queue", "redriven_by_jobs", "redrive_jobs"];
/// Waits for a step for so many looks: jobs have one a second at least.
const LOOKS: usize = 300;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

pub struct HeldStep {
    /// It holds the lock that the step waits for.
    session: Client,
    written: &'static str,
    is_held: bool,
}

impl HeldStep {
    /// Waits for a step, and keeps it from one of its writes until it is let go.
    pub async fn hold(session: Client, choice: u64) -> Result<Self> {
        let written = WRITTEN[usize::try_from(choice % WRITTEN.len() as u64)?];
        session.batch_execute(&format!("begin; lock table eventlease.{written} in share mode")).await?;
        // A step locks its job first.
        let waits = "select exists (
            select from pg_locks waiting
            join pg_locks held on held.pid = waiting.pid
            where not waiting.granted and waiting.relation = ('eventlease.' || $1)::regclass
                and held.granted and held.relation = 'eventlease.redrive_jobs'::regclass)";
        let mut is_held = false;
        for _ in 0..LOOKS {
            is_held = session.query_one(waits, &[&written]).await?.get(0);
            if is_held {
                break;
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(Self { session, written, is_held })
    }

    /// Answers where the step stood.
    pub async fn let_go(self) -> Result<String> {
        self.session.batch_execute("rollback").await?;
        Ok(if self.is_held { format!("(before it wrote {})", self.written) } else { "(no job had a step)".to_owned() })
    }
}
