//! The quick way for what engines report most: that they are done.

use std::collections::HashMap;

use crate::broker::effects::Effects;
use crate::broker::settled::{Settled, SettledOutcome};
use crate::broker::state::Broker;
use crate::domain::event::Status;
use crate::domain::json::SentJson;
use crate::domain::settlement::{Answer, Report, Settlement};
use crate::error::Result;
use crate::store;
use crate::store::settlement::completion::Completion;

impl Broker {
    /// Completes what needs no second look: the token is current, and the holder says so itself.
    pub(super) async fn complete_plainly(
        &self,
        settlements: &[&Settlement],
        answers: &mut [Option<Result<Settled>>],
    ) -> Result<()> {
        let mut places = HashMap::new();
        let mut completions = Vec::new();
        for (index, settlement) in settlements.iter().enumerate() {
            if let (Some(lease_token), Report::Completed { result }) = (settlement.lease_token, &settlement.report) {
                let (event_id, result) = (settlement.event_id, result.as_ref().map(SentJson::get));
                completions.push(Completion { event_id, lease_token, caller: settlement.caller, result });
                places.insert(event_id, index);
            }
        }
        if completions.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let completed = store::settlement::completion::complete(&mut connection, &mut completions).await?;
        drop(connection);
        let mut effects = Effects::default();
        for event in &completed {
            effects.completed(event);
            self.note_spoken(event.leased_by, &event.engine_type, event.is_late);
            answers[places[&event.event_id]] = Some(Ok(Settled {
                event_id: event.event_id,
                status: Status::Completed,
                attempt: event.attempt,
                outcome: SettledOutcome::Ended(Answer::Completed),
                available_at: None,
                renewal: None,
            }));
        }
        self.apply(effects);
        Ok(())
    }
}
