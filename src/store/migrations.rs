//! The schema's versions. Replicas may start together: the migrator takes a lock.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use super::{Error, Pool, Result};

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
pub async fn migrate(pool: &Pool) -> Result<()> {
    let mut connection = pool.acquire().await?;
    // Its setting and the migrator's lock end with it, also where a migration fails.
    connection.close_on_drop();
    sqlx::query("select set_config('statement_timeout', '0', false)").execute(&mut *connection).await?;
    migrator().run(&mut *connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => Error::from(error),
        other => Error::Migration(other.into()),
    })?;
    Ok(connection.close().await?)
}

/// How many of this version's migrations the database lacks.
pub async fn count_pending(pool: &Pool) -> Result<usize> {
    count_pending_on(&mut *pool.acquire().await?).await
}

/// The same, on a connection.
pub async fn count_pending_on(connection: &mut PgConnection) -> Result<usize> {
    Ok(list_on(connection).await?.iter().filter(|migration| migration.applied_at.is_none()).count())
}

/// A step of the schema's way.
#[derive(Clone, Debug)]
pub struct Migration {
    pub version: i64,
    pub description: String,
    pub applied_at: Option<DateTime<Utc>>,
    /// Its SQL and checksum; `None` where a newer version applied it, and this one does not know it.
    content: Option<(String, Vec<u8>)>,
}

/// All migrations, of this version and of newer ones that were applied.
pub async fn list(pool: &Pool) -> Result<Vec<Migration>> {
    list_on(&mut *pool.acquire().await?).await
}

async fn list_on(connection: &mut PgConnection) -> Result<Vec<Migration>> {
    let migrator = migrator();
    let is_there: bool =
        sqlx::query_scalar("select to_regclass($1) is not null").bind(TABLE).fetch_one(&mut *connection).await?;
    let mut applied: Vec<(i64, String, DateTime<Utc>)> = Vec::new();
    if is_there {
        applied = sqlx::query_as(
            "select version, description, installed_on from eventlease.migrations where success order by version",
        )
        .fetch_all(connection)
        .await?;
    }
    let mut all: Vec<Migration> = migrator
        .iter()
        .map(|known| Migration {
            version: known.version,
            description: known.description.to_string(),
            applied_at: applied.iter().find(|(version, ..)| *version == known.version).map(|(.., at)| *at),
            content: Some((known.sql.as_str().to_owned(), known.checksum.to_vec())),
        })
        .collect();
    for (version, description, at) in applied {
        if !all.iter().any(|known| known.version == version) {
            all.push(Migration { version, description, applied_at: Some(at), content: None });
        }
    }
    all.sort_by_key(|migration| migration.version);
    Ok(all)
}

/// What the first migration stands on, where there is nothing yet: the schema, and the table of what was applied, as
/// the migrator makes it.
pub fn preparation(all: &[Migration]) -> Option<&'static str> {
    let is_empty = all.iter().all(|migration| migration.applied_at.is_none());
    is_empty.then_some(
        "create schema if not exists eventlease;
create table if not exists eventlease.migrations (
    version bigint primary key,
    description text not null,
    installed_on timestamptz not null default now(),
    success boolean not null,
    checksum bytea not null,
    execution_time bigint not null
);
",
    )
}

impl Migration {
    /// Whether this version has it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.content.is_some()
    }

    /// Its SQL for somebody who applies it by hand: the same as the migrator does.
    #[must_use]
    pub fn script(&self) -> String {
        let Self { version, description, .. } = self;
        let Some((sql, checksum)) = &self.content else { return String::new() };
        let mut digits = String::new();
        for byte in checksum {
            write!(digits, "{byte:02x}").expect("a text takes whatever is written");
        }
        format!(
            "-- migration {version}: {description}
begin;
{sql}
insert into eventlease.migrations (version, description, success, checksum, execution_time)
values ({version}, '{description}', true, '\\x{digits}', 0);
commit;
",
            sql = sql.trim_end(),
        )
    }
}
