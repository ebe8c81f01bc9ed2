//! Asks a server for its queues, engines and dead letters, and adds what `work` finds.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::report::{Report, Standing};
use super::work::{self, DeadLetters, Engine, Queue};
use crate::cli::client::{Client, Error};

/// Beyond these, no more are read.
const MAX_QUEUES: u32 = 2000;
const MAX_ENGINES: u32 = 2000;
/// Each queue with work takes a call for its engines.
const MAX_QUEUES_WITH_WORK: usize = 200;

/// Adds what the server tells of its work; of a server with too many queues, of those with the most.
pub async fn check(client: &Client, report: &mut Report) {
    let list = match client.list(&["queues"], &[], MAX_QUEUES).await {
        Ok(list) => list,
        Err(error) => {
            report.add_error("queues", &error);
            for check in ["engines", "dead letters"] {
                report.add(check, Standing::Unknown, "not checked, as the queues could not be listed");
            }
            return;
        }
    };
    let queues: Vec<Queue> = match list.read() {
        Ok(queues) => queues,
        Err(error) => return report.add_error("queues", &error),
    };
    work::of_queues(&queues, list.now, report);
    if list.has_more() {
        report.add("queues", Standing::Unknown, format!("there are more than {MAX_QUEUES}; only these were checked"));
    }
    check_engines(client, &queues, report).await;
    if queues.iter().all(|queue| queue.dead_letters == 0) {
        report.add("dead letters", Standing::Ok, "there are none");
        return;
    }
    // A token that may list queues may perhaps not read dead letters; their number is known all the same.
    let dead_letters = dead_letters(client).await.ok();
    work::of_dead_letters(&queues, dead_letters.as_ref(), report);
}

/// Reads the engines of those queues that have work for them.
async fn check_engines(client: &Client, queues: &[Queue], report: &mut Report) {
    let mut found = Vec::new();
    let with_work: Vec<&Queue> = queues.iter().filter(|queue| queue.wants_engines_to_poll()).collect();
    for queue in with_work.iter().take(MAX_QUEUES_WITH_WORK) {
        let query = [("engine_type", Some(queue.engine_type.clone())), ("zombie", Some("true".to_owned()))];
        let engines: Result<(Vec<Engine>, DateTime<Utc>), Error> =
            match client.list(&["engines"], &query, MAX_ENGINES).await {
                Ok(list) => list.read().map(|engines| (engines, list.now)),
                Err(error) => Err(error),
            };
        match engines {
            Ok((engines, now)) => found.extend(work::zombies(queue, &engines, now)),
            Err(error) => return report.add_error("engines", &error),
        }
    }
    work::of_engines(queues, &found, report);
    if with_work.len() > MAX_QUEUES_WITH_WORK {
        let message =
            format!("of {} queues with work, the engines of {MAX_QUEUES_WITH_WORK} were checked", with_work.len());
        report.add("engines", Standing::Unknown, message);
    }
}

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    redrivable: i64,
    first_dead_lettered_at: DateTime<Utc>,
    last_dead_lettered_at: DateTime<Utc>,
}

async fn dead_letters(client: &Client) -> Result<DeadLetters, Error> {
    let answer = client.get(&["dead-letters", "groups"], &[("by", Some("reason".to_owned()))]).await?;
    let groups = answer.read::<Groups>()?.items;
    Ok(DeadLetters {
        redrivable: groups.iter().map(|group| group.redrivable).sum(),
        oldest_at: groups.iter().map(|group| group.first_dead_lettered_at).min(),
        newest_at: groups.iter().map(|group| group.last_dead_lettered_at).max(),
        now: answer.now,
    })
}
