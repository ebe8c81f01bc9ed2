//! Which dead letters a filter lets through.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;

use crate::domain::dead_letters::{Filter, Wanted};
use crate::domain::event::DeadLetterReason;

type Select<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

/// Binds the parameters of `sql/wanted_dead_letters.sql`.
pub fn bind<'q, Row>(statement: Select<'q, Row>, filter: &Filter) -> Select<'q, Row> {
    let text = |wanted: &Option<Wanted>| wanted.as_ref().and_then(Wanted::text).map(str::to_owned);
    let is_missing = |wanted: &Option<Wanted>| matches!(wanted, Some(Wanted::Missing));
    statement
        .bind(filter.engine_type.clone())
        .bind(filter.event_type.clone())
        .bind(filter.reason.map(DeadLetterReason::as_str))
        .bind(text(&filter.error_type))
        .bind(filter.error_contains.clone())
        .bind(filter.scenario_run_id.clone())
        .bind(text(&filter.engine_software_version))
        .bind(filter.dead_lettered_after)
        .bind(filter.dead_lettered_before)
        .bind(filter.redrives_max)
        .bind(filter.is_redrivable)
        .bind(text(&filter.error_fingerprint))
        .bind(is_missing(&filter.error_type))
        .bind(is_missing(&filter.engine_software_version))
        .bind(is_missing(&filter.error_fingerprint))
        .bind(filter.engine_types.clone())
}
