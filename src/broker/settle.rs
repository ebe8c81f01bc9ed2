//! Settling and renewing: lock and read, the pure verdict of the domain, apply, one commit.

mod completion;
mod late_report;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::batchers::{Answers, locking};
use super::effects::{Effects, end_in_silence, verdict_of};
use super::settled::{Settled, SettledOutcome};
use super::state::Broker;
use crate::batching::{Mode, Size};
use crate::domain::event::{Outcome, Status};
use crate::domain::fence::{self, Credentials, Standing};
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::json::SentJson;
use crate::domain::retry_policy::RetryPolicy;
use crate::domain::settlement::{Renewal, Report, Settlement};
use crate::domain::verdict::Ending;
use crate::error::{Error, LeaseLost, Result};
use crate::metrics::RENEWED;
use crate::store::PgConnection;
use crate::store::leases::open_events::{self, Locking, OpenEvent};
use crate::store::policies_of_open_events;
use crate::store::pool::commit;
use crate::store::settlement::{self, EndedAttempt};
use late_report::{answer_late_report, refuse_holder};

impl Broker {
    /// Settles or renews one lease.
    ///
    /// # Errors
    /// [`Error::LeaseLost`], [`Error::AlreadySettled`], [`Error::NotTheHolder`]: nothing was changed, and the same report can never
    /// be taken. [`Error::Overloaded`]: the caller may try again.
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled> {
        self.submit_settlements(vec![settlement]).await?.pop().expect("one answer for one settlement")
    }

