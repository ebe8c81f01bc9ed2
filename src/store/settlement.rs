//! Applying verdicts: an attempt that ended is recorded, and its event goes back into the queue,
//! is closed, or becomes a dead letter. The rows must be locked.

/// The quick way of those that end with success.
pub mod completion;
/// Reports on leases that are over.
pub mod late_report;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use crate::domain::event::Status;
use crate::domain::fingerprint::{Cause, Fingerprint, fingerprint};
use crate::domain::ids::EventId;
use crate::domain::settlement::Answer;
use crate::domain::verdict::{Ending, Verdict};

/// What an engine says of an attempt that it ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptWords<'a> {
    /// The reported result as JSON.
    pub result: Option<&'a str>,
    /// The reported error as JSON.
    pub error: Option<&'a str>,
    /// What of it a text column can hold.
    pub error_type: Option<&'a str>,
    /// What of it a text column can hold.
    pub error_message: Option<&'a str>,
    /// What the engine says that errors of one cause have in common.
    pub error_fingerprint: Option<&'a str>,
    /// Why it was released, for programs.
    pub code: Option<&'a str>,
    /// Why it was released, for people.
    pub reason: Option<&'a str>,
    /// How far the work was, as JSON; `None` keeps what its renewals said.
    pub progress: Option<&'a str>,
}

/// One attempt's end, and what follows.
#[derive(Clone, Debug)]
pub struct EndedAttempt<'a> {
    /// Locked by this transaction.
    pub event_id: EventId,
    /// How it ended.
    pub ending: Ending,
    /// What follows for the event.
    pub verdict: Verdict,
    /// What its engine said of it.
    pub words: AttemptWords<'a>,
    /// Seconds after the lease had run out, where the report came late.
    pub late_by_seconds: Option<f64>,
    /// What its follow-up events were answered, as JSON; `None` where it had none.
    pub follow_ups: Option<&'a str>,
}

impl EndedAttempt<'_> {
    /// What its engine is answered.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.verdict.answer(self.ending)
    }

    fn final_status(&self) -> Option<Status> {
        Some(self.answer().event_status()).filter(|status| status.is_final())
    }

    /// What the event died of, if it is dead now.
    fn cause(&self) -> Cause<'_> {
        let AttemptWords { error, error_type: kind, error_message, error_fingerprint: fingerprint, .. } = self.words;
        match error_message {
            Some(message) => Cause::Error { fingerprint, kind, message, json: error },
            None => Cause::Loss { outcome: self.ending.outcome().as_str() },
        }
    }

    fn due_after_seconds(&self) -> Option<f64> {
        match self.verdict {
            Verdict::Requeue { after, .. } => Some(after.as_secs_f64()),
            Verdict::Complete | Verdict::DeadLetter { .. } | Verdict::Cancel => None,
        }
    }
}

/// Records the ends and carries out what follows. Answers when the requeued ones are due.
pub async fn apply(
    connection: &mut PgConnection,
    ended: &[EndedAttempt<'_>],
) -> Result<HashMap<EventId, DateTime<Utc>>> {
    if ended.is_empty() {
        return Ok(HashMap::new());
    }
    let due = record(connection, ended).await?;
    requeue(connection, ended, &due).await?;
    close(connection, ended).await?;
    dead_letter(connection, ended).await?;
    Ok(due)
}

async fn record(connection: &mut PgConnection, ended: &[EndedAttempt<'_>]) -> Result<HashMap<EventId, DateTime<Utc>>> {
    let rows: Vec<(Uuid, Option<DateTime<Utc>>)> = sqlx::query_as(include_str!("sql/record_attempts.sql"))
        .bind(ended.iter().map(|attempt| attempt.event_id.0).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.ending.outcome().as_str()).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.answer().as_str()).collect::<Vec<_>>())
        .bind(ended.iter().map(EndedAttempt::due_after_seconds).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.words.result).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.words.error).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.late_by_seconds).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.final_status().map(Status::as_str)).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.words.code).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.words.reason).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.words.progress).collect::<Vec<_>>())
        .bind(ended.iter().map(|attempt| attempt.follow_ups).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|(event_id, available_at)| available_at.map(|at| (EventId(event_id), at))).collect())
}

async fn requeue(
    connection: &mut PgConnection,
    ended: &[EndedAttempt<'_>],
    due: &HashMap<EventId, DateTime<Utc>>,
) -> Result<()> {
    let (mut ids, mut available_ats, mut keeps_tokens) = (Vec::new(), Vec::new(), Vec::new());
    let (mut failures, mut lease_losses, mut releases) = (Vec::new(), Vec::new(), Vec::new());
    let mut lanes = Vec::new();
    for attempt in ended {
        if let Verdict::Requeue { spent, lane, .. } = attempt.verdict
            && let Some(available_at) = due.get(&attempt.event_id)
        {
            ids.push(attempt.event_id.0);
            available_ats.push(*available_at);
            keeps_tokens.push(attempt.ending.keeps_token());
            failures.push(spent.failures.cast_signed());
            lease_losses.push(spent.lease_losses.cast_signed());
            releases.push(spent.releases.cast_signed());
            lanes.push(i16::from(lane.number()));
        }
    }
    if !ids.is_empty() {
        sqlx::query(include_str!("sql/requeue.sql"))
            .bind(ids)
            .bind(available_ats)
            .bind(keeps_tokens)
            .bind(failures)
            .bind(lease_losses)
            .bind(releases)
            .bind(lanes)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn close(connection: &mut PgConnection, ended: &[EndedAttempt<'_>]) -> Result<()> {
    let ids: Vec<Uuid> = ended
        .iter()
        .filter(|attempt| matches!(attempt.verdict, Verdict::Complete | Verdict::Cancel))
        .map(|attempt| attempt.event_id.0)
        .collect();
    if !ids.is_empty() {
        sqlx::query(include_str!("sql/close.sql")).bind(ids).execute(connection).await?;
    }
    Ok(())
}

async fn dead_letter(connection: &mut PgConnection, ended: &[EndedAttempt<'_>]) -> Result<()> {
    let (mut ids, mut reasons, mut error_types, mut error_messages) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut failures, mut lease_losses) = (Vec::new(), Vec::new());
    let (mut fingerprints, mut rules) = (Vec::new(), Vec::new());
    for attempt in ended {
        if let Verdict::DeadLetter { reason, spent } = attempt.verdict {
            ids.push(attempt.event_id.0);
            reasons.push(reason.as_str());
            error_types.push(attempt.words.error_type);
            error_messages.push(attempt.words.error_message);
            failures.push(spent.failures.cast_signed());
            lease_losses.push(spent.lease_losses.cast_signed());
            let Fingerprint { text, rule } = fingerprint(attempt.cause());
            fingerprints.push(text);
            rules.push(rule);
        }
    }
    if !ids.is_empty() {
        sqlx::query(include_str!("sql/dead_letter.sql"))
            .bind(ids)
            .bind(reasons)
            .bind(error_types)
            .bind(error_messages)
            .bind(failures)
            .bind(lease_losses)
            .bind(fingerprints)
            .bind(rules)
            .execute(connection)
            .await?;
    }
    Ok(())
}
