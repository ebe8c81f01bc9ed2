//! Settling and renewing: lock and read, the pure verdict of the domain, apply, one commit.

use std::collections::{HashMap, HashSet};

use super::late_report::{answer_late_report, refuse_holder};
use crate::batching::Mode;
use crate::broker::batchers::{Answers, locking};
use crate::broker::effects::{Effects, verdict_of};
use crate::broker::settled::{Settled, SettledOutcome};
use crate::broker::state::Broker;
use crate::domain::event::{Outcome, Status};
use crate::domain::fence::{self, Credentials, Standing};
use crate::domain::follow_up::{self, FollowUp};
use crate::domain::ids::EventId;
use crate::domain::json::SentJson;
use crate::domain::lane::SuspectIsolation;
use crate::domain::retry_policy::RetryPolicy;
use crate::domain::settlement::{Renewal, Report, Settlement};
use crate::domain::verdict::Ending;
use crate::error::{Error, LeaseLost, Result};
use crate::metrics::RENEWED;
use crate::store::leases::open_events::{self, Locking, OpenEvent};
use crate::store::pool::commit;
use crate::store::settlement::{self, AttemptWords, EndedAttempt};
use crate::store::{PgConnection, policies_of_leased_events};

impl Broker {
    /// Settles and renews; together, `None` for one whose row somebody else has locked. An event may occur once.
    pub(super) async fn settle_under_locks(&self, settlements: &[&Settlement], mode: Mode) -> Result<Answers<Settled>> {
        let isolation = self.settings.suspect_isolation;
        let mut transaction = self.begin().await?;
        let mut effects = Effects::default();
        let mut answers: Answers<Settled> = Vec::new();
        answers.resize_with(settlements.len(), || None);
        let live = admit_all(&mut transaction, settlements, mode, &mut answers).await?;
        self.renew_live(&mut transaction, settlements, &live, &mut answers).await?;
        end_live(&mut transaction, settlements, &live, &HashMap::new(), isolation, &mut answers, &mut effects).await?;
        commit(transaction).await?;

        self.apply(effects);
        self.note_settled(settlements, &live);
        Ok(answers)
    }

    /// Their engines are alive; and which settlements had no fence is counted.
    pub(super) fn note_settled(&self, settlements: &[&Settlement], live: &[(usize, OpenEvent)]) {
        for (settlement, event) in live.iter().map(|(index, event)| (settlements[*index], event)) {
            self.note_holder_call(event.lease.holder);
            if settlement.lease_token.is_none() {
                self.metrics.settlements_unfenced.inc();
            }
        }
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
                follow_ups: Vec::new(),
            }));
        }
        Ok(())
    }
}

/// Locks the open events, and answers those on whose leases the settlements act, each with its settlement's place. The others
/// are answered, but for those that somebody else has locked. An event may occur once.
pub async fn admit_all(
    connection: &mut PgConnection,
    settlements: &[&Settlement],
    mode: Mode,
    answers: &mut [Option<Result<Settled>>],
) -> Result<Vec<(usize, OpenEvent)>> {
    let ids: Vec<EventId> = settlements.iter().map(|settlement| settlement.event_id).collect();
    debug_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an event occurs once");
    let open = open_events::lock(connection, &ids, locking(mode)).await?;
    let open: HashMap<EventId, OpenEvent> = open.into_iter().map(|event| (event.event_id, event)).collect();
    let skipped: Vec<EventId> = ids.into_iter().filter(|event_id| !open.contains_key(event_id)).collect();
    let locked = match mode {
        Mode::Together => open_events::are_open(connection, &skipped).await?,
        Mode::Alone => HashSet::new(),
    };
    let mut live = Vec::new();
    for (index, settlement) in settlements.iter().enumerate() {
        let event = open.get(&settlement.event_id);
        if locked.contains(&settlement.event_id) {
            continue;
        }
        match admit(connection, settlement, event).await? {
            Ok(event) => live.push((index, event)),
            Err(answer) => answers[index] = Some(answer),
        }
    }
    Ok(live)
}

