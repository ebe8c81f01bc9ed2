//! The engine registry.

pub mod beat;
pub mod changes;
mod metadata;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use metadata::StoredMetadata;

use super::page::{PageRow, page, page_of};
use super::tokens::Token;
use super::{Error, Page, Result};
use crate::domain::engine::{EngineStatus, Metadata};
use crate::domain::ids::EngineId;
use crate::domain::json::RawJson;
use crate::domain::names::{EngineType, ScenarioRunId};

#[derive(Clone, Debug)]
pub struct Engine {
    pub engine_id: EngineId,
    pub engine_type: String,
    pub status: EngineStatus,
    pub last_heartbeat: Option<DateTime<Utc>>,
    pub current_workload: Option<i32>,
    pub scenario_run_id: Option<String>,
    pub static_config: RawJson,
    pub dynamic_state: RawJson,
    pub incarnation: i32,
    pub registered_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub last_poll_at: Option<DateTime<Utc>>,
    pub leases_held: i32,
    pub heartbeat_timeout_seconds: Option<i32>,
    pub is_draining: bool,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    engine_id: Uuid,
    engine_type: String,
    status: String,
    last_heartbeat: Option<DateTime<Utc>>,
    current_workload: Option<i32>,
    scenario_run_id: Option<String>,
    metadata: Json<RawJson>,
    incarnation: i32,
    registered_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    last_poll_at: Option<DateTime<Utc>>,
    leases_held: i32,
    heartbeat_timeout_seconds: Option<i32>,
    is_draining: bool,
}

fn engine(row: Row) -> Result<Engine> {
    let metadata = StoredMetadata::of(row.engine_id, &row.metadata)?;
    Ok(Engine {
        engine_id: EngineId(row.engine_id),
        status: EngineStatus::parse(&row.status)
            .ok_or_else(|| Error::corrupt("engine_states", "status", row.engine_id, &row.status))?,
        engine_type: row.engine_type,
        last_heartbeat: row.last_heartbeat,
        current_workload: row.current_workload,
        scenario_run_id: row.scenario_run_id,
        static_config: metadata.static_config,
        dynamic_state: metadata.dynamic_state,
        incarnation: row.incarnation,
        registered_at: row.registered_at,
        last_seen_at: row.last_seen_at,
        last_poll_at: row.last_poll_at,
        leases_held: row.leases_held,
        heartbeat_timeout_seconds: row.heartbeat_timeout_seconds,
        is_draining: row.is_draining,
    })
}

/// A registration, checked.
#[derive(Clone, Debug)]
pub struct Registration {
    pub engine_id: EngineId,
    pub engine_type: EngineType,
    pub scenario_run_id: Option<ScenarioRunId>,
    /// `None`: judged by its leases alone.
    pub heartbeat_timeout_seconds: Option<u32>,
    pub metadata: Metadata,
}

/// Locks a known engine and answers its type. Whoever leases for it waits, and the other way round.
pub async fn lock(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select engine_type from eventlease.engine_states where engine_id = $1 for update")
        .bind(engine_id.0)
        .fetch_optional(connection)
        .await?)
}

