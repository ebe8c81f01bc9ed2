//! Background work: what runs how often, and what runs for ever.

mod reaper;
/// Rounds with a pause after each.
mod periodic;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Result};
use crate::domain::counted::counted;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;
use periodic::{Periodic, Starter};

/// What runs how often: from the end of one round to the begin of the next.
fn rounds(recheck: Duration, reaper_interval: Duration) -> [Periodic; 17] {
    let (seconds, minutes) = (Duration::from_secs, Duration::from_mins);
    [
        Periodic::every(reaper_interval, "reaper", |broker| Box::pin(reaper::run_once(broker))),
        // Well below the shortest heartbeat timeout.
        Periodic::every(Duration::from_millis(800), "signs_of_life", |broker| {
            Box::pin(async move { broker.note_liveness().await.map(|()| None) })
        }),
        Periodic::every(recheck, "event_ends", |broker| {
            Box::pin(async move {
                broker.wake_for_ends_elsewhere().await?;
                broker.wake_for_idle_runs().await.map(|()| None)
            })
        }),
        // What a cancel of a run left undone, since its call was cut off.
        Periodic::every(seconds(5), "cancelled_runs", |broker| Box::pin(carry_on_with_cancels(broker))),
        Periodic::every(seconds(1), "redrive_jobs", |broker| Box::pin(carry_on_with_redrive_jobs(broker))),
        Periodic::every(seconds(5), "activity", |broker| {
            Box::pin(async move { broker.write_activity().await.map(|()| None) })
        }),
        // An overview is as old as the pause and two rounds before the next one replaces it, and is to be no older than five
        // seconds. What a round counts is bounded: up to 0.4 s, the rest is no longer than the pause.
        Periodic::rarely(seconds(4), "statistics", |broker| {
            Box::pin(async move { broker.measure().await.map(|_| None) })
        })
        .resting(10),
        // For overviews, which show what it found for no longer than a minute.
        Periodic::rarely(seconds(20), "database_health", |broker| {
            Box::pin(async move { broker.look_at_database().await.map(|()| None) })
        }),
        // A minute at a time, by the replica that comes first.
        Periodic::rarely(seconds(5), "history", |broker| {
            Box::pin(async move { broker.write_history().await.map(|_| None) })
        }),
        // While a session holds an old snapshot, a round reads dead index entries, too.
        Periodic::rarely(seconds(10), "queues", |broker| Box::pin(tend_queues(broker))),
        Periodic::every(minutes(1), "idempotency_keys", |broker| {
            Box::pin(async move { broker.forget_idempotency_keys().await.map(|_| None) })
        }),
        Periodic::every(minutes(1), "tokens", |broker| {
            Box::pin(async move { broker.tend_tokens().await.map(|_| None) })
        }),
        // All engines are looked at, for what a week decides.
        Periodic::every(minutes(1), "long_silent", |broker| Box::pin(remove_long_silent(broker))),
        // Only what was written before there were fingerprints, or by a replica of a version without them.
        Periodic::every(minutes(1), "error_fingerprints", |broker| Box::pin(fill_in_fingerprints(broker))),
        // A week is made ahead: there are many more tries than are needed.
        Periodic::every(minutes(10), "partitions", |broker| Box::pin(tend_partitions(broker))),
        Periodic::every(minutes(10), "old_redrive_jobs", |broker| Box::pin(forget_old_redrive_jobs(broker))),
        Periodic::every(minutes(10), "audit", |broker| Box::pin(forget_old_audit(broker))),
    ]
}

/// Starts all tasks; they end when `stop` is cancelled, each after its round.
pub fn start(
    broker: &Arc<Broker>,
    metrics: &Arc<Metrics>,
    supervisor: &Supervisor,
    reaper_interval: Duration,
    is_auth_required: bool,
    stop: &CancellationToken,
) {
    let starter = Starter { supervisor, broker, metrics, stop };
    for task in rounds(broker.recheck_interval(), reaper_interval) {
        starter.start(task);
    }
    if is_auth_required {
        starter.keep("token_refresh", |broker, stop| async move { broker.keep_tokens(&stop).await });
    }
    starter.keep("hand_back", |broker, stop| async move { broker.hand_back_undelivered(&stop).await });
    broker.start_dispatch(stop);
    broker.start_batches(stop);
}

async fn carry_on_with_cancels(broker: Arc<Broker>) -> Result<Option<String>> {
    let done = broker.carry_on_with_cancels().await?;
    Ok((done > 0).then(|| format!("cancelled {} of cancelled runs", counted(done, "event"))))
}

async fn carry_on_with_redrive_jobs(broker: Arc<Broker>) -> Result<Option<String>> {
    // The jobs say in the log how far they are.
    broker.carry_on_with_redrive_jobs().await.map(|_| None)
}

async fn tend_queues(broker: Arc<Broker>) -> Result<Option<String>> {
    let done = broker.tend_queues().await?;
    let did = done.restored > 0 || done.removed > 0;
    Ok(did.then(|| {
        let (restored, removed) = (counted(done.restored, "queue"), counted(done.removed, "queue"));
        format!("made the rows of {restored} again, removed {removed} unused for long")
    }))
}

async fn remove_long_silent(broker: Arc<Broker>) -> Result<Option<String>> {
    let removed = broker.remove_long_silent().await?;
    Ok((removed > 0).then(|| format!("removed {} silent for 7 days", counted(removed, "engine"))))
}

async fn fill_in_fingerprints(broker: Arc<Broker>) -> Result<Option<String>> {
    let done = broker.fill_in_fingerprints().await?;
    Ok((done > 0).then(|| format!("made the error fingerprints of {}", counted(done, "dead letter"))))
}

async fn tend_partitions(broker: Arc<Broker>) -> Result<Option<String>> {
    let (made, removal) = broker.tend_partitions().await?;
    let did = made > 0 || removal.removed > 0 || removal.postponed > 0;
    Ok(did.then(|| {
        let (made, removed) = (counted(made, "day"), counted(removal.removed, "old partition"));
        format!("made the partitions of {made} ahead, removed {removed}, could not remove {} yet", removal.postponed)
    }))
}

async fn forget_old_redrive_jobs(broker: Arc<Broker>) -> Result<Option<String>> {
    let forgotten = broker.forget_old_redrive_jobs().await?;
    Ok((forgotten > 0).then(|| format!("removed {} past their retention", counted(forgotten, "redrive job"))))
}

async fn forget_old_audit(broker: Arc<Broker>) -> Result<Option<String>> {
    let forgotten = broker.forget_old_audit().await?;
    Ok((forgotten > 0).then(|| format!("removed {} past its retention", counted(forgotten, "audit record"))))
}