    /// An event may occur once.
    async fn submit_settlements(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<Settled>>> {
        let bytes = settlements.iter().map(|settlement| settlement.report.bytes()).sum();
        let size = Size { rows: settlements.len(), bytes };
        let events = settlements.iter().map(|settlement| settlement.event_id.0).collect();
        self.batchers.settlements.submit(Arc::new(settlements), size, events).await?
    }

    /// Settles many, each with its own verdict. Of an event that occurs more than once, each report is
    /// judged after the one before.
    pub async fn settle_many(&self, settlements: Vec<Settlement>) -> Result<Vec<Result<Settled>>> {
        let mut answers: Vec<Option<Result<Settled>>> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        let mut left: Vec<(usize, Settlement)> = settlements.into_iter().enumerate().collect();
        while !left.is_empty() {
            let mut seen = HashSet::new();
            let (round, later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(_, settlement)| seen.insert(settlement.event_id));
            let (places, batch): (Vec<usize>, Vec<Settlement>) = round.into_iter().unzip();
            let settled = self.submit_settlements(batch).await?;
            for (place, answer) in places.into_iter().zip(settled) {
                answers[place] = Some(answer);
            }
            left = later;
        }
        Ok(answers.into_iter().map(|answer| answer.expect("every settlement was answered")).collect())
    }

    /// Settles what several requests report, with one commit. A request whose rows somebody else has locked is to be alone.
    pub(super) async fn settle_batch(
        &self,
        items: &[Arc<Vec<Settlement>>],
        mode: Mode,
    ) -> Result<Answers<Vec<Result<Settled>>>> {
        // Carried out a second time for the sake of one of them, a report without a token could end another lease.
        let is_to_be_alone = |settlements: &[Settlement]| {
            mode == Mode::Together
                && settlements.len() > 1
                && settlements.iter().any(|settlement| settlement.lease_token.is_none())
        };
        let joint = items.iter().filter(|settlements| !is_to_be_alone(settlements));
        let settlements: Vec<&Settlement> = joint.flat_map(|settlements| settlements.iter()).collect();
        let mut answers = self.settle_together(&settlements, locking(mode)).await?.into_iter();
        Ok(items
            .iter()
            .map(|settlements| {
                if is_to_be_alone(settlements) {
                    return None;
                }
                let answers: Vec<_> = answers.by_ref().take(settlements.len()).collect();
                answers.into_iter().collect::<Option<Vec<_>>>().map(Ok)
            })
            .collect())
    }
    /// Settles a batch, each with its own verdict; `None` for one whose row somebody else has locked. An event
    /// may occur once. Plain completions have one statement and one commit, all else has a transaction.
    async fn settle_together(
        &self,
        settlements: &[&Settlement],
        locking: Locking,
    ) -> Result<Vec<Option<Result<Settled>>>> {
        let mut answers: Vec<Option<Result<Settled>>> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        if self.settings.coalescing.max_rows > 1 {
            self.complete_plainly(settlements, &mut answers).await?;
        }
        let left: Vec<usize> = (0..settlements.len()).filter(|&index| answers[index].is_none()).collect();
        if !left.is_empty() {
            let rest: Vec<&Settlement> = left.iter().map(|&index| settlements[index]).collect();
            for (index, answer) in left.into_iter().zip(self.settle_in_transaction(&rest, locking).await?) {
                answers[index] = answer;
            }
        }
        Ok(answers)
    }

    /// The holder of a lease reported on it.
    fn note_spoken(&self, holder: Option<EngineId>, engine_type: &str, is_late: bool) {
        if let Some(holder) = holder {
            // Its token speaks for it where it does not name itself.
            self.note_call(holder);
        }
        if is_late {
            self.metrics.settlements_late.with_label_values(&[self.metrics.queue(engine_type)]).inc();
        }
    }

    async fn settle_in_transaction(
        &self,
        settlements: &[&Settlement],
        locking: Locking,
    ) -> Result<Vec<Option<Result<Settled>>>> {
        let mut transaction = self.begin().await?;
        let mut effects = Effects::default();
        let mut answers: Vec<Option<Result<Settled>>> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        let mut live: Vec<(usize, OpenEvent)> = Vec::new();

        let ids: Vec<EventId> = settlements.iter().map(|settlement| settlement.event_id).collect();
        debug_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an event occurs once");
        let open = open_by_id(&mut transaction, &ids, locking).await?;
        for (index, settlement) in settlements.iter().enumerate() {
            let event = open.get(&settlement.event_id);
            if event.is_none() && locking == Locking::SkipLocked {
                // Ended, or locked: alone, it waits for the answer to that.
                continue;
            }
            match self.admit(&mut transaction, settlement, event).await? {
                Ok(event) => live.push((index, event)),
                Err(answer) => answers[index] = Some(answer),
            }
        }
        self.renew_live(&mut transaction, settlements, &live, &mut answers).await?;
        end_live(&mut transaction, settlements, &live, &mut answers, &mut effects).await?;
        commit(transaction).await?;

        self.apply(effects);
        for (settlement, event) in live.iter().map(|(index, event)| (settlements[*index], event)) {
            let is_renewal = matches!(settlement.report, Report::Renewed { .. });
            let is_late = event.late_by_seconds.is_some() && !is_renewal;
            self.note_spoken(event.lease.holder, &event.engine_type, is_late);
            if settlement.lease_token.is_none() {
                self.metrics.settlements_unfenced.inc();
            }
        }
        Ok(answers)
    }

    /// Whether a settlement acts on a lease; if not, its answer.
    async fn admit(
        &self,
        connection: &mut PgConnection,
        settlement: &Settlement,
        open: Option<&OpenEvent>,
    ) -> Result<std::result::Result<OpenEvent, Result<Settled>>> {
        let is_renewal = matches!(settlement.report, Report::Renewed { .. });
        let shown = Credentials { lease_token: settlement.lease_token, caller: settlement.caller, is_renewal };
        match (fence::standing(shown, open.map(|open| open.lease)), open) {
            // What has reached `max_lease_seconds` cannot be renewed, only settled.
            (Standing::Live, Some(open)) if is_renewal && open.is_at_max_lease && open.late_by_seconds.is_some() => {
                Ok(Err(Err(Error::LeaseLost(Box::new(LeaseLost {
                    event_id: open.event_id,
                    lease_ended_by: Some(Outcome::MaxLease),
                    lease_ended_at: open.expires_at,
                    event_status: Status::Processing,
                    current_attempt: open.attempt,
                })))))
            }
            (Standing::Live, Some(open)) => Ok(Ok(open.clone())),
            (Standing::Late, Some(open)) => match self.take_loss_back(connection, settlement, open).await? {
                Some(open) => Ok(Ok(open)),
                None => Ok(Err(answer_late_report(connection, settlement).await?)),
            },
            (Standing::NotTheHolder, Some(open)) => {
                Ok(Err(Err(refuse_holder(connection, settlement.caller, open).await?)))
            }
            (Standing::NotTheHolder | Standing::Past | Standing::Live | Standing::Late, _) => {
                Ok(Err(answer_late_report(connection, settlement).await?))
            }
        }
    }

    async fn take_loss_back(
        &self,
        connection: &mut PgConnection,
        settlement: &Settlement,
        open: &OpenEvent,
    ) -> Result<Option<OpenEvent>> {
        let Some(token) = settlement.lease_token else { return Ok(None) };
        if !settlement::late_report::take_loss_back(connection, open.event_id, token, settlement.caller).await? {
            return Ok(None);
        }
        Ok(open_events::lock(connection, &[open.event_id], Locking::Wait).await?.pop())
    }

    async fn renew_live(
        &self,
        connection: &mut PgConnection,
        settlements: &[&Settlement],
        live: &[(usize, OpenEvent)],
        answers: &mut [Option<Result<Settled>>],
    ) -> Result<()> {
        let renewals: Vec<_> = live
            .iter()
            .filter_map(|(index, event)| match &settlements[*index].report {
                Report::Renewed { visibility_timeout_seconds, progress } => {
                    Some((*index, event, *visibility_timeout_seconds, progress.as_ref().map(SentJson::get)))
                }
                Report::Completed { .. } | Report::Failed { .. } | Report::Released { .. } => None,
            })
            .collect();
        if renewals.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> =
            renewals.iter().map(|(_, event, seconds, progress)| (event.event_id, *seconds, *progress)).collect();
        let renewed = open_events::renew(connection, &asked, true).await?;
        for (index, event, ..) in renewals {
            let Some(renewed) = renewed.iter().find(|renewed| renewed.event_id == event.event_id) else { continue };
            self.metrics.settlements.with_label_values(&[self.metrics.queue(&event.engine_type), RENEWED]).inc();
            answers[index] = Some(Ok(Settled {
                event_id: event.event_id,
                status: Status::Processing,
                attempt: event.attempt,
                outcome: SettledOutcome::Renewed,
                available_at: None,
                renewal: Some(Renewal {
                    expires_at: renewed.expires_at,
                    expires_in_seconds: renewed.expires_in_seconds,
                    is_cancel_requested: event.is_cancel_requested,
                }),
            }));
        }
        Ok(())
    }

    /// Gives leases back that nobody has heard of, uncounted. Meanwhile a repeat of their poll may have been given them:
    /// its caller works on them.
    pub(super) async fn hand_back_leases(&self, leases: &[(EventId, LeaseToken)]) -> Result<()> {
        let mut transaction = self.begin().await?;
        let ids: Vec<EventId> = leases.iter().map(|(event_id, _)| *event_id).collect();
        let tokens: HashMap<EventId, LeaseToken> = leases.iter().copied().collect();
        let open = open_events::lock_unrepeated(&mut transaction, &ids).await?;
        let is_theirs = |event: &OpenEvent| {
            event.lease.is_processing && event.lease.lease_token == tokens.get(&event.event_id).copied()
        };
        let unheard: Vec<(OpenEvent, Ending)> =
            open.into_iter().filter(is_theirs).map(|event| (event, Ending::Undelivered)).collect();
        let mut effects = Effects::default();
        end_in_silence(&mut transaction, &unheard, &mut effects).await?;
        commit(transaction).await?;
        self.apply(effects);
        Ok(())
    }
}

async fn open_by_id(
    connection: &mut PgConnection,
    ids: &[EventId],
    locking: Locking,
) -> Result<HashMap<EventId, OpenEvent>> {
    let open = open_events::lock(connection, ids, locking).await?;
    Ok(open.into_iter().map(|event| (event.event_id, event)).collect())
}

/// Ends the leases that were reported on, by the budgets.
async fn end_live(
    connection: &mut PgConnection,
    settlements: &[&Settlement],
    live: &[(usize, OpenEvent)],
    answers: &mut [Option<Result<Settled>>],
    effects: &mut Effects,
) -> Result<()> {
    let ending: Vec<&(usize, OpenEvent)> =
        live.iter().filter(|(index, _)| !matches!(settlements[*index].report, Report::Renewed { .. })).collect();
    let failed: Vec<EventId> = ending
        .iter()
        .filter(|(index, _)| matches!(settlements[*index].report, Report::Failed { .. }))
        .map(|(_, event)| event.event_id)
        .collect();
    let policies =
        if failed.is_empty() { HashMap::new() } else { policies_of_open_events(connection, &failed).await? };
    let ended: Vec<EndedAttempt<'_>> = ending
        .iter()
        .map(|(index, event)| ended_attempt(&settlements[*index].report, event, policies.get(&event.event_id)))
        .collect();
    let due = settlement::apply(connection, &ended).await?;
    for ((index, event), attempt) in ending.iter().zip(&ended) {
        let available_at = due.get(&event.event_id).copied();
        let answer = attempt.answer();
        effects.ended(event, attempt, available_at);
        answers[*index] = Some(Ok(Settled {
            event_id: event.event_id,
            status: answer.event_status(),
            attempt: event.attempt,
            outcome: SettledOutcome::Ended(answer),
            available_at,
            renewal: None,
        }));
    }
    Ok(())
}

/// A policy is there for every failure; nothing else asks it.
fn ended_attempt<'a>(report: &'a Report, event: &OpenEvent, policy: Option<&RetryPolicy>) -> EndedAttempt<'a> {
    let (ending, result, error) = match report {
        Report::Completed { result } => (Ending::Completed, result.as_ref(), None),
        Report::Failed { error, is_retryable, delay } => {
            (Ending::Failed { is_retryable: *is_retryable, delay: *delay }, None, Some(error))
        }
        Report::Released { delay } => (Ending::Released { delay: *delay }, None, None),
        Report::Renewed { .. } => unreachable!("renewals end nothing"),
    };
    EndedAttempt {
        event_id: event.event_id,
        ending,
        verdict: verdict_of(ending, event, &policy.copied().unwrap_or_default()),
        result: result.map(SentJson::get),
        error: error.map(|error| error.json.get()),
        error_type: error.and_then(|error| error.kind.as_deref()),
        error_message: error.map(|error| error.message.as_str()),
        late_by_seconds: event.late_by_seconds,
    }
}
