//! Dead letters in bulk: grouped, redriven, purged.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::record::Record;
use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::dead_letters::{Filter, Group, GroupBy, Overrides, Schedule, VersionAttempts};
use crate::domain::ids::EventId;
use crate::domain::limits::{BULK_BATCH_DEAD_LETTERS, MAX_DONE_DEAD_LETTERS_TOLD};
use crate::error::{Error, Result};
use crate::store::dead_letters::bulk::{self, Chosen};
use crate::store::dead_letters::groups;
use crate::store::pool::commit;

/// Which dead letters are meant.
#[derive(Clone, Debug)]
pub struct Selection {
    /// An empty one lets all through.
    pub filter: Filter,
    /// How many of them, the oldest first.
    pub limit: u32,
    /// If the filter lets through another number of them, nothing is done.
    pub expected_count: Option<u32>,
    /// Only counts.
    pub is_dry_run: bool,
}

impl Selection {
    /// What the audit trail says it was done to.
    fn subject(&self) -> &str {
        self.filter.engine_type.as_deref().unwrap_or("dead letters")
    }

    /// The members that the filter has, for the log: what they say may be long, and has its place in the audit trail.
    fn named(&self) -> String {
        match json!(self.filter) {
            Value::Object(members) if !members.is_empty() => members.keys().cloned().collect::<Vec<_>>().join(", "),
            _ => "all".to_owned(),
        }
    }
}

/// How far it came.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Progress {
    /// All that the filter let through when the call began.
    pub matched: i64,
    /// Redriven, or purged.
    pub done: u64,
    /// Of those matched, the ones not got to: beyond the limit, left since the service stops, or passed over.
    pub remaining: i64,
    /// Passed over, since their scenario runs are cancelled.
    pub of_cancelled_runs: u64,
    /// Passed over, since an open event of their queue has their unique key.
    pub of_held_keys: u64,
    /// The first of those that were done, the oldest first.
    pub event_ids: Vec<EventId>,
}

impl Progress {
    /// Counts those of a batch that are passed over since their runs are cancelled, or their unique keys held.
    fn skip(&mut self, of_cancelled_runs: usize, of_held_keys: usize) {
        self.of_cancelled_runs += of_cancelled_runs as u64;
        self.of_held_keys += of_held_keys as u64;
        self.remaining += i64::try_from(of_cancelled_runs + of_held_keys).expect("a batch is small");
    }

    /// Adds a batch, and which of it were done, in any order.
    fn add(&mut self, batch: impl ExactSizeIterator<Item = EventId>, done: &[EventId]) {
        self.done += done.len() as u64;
        self.remaining -= i64::try_from(batch.len()).expect("a batch is small");
        let done: HashSet<EventId> = done.iter().copied().collect();
        let room = MAX_DONE_DEAD_LETTERS_TOLD.saturating_sub(self.event_ids.len());
        self.event_ids.extend(batch.filter(|event_id| done.contains(event_id)).take(room));
    }
}

impl Broker {
    /// Groups dead letters; up to `limit` groups, the largest first. And how the newest attempts of their queues ended, by
    /// version.
    pub async fn group_dead_letters(
        &self,
        filter: &Filter,
        by: &[GroupBy],
        limit: u32,
    ) -> Result<(Vec<Group>, Vec<VersionAttempts>)> {
        let mut connection = self.begin_reading().await?;
        let found = groups::group(&mut connection, filter, by, limit).await?;
        if found.is_empty() {
            return Ok((found, Vec::new()));
        }
        let mut engine_types: Vec<&str> = found.iter().filter_map(|group| group.engine_type.as_deref()).collect();
        engine_types.extend(filter.engine_type.as_deref());
        engine_types.sort_unstable();
        engine_types.dedup();
        let limited = || filter.engine_types.as_ref().map(|limited| limited.iter().map(String::as_str).collect());
        let engine_types = if engine_types.is_empty() { limited() } else { Some(engine_types) };
        let versions = groups::attempts_by_version(&mut connection, engine_types.as_deref()).await?;
        Ok((found, versions))
    }

