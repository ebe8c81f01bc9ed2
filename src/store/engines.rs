//! The engine registry.

/// Heartbeats.
pub mod beat;
/// Announcements to all replicas.
pub mod announcement;
/// What operators change.
pub mod changes;
/// Liveness of the engines and of the service.
pub mod liveness;
pub mod groups;
pub mod zombies;
mod metadata;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{PgConnection, Postgres};

use super::error::Result;
use super::page::{PageRow, page, page_of};
use super::row::{Field, from_columns, from_row};
use super::tokens::{self, EndOfTokens};
use crate::domain::engine::{
    AfterDrain, Drain, DrainOrder, Engine, EngineStatus, Filter, HoldingOff, Registration, Standing, TypeSummary,
};
use crate::domain::explain::asked::Asked;
use crate::domain::ids::EngineId;
use crate::domain::names::{EngineType, ScenarioRunId};
use crate::domain::page::Page;
use crate::domain::tokens::Token;

from_row!(Engine, "engine_states", engine_id: EngineId, {
    engine_id, engine_type, status, last_heartbeat, current_workload, scenario_run_id, may_enqueue, description, incarnation,
    registered_at, last_seen_at, last_poll_at, leases_held, heartbeat_timeout_seconds, drain, holding_off,
    is_quarantined,
});

from_columns!(Drain, { since: "drain_requested_at", reason: "drain_reason", then: "drain_then" });

from_columns!(HoldingOff, { until: "holding_off_until", reason: "holding_off_reason" });

/// What an engine is registered as: it stays so until the transaction ends that has locked it.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct LockedRegistration {
    /// The queue it leases from.
    pub engine_type: String,
    /// How often it has registered, from 1.
    pub incarnation: i32,
    /// When it last did.
    pub registered_at: DateTime<Utc>,
}

/// Locks a known engine. Whoever leases for it waits, and the other way round.
pub async fn lock(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<LockedRegistration>> {
    let statement = "select engine_type, incarnation, registered_at from eventlease.engine_states where engine_id = $1
        for update";
    Ok(sqlx::query_as(statement).bind(engine_id.0).fetch_optional(connection).await?)
}

/// The type of a registered engine.
pub async fn type_of(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select engine_type from eventlease.engine_states where engine_id = $1")
        .bind(engine_id.0)
        .fetch_optional(connection)
        .await?)
}

/// The incarnation of an engine, and when it registered as that.
pub async fn incarnation(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<(i32, DateTime<Utc>)>> {
    let statement = "select incarnation, registered_at from eventlease.engine_states where engine_id = $1";
    Ok(sqlx::query_as(statement).bind(engine_id.0).fetch_optional(connection).await?)
}

/// Registers a new engine; `false` where the id is known already.
pub async fn insert(connection: &mut PgConnection, registration: &Registration) -> Result<bool> {
    let may_enqueue = names(registration.may_enqueue.as_deref().unwrap_or_default());
    let metadata = &registration.metadata;
    let done = sqlx::query(
        "insert into eventlease.engine_states (engine_id, engine_type, scenario_run_id, metadata,
            registered_at, last_seen_at, heartbeat_timeout_seconds, max_concurrent_events,
            engine_software_version, capabilities, may_enqueue)
         values ($1, $2, $3, json_build_object('static_config', $4::json, 'dynamic_state', $5::json),
            statement_timestamp(), statement_timestamp(), $6, $7, $8, $9, $10)
         on conflict (engine_id) do nothing",
    )
    .bind(registration.engine_id.0)
    .bind(registration.engine_type.as_str())
    .bind(registration.scenario_run_id.as_ref().map(ScenarioRunId::as_str))
    .bind(metadata.static_config.get())
    .bind(metadata.dynamic_state.get())
    .bind(registration.heartbeat_timeout_seconds.map(u32::cast_signed))
    .bind(metadata.max_concurrent_events.map(u32::cast_signed))
    .bind(&metadata.engine_software_version)
    .bind(&metadata.capabilities)
    .bind(may_enqueue)
    .execute(&mut *connection)
    .await?;
    sqlx::query("insert into eventlease.queues (engine_type) values ($1) on conflict (engine_type) do nothing")
        .bind(registration.engine_type.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

fn names(engine_types: &[EngineType]) -> Vec<&str> {
    engine_types.iter().map(EngineType::as_str).collect()
}

/// Begins the next life of a locked engine. Where the registration does not say what it may enqueue, that stays as it is.
pub async fn restart(connection: &mut PgConnection, registration: &Registration) -> Result<()> {
    let metadata = &registration.metadata;
    sqlx::query(
        "update eventlease.engine_states
         set incarnation = incarnation + 1, status = 'active', drain_requested_at = null,
             drain_reason = null, drain_then = null, holding_off_until = null, holding_off_reason = null,
             unresponsive_since = null, last_heartbeat = null, current_workload = null, last_poll_at = null,
             scenario_run_id = $2,
             metadata = json_build_object('static_config', $3::json, 'dynamic_state', $4::json),
             registered_at = statement_timestamp(), last_seen_at = statement_timestamp(),
             heartbeat_timeout_seconds = $5, max_concurrent_events = $6,
             engine_software_version = $7, capabilities = $8, may_enqueue = coalesce($9, may_enqueue)
         where engine_id = $1",
    )
    .bind(registration.engine_id.0)
    .bind(registration.scenario_run_id.as_ref().map(ScenarioRunId::as_str))
    .bind(metadata.static_config.get())
    .bind(metadata.dynamic_state.get())
    .bind(registration.heartbeat_timeout_seconds.map(u32::cast_signed))
    .bind(metadata.max_concurrent_events.map(u32::cast_signed))
    .bind(&metadata.engine_software_version)
    .bind(&metadata.capabilities)
    .bind(registration.may_enqueue.as_deref().map(names))
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of engines behind the place of the last one seen: the newest registration first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, EngineId)>,
    limit: u32,
    is_brief: bool,
) -> Result<Page<Engine>> {
    let zombies = match filter.is_zombie {
        Some(_) => zombies::list(&mut *connection, filter.types()).await?,
        None => Vec::new(),
    };
    let zombies: Vec<EngineId> = zombies.into_iter().map(|zombie| zombie.engine_id).collect();
    let statement = sqlx::query_as(page!(
        order by "registered_at desc, engine_id desc",
        bytes "octet_length(metadata::text)",
        include_str!("sql/list_engines.sql")
    ));
    let rows: Vec<PageRow<Engine>> =
        bind(statement, filter, &zombies, behind, limit + 1).bind(is_brief).fetch_all(connection).await?;
    Ok(page_of(rows, limit))
}

/// One engine; `None` where it is not registered.
pub async fn read(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<Engine>> {
    let filter = Filter { engine_id: Some(engine_id), ..Filter::default() };
    let statement = sqlx::query_as(include_str!("sql/list_engines.sql"));
    Ok(bind(statement, &filter, &[], None, 1).bind(false).fetch_optional(connection).await?)
}

impl Filter {
    /// Their queues, if any are named.
    fn types(&self) -> Option<&[String]> {
        self.engine_type.as_ref().map(std::slice::from_ref).or(self.engine_types.as_deref())
    }
}

type Select<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

/// Binds the parameters of `sql/list_engines.sql` but the last.
fn bind<'q, Row>(
    statement: Select<'q, Row>,
    filter: &'q Filter,
    zombies: &[EngineId],
    behind: Option<(DateTime<Utc>, EngineId)>,
    limit: u32,
) -> Select<'q, Row> {
    statement
        .bind(filter.engine_id.map(|engine_id| engine_id.0))
        .bind(filter.types())
        .bind(filter.status.map(EngineStatus::as_str))
        .bind(&filter.capability)
        .bind(&filter.scenario_run_id)
        .bind(&filter.engine_software_version)
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, engine_id)| engine_id.0))
        .bind(i64::from(limit))
        .bind(filter.is_idle)
        .bind(filter.is_zombie)
        .bind(zombies.iter().map(|zombie| zombie.0).collect::<Vec<_>>())
        .bind(filter.held_over_seconds.map(u32::cast_signed))
        .bind(filter.silent_over_seconds.map(u32::cast_signed))
}

