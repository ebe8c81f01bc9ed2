//! Which dead letters a filter lets through.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;

use crate::domain::dead_letters::Filter;
use crate::domain::event::DeadLetterReason;

type Select<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

/// Binds the parameters of `sql/wanted_dead_letters.sql`.
pub fn bind<'q, Row>(statement: Select<'q, Row>, filter: &Filter) -> Select<'q, Row> {
    statement
        .bind(filter.engine_type.clone())
        .bind(filter.event_type.clone())
        .bind(filter.reason.map(DeadLetterReason::as_str))
        .bind(filter.error_type.clone())
        .bind(filter.error_contains.clone())
        .bind(filter.scenario_run_id.clone())
        .bind(filter.engine_software_version.clone())
        .bind(filter.dead_lettered_after)
        .bind(filter.dead_lettered_before)
        .bind(filter.redrives_max)
        .bind(filter.is_redrivable)
        .bind(filter.engine_types.clone())
}
