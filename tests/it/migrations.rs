//! The schema's way to this version, and what it is then.

use std::process::Command;
use std::time::Duration;

use eventlease::store::Pool;
use eventlease::store::migrations::{count_pending, list, migrate, preparation};
use eventlease::store::pool::{self, PoolLimits};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};
use uuid::Uuid;

use crate::support::{Lab, PATIENCE, cluster, pool_of};

/// A database with nothing in it; removed at the end by [`Empty::remove`].
struct Empty {
    name: String,
    url: String,
    db: PgPool,
    pool: Pool,
}

impl Empty {
    async fn create() -> Self {
        let name = format!("empty_{}", Uuid::new_v4().simple());
        administrate(&format!("create database {name}")).await;
        let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
        url.set_path(&name);
        let db = PgPool::connect(url.as_str()).await.expect("a new database");
        Self { pool: pool_of(url.as_str()), url: url.to_string(), db, name }
    }

    async fn remove(self) {
        self.db.close().await;
        self.pool.close().await;
        administrate(&format!("drop database {} with (force)", self.name)).await;
    }
}

async fn administrate(statement: &str) {
    let admin = PgPool::connect(&cluster::admin_url()).await.expect("the test cluster runs");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&admin).await.expect("a database comes and goes");
    admin.close().await;
}

/// One text for each thing a query lists.
async fn texts(db: &PgPool, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(db).await.unwrap_or_else(|error| panic!("{query}: {error}"))
}

const APPLIED: &str = "select version || ' ' || installed_on::text from eventlease.migrations order by version";

#[tokio::test]
async fn an_empty_database_is_migrated_once() {
    let empty = Empty::create().await;
    let all = count_pending(&empty.pool).await.expect("a count");
    assert!(all >= 5, "{all}");
    migrate(&empty.pool).await.expect("from empty");
    assert_eq!(count_pending(&empty.pool).await.expect("a count"), 0);
    let applied = texts(&empty.db, APPLIED).await;
    assert_eq!(applied.len(), all);

    migrate(&empty.pool).await.expect("again");
    assert_eq!(texts(&empty.db, APPLIED).await, applied, "nothing is applied twice");
    empty.remove().await;
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let empty = Empty::create().await;
    let (one, other) = (pool_of(&empty.url), pool_of(&empty.url));
    let (first, second) = tokio::join!(migrate(&one), migrate(&other));
    first.expect("one of them");
    second.expect("the other one");
    assert_eq!(count_pending(&empty.pool).await.expect("a count"), 0);
    one.close().await;
    other.close().await;
    empty.remove().await;
}

#[tokio::test]
async fn a_migration_has_no_time_limit_and_waits_for_another() {
    let lab = Lab::start().await;
    let mut other = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.migrations").execute(&mut *other).await.expect("locked");
    let limits =
        PoolLimits { max_connections: 1, acquire_timeout: PATIENCE, statement_timeout: Duration::from_secs(1) };
    let url = lab.db.connect_options().to_url_lossy();
    let pool = pool::connect_lazily(&url.as_str().parse().expect("a URL"), limits).expect("a pool");
    let has_waited = "select exists (select from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query_start < clock_timestamp() - interval '1500 milliseconds')";
    let finishing = async {
        lab.wait_for("the migration to wait for long", async || {
            let has_waited: bool = sqlx::query_scalar(has_waited).fetch_one(&lab.db).await.expect("an answer");
            has_waited.then_some(())
        })
        .await;
        other.rollback().await.expect("free again");
    };
    let (migrated, ()) = tokio::join!(migrate(&pool), finishing);
    migrated.expect("in the end");
}

#[tokio::test]
async fn the_program_migrates_and_says_so() {
    let empty = Empty::create().await;
    let run = |url: &str| {
        let arguments = ["migrate", "--acquire-timeout-seconds", "1", "--database-url", url];
        Command::new(env!("CARGO_BIN_EXE_eventlease")).args(arguments).output().expect("it runs")
    };
    for _ in 0..2 {
        let done = run(&empty.url);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        assert_eq!(String::from_utf8_lossy(&done.stdout), "the schema is up to date\n");
    }
    assert_eq!(count_pending(&empty.pool).await.expect("a count"), 0);

    // A schema that somebody changed behind its back is not touched.
    sqlx::query("update eventlease.migrations set checksum = 'changed'").execute(&empty.db).await.expect("changed");
    let refused = run(&empty.url);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("the schema could not be migrated"), "{told}");
    empty.remove().await;
}