/// Registers a new engine; `false` where the id is known already.
pub async fn insert(connection: &mut PgConnection, registration: &Registration) -> Result<bool> {
    let metadata = &registration.metadata;
    let done = sqlx::query(
        "insert into eventlease.engine_states (engine_id, engine_type, scenario_run_id, metadata,
            registered_at, last_seen_at, heartbeat_timeout_seconds, max_concurrent_events,
            engine_software_version, capabilities)
         values ($1, $2, $3, json_build_object('static_config', $4::json, 'dynamic_state', $5::json),
            statement_timestamp(), statement_timestamp(), $6, $7, $8, $9)
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
    .execute(&mut *connection)
    .await?;
    sqlx::query("insert into eventlease.queues (engine_type) values ($1) on conflict (engine_type) do nothing")
        .bind(registration.engine_type.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins the next life of a locked engine.
pub async fn restart(connection: &mut PgConnection, registration: &Registration) -> Result<()> {
    let metadata = &registration.metadata;
    sqlx::query(
        "update eventlease.engine_states
         set incarnation = incarnation + 1, status = 'active', drain_requested_at = null,
             unresponsive_since = null, last_heartbeat = null, current_workload = null, last_poll_at = null,
             scenario_run_id = $2,
             metadata = json_build_object('static_config', $3::json, 'dynamic_state', $4::json),
             registered_at = statement_timestamp(), last_seen_at = statement_timestamp(),
             heartbeat_timeout_seconds = $5, max_concurrent_events = $6,
             engine_software_version = $7, capabilities = $8
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
    .execute(connection)
    .await?;
    Ok(())
}

/// Which engines are wanted; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub engine_id: Option<EngineId>,
    pub engine_type: Option<String>,
    pub status: Option<EngineStatus>,
    pub capability: Option<String>,
    pub scenario_run_id: Option<String>,
    pub engine_software_version: Option<String>,
}

/// A page of engines behind the place of the last one seen: the newest registration first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<(DateTime<Utc>, EngineId)>,
    limit: u32,
) -> Result<Page<Engine>> {
    let statement = sqlx::query_as(page!(
        order by "registered_at desc, engine_id desc",
        bytes "octet_length(metadata::text)",
        include_str!("sql/list_engines.sql")
    ));
    let rows: Vec<PageRow<Row>> = bind(statement, filter, behind, limit + 1).fetch_all(connection).await?;
    page_of(rows, limit, engine)
}

pub async fn read(connection: &mut PgConnection, engine_id: EngineId) -> Result<Option<Engine>> {
    let filter = Filter { engine_id: Some(engine_id), ..Filter::default() };
    let statement = sqlx::query_as(include_str!("sql/list_engines.sql"));
    let row: Option<Row> = bind(statement, &filter, None, 1).fetch_optional(connection).await?;
    row.map(engine).transpose()
}

type Select<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

/// Binds the parameters of `sql/list_engines.sql`.
fn bind<'q, Row>(
    statement: Select<'q, Row>,
    filter: &'q Filter,
    behind: Option<(DateTime<Utc>, EngineId)>,
    limit: u32,
) -> Select<'q, Row> {
    statement
        .bind(filter.engine_id.map(|engine_id| engine_id.0))
        .bind(&filter.engine_type)
        .bind(filter.status.map(EngineStatus::as_str))
        .bind(&filter.capability)
        .bind(&filter.scenario_run_id)
        .bind(&filter.engine_software_version)
        .bind(behind.map(|(at, _)| at))
        .bind(behind.map(|(_, engine_id)| engine_id.0))
        .bind(i64::from(limit))
}

/// Starts or ends draining. An unresponsive engine stays so, but comes back draining.
pub async fn set_draining(connection: &mut PgConnection, engine_id: EngineId, is_draining: bool) -> Result<bool> {
    let done = sqlx::query(
        "update eventlease.engine_states
         set drain_requested_at = case when $2 then coalesce(drain_requested_at, statement_timestamp()) end,
             status = case when status = 'unresponsive' then status when $2 then 'draining' else 'active' end
         where engine_id = $1",
    )
    .bind(engine_id.0)
    .bind(is_draining)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an engine, and answers its tokens, which have ended with it.
pub async fn delete(connection: &mut PgConnection, engine_id: EngineId) -> Result<Vec<Token>> {
    sqlx::query("delete from eventlease.engine_states where engine_id = $1")
        .bind(engine_id.0)
        .execute(&mut *connection)
        .await?;
    super::tokens::end_of_engine(connection, engine_id, None).await
}

/// The engines of one type and status.
#[derive(Clone, Debug)]
pub struct TypeSummary {
    pub engine_type: String,
    pub status: EngineStatus,
    pub engines: i64,
    /// Engines without a `max_concurrent_events`.
    pub unlimited: i64,
    /// The sum of their `max_concurrent_events`; an engine that has no limit, or holds more than it, counts with what it holds.
    pub slots: i64,
    pub leases_held: i64,
}

/// Sums engines up, of all types or of those named.
pub async fn summarize(connection: &mut PgConnection, engine_types: Option<&[String]>) -> Result<Vec<TypeSummary>> {
    let rows: Vec<(String, String, i64, i64, i64, i64)> = sqlx::query_as(
        "select s.engine_type, s.status, count(*), count(*) filter (where s.max_concurrent_events is null),
            coalesce(sum(greatest(s.max_concurrent_events, held.leases)), 0)::bigint,
            coalesce(sum(held.leases), 0)::bigint
         from eventlease.engine_states s
         cross join lateral (
            select count(*) as leases from eventlease.event_queue q
            where q.leased_by = s.engine_id
         ) held
         where $1::text[] is null or s.engine_type = any($1)
         group by s.engine_type, s.status",
    )
    .bind(engine_types)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(engine_type, status, engines, unlimited, slots, leases_held)| {
            let status = EngineStatus::parse(&status)
                .ok_or_else(|| Error::corrupt("engine_states", "status", &engine_type, &status))?;
            Ok(TypeSummary { engine_type, status, engines, unlimited, slots, leases_held })
        })
        .collect()
}
