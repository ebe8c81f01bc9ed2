//! After each mode: every event that was acknowledged exists, and each one ended once.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::ledger::Ledger;

/// The tables hold this mode's events only.
pub async fn every_event_ended_once(bench: &Bench<'_>, ledger: &Ledger) -> Result<()> {
    let row = bench
        .service_sql
        .query_one(
            "with ends as (
                select event_id, count(*) as count from eventlease.event_attempts
                where final_status is not null group by event_id
             ), queue as (
                select count(*) filter (where state = 'queued') as queued,
                    count(*) filter (where state = 'processing') as processing
                from eventlease.event_queue
             )
             select (select count(*) from eventlease.events), (select count(*) from ends),
                (select count(*) from ends where count > 1), queue.queued, queue.processing,
                (select count(*) from ends where event_id in (select event_id from eventlease.event_queue)),
                (select count(*) from eventlease.event_attempts where outcome <> 'completed')
             from queue",
            &[],
        )
        .await?;
    let [events, ended, ended_twice, queued, processing, both, not_completed] =
        std::array::from_fn(|place| row.get::<_, i64>(place).cast_unsigned());
    let (enqueued, completed) = (ledger.enqueued(), ledger.completed());
    ensure!(events == enqueued, "{enqueued} events were acknowledged, {events} exist");
    ensure!(ended == completed, "{completed} completions were acknowledged, {ended} exist");
    ensure!(ended_twice == 0, "{ended_twice} events ended twice");
    ensure!(both == 0, "{both} events have ended and are still in the queue");
    ensure!(not_completed == 0, "{not_completed} attempts ended otherwise than completed");
    ensure!(processing == 0, "{processing} events are still leased");
    ensure!(queued + ended == events, "{events} events, but {ended} ended and {queued} queued");
    Ok(())
}