/// Runs `eventlease migrate` with a flag, and answers its exit code and what it printed.
fn migrate_program(url: &str, flags: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_eventlease"))
        .args(["migrate", "--acquire-timeout-seconds", "1", "--database-url", url])
        .args(flags)
        .output()
        .expect("it runs");
    (done.status.code(), String::from_utf8(done.stdout).expect("UTF-8"))
}

#[tokio::test]
async fn the_program_tells_what_is_pending_and_changes_nothing() {
    let empty = Empty::create().await;
    let all = count_pending(&empty.pool).await.expect("a count");
    let (code, table) = migrate_program(&empty.url, &["--status"]);
    assert_eq!((code, table.lines().count()), (Some(0), all + 1), "{table}");
    assert_eq!(table.matches("pending").count(), all, "{table}");
    let (code, told) = migrate_program(&empty.url, &["--check"]);
    assert_eq!((code, told), (Some(1), format!("{all} of {all} migrations are pending; run: eventlease migrate\n")));
    assert_eq!(count_pending(&empty.pool).await.expect("a count"), all);

    migrate(&empty.pool).await.expect("from empty");
    assert_eq!(migrate_program(&empty.url, &["--check"]), (Some(0), "the schema is up to date\n".to_owned()));
    assert_eq!(migrate_program(&empty.url, &["--sql"]), (Some(0), String::new()));
    sqlx::query(
        "insert into eventlease.migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, '', 0)",
    )
    .execute(&empty.db)
    .await
    .expect("noted");
    let (_, table) = migrate_program(&empty.url, &["--status"]);
    assert_eq!(table.matches("applied 20").count(), all + 1, "{table}");
    assert!(table.lines().last().is_some_and(|line| line.ends_with(", by a newer version")), "{table}");
    assert_eq!(migrate_program(&empty.url, &["--check"]).0, Some(0));
    empty.remove().await;
}

#[tokio::test]
async fn the_printed_sql_does_what_migrating_does() {
    let empty = Empty::create().await;
    let (code, script) = migrate_program(&empty.url, &["--sql"]);
    assert_eq!(code, Some(0));
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&empty.db).await.expect("it can be run as it is");
    assert_eq!(migrate_program(&empty.url, &["--check"]).0, Some(0));
    migrate(&empty.pool).await.expect("the migrator knows it as its own");

    sqlx::query("delete from eventlease.migrations where version = 8").execute(&empty.db).await.expect("forgotten");
    let (_, script) = migrate_program(&empty.url, &["--sql"]);
    assert!(script.starts_with("-- migration 8: sql enqueue\nbegin;\n"), "{script}");
    assert_eq!(script.matches("\ncommit;\n").count(), 1, "{script}");
    empty.remove().await;
}

#[test]
fn the_program_says_so_where_there_is_no_database_or_too_much_is_asked() {
    let nowhere = "postgres://127.0.0.1:1/nothing";
    for flag in ["--status", "--check", "--sql"] {
        assert_eq!(migrate_program(nowhere, &[flag]), (Some(1), String::new()));
    }
    assert_eq!(migrate_program(nowhere, &["--status", "--sql"]).0, Some(2));
}

