//! What operators change of engines while they run.

use serde_json::json;
use serde_json::value::RawValue;
use tracing::field::display;

use crate::broker::state::Broker;
use crate::domain::access::Operation;
use crate::domain::audit::Actor;
use crate::domain::engine::{DrainFilter, DrainOrder, Drained, Engine, Metadata};
use crate::domain::ids::EngineId;
use crate::domain::json::object::members;
use crate::domain::log_text::LogText;
use crate::domain::merge_patch;
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::announcement::{self, Concerns};
use crate::store::pool::commit;

/// Of a changed member's name, in the log.
const MAX_LOGGED_NAME_CHARS: usize = 100;

impl Broker {
    /// Changes an engine's static configuration by a merge patch, null removing all of it; `follow` changes what was read out of it.
    pub async fn patch_engine(
        &self,
        by: &Actor,
        engine_id: EngineId,
        patch: &RawValue,
        follow: impl FnOnce(&mut Metadata) + Send,
    ) -> Result<Engine> {
        let mut transaction = self.begin().await?;
        let mut metadata = store::engines::changes::lock_metadata(&mut transaction, engine_id)
            .await?
            .ok_or(Error::EngineNotFound(engine_id))?;
        // Removed, it is as if the engine had registered without.
        let is_removed = patch.get() == "null";
        let merged =
            if is_removed { "{}".to_owned() } else { merge_patch::apply(Some(&metadata.static_config), patch) };
        let (bytes, limit) = (merged.len(), self.settings.max_dynamic_state_bytes);
        if bytes > limit {
            return Err(Error::StaticConfigTooLarge { bytes, limit });
        }
        metadata.static_config = RawValue::from_string(merged).expect("what is merged of JSON is JSON");
        follow(&mut metadata);
        store::engines::changes::write_metadata(&mut transaction, engine_id, &metadata).await?;
        let engine =
            store::engines::read(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        announcement::announce(&mut transaction, Concerns::HeartbeatsAndPolls, &[&engine.engine_type]).await?;
        let details = format!("{{{}}}", merge_patch::member("static_config", patch.get()));
        let subject = engine_id.to_string();
        store::audit::record_text(&mut transaction, by, Operation::ChangeEngine, &subject, &details).await?;
        commit(transaction).await?;
        // A patch that removes everything has none.
        let changes = members(patch).unwrap_or_default();
        let names: Vec<String> = changes.iter().map(|member| member.name.storable(MAX_LOGGED_NAME_CHARS)).collect();
        let (members, bytes) = (names.join(", "), patch.get().len());
        tracing::info!(%engine_id, members = %LogText(&members), bytes, "engine configuration changed");
        self.dispatch.engine_changed(engine_id);
        self.dispatch.orders_changed(&engine.engine_type);
        Ok(engine)
    }

    /// Stops giving events to all engines that the filter lets through, or only looks for them.
    pub async fn drain_engines(
        &self,
        by: &Actor,
        filter: &DrainFilter,
        order: &DrainOrder,
        is_dry_run: bool,
    ) -> Result<Vec<Drained>> {
        let mut transaction = self.begin().await?;
        let engines = store::engines::changes::drain(&mut transaction, filter, order, is_dry_run).await?;
        let mut engine_types: Vec<&str> = engines.iter().map(|engine| engine.engine_type.as_str()).collect();
        engine_types.sort_unstable();
        engine_types.dedup();
        if !is_dry_run {
            announcement::announce(&mut transaction, Concerns::HeartbeatsAndPolls, &engine_types).await?;
            let details = json!({
                "engine_type": filter.engine_type, "engine_types": filter.engine_types,
                "engine_software_version": filter.engine_software_version,
                "engines": engines.len(), "reason": order.reason, "then": order.then,
            });
            let subject = filter.engine_type.as_deref().unwrap_or("engines");
            store::audit::record(&mut transaction, by, Operation::DrainEngines, subject, &details).await?;
        }
        commit(transaction).await?;
        if !is_dry_run {
            let engine_software_version = filter.engine_software_version.as_deref().map(|text| display(LogText(text)));
            tracing::info!(
                engine_type = filter.engine_type,
                engine_software_version,
                engines = engines.len(),
                "engines told to drain"
            );
            for engine in &engines {
                self.dispatch.engine_changed(engine.engine_id);
            }
            for engine_type in engine_types {
                self.dispatch.orders_changed(engine_type);
            }
        }
        Ok(engines)
    }
}