/// The open event, where the settlement acts on its lease; else the settlement's answer.
async fn admit(
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
        (Standing::Late, Some(open)) => match take_loss_back(connection, settlement, open).await? {
            Some(open) => Ok(Ok(open)),
            None => Ok(Err(answer_late_report(connection, settlement).await?)),
        },
        (Standing::NotTheHolder, Some(open)) => Ok(Err(Err(refuse_holder(connection, settlement.caller, open).await?))),
        (Standing::NotTheHolder | Standing::Past | Standing::Live | Standing::Late, _) => {
            Ok(Err(answer_late_report(connection, settlement).await?))
        }
    }
}

async fn take_loss_back(
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

/// Ends the leases that were reported on, by the budgets. `follow_ups`: what became of those of a settlement, by its place.
pub async fn end_live(
    connection: &mut PgConnection,
    settlements: &[&Settlement],
    live: &[(usize, OpenEvent)],
    follow_ups: &HashMap<usize, Vec<FollowUp>>,
    isolation: SuspectIsolation,
    answers: &mut [Option<Result<Settled>>],
    effects: &mut Effects,
) -> Result<()> {
    let ending: Vec<&(usize, OpenEvent)> =
        live.iter().filter(|(index, _)| !matches!(settlements[*index].report, Report::Renewed { .. })).collect();
    let by_policy: Vec<EventId> = ending
        .iter()
        .filter(|(index, event)| needs_policy(&settlements[*index].report, event))
        .map(|(_, event)| event.event_id)
        .collect();
    let policies =
        if by_policy.is_empty() { HashMap::new() } else { policies_of_leased_events(connection, &by_policy).await? };
    let kept: HashMap<usize, String> =
        follow_ups.iter().map(|(index, follow_ups)| (*index, follow_up::to_json(follow_ups))).collect();
    let ended: Vec<EndedAttempt<'_>> = ending
        .iter()
        .map(|(index, event)| EndedAttempt {
            follow_ups: kept.get(index).map(String::as_str),
            ..ended_attempt(&settlements[*index].report, event, policies.get(&event.event_id), isolation)
        })
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
            follow_ups: follow_ups.get(index).cloned().unwrap_or_default(),
        }));
    }
    Ok(())
}

/// Whether the verdict depends on the policy: that on a failure, and the lane of a suspect that goes back into its queue.
const fn needs_policy(report: &Report, event: &OpenEvent) -> bool {
    match report {
        Report::Failed { .. } => true,
        Report::Released { .. } => event.spent.lease_losses > 0,
        Report::Completed { .. } | Report::Renewed { .. } => false,
    }
}

/// The policy is there where it is needed.
fn ended_attempt<'a>(
    report: &'a Report,
    event: &OpenEvent,
    policy: Option<&RetryPolicy>,
    isolation: SuspectIsolation,
) -> EndedAttempt<'a> {
    let (ending, words) = match report {
        Report::Completed { result, .. } => {
            (Ending::Completed, AttemptWords { result: result.as_ref().map(SentJson::get), ..AttemptWords::default() })
        }
        Report::Failed { error, is_retryable, delay, progress } => {
            let words = AttemptWords {
                error: Some(error.json.get()),
                error_type: error.kind.as_deref(),
                error_message: Some(&error.message),
                error_fingerprint: error.fingerprint.as_deref(),
                progress: progress.as_ref().map(SentJson::get),
                ..AttemptWords::default()
            };
            (Ending::Failed { is_retryable: *is_retryable, delay: *delay }, words)
        }
        Report::Released { delay, code, reason, progress } => {
            let words = AttemptWords {
                code: code.as_deref(),
                reason: reason.as_deref(),
                progress: progress.as_ref().map(SentJson::get),
                ..AttemptWords::default()
            };
            (Ending::Released { delay: *delay }, words)
        }
        Report::Renewed { .. } => unreachable!("renewals end nothing"),
    };
    EndedAttempt {
        event_id: event.event_id,
        ending,
        verdict: verdict_of(ending, event, &policy.copied().unwrap_or_default(), isolation),
        words,
        late_by_seconds: event.late_by_seconds,
        follow_ups: None,
    }
}
