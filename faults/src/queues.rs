//! The queues, with everything so short that it happens often, and what the checker has to know of it.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::caller::{Call, Caller, number};
use crate::history::{Answer, At, SECOND};
use crate::recorder::Recorder;

#[derive(Clone, Copy, Debug)]
pub struct Queue {
    pub name: &'static str,
    pub visibility_timeout_seconds: u32,
}

/// Leases that run out before, about when, and long after an engine is taken for dead.
pub const QUEUES: [Queue; 3] = [
    Queue { name: "short", visibility_timeout_seconds: 4 },
    Queue { name: "middle", visibility_timeout_seconds: 9 },
    Queue { name: "long", visibility_timeout_seconds: 30 },
];

pub const MAX_RETRIES: u32 = 3;
pub const DEAD_LETTER_THRESHOLD: u32 = 5;
pub const MAX_RETRY_DELAY_SECONDS: u32 = 2;
pub const HEARTBEAT_TIMEOUT_SECONDS: u32 = 6;
pub const HEARTBEAT_TIMEOUT: At = HEARTBEAT_TIMEOUT_SECONDS as At * SECOND;

/// From one look to the next whether the queues are empty.
pub const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
const CALL_LIMIT: Duration = Duration::from_secs(10);

pub async fn set_up(caller: &mut Caller, recorder: &Recorder) -> Result<()> {
    for queue in QUEUES {
        let settings = json!({
            "visibility_timeout_seconds": queue.visibility_timeout_seconds,
            "retry_policy": {
                "max_retries": MAX_RETRIES,
                "retry_delay": {"initial": 1, "max": MAX_RETRY_DELAY_SECONDS, "multiplier": 2},
                "dead_letter_threshold": DEAD_LETTER_THRESHOLD,
            },
        });
        let path = format!("/api/v1/queues/{}", queue.name);
        let call = Call { method: "PATCH", path: &path, engine: None, body: settings.to_string(), limit: CALL_LIMIT };
        match caller.call(recorder, &call).await.1 {
            Answer::Done(_) => {}
            other => bail!("the settings of queue {} were not taken: {other:?}", queue.name),
        }
    }
    Ok(())
}

/// Waits until nothing is open any more, for so many looks: a clock would also count the time in which the machine stood
/// still. How much is open then.
pub async fn run_empty(caller: &mut Caller, recorder: &Recorder, looks: usize) -> u32 {
    let mut left = u32::MAX;
    for _ in 0..looks {
        let path = "/api/v1/queues";
        let call = Call { method: "GET", path, engine: None, body: String::new(), limit: CALL_LIMIT };
        if let Answer::Done(reply) = caller.call(recorder, &call).await.1 {
            left = reply["items"].as_array().into_iter().flatten().map(open).sum();
            if left == 0 {
                break;
            }
        }
        sleep(BETWEEN_LOOKS).await;
    }
    left
}

fn open(queue: &Value) -> u32 {
    ["due", "delayed", "processing"].iter().map(|name| number(&queue[name])).sum()
}
