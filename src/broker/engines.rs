//! The engine registry: register, drain, deregister, read; below, heartbeats and what operators change.

pub mod beat;
pub mod changes;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::effects::{Effects, end_in_silence};
use super::quota::Reservation;
use super::state::Broker;
use super::tokens::check_good;
use crate::domain::access::{Operation, Role};
use crate::domain::audit::Actor;
use crate::domain::engine::{DrainOrder, Engine, Filter, Registration, RegistrationKind};
use crate::domain::engine_group::EngineGroup;
use crate::domain::ids::{EngineId, EventId};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::limits::MAX_ENGINE_GROUPS;
use crate::domain::names::EngineType;
use crate::domain::page::Page;
use crate::domain::tokens::TokenSecret;
use crate::domain::verdict::{Ending, Loss};
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::announcement::{self, Concerns};
use crate::store::leases::open_events::{self, OpenEvent};
use crate::store::pool::commit;

/// An engine that has registered.
#[derive(Debug)]
pub struct Registered {
    /// As it is after the registration.
    pub engine: Engine,
    /// Its id was not known.
    pub is_new: bool,
    /// Shown to nobody but the caller.
    pub engine_token: Option<TokenSecret>,
}

impl Broker {
    /// Registers an engine. A known id means that it restarted: what its former life still held is
    /// a silent loss at once. `by` stands in the token that the engine gets where authentication is on; an engine's own token
    /// registers nothing but the engine that is there.
    ///
    /// # Errors
    /// [`Error::EngineIdTaken`]: another id is needed. [`Error::TooManyNewEngines`], [`Error::TooManyNewQueues`]: the caller may try
    /// again after the time named there. [`Error::EngineOfTokenGone`]: the token cannot make an engine.
    pub async fn register(&self, by: &Actor, registration: &Registration) -> Result<Registered> {
        let engine_id = registration.engine_id;
        let mut transaction = self.begin().await?;
        let mut effects = Effects::default();
        let made = self.check_room(&mut transaction, &registration.engine_type, by.into()).await?;
        let registered = insert_or_lock(&mut transaction, registration).await?;
        let is_new = registered.is_none();
        // Behind the engine's lock, as whoever removes one takes them.
        check_good(&mut transaction, by).await?;
        if by.role == Some(Role::Engine) && registered.as_deref() != Some(registration.engine_type.as_str()) {
            return Err(Error::EngineOfTokenGone(engine_id));
        }
        let counted = if is_new { self.count_new_engine(by)? } else { None };
        if let Some(registered) = registered {
            if registered != registration.engine_type.as_str() {
                return Err(Error::EngineIdTaken { engine_id, registered });
            }
            let held = open_events::lock_held_by(&mut transaction, engine_id).await?;
            let lost = all_ending(held, Ending::Lost(Loss::EngineRestarted));
            end_in_silence(&mut transaction, &lost, self.settings.suspect_isolation, &mut effects).await?;
            let registration = with_its_reach(&mut transaction, by, registration).await?;
            store::engines::restart(&mut transaction, &registration).await?;
            announcement::announce(&mut transaction, Concerns::Heartbeats, &[registration.engine_type.as_str()])
                .await?;
        }
        let engine =
            store::engines::read(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        let token = if self.settings.issues_engine_tokens {
            Some(self.issue_engine_token(&mut transaction, by, engine_id).await?)
        } else {
            None
        };
        commit(transaction).await?;
        made.keep();
        counted.into_iter().for_each(Reservation::keep);
        let engine_token = token.map(|(changed, secret)| {
            self.tokens.learn_all(&changed);
            self.tokens.read_soon();
            secret
        });
        self.apply(effects);
        self.dispatch.engine_changed(engine_id);
        if !is_new {
            self.dispatch.orders_changed(registration.engine_type.as_str());
        }
        let kind = if is_new { RegistrationKind::New } else { RegistrationKind::Restarted };
        self.metrics
            .registrations
            .with_label_values(&[self.metrics.queue(registration.engine_type.as_str()), kind.as_str()])
            .inc();
        Ok(Registered { engine, is_new, engine_token })
    }

    /// Counts a new engine against the quota of whoever registers it. Without authentication engines get no tokens, which
    /// are what could be used up, and anybody may remove them.
    fn count_new_engine(&self, by: &Actor) -> Result<Option<Reservation>> {
        if !self.settings.issues_engine_tokens {
            return Ok(None);
        }
        let refused = |retry_after| Error::TooManyNewEngines { limit: self.new_engines.most, retry_after };
        self.new_engines.reserve(by.into()).map(Some).map_err(refused)
    }

    /// Stops giving the engine events, or (without an order) starts again.
    pub async fn set_draining(
        &self,
        by: &Actor,
        engine_id: EngineId,
        incarnation: Option<i32>,
        order: Option<&DrainOrder>,
    ) -> Result<Engine> {
        let mut transaction = self.begin().await?;
        let locked =
            store::engines::lock(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        Error::check_incarnation(engine_id, incarnation, locked.incarnation, locked.registered_at)?;
        store::engines::set_draining(&mut transaction, engine_id, order).await?;
        let engine =
            store::engines::read(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        let action = if order.is_some() { Operation::DrainEngine } else { Operation::ResumeEngine };
        // An engine that announces its leave is nobody's doing.
        if by.role != Some(Role::Engine) {
            let details = match order {
                Some(order) => {
                    json!({"engine_type": engine.engine_type, "reason": order.reason, "then": order.then})
                }
                None => type_of(&engine),
            };
            store::audit::record(&mut transaction, by, action, &engine_id.to_string(), &details).await?;
        }
        announcement::announce(&mut transaction, Concerns::HeartbeatsAndPolls, &[&engine.engine_type]).await?;
        commit(transaction).await?;
        if by.role != Some(Role::Engine) {
            let told = if order.is_some() { "engine told to drain" } else { "engine told to go on" };
            tracing::info!(%engine_id, engine_type = %engine.engine_type, "{told}");
        }
        self.dispatch.engine_changed(engine_id);
        self.dispatch.orders_changed(&engine.engine_type);
        Ok(engine)
    }

    /// Removes an engine. Its leases go back and spend nothing if it leaves by itself or was
    /// draining; else they are silent losses.
    pub async fn deregister(
        &self,
        by: &Actor,
        engine_id: EngineId,
        incarnation: Option<i32>,
        caller: Option<EngineId>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let locked =
            store::engines::lock(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        Error::check_incarnation(engine_id, incarnation, locked.incarnation, locked.registered_at)?;
        let engine =
            store::engines::read(&mut transaction, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        let held = open_events::lock_held_by(&mut transaction, engine_id).await?;
        let leaves_in_order = engine.drain.is_some() || caller == Some(engine_id);
        let ending = if leaves_in_order { Ending::HandedBack } else { Ending::Lost(Loss::Deregistered) };
        let mut effects = Effects::default();
        let isolation = self.settings.suspect_isolation;
        end_in_silence(&mut transaction, &all_ending(held, ending), isolation, &mut effects).await?;
        let ended = store::engines::delete(&mut transaction, engine_id).await?;
        announcement::announce(&mut transaction, Concerns::Heartbeats, &[&engine.engine_type]).await?;
        // An engine that leaves by itself is nobody's doing.
        if caller != Some(engine_id) {
            let action = Operation::DeregisterEngine;
            store::audit::record(&mut transaction, by, action, &engine_id.to_string(), &type_of(&engine)).await?;
        }
        commit(transaction).await?;
        self.tokens.learn_all(&ended);
        self.tokens.read_soon();
        self.apply(effects);
        self.dispatch.engine_changed(engine_id);
        self.dispatch.orders_changed(&engine.engine_type);
        Ok(())
    }

    /// One engine with its state as the database has it.
    pub async fn read_engine(&self, engine_id: EngineId) -> Result<Engine> {
        let mut connection = self.reading_connection().await?;
        store::engines::read(&mut connection, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))
    }

    /// A page of the engines registered before the one in `behind`, the newest first.
    pub async fn list_engines(
        &self,
        filter: &Filter,
        behind: Option<(DateTime<Utc>, EngineId)>,
        limit: u32,
        is_brief: bool,
    ) -> Result<Page<Engine>> {
        let mut connection = self.reading_connection().await?;
        Ok(store::engines::list(&mut connection, filter, behind, limit, is_brief).await?)
    }

    /// The engines of all types, or of those named, counted by type, version and status; one group more than `MAX_ENGINE_GROUPS` where
    /// there are more.
    pub async fn summarize_engines(&self, engine_types: Option<&[String]>) -> Result<Vec<EngineGroup>> {
        let mut connection = self.reading_connection().await?;
        Ok(store::engines::groups::list(&mut connection, engine_types, MAX_ENGINE_GROUPS + 1).await?)
    }

    /// A page of what an engine holds, the newest lease first, behind the last one seen.
    pub async fn leases_of_engine(
        &self,
        engine_id: EngineId,
        behind: Option<(DateTime<Utc>, EventId)>,
        limit: u32,
        is_brief: bool,
    ) -> Result<Page<LeasedEvent>> {
        let mut connection = self.reading_connection().await?;
        store::engines::read(&mut connection, engine_id).await?.ok_or(Error::EngineNotFound(engine_id))?;
        Ok(store::leases::leases_of_engine(&mut connection, engine_id, behind, limit, is_brief).await?)
    }
}

/// What the audit trail says of an engine beside its id.
fn type_of(engine: &Engine) -> Value {
    json!({"engine_type": engine.engine_type})
}

/// Registers an engine whose id is new, or locks the one that has it and answers its type.
async fn insert_or_lock(
    connection: &mut store::PgConnection,
    registration: &Registration,
) -> store::Result<Option<String>> {
    loop {
        if store::engines::insert(connection, registration).await? {
            return Ok(None);
        }
        let registered = store::engines::lock(connection, registration.engine_id).await?;
        // Else it was just being removed: its id is new again.
        if let Some(registered) = registered {
            return Ok(Some(registered.engine_type));
        }
    }
}

/// What the engine may enqueue from now on: as its registration says. With its own token it can give queues up, and gets no
/// further ones; where it says nothing, all stays as it is.
async fn with_its_reach(
    connection: &mut store::PgConnection,
    by: &Actor,
    registration: &Registration,
) -> Result<Registration> {
    let mut registration = registration.clone();
    if by.role != Some(Role::Engine) {
        registration.may_enqueue.get_or_insert_default();
    } else if let Some(asked) = &registration.may_enqueue {
        let engine_id = registration.engine_id;
        let known = store::events::follow_ups::reaches(connection, &[engine_id]).await?;
        let is_new =
            |engine_type: &&EngineType| known.get(&engine_id).is_none_or(|known| !known.includes(engine_type.as_str()));
        if let Some((index, engine_type)) = asked.iter().enumerate().find(|(_, engine_type)| is_new(engine_type)) {
            return Err(Error::ReachOfEngineWidened { engine_id, engine_type: engine_type.clone(), index });
        }
    }
    Ok(registration)
}

fn all_ending(events: Vec<OpenEvent>, ending: Ending) -> Vec<(OpenEvent, Ending)> {
    events.into_iter().map(|event| (event, ending)).collect()
}