/// Starts draining, for the reason given and with what is to follow, or (`None`) ends it. An unresponsive engine stays so, but comes
/// back draining. One that is draining has been since it was first told so, and keeps the reason and what is to follow where
/// the order does not say them.
pub async fn set_draining(
    connection: &mut PgConnection,
    engine_id: EngineId,
    order: Option<&DrainOrder>,
) -> Result<()> {
    sqlx::query(
        "update eventlease.engine_states
         set drain_requested_at = case when $2 then coalesce(drain_requested_at, statement_timestamp()) end,
             drain_reason = case when $2 then coalesce($3, drain_reason) end,
             drain_then = case when $2 then coalesce($4, drain_then) end,
             status = case when status = 'unresponsive' then status when $2 then 'draining' else 'active' end
         where engine_id = $1",
    )
    .bind(engine_id.0)
    .bind(order.is_some())
    .bind(order.and_then(|order| order.reason.as_deref()))
    .bind(order.and_then(|order| order.then).map(AfterDrain::as_str))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes an engine, and answers its tokens, which have ended with it.
pub async fn delete(connection: &mut PgConnection, engine_id: EngineId) -> Result<Vec<Token>> {
    sqlx::query("delete from eventlease.engine_states where engine_id = $1")
        .bind(engine_id.0)
        .execute(&mut *connection)
        .await?;
    tokens::end_of_engine(connection, engine_id, EndOfTokens::Removed).await
}

from_row!(TypeSummary, "engine_states", engine_type: String, {
    engine_type, standing, is_quarantined, is_holding_off, engines, unlimited, slots, leases_held, idle,
});

impl Field for Standing {
    fn read(row: &PgRow, _: &'static str) -> sqlx::Result<Self> {
        let is_quarantined = Field::read(row, "is_quarantined")?;
        Ok(Self::of(Field::read(row, "status")?, is_quarantined, Field::read(row, "is_holding_off")?))
    }
}

/// When an engine of a queue was last seen; of one that is registered no more, as the history of queues has it since then.
pub async fn last_seen(
    connection: &mut PgConnection,
    engine_type: &str,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let statement = sqlx::query_scalar(include_str!("sql/engines_last_seen.sql"));
    Ok(statement.bind(engine_type).bind(since).fetch_one(connection).await?)
}

from_row!(Asked, "engine_states", engines: i64, { engines, never, latest_at });

/// When the engines of a queue that are given events last asked for some.
pub async fn asked(connection: &mut PgConnection, engine_type: &str) -> Result<Asked> {
    Ok(sqlx::query_as(include_str!("sql/engines_asked.sql")).bind(engine_type).fetch_one(connection).await?)
}

/// Sums the engines of these types up.
pub async fn summarize(connection: &mut PgConnection, engine_types: &[String]) -> Result<Vec<TypeSummary>> {
    Ok(sqlx::query_as(include_str!("sql/summarize_engines.sql")).bind(engine_types).fetch_all(connection).await?)
}
