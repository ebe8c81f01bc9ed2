//! The schema's versions. Replicas may start together: the migrator takes a lock.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::migrate::{MigrateError, Migrator};

use super::error::{Error, Result};
use super::pool::Pool;
use super::{encoding, ownership};
use crate::domain::counted::counted;

const TABLE: &str = "eventlease.migrations";
/// PostgreSQL's code `object_in_use`.
const IN_USE: &str = "55006";

fn migrator(presence: Presence) -> Migrator {
    let mut migrator = sqlx_macros::migrate!("./migrations");
    migrator.dangerous_set_table_name(TABLE);
    // `create schema if not exists` needs the right to create it, also where it is there.
    if !presence.has_schema {
        migrator.create_schema("eventlease");
    }
    // A newer replica may have migrated already: servers are upgraded one by one.
    migrator.set_ignore_missing(true);
    migrator
}

/// Brings the schema up to this version. Where it is, it only reads, so that it needs no right to change anything. Takes
/// the time it takes, and waits for whoever is migrating.
pub async fn migrate(pool: &Pool) -> Result<()> {
    let mut connection = pool.acquire_own_session().await?;
    // Its settings and the migrator's lock end with it, also where a migration fails.
    connection.close_on_drop();
    sqlx::query("select set_config('statement_timeout', '0', false)").execute(&mut *connection).await?;
    encoding::check(&mut connection).await?;
    if !is_current(&mut connection).await? {
        run(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

async fn run(connection: &mut PgConnection) -> Result<()> {
    let presence = presence(connection).await?;
    let pending = count_pending_on(connection).await?;
    let user = ownership::current_user(connection).await?;
    // Whoever may act as the owner of the schema does: else what is made would belong to somebody else, and a role that
    // serves could not add partitions to it.
    ownership::act_as_owner_of_schema(connection).await?;
    let pending = counted(pending, "pending migration");
    let deed = format!("apply {pending}; run `eventlease migrate` as a role that may");
    match migrator(presence).run(&mut *connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error)) => Err(ownership::explained(error, &user, &deed)),
        Err(MigrateError::ExecuteMigration(error, _)) if ownership::is_of_rights(&error) => {
            Err(ownership::explained(error, &user, &deed))
        }
        // Raised by a migration itself, with a message for people.
        Err(MigrateError::ExecuteMigration(sqlx::Error::Database(error), _))
            if error.code().as_deref() == Some(IN_USE) =>
        {
            Err(Error::Unusable(error.message().into()))
        }
        Err(other) => Err(Error::Migration(other.into())),
    }
}

/// What there is of the ground that migrations stand on. From the catalogue, which everybody may read.
#[derive(Clone, Copy, sqlx_macros::FromRow)]
struct Presence {
    has_schema: bool,
    has_table: bool,
}

async fn presence(connection: &mut PgConnection) -> Result<Presence> {
    let found = sqlx::query_as(
        "select
            exists (select from pg_namespace where nspname = 'eventlease') as has_schema,
            exists (
                select from pg_class c join pg_namespace s on s.oid = c.relnamespace
                where s.nspname = 'eventlease' and c.relname = 'migrations'
            ) as has_table",
    );
    Ok(found.fetch_one(connection).await?)
}

#[derive(sqlx_macros::FromRow)]
struct Applied {
    version: i64,
    description: String,
    installed_on: DateTime<Utc>,
    checksum: Vec<u8>,
    success: bool,
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>> {
    if !presence(connection).await?.has_table {
        return Ok(Vec::new());
    }
    let user = ownership::current_user(connection).await?;
    sqlx::query_as(
        "select version, description, installed_on, checksum, success from eventlease.migrations order by version",
    )
    .fetch_all(connection)
    .await
    .map_err(|error| ownership::explained(error, &user, "read eventlease.migrations"))
}

/// Whether the migrator would find nothing to do and nothing wrong.
async fn is_current(connection: &mut PgConnection) -> Result<bool> {
    let applied = applied(connection).await?;
    let known = migrator(presence(connection).await?);
    let has = |version, checksum: &[u8]| applied.iter().any(|row| row.version == version && row.checksum == checksum);
    Ok(applied.iter().all(|row| row.success) && known.iter().all(|known| has(known.version, &known.checksum)))
}

/// How many of this version's migrations the database lacks.
pub async fn count_pending(pool: &Pool) -> Result<usize> {
    count_pending_on(&mut *pool.acquire_own_session().await?).await
}

/// The same, on a connection.
pub async fn count_pending_on(connection: &mut PgConnection) -> Result<usize> {
    Ok(list_on(connection).await?.iter().filter(|migration| migration.applied_at.is_none()).count())
}

/// A step of the schema's way.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Migrations are applied in ascending order of it.
    pub version: i64,
    /// From the name of its file.
    pub description: String,
    /// By the database's clock; `None` while it is pending.
    pub applied_at: Option<DateTime<Utc>>,
    /// Its SQL and checksum; `None` where a newer version applied it, and this one does not know it.
    content: Option<(String, Vec<u8>)>,
}

/// All migrations, of this version and of newer ones that were applied. Refuses a database that cannot be migrated.
pub async fn list(pool: &Pool) -> Result<Vec<Migration>> {
    let mut connection = pool.acquire_own_session().await?;
    encoding::check(&mut connection).await?;
    list_on(&mut connection).await
}

async fn list_on(connection: &mut PgConnection) -> Result<Vec<Migration>> {
    let migrator = migrator(presence(connection).await?);
    let applied: Vec<Applied> = applied(connection).await?.into_iter().filter(|row| row.success).collect();
    let mut all: Vec<Migration> = migrator
        .iter()
        .map(|known| Migration {
            version: known.version,
            description: known.description.to_string(),
            applied_at: applied.iter().find(|row| row.version == known.version).map(|row| row.installed_on),
            content: Some((known.sql.as_str().to_owned(), known.checksum.to_vec())),
        })
        .collect();
    for Applied { version, description, installed_on, .. } in applied {
        if !all.iter().any(|known| known.version == version) {
            all.push(Migration { version, description, applied_at: Some(installed_on), content: None });
        }
    }
    all.sort_by_key(|migration| migration.version);
    Ok(all)
}

/// What the first migration stands on and is not there yet: the schema, and the table of what was applied, as the
/// migrator makes it.
pub async fn preparation(pool: &Pool) -> Result<Option<String>> {
    let Presence { has_schema, has_table } = presence(&mut *pool.acquire_own_session().await?).await?;
    let mut script = String::new();
    if !has_schema {
        script.push_str("create schema if not exists eventlease;\n");
    }
    if !has_table {
        script.push_str(
            "create table if not exists eventlease.migrations (
    version bigint primary key,
    description text not null,
    installed_on timestamptz not null default now(),
    success boolean not null,
    checksum bytea not null,
    execution_time bigint not null
);
",
        );
    }
    Ok((!script.is_empty()).then_some(script))
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