    /// Puts dead letters back into their queues, the oldest first, batch by batch.
    pub async fn redrive_many(
        &self,
        by: &Actor,
        selection: &Selection,
        schedule: Schedule,
        overrides: &Overrides,
    ) -> Result<Progress> {
        let (chosen, mut progress) = self.choose(selection).await?;
        let count = chosen.event_ids.len();
        let due = chosen.event_ids.into_iter().enumerate();
        let due: Vec<_> = due.map(|(index, event_id)| (event_id, schedule.delay_of(index, count))).collect();
        let details = json!({"filter": selection.filter, "overrides": overrides});
        let action = Operation::RedriveDeadLetters;
        let record = Record { by, action, subject: selection.subject(), details: &details };
        for batch in due.chunks(BULK_BATCH_DEAD_LETTERS) {
            if self.stopping.is_cancelled() {
                break;
            }
            let redrive = self.redrive_batch(record, batch, Some(chosen.chosen_at), overrides).await?;
            let redriven: Vec<EventId> = redrive.redriven.iter().map(|event| event.event_id).collect();
            progress.skip(redrive.of_cancelled_runs.len(), redrive.held.len());
            progress.add(batch.iter().map(|(event_id, _)| *event_id), &redriven);
        }
        // What was only counted is no change.
        if selection.is_dry_run {
            return Ok(progress);
        }
        let Progress { matched, done, remaining, .. } = progress;
        let (limit, Schedule { delay_seconds, spread_seconds }) = (selection.limit, schedule);
        tracing::info!(
            filter = selection.named(),
            limit,
            delay_seconds,
            spread_seconds,
            matched,
            redriven = done,
            remaining,
            "dead letters redriven"
        );
        Ok(progress)
    }

    /// Removes dead letters for good, the oldest first, batch by batch. Their events stay `failed`.
    pub async fn purge_dead_letters(&self, by: &Actor, selection: &Selection) -> Result<Progress> {
        let (chosen, mut progress) = self.choose(selection).await?;
        let details = json!({"filter": selection.filter});
        let action = Operation::PurgeDeadLetters;
        let record = Record { by, action, subject: selection.subject(), details: &details };
        for batch in chosen.event_ids.chunks(BULK_BATCH_DEAD_LETTERS) {
            if self.stopping.is_cancelled() {
                break;
            }
            let mut transaction = self.begin().await?;
            let purged = bulk::purge(&mut transaction, batch, chosen.chosen_at).await?;
            let count = purged.len() as u64;
            if count > 0 {
                record.write(&mut transaction, count).await?;
            }
            commit(transaction).await?;
            self.metrics.dead_letters_discarded.inc_by(count);
            progress.add(batch.iter().copied(), &purged);
        }
        if selection.is_dry_run {
            return Ok(progress);
        }
        let (Progress { matched, done, remaining, .. }, limit) = (&progress, selection.limit);
        tracing::info!(filter = selection.named(), limit, matched, purged = done, remaining, "dead letters purged");
        Ok(progress)
    }

    /// Chooses all that is to be done at one moment: what becomes a dead letter later is not meant.
    pub(in crate::broker) async fn choose(&self, selection: &Selection) -> Result<(Chosen, Progress)> {
        let mut connection = self.begin_reading().await?;
        let limit = if selection.is_dry_run { 0 } else { selection.limit };
        let chosen = bulk::choose(&mut connection, &selection.filter, limit).await?;
        if let Some(expected_count) = selection.expected_count
            && chosen.matched != i64::from(expected_count)
        {
            return Err(Error::CountChanged { what: "dead letter", expected_count, actual_count: chosen.matched });
        }
        let progress = Progress { matched: chosen.matched, remaining: chosen.matched, ..Progress::default() };
        Ok((chosen, progress))
    }
}
