//! A database per test, cloned from a template that is migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};

use eventlease::store;
use eventlease::store::pool::PoolLimits;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use super::{PATIENCE, cluster};

pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    pub async fn create() -> Self {
        let mut admin = PgConnection::connect(&cluster::admin_url()).await.expect("the test cluster runs");
        let template = template(&mut admin).await;
        let name = format!("test_{}", Uuid::new_v4().simple());
        run(&mut admin, &format!("create database {name} template {template} strategy file_copy")).await;
        Self { url: url_of(&name), name }
    }

    /// Checks that no event was lost, and removes the database.
    pub fn finish(&self, is_to_be_checked: bool) {
        let (url, name) = (self.url.clone(), self.name.clone());
        // Dropping happens inside a runtime, which must not be blocked by itself.
        let checked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let lost = if is_to_be_checked { lost_events(&url).await } else { Vec::new() };
                let wrong_keys = if is_to_be_checked { wrong_keys(&url).await } else { Vec::new() };
                let mut admin = PgConnection::connect(&cluster::admin_url()).await.expect("the test cluster runs");
                run(&mut admin, &format!("drop database if exists {name} with (force)")).await;
                (lost, wrong_keys)
            })
        });
        let (lost, wrong_keys) = checked.join().expect("the check runs");
        assert!(wrong_keys.is_empty(), "open events and unique keys disagree: {wrong_keys:?}");
        assert!(lost.is_empty(), "events were lost, or are in two places: {lost:?}");
    }
}

/// Every event is open, or has ended; never both, never neither. And attempts are numbered without a gap.
async fn lost_events(url: &str) -> Vec<(Uuid, String)> {
    let mut connection = PgConnection::connect(url).await.expect("the test's database is there");
    sqlx::query_as(
        "with standing as (
            select e.event_id,
                q.event_id is not null as is_open,
                d.event_id is not null as is_dead_letter,
                coalesce(q.attempt, 0) as open_attempt,
                (select count(*) from eventlease.open_events o where o.event_id = e.event_id) as open_places,
                q.state,
                (select count(*) from eventlease.event_attempts a where a.event_id = e.event_id) as attempts,
                (select max(attempt) from eventlease.event_attempts a where a.event_id = e.event_id) as last_attempt,
                (select final_status from eventlease.event_attempts a where a.event_id = e.event_id
                    order by attempt desc limit 1) as final_status
            from eventlease.events e
            left join eventlease.open_events q using (event_id)
            left join eventlease.dead_letters d using (event_id)
         )
         select event_id, row_to_json(standing)::text from standing
         where (not is_open and final_status is null)
            or (is_open and is_dead_letter)
            or open_places > 1
            or (is_dead_letter and final_status is distinct from 'failed')
            or attempts <> coalesce(last_attempt, 0)
            or (is_open and open_attempt <> coalesce(last_attempt, 0) + case state when 'processing' then 1 else 0 end)",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the check runs")
}

/// Every open event with a unique key has it, and what has a key is open.
async fn wrong_keys(url: &str) -> Vec<(Option<Uuid>, Option<Uuid>, Option<String>)> {
    let mut connection = PgConnection::connect(url).await.expect("the test's database is there");
    sqlx::query_as(
        "select q.event_id, k.event_id, coalesce(q.unique_key, k.unique_key)
         from (select * from eventlease.open_events where unique_key is not null) q
         full join eventlease.open_keys k using (event_id, engine_type, unique_key)
         where q.event_id is null or k.event_id is null",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the check runs")
}

/// A pool as the service has it.
pub fn pool_of(url: &str) -> store::Pool {
    let limits = PoolLimits { max_connections: 2, acquire_timeout: PATIENCE, statement_timeout: PATIENCE };
    store::pool::connect_lazily(&url.parse().expect("a URL"), limits).expect("a pool")
}

fn url_of(database: &str) -> String {
    let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
    url.set_path(database);
    url.to_string()
}

async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// The template for today and this schema, made by whoever comes first.
async fn template(admin: &mut PgConnection) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in sqlx_macros::migrate!("./migrations").iter() {
        migration.sql.as_str().hash(&mut hasher);
    }
    let today: String = sqlx::query_scalar("select to_char(statement_timestamp() at time zone 'UTC', 'YYYYMMDD')")
        .fetch_one(&mut *admin)
        .await
        .expect("a date");
    let name = format!("template_{:016x}_{today}", hasher.finish());
    run(admin, "select pg_advisory_lock(7261)").await;
    let is_there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *admin)
        .await
        .expect("an answer");
    if !is_there {
        let unfinished = format!("{name}_unfinished");
        run(admin, &format!("drop database if exists {unfinished} with (force)")).await;
        run(admin, &format!("create database {unfinished}")).await;
        let pool = pool_of(&url_of(&unfinished));
        store::migrations::migrate(&pool).await.expect("the schema is made");
        pool.close().await;
        run(admin, &format!("alter database {unfinished} rename to {name}")).await;
    }
    run(admin, "select pg_advisory_unlock(7261)").await;
    name
}
