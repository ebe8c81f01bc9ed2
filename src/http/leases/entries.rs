//! Lists of settlements, each with a verdict of its own.

use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::settled::{SettleResult, SettledReply};
use super::settlement::{SettleBody, read_what_is_reported};
use crate::domain::ids::{EngineId, EventId};
use crate::domain::limits::{MAX_BATCH_EVENTS, MAX_FOLLOW_UPS_OF_REQUEST};
use crate::domain::requester::Requester;
use crate::domain::settlement::Settlement;
use crate::http::api::Api;
use crate::http::errors::{Errors, InputPlace, MAX_ERRORS_TOLD_OF_BATCH, Problem};
use crate::http::requests::values::{array, uuid};
use crate::http::requests::{Fields, Reader};

/// A settlement, with the event it is about.
#[derive(ToSchema)]
#[schema(as = SettlementEntry)]
#[expect(dead_code, reason = "describes the body to OpenAPI; `read_entry` reads it")]
pub struct SettlementEntryBody {
    event_id: uuid::Uuid,
    #[serde(flatten)]
    settlement: SettleBody,
}

/// An entry of a list: a settlement, or what is wrong with it, and with which event.
pub type Entry = Result<Settlement, Box<(Option<EventId>, Problem)>>;

/// Reads an entry of a list of settlements: the event's id stands in it.
fn read_entry(
    fields: &Fields<'_>,
    errors: &Errors,
    caller: Option<EngineId>,
    requester: Requester,
) -> Option<Settlement> {
    let event_id = fields.required("event_id", uuid).map(EventId);
    let (lease_token, report) = read_what_is_reported(fields, errors, requester)?;
    Some(Settlement { event_id: event_id?, lease_token, caller, report })
}

/// The items of a list of settlements, which may not be empty.
pub fn entries_of(raw: &RawValue) -> Result<Vec<&RawValue>, String> {
    let items = array(raw, MAX_BATCH_EVENTS)?;
    if items.is_empty() { Err("must have at least one settlement".to_owned()) } else { Ok(items) }
}

/// Reads the entries, each with its own errors, so that one does not keep the others out. Too many follow-up events of all
/// together are reported as a mistake of the list.
pub fn read_entries(
    items: Vec<&RawValue>,
    reader: &Reader<'_>,
    caller: Option<EngineId>,
    requester: Requester,
) -> Vec<Entry> {
    let mut room = MAX_ERRORS_TOLD_OF_BATCH;
    let entries: Vec<Entry> = items
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let errors = Errors::default();
            let place = format!("/settlements/{index}");
            let fields = Fields::of(raw, place.clone(), &errors, reader.input());
            let settlement = fields.as_ref().and_then(|fields| read_entry(fields, &errors, caller, requester));
            match (errors.take(), settlement) {
                (errors, Some(settlement)) if errors.is_empty() => Ok(settlement),
                (errors, _) => {
                    let event_id = fields.and_then(|fields| fields.peek("event_id", uuid)).map(EventId);
                    let problem = Problem::invalid_input(errors).of_follow_ups(&place);
                    Err(Box::new((event_id, problem.fit_into(&mut room))))
                }
            }
        })
        .collect();
    let follow_ups: usize = entries.iter().flatten().map(|entry| entry.report.follow_ups().len()).sum();
    if follow_ups > MAX_FOLLOW_UPS_OF_REQUEST {
        let detail = format!("has {follow_ups} follow-up events in all; at most {MAX_FOLLOW_UPS_OF_REQUEST} are taken");
        reader.errors().add(InputPlace::Pointer("/settlements".to_owned()), detail);
    }
    entries
}

/// Settles what could be read, and answers every entry in its place.
pub async fn settle_entries(api: &Api, entries: Vec<Entry>) -> Result<Vec<SettleResult>, Problem> {
    let mut settlements = Vec::with_capacity(entries.len());
    let mut take = |settlement: Settlement| {
        let event_id = settlement.event_id;
        settlements.push(settlement);
        event_id
    };
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.map(&mut take)).collect();
    let mut settled = api.broker.settle_many(settlements).await?.into_iter();
    Ok(entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| match entry {
            Ok(event_id) => match settled.next().expect("one answer for each settlement") {
                Ok(settled) => SettleResult::Settled(SettledReply::of(&settled)),
                Err(error) => {
                    let problem = Problem::from(error).within(&format!("/settlements/{index}"));
                    api.metrics.settlements_refused.with_label_values(&[problem.code()]).inc();
                    SettleResult::Refused { event_id: Some(event_id), error: api.told(problem) }
                }
            },
            Err(refused) => {
                let (event_id, problem) = *refused;
                SettleResult::Refused { event_id, error: api.told(problem) }
            }
        })
        .collect())
}
