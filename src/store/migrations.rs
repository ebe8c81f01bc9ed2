//! The schema's versions. Replicas may start together: the migrator takes a lock.

use sqlx::PgPool;
use sqlx::migrate::{Migrate, Migrator};

use super::{Error, Result};

const TABLE: &str = "eventlease.migrations";

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.dangerous_set_table_name(TABLE);
    migrator.create_schema("eventlease");
    // A newer replica may have migrated already: servers are upgraded one by one.
    migrator.set_ignore_missing(true);
    migrator
}

/// Brings the schema up to this version; does nothing where it is. Takes the time it takes, and waits for whoever is
/// migrating.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    let mut connection = pool.acquire().await?;
    // Its setting and the migrator's lock end with it, also where a migration fails.
    connection.close_on_drop();
    sqlx::query("select set_config('statement_timeout', '0', false)").execute(&mut *connection).await?;
    migrator().run(&mut *connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => Error::from(error),
        other => Error::Migration(other),
    })?;
    Ok(connection.close().await?)
}

/// How many of this version's migrations the database lacks.
pub async fn count_pending(pool: &PgPool) -> Result<usize> {
    let migrator = migrator();
    let is_there: bool = sqlx::query_scalar("select to_regclass($1) is not null").bind(TABLE).fetch_one(pool).await?;
    if !is_there {
        return Ok(migrator.iter().count());
    }
    let mut connection = pool.acquire().await?;
    let applied = connection.list_applied_migrations(TABLE).await.map_err(Error::Migration)?;
    Ok(migrator.iter().filter(|migration| !applied.iter().any(|applied| applied.version == migration.version)).count())
}
