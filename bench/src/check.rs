//! After each mode: every event that was acknowledged exists, and each one ended once.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::ledger::Ledger;

/// What was there before the mode began.
#[derive(Clone, Copy, Default)]
pub struct Backlog {
    /// Due ones and delayed ones.
    pub queued: u64,
    /// In the hands of engines until after the mode.
    pub held: u64,
    /// Each has one attempt, and a dead letter one that failed.
    pub completed: u64,
    pub dead_letters: u64,
}

/// The tables hold this mode's events, and `backlog`.
pub async fn every_event_ended_once(bench: &Bench<'_>, ledger: &Ledger, backlog: Backlog) -> Result<()> {
    let row = bench
        .service_sql
        .query_one(
            "with attempts as (
                select count(*) filter (where outcome = 'failed') as failed,
                    count(*) filter (where outcome = 'expired') as expired,
                    count(*) filter (where outcome not in ('completed', 'failed', 'expired')) as others
                from eventlease.event_attempts
             ), ends as (
                select event_id, count(*) as count from eventlease.event_attempts
                where final_status is not null group by event_id
             ), queue as (
                select count(*) filter (where state = 'queued') as queued,
                    count(*) filter (where state = 'processing') as processing
                from eventlease.open_events
             )
             select (select count(*) from eventlease.events), (select count(*) from ends),
                (select count(*) from ends where count > 1), queue.queued, queue.processing,
                (select count(*) from ends where event_id in (select event_id from eventlease.open_events)),
                (select count(*) from eventlease.dead_letters), failed, expired, others
             from queue, attempts",
            &[],
        )
        .await?;
    let [events, ended, ended_twice, queued, processing, both, dead_letters, failed, expired, others] =
        std::array::from_fn(|place| row.get::<_, i64>(place).cast_unsigned());
    let enqueued = ledger.enqueued() + backlog.queued + backlog.held + backlog.completed + backlog.dead_letters;
    let completed = ledger.completed() + backlog.completed + backlog.dead_letters;
    let reported = ledger.failed() + backlog.dead_letters;
    ensure!(events == enqueued, "{enqueued} events were acknowledged, {events} exist");
    ensure!(ended == completed, "{completed} ends were acknowledged, {ended} exist");
    ensure!(ended_twice == 0, "{ended_twice} events ended twice");
    ensure!(both == 0, "{both} events have ended and are still in the queue");
    ensure!(dead_letters == backlog.dead_letters, "{dead_letters} dead letters, {} should be", backlog.dead_letters);
    ensure!(failed == reported, "{reported} failures were acknowledged, {failed} exist");
    ensure!(expired == ledger.abandoned(), "{} events were abandoned, {expired} leases expired", ledger.abandoned());
    ensure!(others == 0, "{others} attempts ended otherwise than completed, failed or expired");
    ensure!(processing == backlog.held, "{processing} events are still leased, {} should be", backlog.held);
    ensure!(
        queued + processing + ended == events,
        "{events} events: {ended} ended, {queued} queued, {processing} leased"
    );
    Ok(())
}
