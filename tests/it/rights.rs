//! What the database's roles need: for migrating, for serving, and for serving once everything is there.

use eventlease::app::Server;
use eventlease::store::migrations::count_pending;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::cli::program::{Ended, run_beside};
use crate::support::{Reply, client, cluster, config, pool_of};

/// A database, and roles that are named after it; removed by [`Ground::remove`].
struct Ground {
    database: String,
    roles: Vec<String>,
}

impl Ground {
    fn new() -> Self {
        Self { database: format!("rights_{}", Uuid::new_v4().simple()), roles: Vec::new() }
    }

    /// An empty database, and a role that may log in.
    async fn with_role(role: &str) -> Self {
        let mut ground = Self::new();
        ground.administrate(&format!("create database {}", ground.database)).await;
        ground.roles.push(format!("{role}_{}", ground.database));
        ground.administrate(&format!("create role {} login", ground.roles[0])).await;
        ground
    }

    fn url(&self, role: &str) -> String {
        let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
        url.set_path(&self.database);
        url.set_username(role).expect("a role fits in");
        url.to_string()
    }

    /// On the server, as superuser.
    async fn administrate(&self, statements: &str) {
        run(&cluster::admin_url(), statements).await;
    }

    /// In the database, as superuser.
    async fn prepare(&self, statements: &str) {
        run(&self.url("postgres"), statements).await;
    }

    async fn remove(self) {
        self.administrate(&format!("drop database {} with (force)", self.database)).await;
        for role in &self.roles {
            self.administrate(&format!("drop role {role}")).await;
        }
    }
}

async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the test cluster runs");
    for statement in statements.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    connection.close().await.expect("closed");
}

async fn migrate(url: &str, flags: &[&str]) -> Ended {
    let arguments = [&["migrate", "--database-url", url], flags].concat();
    run_beside(arguments.into_iter().map(str::to_owned).collect()).await
}