/// What the version before the one that gives leases a table of their own may have: an event queued, one leased and one lost, each
/// column with a value of its own. And a view and rights that somebody added.
const BEFORE_LEASES: &str = r#"
    insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at, engine_software_version)
    values ('00000000-0000-4000-8000-00000000000e', 'dialogue', '{}', now(), now(), '1.4.0');
    insert into eventlease.event_queue (event_id, engine_type, event_type, state, lane, priority, available_at, payload_bytes,
        attempt, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, discard_at)
    values ('00000000-0000-7000-8000-000000000001', 'dialogue', 'e', 'queued', 0, 1, now() - interval '1 s', 2,
        3, 4, 0, 5, 6, 7, '{"jitter":0}', now() + interval '8 s');
    insert into eventlease.event_queue (event_id, engine_type, event_type, state, lane, priority, available_at, payload_bytes,
        attempt, failures, lease_losses, releases, redrives, visibility_timeout_seconds, retry_policy, cancel_requested_at,
        lease_token, leased_by, incarnation, leased_at, lease_expires_at, lease_deadline_at, lease_seconds, poll_id, poll_terms,
        is_poll_repeated, progress)
    values ('00000000-0000-7000-8000-000000000002', 'dialogue', 'e', 'processing', 1, 2, now() - interval '9 s', 10,
        11, 12, 13, 14, 15, 16, '{"jitter":0.1}', now() - interval '17 s',
        gen_random_uuid(), '00000000-0000-4000-8000-00000000000e', 18, now() - interval '19 s', now() + interval '20 s',
        now() + interval '21 s', 22, gen_random_uuid(), 'terms', true, '{"step":23}');
    insert into eventlease.event_queue (event_id, engine_type, event_type, state, lane, priority, available_at, payload_bytes,
        attempt, lease_losses, lease_token, lease_deadline_at, lease_seconds)
    values ('00000000-0000-7000-8000-000000000003', 'dialogue', 'e', 'queued', 1, 3, now() - interval '24 s', 25,
        26, 27, gen_random_uuid(), now() + interval '28 s', 29);
    create table before as select to_jsonb(q) as columns from eventlease.event_queue q;
    create view report as select event_id, status from eventlease.event_instances;
    grant select on eventlease.event_instances to public;
"#;

#[tokio::test]
async fn leases_move_to_their_table_once_no_replica_of_the_version_before_is_there() {
    let empty = Empty::create().await;
    let run = async |sql: &str| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&empty.db).await;
    let script = preparation(&empty.pool).await.expect("a script").expect("nothing is there");
    run(&script).await.expect("a table of migrations");
    for migration in list(&empty.pool).await.expect("all").iter().filter(|migration| migration.version < 15) {
        run(&migration.script()).await.expect("an older version");
    }
    run(BEFORE_LEASES).await.expect("what the version before wrote");
    run("insert into eventlease.service_signs (last_sign_at) values (now())").await.expect("a replica");

    let refused = migrate(&empty.pool).await.expect_err("a replica is there").to_string();
    assert!(refused.contains("stop all replicas, wait ten seconds"), "{refused}");
    run("update eventlease.service_signs set last_sign_at = now() - interval '11 seconds'").await.expect("it is gone");
    migrate(&empty.pool).await.expect("nobody is there");

    let moved = "select format('%s %s %s', right(a.columns ->> 'event_id', 1), a.place, a.columns ->> 'engine_software_version')
        from (select 'queue' as place, to_jsonb(q) as columns from eventlease.event_queue q
            union all select 'leases', to_jsonb(l) from eventlease.event_leases l) a
        join before b on b.columns @> a.columns - array['engine_software_version', 'scenario_run_id', 'unique_key', 'progress_at'] order by 1";
    assert_eq!(
        texts(&empty.db, moved).await,
        ["1 queue ", "2 leases 1.4.0", "3 queue "],
        "all columns are as they were"
    );
    let rights =
        "select has_table_privilege('public', 'eventlease.event_instances', 'select')::text || count(*) from report";
    assert_eq!(texts(&empty.db, rights).await, ["true0"]);
    // A replica of the version before that was forgotten does no harm.
    for forgotten in [
        "update eventlease.event_queue set state = 'processing', attempt = attempt + 1",
        "update eventlease.event_queue set lease_expires_at = now() where leased_by is null",
        "insert into eventlease.event_queue (event_id, engine_type, event_type, state, priority, available_at, payload_bytes)
         values (gen_random_uuid(), 'dialogue', 'e', 'queued', 5, now(), 2)",
    ] {
        let error = run(forgotten).await.expect_err(forgotten).into_database_error().expect("PostgreSQL's own word");
        assert_eq!(error.code().as_deref(), Some("42703"), "{forgotten}: {error}");
    }
    empty.remove().await;
}

