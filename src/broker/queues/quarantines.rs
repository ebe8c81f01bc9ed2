//! Quarantines: engines of a version are given nothing of a queue, however often they register.

use serde_json::json;
use tracing::field::display;

use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::limits::MAX_QUARANTINES_OF_QUEUE;
use crate::domain::log_text::LogText;
use crate::domain::names::EngineType;
use crate::domain::queue::Quarantine;
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::announcement::{self, Concerns};
use crate::store::pool::commit;
use crate::store::queues::quarantines;

impl Broker {
    /// Gives engines of that version, `None` being those without one, nothing more of the queue from the answer on; makes the queue
    /// exist. One that is there gets the new reason and end. Where it fails after its commit, it may be repeated.
    pub async fn quarantine_version(
        &self,
        by: &Actor,
        engine_type: &EngineType,
        version: Option<String>,
        reason: String,
        lift_after_seconds: Option<u32>,
    ) -> Result<Quarantine> {
        let name = engine_type.as_str();
        let mut transaction = self.begin().await?;
        let made = self.check_room(&mut transaction, engine_type, by.into()).await?;
        store::queues::ensure(&mut transaction, name).await?;
        let mut all = self.quarantines_of(&mut transaction, engine_type).await?;
        let (now, lift_at) = quarantines::begin_and_end(&mut transaction, lift_after_seconds).await?;
        let before =
            all.iter().position(|known| known.engine_software_version == version).map(|place| all.remove(place));
        if all.len() >= MAX_QUARANTINES_OF_QUEUE {
            return Err(Error::TooManyQuarantines(engine_type.clone()));
        }
        let since = before.map_or(now, |before| before.since);
        let by_name = by.known_name().map(ToOwned::to_owned);
        let quarantine = Quarantine { engine_software_version: version, reason, by: by_name, since, lift_at };
        all.push(quarantine.clone());
        quarantines::write(&mut transaction, name, &all).await?;
        announcement::announce(&mut transaction, Concerns::HeartbeatsAndPolls, &[name]).await?;
        let details = json!({
            "engine_software_version": quarantine.engine_software_version, "reason": quarantine.reason,
            "lift_after_seconds": lift_after_seconds,
        });
        store::audit::record(&mut transaction, by, Operation::QuarantineVersion, name, &details).await?;
        commit(transaction).await?;
        made.keep();
        self.metrics.queue(name);
        let version = quarantine.engine_software_version.as_deref().map(|version| display(LogText(version)));
        tracing::info!(%engine_type, version, reason = %LogText(&quarantine.reason), "version quarantined");
        self.dispatch.queue_changed(name);
        let mut connection = self.connection().await?;
        quarantines::wait_for_claims(&mut connection, name, quarantine.engine_software_version.as_deref()).await?;
        Ok(quarantine)
    }

    /// The quarantines of a queue that are in force, the newest first.
    pub async fn list_quarantines(&self, engine_type: &EngineType) -> Result<Vec<Quarantine>> {
        let mut connection = self.reading_connection().await?;
        self.quarantines_of(&mut connection, engine_type).await
    }

    /// Lets engines of that version have events again.
    pub async fn lift_quarantine(&self, by: &Actor, engine_type: &EngineType, version: Option<&str>) -> Result<()> {
        let name = engine_type.as_str();
        let mut transaction = self.begin().await?;
        if !store::queues::removal::lock(&mut transaction, name).await? {
            return Err(Error::QueueNotFound(engine_type.clone()));
        }
        let mut all = self.quarantines_of(&mut transaction, engine_type).await?;
        let place = all.iter().position(|known| known.engine_software_version.as_deref() == version);
        let Some(place) = place else {
            return Err(Error::NotQuarantined {
                engine_type: engine_type.clone(),
                version: version.map(ToOwned::to_owned),
            });
        };
        all.remove(place);
        quarantines::write(&mut transaction, name, &all).await?;
        announcement::announce(&mut transaction, Concerns::HeartbeatsAndPolls, &[name]).await?;
        let details = json!({"engine_software_version": version});
        store::audit::record(&mut transaction, by, Operation::LiftQuarantine, name, &details).await?;
        commit(transaction).await?;
        tracing::info!(%engine_type, version = version.map(|version| display(LogText(version))), "quarantine lifted");
        self.dispatch.queue_changed(name);
        Ok(())
    }

    async fn quarantines_of(
        &self,
        connection: &mut store::PgConnection,
        engine_type: &EngineType,
    ) -> Result<Vec<Quarantine>> {
        let queue = store::queues::read(connection, engine_type.as_str()).await?;
        Ok(queue.ok_or_else(|| Error::QueueNotFound(engine_type.clone()))?.quarantines)
    }
}
