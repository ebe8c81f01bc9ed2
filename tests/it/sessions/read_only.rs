//! A server that takes no writes: read-only by its configuration, or a standby.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use eventlease::app::Server;
use private_postgres::{Durability, Options, PrivatePostgres};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::enqueue;
use crate::cli::program::run_beside;
use crate::support::{Caller, config, unknown_id, wait_for};

/// Writes work again within this time once the database takes them.
const SOON: Duration = Duration::from_secs(5);

/// A cluster whose configuration a test may change; its folder is removed at the end.
struct OwnCluster {
    folder: PathBuf,
    running: Option<PrivatePostgres>,
}

impl OwnCluster {
    async fn start() -> Self {
        let folder = env::temp_dir().join(format!("eventlease-read-only-{}", unknown_id()));
        let mut own = Self { folder, running: None };
        own.start_again().await;
        own
    }

    async fn start_again(&mut self) {
        let options = Options {
            durability: Durability::Off,
            settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
            ..Options::new(&self.folder)
        };
        let started = tokio::task::spawn_blocking(move || PrivatePostgres::start(&options)).await;
        self.running = Some(started.expect("no panic").expect("the cluster starts"));
    }

    async fn stop(&mut self) {
        let running = self.running.take().expect("it runs");
        tokio::task::spawn_blocking(move || running.stop()).await.expect("no panic").expect("the cluster stops");
    }

    /// Makes it a standby, under the same address.
    async fn demote(&mut self) {
        self.stop().await;
        fs::write(self.folder.join("cluster/standby.signal"), "").expect("written");
        self.start_again().await;
    }

    fn url(&self) -> String {
        self.running.as_ref().expect("it runs").url("postgres")
    }

    async fn run(&self, statement: &'static str) {
        let mut connection = PgConnection::connect(&self.url()).await.expect("a session");
        sqlx::query(statement).execute(&mut connection).await.expect("done");
        connection.close().await.expect("closed");
    }

    async fn set_read_only(&self, is_read_only: bool) {
        let statement = if is_read_only {
            "alter system set default_transaction_read_only = on"
        } else {
            "alter system reset default_transaction_read_only"
        };
        self.run(statement).await;
        self.run("select pg_reload_conf()").await;
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        drop(self.running.take());
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Enqueues until the answer is this status, and says how long that took.
async fn enqueue_until(caller: &Caller, status: u16) -> Duration {
    let started = Instant::now();
    wait_for(&format!("an event to be answered {status}"), async || {
        (enqueue(caller).await.status == status).then_some(())
    })
    .await;
    started.elapsed()
}

async fn warnings(caller: &Caller) -> Vec<String> {
    let health = caller.call("GET", "/api/v1/health/database", Value::Null).await.expect(200);
    let warnings = health.body["warnings"].as_array().expect("a list").clone();
    warnings.iter().map(|warning| warning["code"].as_str().expect("a code").to_owned()).collect()
}

async fn doctor(arguments: &[&str]) -> (Option<i32>, String) {
    let ended = run_beside(arguments.iter().map(|&argument| argument.to_owned()).collect()).await;
    (ended.code, ended.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_made_read_only_is_told_and_left_when_it_takes_writes_again() {
    let cluster = OwnCluster::start().await;
    let flags = ["--acquire-timeout-seconds", "1"];
    let server = Server::start(&config(&cluster.url(), &flags)).await.expect("the server starts");
    let caller = Caller::of(&server);
    caller.call("GET", "/readyz", Value::Null).await.expect(200);
    enqueue(&caller).await.expect(201);

    cluster.set_read_only(true).await;
    enqueue_until(&caller, 503).await;
    caller.wait_for_status("/readyz", 503).await;
    let warnings = warnings(&caller).await;
    for code in ["database_read_only", "replica_cannot_write"] {
        assert!(warnings.iter().any(|warning| warning == code), "{code}: {warnings:?}");
    }
    let (code, told) = doctor(&["doctor", "--url", &caller.base]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(!told.contains("the server is ready") && told.contains("the database is read-only"), "{told}");
    let (code, told) = doctor(&["doctor", "--database-url", &cluster.url()]).await;
    assert!(code == Some(1) && told.contains("the database is read-only"), "{told}");

    cluster.set_read_only(false).await;
    let took = enqueue_until(&caller, 201).await;
    assert!(took < SOON, "{took:?}");
    caller.wait_for_status("/readyz", 200).await;
    server.stop().await.expect("the server stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_a_standby_are_refused_until_it_is_promoted() {
    let mut cluster = OwnCluster::start().await;
    let flags = ["--acquire-timeout-seconds", "1"];
    let server = Server::start(&config(&cluster.url(), &flags)).await.expect("the server starts");
    let caller = Caller::of(&server);
    enqueue(&caller).await.expect(201);

    cluster.demote().await;
    enqueue(&caller).await.problem(503, "database_unavailable");
    caller.wait_for_status("/readyz", 503).await;
    let warnings = warnings(&caller).await;
    assert_eq!(warnings[0], "database_is_standby", "{warnings:?}");
    // One that starts meanwhile waits.
    let second = config(&cluster.url(), &flags);
    let promoting = async {
        enqueue(&caller).await.problem(503, "database_unavailable");
        cluster.run("select pg_promote(true, 30)").await;
        enqueue_until(&caller, 201).await
    };
    let (second, took) = tokio::join!(Server::start(&second), promoting);
    assert!(took < SOON, "{took:?}");
    caller.wait_for_status("/readyz", 200).await;
    let second = second.expect("the server starts");
    enqueue(&Caller::of(&second)).await.expect(201);
    second.stop().await.expect("the server stops in order");
    server.stop().await.expect("the server stops in order");
}

/// An address that can be made to lead to another cluster. Connections that are open stay where they are.
async fn address_of(target: watch::Receiver<PathBuf>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let socket = target.borrow().clone();
            tokio::spawn(async move {
                let mut server = UnixStream::connect(socket).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

fn socket_of(cluster: &OwnCluster) -> PathBuf {
    let options: PgConnectOptions = cluster.url().parse().expect("a URL");
    options.get_socket().expect("a socket").join(".s.PGSQL.5432")
}

/// How many sessions the service has there.
async fn count_sessions(cluster: &OwnCluster) -> i64 {
    let mut connection = PgConnection::connect(&cluster.url()).await.expect("a session");
    let count = "select count(*) from pg_stat_activity where application_name = 'eventlease'";
    sqlx::query_scalar(count).fetch_one(&mut connection).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_a_demoted_primary_that_is_still_up_are_left_for_the_new_one() {
    let (former, new) = (OwnCluster::start().await, OwnCluster::start().await);
    // It has the schema as well.
    Server::start(&config(&new.url(), &[])).await.expect("the server starts").stop().await.expect("it stops");
    let (lead, target) = watch::channel(socket_of(&former));
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", address_of(target).await);
    let server = Server::start(&config(&url, &["--acquire-timeout-seconds", "1"])).await.expect("the server starts");
    let caller = Caller::of(&server);
    let listens = "eventlease_listener_connected 1";
    caller.wait_for_metric(listens).await;
    enqueue(&caller).await.expect(201);

    // The address moves while the service has sessions on the former one, which stay open.
    former.set_read_only(true).await;
    lead.send_replace(socket_of(&new));
    let took = enqueue_until(&caller, 201).await;
    assert!(took < SOON, "{took:?}");
    wait_for("sessions to leave the former primary", async || (count_sessions(&former).await == 0).then_some(())).await;
    caller.wait_for_metric(listens).await;
    caller.wait_for_status("/readyz", 200).await;
    server.stop().await.expect("the server stops in order");
}