/// An event's whole life on a server.
async fn live(server: &Server) {
    let api = format!("http://{}/api/v1", server.address);
    let call = async |method: &str, path: String, body: Value, engine: &str| {
        let request = client().request(method.parse().expect("a method"), format!("{api}{path}"));
        Reply::of(request.header("x-engine-id", engine).json(&body)).await
    };
    let none = Uuid::new_v4().to_string();
    let event = json!({"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {}});
    call("POST", "/events".to_owned(), event, &none).await.expect(201);
    let engine = call("POST", "/engines".to_owned(), json!({"engine_type": "dialogue"}), &none).await.expect(201);
    let engine = engine.text("engine_id");
    let leased = Reply::of(client().get(format!("{api}/events/queue/dialogue")).header("x-engine-id", &engine)).await;
    let leased = leased.expect(200).body["events"][0].clone();
    let (event_id, token) = (&leased["event_id"], &leased["lease"]["lease_token"]);
    let path = format!("/events/{}/status", event_id.as_str().expect("an id"));
    call("PUT", path, json!({"status": "completed", "lease_token": token}), &engine).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_schema_needs_no_right_to_make_another() {
    let ground = Ground::with_role("owner").await;
    let role = ground.roles[0].clone();
    ground.prepare(&format!("create schema eventlease authorization {role}")).await;
    let url = ground.url(&role);

    let printed = migrate(&url, &["--sql"]).await;
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(
        !printed.stdout.contains("create schema")
            && printed.stdout.contains("create table if not exists eventlease.migrations")
    );
    let migrated = migrate(&url, &[]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let server = Server::start(&config(&url, &[])).await.expect("it starts");
    live(&server).await;
    server.broker.tend_partitions().await.expect("its own tables");
    server.stop().await.expect("it stops");
    ground.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_to_make_the_schema_is_needed_once() {
    let ground = Ground::with_role("maker").await;
    let role = ground.roles[0].clone();
    let url = ground.url(&role);
    let refused = migrate(&url, &[]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for told in [
        role.as_str(),
        "may not apply 31 pending migrations",
        "eventlease migrate",
        "permission denied for database",
        "docs/operators.md",
    ] {
        assert!(refused.stderr.contains(told), "{told}: {refused:?}");
    }

    ground.prepare(&format!("grant create on database {} to {role}", ground.database)).await;
    let migrated = migrate(&url, &[]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    ground.prepare(&format!("revoke create on database {} from {role}", ground.database)).await;
    assert_eq!(migrate(&url, &[]).await.code, Some(0));
    let server = Server::start(&config(&url, &[])).await.expect("it starts");
    live(&server).await;
    server.stop().await.expect("it stops");
    ground.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_rights_is_told_which_it_lacks() {
    let ground = Ground::with_role("stranger").await;
    let role = ground.roles[0].clone();
    let (own, stranger) = (ground.url("postgres"), ground.url(&role));
    assert_eq!(migrate(&own, &[]).await.code, Some(0));
    for flags in [&[][..], &["--status"], &["--check"], &["--sql"]] {
        let refused = migrate(&stranger, flags).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        for told in [role.as_str(), "may not read eventlease.migrations", "docs/operators.md"] {
            assert!(refused.stderr.contains(told), "{flags:?}, {told}: {refused:?}");
        }
    }
    // One that may do all but make partitions starts, and says what it lacks once one is missing.
    ground
        .prepare(&format!(
            "grant usage on schema eventlease to {role}; grant all on all tables in schema eventlease to {role}"
        ))
        .await;
    assert_eq!(migrate(&stranger, &[]).await.code, Some(0), "nothing is pending");
    let server = Server::start(&config(&stranger, &[])).await.expect("it starts");
    live(&server).await;
    server.stop().await.expect("it stops");
    let db = PgPool::connect(&own).await.expect("the database");
    let partition: String = sqlx::query_scalar(
        "select 'eventlease.events_' || to_char((statement_timestamp() at time zone 'UTC')::date + 7, 'YYYYMMDD')",
    )
    .fetch_one(&db)
    .await
    .expect("a name");
    db.close().await;
    ground.prepare(&format!("drop table {partition}")).await;
    let error = Server::start(&config(&stranger, &[])).await.expect_err("it cannot make the partition");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("may not make partitions") && cause.contains("docs/operators.md"), "{error}: {cause}");
    ground.prepare(&format!("drop owned by {role}")).await;
    ground.remove().await;
}

/// The statements of docs/operators.md, for the server and for the new database.
fn documented() -> (String, String) {
    let document = include_str!("../../docs/operators.md");
    let (_, section) = document.split_once("\n## Rights\n").expect("a section");
    let (_, block) = section.split_once("```sql\n").expect("statements");
    let (block, _) = block.split_once("```").expect("their end");
    let without_comments =
        |text: &str| text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    let (on_server, in_database) = block.split_once("-- in the new database\n").expect("two places");
    (without_comments(on_server), without_comments(in_database))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_role_migrates_and_another_serves_as_documented() {
    let mut ground = Ground::new();
    let names = ["migrate", "serve", "owner"].map(|name| format!("eventlease_{name}"));
    let roles = names.clone().map(|name| format!("{name}_{}", ground.database));
    let adapted = |statements: String| {
        let adapted = names.iter().zip(&roles).fold(statements, |text, (name, role)| text.replace(name, role));
        adapted.replace("create database eventlease ", &format!("create database {} ", ground.database))
    };
    let (on_server, in_database) = documented();
    let (on_server, in_database) = (adapted(on_server), adapted(in_database));
    ground.roles = roles.to_vec();
    ground.administrate(&on_server).await;
    ground.prepare(&in_database).await;
    let [migrating_role, serving_role, owner] = &roles;

    let migrated = migrate(&ground.url(migrating_role), &[]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let server = Server::start(&config(&ground.url(serving_role), &[])).await.expect("it starts");
    live(&server).await;

    // It makes partitions and takes old ones away.
    let db = PgPool::connect(&ground.url("postgres")).await.expect("the database");
    let tables =
        "select to_char((statement_timestamp() at time zone 'UTC')::date + $1, '\"eventlease.events_\"YYYYMMDD')";
    let table =
        async |ahead: i32| -> String { sqlx::query_scalar(tables).bind(ahead).fetch_one(&db).await.expect("a name") };
    let (made_by_serving, old) = (table(7).await, table(-100).await);
    let is_there = async |table: &str| -> bool {
        sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(&db).await.expect("an answer")
    };
    ground.prepare(&format!("drop table {made_by_serving}")).await;
    ground
        .prepare(&format!(
            "set role {owner}; select eventlease.ensure_partitions_of_day((statement_timestamp() at time zone 'UTC')::date - 100)"
        ))
        .await;
    assert!(is_there(&old).await && !is_there(&made_by_serving).await);
    let (made, removal) = server.broker.tend_partitions().await.expect("it may");
    assert_eq!((made, removal.removed, removal.postponed), (1, 2, 0));
    assert!(!is_there(&old).await && is_there(&made_by_serving).await);
    server.stop().await.expect("it stops");

    // All of it belongs to the one role, so that each can change what the other made.
    let owners: Vec<String> = sqlx::query_scalar(
        "select distinct pg_get_userbyid(relowner)::text from pg_class where relnamespace = 'eventlease'::regnamespace",
    )
    .fetch_all(&db)
    .await
    .expect("owners");
    assert_eq!(owners, [owner.as_str()]);
    assert_eq!(count_pending(&pool_of(&ground.url("postgres"))).await.expect("a count"), 0);
    db.close().await;
    ground.remove().await;
}