#[tokio::test]
async fn an_event_id_is_the_databases_time() {
    let lab = Lab::start().await;
    let times: Vec<(Uuid, f64)> = sqlx::query_as(
        "select eventlease.new_event_id(statement_timestamp(), n), extract(epoch from statement_timestamp())::float8
         from generate_series(0, 2000) as n",
    )
    .fetch_all(&lab.db)
    .await
    .expect("ids");
    for (id, at) in &times {
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122), "{id}");
        let (seconds, nanos) = id.get_timestamp().expect("version 7 has a time").to_unix();
        let of_id = f64::from(u32::try_from(seconds).expect("this century")) + f64::from(nanos) / 1e9;
        assert!((of_id - at).abs() < 0.001_1, "{id} is of {of_id}, made at {at}");
    }
    assert!(times.windows(2).all(|pair| pair[0].0 < pair[1].0), "a batch keeps its order");

    let later: Vec<Uuid> = sqlx::query_scalar(
        "select eventlease.new_event_id(timestamptz '2026-03-01 12:00:00Z' + make_interval(secs => n / 1e5), 16383 - n)
         from generate_series(0, 1000) as n order by n",
    )
    .fetch_all(&lab.db)
    .await
    .expect("ids");
    assert!(later.windows(2).all(|pair| pair[0] < pair[1]), "ten microseconds later is later, whatever the ordinal");
}

#[tokio::test]
async fn the_floor_of_a_time_is_the_smallest_id_it_can_have() {
    let lab = Lab::start().await;
    let wrong: Vec<String> = texts(
        &lab.db,
        "select at::text
         from unnest(array[timestamptz '1970-01-01Z', '2026-12-31 23:59:59.999999Z', '2027-01-01Z', '2100-02-28 12:34:56.789012Z'])
            as at
         cross join generate_series(0, 50) as n
         cross join lateral (select eventlease.new_event_id(at, n) as id) made
         where id < eventlease.uuid_floor(at)
            or id >= eventlease.uuid_floor(at + interval '1 millisecond')
            or eventlease.uuid_floor(at) <> eventlease.uuid_floor(date_trunc('milliseconds', at))",
    )
    .await;
    assert!(wrong.is_empty(), "{wrong:?}");
    let floor: Vec<String> = texts(&lab.db, "select eventlease.uuid_floor('2026-01-01Z')::text").await;
    assert_eq!(floor, ["019b76da-a800-0000-0000-000000000000"]);
}

/// What others rely on, and what must not change unnoticed. Partitions come and go by the day.
#[tokio::test]
async fn the_schema_is_as_it_was() {
    let lab = Lab::start().await;
    let parts = [
        (
            "columns",
            "select format('%s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                case when a.attnotnull then ' not null' else '' end
                || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
             from pg_attribute a join pg_class c on c.oid = a.attrelid
             left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
             where c.relnamespace = 'eventlease'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
                and a.attnum > 0 and not a.attisdropped and c.relname <> 'migrations'
             order by c.relname, a.attnum",
        ),
        (
            "constraints",
            "select format('%s: %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
             from pg_constraint k join pg_class c on c.oid = k.conrelid
             where k.connamespace = 'eventlease'::regnamespace and not c.relispartition and c.relname <> 'migrations'
                and k.contype <> 'n'
             order by c.relname, conname",
        ),
        (
            "indexes",
            "select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_class x on x.oid = i.indexrelid
             where c.relnamespace = 'eventlease'::regnamespace and not c.relispartition and c.relname <> 'migrations'
             order by c.relname, x.relname",
        ),
        (
            "functions",
            "select format('%s returns %s', p.oid::regprocedure, p.prorettype::regtype)
             from pg_proc p where p.pronamespace = 'eventlease'::regnamespace order by 1",
        ),
    ];
    let mut schema = Vec::new();
    for (part, query) in parts {
        schema.push(format!("-- {part}\n{}", texts(&lab.db, query).await.join("\n")));
    }
    insta::assert_snapshot!("schema", schema.join("\n\n"));
}
