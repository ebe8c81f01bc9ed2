//! Changing one queued event: when it is due, or its priority.

use serde_json::json;

use super::effects::Effects;
use super::reschedule::{check_reach, landed};
use super::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::event::{Event, Status};
use crate::domain::ids::EventId;
use crate::domain::rescheduling::{QueuedFilter, Reschedule};
use crate::error::{Error, Result};
use crate::store;
use crate::store::events::reschedule;
use crate::store::leases::open_events::{self, Locking};
use crate::store::pool::commit;

impl Broker {
    /// Changes a queued event. Unlike a change of many, it waits for whoever has the event's row locked.
    ///
    /// # Errors
    /// [`Error::EventNotQueued`] with the event's status; [`Error::EventNotFound`]; [`Error::AvailableTooFarAway`].
    pub async fn change_event(&self, by: &Actor, event_id: EventId, change: &Reschedule) -> Result<Event> {
        loop {
            let mut transaction = self.begin().await?;
            let open = open_events::lock(&mut transaction, &[event_id], Locking::Wait).await?;
            let status = match open.first() {
                Some(event) if event.lease.is_processing => Status::Processing,
                Some(_) => Status::Queued,
                None => {
                    let event = store::events::read(&mut transaction, event_id, false).await?;
                    event.ok_or(Error::EventNotFound(event_id))?.status
                }
            };
            if open.is_empty() && !status.is_final() {
                // It has just been redriven.
                continue;
            }
            if status != Status::Queued {
                return Err(Error::EventNotQueued { event_id, status });
            }
            let only = QueuedFilter { event_ids: Some(vec![event_id]), ..QueuedFilter::default() };
            let chosen = reschedule::choose(&mut transaction, &only, None, 0).await?;
            check_reach(change, chosen.chosen_at)?;
            let changed = reschedule::reschedule(&mut transaction, &[event_id], change).await?;
            let event =
                store::events::read(&mut transaction, event_id, false).await?.ok_or(Error::EventNotFound(event_id))?;
            let details = json!({"engine_type": event.engine_type, "change": change});
            let (action, subject) = (Operation::ChangeEvent, event_id.to_string());
            store::audit::record(&mut transaction, by, action, &subject, &details).await?;
            commit(transaction).await?;
            let mut effects = Effects::default();
            landed(&changed, &mut effects);
            self.apply(effects);
            return Ok(event);
        }
    }
}
