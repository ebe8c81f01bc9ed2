//! `PgBouncer` between the service and `PostgreSQL`. In transaction mode the service needs version 1.21 or later, which `PGBOUNCER`
//! may name; with an older one it must refuse to start.

use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use eventlease::app::Server;
use futures_util::future::join_all;
use nix::unistd::geteuid;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use uuid::Uuid;

use crate::cli::program::{Ended, run_beside};
use crate::support::{Lab, Reply, config};

struct PgBouncer {
    folder: PathBuf,
    process: Child,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The program; the tests of CI must have it.
fn program() -> Option<PathBuf> {
    if let Some(program) = env::var_os("PGBOUNCER") {
        return Some(program.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
    let is_ci = env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found.is_some() || !is_ci, "there is no pgbouncer, which CI installs");
    if found.is_none() {
        skip("there is no pgbouncer here (apt-get install pgbouncer)");
    }
    found
}

/// Past the capture of a test's output, which shows nothing of a test that passes.
fn skip(reason: &str) {
    writeln!(io::stderr(), "SKIPPED: {reason}").ok();
}

/// True if its transaction mode can keep prepared statements: from version 1.21 on.
fn can_keep_prepared_statements(program: &Path) -> bool {
    let told = Command::new(program).arg("--version").output().expect("it can be started").stdout;
    let told = String::from_utf8_lossy(&told).into_owned();
    let version = told.split_whitespace().nth(1).expect("a version");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().expect("a number"));
    (numbers.next(), numbers.next()) >= (Some(1), Some(21))
}

impl PgBouncer {
    /// Runs one before the lab's PostgreSQL, with these lines among its settings.
    async fn start(program: &Path, lab: &Lab, settings: &str) -> Self {
        let direct = lab.db.connect_options();
        let postgres = direct.get_socket().expect("the test cluster listens on a socket");
        let folder = env::temp_dir().join(format!("eventlease-pgbouncer-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).expect("a new folder");
        // It refuses to be root, and only the socket's owner gets to PostgreSQL.
        let owner = fs::metadata(postgres).expect("the socket's folder");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("the folder is ours");
        let settings = format!(
            "[databases]\n* = host={postgres} port=5432\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
             auth_type = trust\nauth_file = {folder}/users\n{settings}\n",
            postgres = postgres.display(),
            folder = folder.display()
        );
        fs::write(folder.join("settings"), settings).expect("written");
        fs::write(folder.join("users"), "\"postgres\" \"\"\n").expect("written");
        let mut command = Command::new(program);
        if geteuid().is_root() {
            chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("given away");
            command.uid(owner.uid()).gid(owner.gid());
        }
        let command = command.arg("-q").arg(folder.join("settings")).stdin(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("it can be started");
        let bouncer = Self { folder, process };
        lab.wait_for("PgBouncer to listen", async || {
            UnixStream::connect(bouncer.folder.join(".s.PGSQL.6432")).ok().map(drop)
        })
        .await;
        bouncer
    }

    fn url(&self, lab: &Lab) -> String {
        url_at(lab, &self.folder, 6432)
    }

    /// What sessions behind it were set to otherwise than they began, beside what PgBouncer itself sets for each client.
    async fn settings_left(&self, lab: &Lab) -> Vec<String> {
        let mut left = Vec::new();
        // Of the client's own settings at its start, PgBouncer refuses this one.
        let options = self.url(lab).parse::<PgConnectOptions>().expect("a URL").extra_float_digits(None);
        // In transactions at the same time, they are on sessions of their own.
        let mut clients = join_all((0..4).map(|_| PgConnection::connect_with(&options))).await;
        for client in &mut clients {
            let client = client.as_mut().expect("a connection");
            client.execute(sqlx::raw_sql("begin")).await.expect("begun");
            let set = "select name || ' = ' || setting from pg_settings where source = 'session'
                       and lower(name) not in ('client_encoding', 'datestyle', 'timezone', 'intervalstyle',
                           'standard_conforming_strings', 'application_name')";
            let rows = client.fetch_all(sqlx::raw_sql(set)).await.expect("a list");
            left.extend(rows.iter().map(|row| row.get::<String, _>(0)));
        }
        left
    }
}

fn url_at(lab: &Lab, folder: &Path, port: u16) -> String {
    let database = lab.db.connect_options().get_database().expect("a name").to_owned();
    format!("postgres://postgres@localhost:{port}/{database}?host={}&sslmode=disable", folder.display())
}

fn direct_url(lab: &Lab) -> String {
    url_at(lab, lab.db.connect_options().get_socket().expect("a socket"), 5432)
}

async fn run(words: &str, more: &[&str]) -> Ended {
    run_beside(words.split_whitespace().chain(more.iter().copied()).map(str::to_owned).collect()).await
}

/// Why a server does not start.
async fn refusal(url: &str, flags: &[&str]) -> String {
    let error = Server::start(&config(url, flags)).await.map(drop).expect_err("it refuses to start");
    format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default())
}

/// The life of an event through a server.
async fn live(lab: &Lab, at: &str) {
    let event = json!({"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"npc": "Mira"}});
    Reply::of(lab.request("POST", &format!("{at}/api/v1/events")).json(&event)).await.expect(201);
    let engine = lab.register("dialogue", json!({})).await;
    let queue = format!("{at}/api/v1/events/queue/dialogue?limit=1&wait_seconds=10");
    let leased = Reply::of(lab.request("GET", &queue).header("x-engine-id", &engine)).await.expect(200).body;
    let leased = &leased["events"][0];
    let settle = format!("{at}/api/v1/events/{}/status", leased["event_id"].as_str().expect("an id"));
    let settled = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    Reply::of(lab.request("PUT", &settle).header("x-engine-id", &engine).json(&settled)).await.expect(200);
    lab.wait_for("the listener", async || {
        let health = lab.get(&format!("{at}/api/v1/health/database")).await.expect(200).body;
        (health["replica"]["listener"]["is_connected"] == true).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_works_behind_pgbouncer_with_its_own_settings() {
    let Some(program) = program() else { return };
    let lab = Lab::start().await;
    let bouncer = PgBouncer::start(&program, &lab, "pool_mode = session").await;
    let url = bouncer.url(&lab);

    let server = Server::start(&config(&url, &[])).await.expect("it starts");
    let at = format!("http://{}", server.address);
    lab.get(&format!("{at}/readyz")).await.expect(200);
    // LISTEN goes through it as well.
    live(&lab, &at).await;
    server.stop().await.expect("it stops");
    assert_eq!(bouncer.settings_left(&lab).await, [""; 0]);

    for command in ["doctor", "migrate", "token list"] {
        let ended = run(command, &["--database-url", &url]).await;
        // The tests' cluster is not durable, which the doctor warns of.
        let code = if command == "doctor" { 3 } else { 0 };
        assert_eq!(ended.code, Some(code), "{command}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_for_listening_must_lead_to_sessions_of_the_same_database() {
    let Some(program) = program() else { return };
    let (lab, other) = (Lab::start().await, Lab::start().await);
    let bouncer = PgBouncer::start(&program, &lab, "pool_mode = session").await;
    let url = bouncer.url(&lab);
    let server = Server::start(&config(&url, &["--listen-database-url", &direct_url(&lab)])).await.expect("it starts");
    live(&lab, &format!("http://{}", server.address)).await;
    server.stop().await.expect("it stops");

    let elsewhere = refusal(&url, &["--listen-database-url", &direct_url(&other)]).await;
    assert!(elsewhere.contains("lead to different databases"), "{elsewhere}");
    let transactions = PgBouncer::start(&program, &lab, "pool_mode = transaction").await;
    let pooled = refusal(&url, &["--listen-database-url", &transactions.url(&lab)]).await;
    assert!(pooled.contains("--listen-database-url) leads to a transaction pooler"), "{pooled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_pooler_without_prepared_statements_is_refused_and_nothing_is_set_behind_it() {
    let Some(program) = program() else { return };
    let lab = Lab::start().await;
    // From 1.21 on it keeps them only where this is set.
    let switched_off = if can_keep_prepared_statements(&program) { "max_prepared_statements = 0" } else { "" };
    let bouncer = PgBouncer::start(&program, &lab, &format!("pool_mode = transaction\n{switched_off}")).await;
    let url = bouncer.url(&lab);
    for flags in [&[][..], &["--listen-database-url", &direct_url(&lab)]] {
        let refusal = refusal(&url, flags).await;
        for told in ["max_prepared_statements", "pool_mode = session", "docs/scaling.md"] {
            assert!(refusal.contains(told), "{refusal}");
        }
    }
    let doctor = run("doctor", &["--database-url", &url]).await;
    assert!(doctor.stdout.contains("a transaction pooler stands before it"), "{doctor:?}");
    let migrate = run("migrate", &["--database-url", &url]).await;
    assert_eq!(migrate.code, Some(1), "{migrate:?}");
    assert!(migrate.stderr.contains("max_prepared_statements"), "{migrate:?}");
    assert_eq!(bouncer.settings_left(&lab).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_works_behind_a_transaction_pooler_that_keeps_prepared_statements() {
    let Some(program) = program() else { return };
    if !can_keep_prepared_statements(&program) {
        return skip("this pgbouncer is older than 1.21; PGBOUNCER names another one");
    }
    let lab = Lab::start().await;
    let pooler = async || {
        let settings = "pool_mode = transaction\nmax_prepared_statements = 200\ndefault_pool_size = 6";
        PgBouncer::start(&program, &lab, settings).await
    };
    let (bouncer, direct) = (pooler().await, direct_url(&lab));
    let alone = refusal(&bouncer.url(&lab), &[]).await;
    assert!(alone.contains("EVENTLEASE_LISTEN_DATABASE_URL"), "{alone}");
    let flags = ["--listen-database-url", &direct];
    let unset = refusal(&bouncer.url(&lab), &flags).await;
    assert!(unset.contains("enable_seqscan") && unset.contains("migrate --pooler-settings"), "{unset}");
    let printed = run("migrate --pooler-settings --database-url", &[&direct]).await;
    assert_eq!(printed.code, Some(0), "{printed:?}");
    lab.db.execute(sqlx::raw_sql(AssertSqlSafe(printed.stdout))).await.expect("it can be run as it is");
    drop(bouncer);

    let bouncer = pooler().await;
    let server = Server::start(&config(&bouncer.url(&lab), &flags)).await.expect("it starts");
    let at = format!("http://{}", server.address);
    for _ in 0..3 {
        live(&lab, &at).await;
    }
    join_all((0..20).map(|_| live(&lab, &at))).await;
    server.broker.tend_partitions().await.expect("a round");
    let metrics =
        lab.request("GET", &format!("{at}/metrics")).send().await.expect("metrics").text().await.expect("text");
    assert!(metrics.contains("eventlease_batch_fallbacks_total{kind=\"claims\"} 0\n"), "{metrics}");
    server.stop().await.expect("it stops");
    assert_eq!(bouncer.settings_left(&lab).await, [""; 0]);
    let again = run("migrate --pooler-settings --database-url", &[&direct]).await;
    assert_eq!(again.stdout, "-- the role has all settings\n", "{again:?}");
}
