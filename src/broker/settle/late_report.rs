//! Reports on leases that are over.

use crate::broker::settled::{Settled, SettledOutcome};
use crate::domain::fence::{self, LateReport};
use crate::domain::ids::EngineId;
use crate::domain::settlement::{Report, Settlement};
use crate::error::{Error, LeaseLost, Result};
use crate::store;
use crate::store::PgConnection;
use crate::store::leases::open_events::OpenEvent;

/// The refusal of an engine that has the token of another engine's lease. One of another type gets the same refusal
/// whichever state the event is in.
pub async fn refuse_holder(connection: &mut PgConnection, caller: Option<EngineId>, open: &OpenEvent) -> Result<Error> {
    let engine_type = match caller {
        Some(caller) => store::engines::type_of(connection, caller).await?,
        None => None,
    };
    let event_id = open.event_id;
    Ok(match engine_type {
        Some(engine_type) if engine_type != open.engine_type => Error::EventOfAnotherType(event_id),
        Some(_) | None => Error::NotTheHolder { event_id },
    })
}

/// The answer to a report on a lease that is over: the first answer again, or a refusal.
pub async fn answer_late_report(connection: &mut PgConnection, settlement: &Settlement) -> Result<Result<Settled>> {
    let event_id = settlement.event_id;
    let found =
        store::settlement::late_report::past_lease(connection, event_id, settlement.lease_token, settlement.caller)
            .await?;
    let Some(past) = found else { return Ok(Err(Error::EventNotFound(event_id))) };
    if past.is_of_another_type {
        return Ok(Err(Error::EventOfAnotherType(event_id)));
    }
    let lost = LeaseLost {
        event_id,
        lease_ended_by: past.ended.as_ref().map(|ended| ended.outcome),
        lease_ended_at: past.ended.as_ref().map(|ended| ended.ended_at),
        event_status: past.event_status,
        current_attempt: past.current_attempt,
    };
    let Some(ended) = past.ended else { return Ok(Err(Error::LeaseLost(Box::new(lost)))) };
    let reported = settlement.report.status();
    let verdict = fence::late_report(reported, ended.outcome);
    if verdict == LateReport::LeaseLost && !matches!(settlement.report, Report::Renewed { .. }) {
        store::settlement::late_report::note_refused(connection, event_id, ended.attempt, reported).await?;
    }
    Ok(match (verdict, ended.answer) {
        (LateReport::Repeat, Some(answer)) => Ok(Settled {
            event_id,
            status: answer.event_status(),
            attempt: ended.attempt,
            outcome: SettledOutcome::Ended(answer),
            available_at: ended.answer_available_at,
            renewal: None,
            follow_ups: ended.follow_ups.unwrap_or_default(),
        }),
        (LateReport::AlreadySettled { as_status }, _) => {
            Err(Error::AlreadySettled { event_id, settled_as: as_status, settled_at: ended.ended_at })
        }
        (LateReport::LeaseLost | LateReport::Repeat, _) => Err(Error::LeaseLost(Box::new(lost))),
    })
}
