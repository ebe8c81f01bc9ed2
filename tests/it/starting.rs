//! The start: health checks are answered from the moment the port is bound, and a signal ends every wait.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Pid;
use serde_json::json;
use sqlx::ConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::cli::program::{Ended, Program, command, command_through};
use crate::retention::partitions_of;
use crate::support::{Lab, PATIENCE, Reply, client, unknown_id, wait_for};

/// A port that nobody listens on.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Takes connections in, and never says anything.
struct DumbDatabase {
    url: String,
    _listener: TcpListener,
}

impl DumbDatabase {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { url: format!("postgres://postgres@{address}/none"), _listener: listener }
    }
}

/// Has a program handle SIGHUP as usual, also where whoever runs the tests ignores it.
const WITH_USUAL_SIGNALS: [&str; 2] = ["env", "--default-signal=HUP"];

/// `eventlease serve`, which is not waited for.
fn serve(starter: &[&str], address: &str, database_url: &str) -> Program {
    let flags = ["serve", "--listen", address, "--database-url", database_url];
    Program::spawn(command_through(&[starter, &WITH_USUAL_SIGNALS].concat(), &flags))
}

/// Unlike a caller's, from before it listens.
async fn wait_for_status(url: &str, status: u16) {
    let client = client();
    wait_for(&format!("{url} to answer {status}"), async || {
        let reply = client.get(url).send().await.ok()?;
        (reply.status().as_u16() == status).then_some(())
    })
    .await;
}

async fn wait(program: Program) -> Ended {
    tokio::task::spawn_blocking(move || program.wait()).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_waits_for_its_database_only_the_process_is_well_and_each_signal_ends_it() {
    for signal in ["TERM", "INT", "HUP"] {
        let (address, database) = (free_address(), DumbDatabase::new());
        let mut program = serve(&[], &address, &database.url);
        wait_for_status(&format!("http://{address}/healthz"), 200).await;
        let client = client();
        for (method, path) in
            [("GET", "/readyz"), ("GET", "/metrics"), ("POST", "/api/v1/events"), ("GET", "/docs"), ("GET", "/none")]
        {
            let request = client.request(method.parse().expect("a method"), format!("http://{address}{path}"));
            let reply = Reply::of(request.json(&json!({}))).await.problem(503, "database_unavailable");
            assert!(reply.text("detail").starts_with("the server is starting"), "{path}: {reply:?}");
            assert_eq!(reply.header("retry-after"), "1", "{path}");
        }
        // The page opens, and says itself that the server is starting.
        Reply::of(client.get(format!("http://{address}/dashboard/"))).await.expect(200);
        let large = client.post(format!("http://{address}/api/v1/events")).body(vec![b' '; 2 << 20]);
        Reply::of(large).await.problem(503, "database_unavailable");
        Reply::of(client.get(format!("http://{address}/healthz"))).await.expect(200);
        program.signal(signal);
        let ended = wait(program).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{signal}: {ended:?}");
        assert!(ended.stderr.contains(&format!("SIG{signal}")) && ended.stderr.contains("stopped"), "{ended:?}");
    }
}

/// The process that another has started.
fn child_of(parent: Pid) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok().map(Pid::from_raw)
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_first_process_of_a_container_it_is_ended_too() {
    let unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let probe = Command::new(unshare[0]).args(&unshare[1..]).arg("true").output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED: no process namespace can be made here (unshare --pid, as root)");
        return;
    }
    let lab = Lab::start().await;
    let (dumb, good) = (DumbDatabase::new().url, lab.db.connect_options().to_url_lossy().to_string());
    for (database_url, path, status) in [(&dumb, "/healthz", 200), (&good, "/readyz", 200)] {
        for signal in ["TERM", "INT", "HUP"] {
            let address = free_address();
            let mut program = serve(&unshare, &address, database_url);
            wait_for_status(&format!("http://{address}{path}"), status).await;
            let first = child_of(program.pid()).expect("a process in the namespace");
            let status = fs::read_to_string(format!("/proc/{first}/status")).expect("its status");
            assert!(status.lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1")), "{status}");
            program.follow(first);
            program.signal(signal);
            let ended = wait(program).await;
            assert_eq!(ended.code, Some(0), "{signal}: {ended:?}");
        }
    }
}

/// Signals a server that waits for somebody's lock, and expects it to end in order.
async fn end_while_it_waits_for(lab: &Lab, lock: &'static str) {
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query(lock).execute(&mut *holder).await.expect("a lock");
    let (address, url) = (free_address(), lab.db.connect_options().to_url_lossy().to_string());
    let mut program = serve(&[], &address, &url);
    wait_for_status(&format!("http://{address}/readyz"), 503).await;
    lab.wait_for_a_blocked_server().await;
    program.signal("TERM");
    let ended = wait(program).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{lock}: {ended:?}");
    holder.rollback().await.expect("an end");
}

const LOCK_MIGRATIONS: &str = "lock table eventlease.migrations in access exclusive mode";

#[tokio::test(flavor = "multi_thread")]
async fn neither_migrations_nor_partitions_are_waited_for_after_a_signal() {
    let mut lab = Lab::start().await;
    end_while_it_waits_for(&lab, LOCK_MIGRATIONS).await;
    // The lab's own server would make them, or wait for them as well.
    lab.stop().await;
    for table in partitions_of(&lab, -7).await {
        lab.sql(&format!("drop table eventlease.{table}")).await;
    }
    end_while_it_waits_for(&lab, "select pg_advisory_xact_lock(hashtextextended('eventlease.partitions', 0))").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_is_ended_by_a_signal_and_says_that_it_is_not_done() {
    let lab = Lab::start().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query(LOCK_MIGRATIONS).execute(&mut *holder).await.expect("a lock");
    let mut program = Program::spawn(command(&["migrate", "--database-url", &url]));
    lab.wait_for_a_blocked_server().await;
    program.signal("TERM");
    let ended = wait(program).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("interrupted"), "{ended:?}");
    holder.rollback().await.expect("an end");
}

/// Sends a request on a connection that stays open, and answers the first line of the reply.
async fn status_line(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("sent");
    let mut reply = Vec::new();
    while !reply.ends_with(b"}") {
        let mut some = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut some)).await.expect("in time").expect("a reply");
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&reply));
        reply.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_opened_while_it_started_is_served_when_it_is_ready() {
    let lab = Lab::start().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.migrations in access exclusive mode")
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let address = free_address();
    let mut program = serve(&[], &address, &url);
    wait_for_status(&format!("http://{address}/healthz"), 200).await;
    let mut stream = TcpStream::connect(address.parse::<SocketAddr>().expect("an address")).await.expect("it is bound");
    assert_eq!(status_line(&mut stream).await, "HTTP/1.1 503 Service Unavailable");
    lab.wait_for_a_blocked_server().await;
    holder.rollback().await.expect("an end");
    let stream = Mutex::new(stream);
    wait_for("the open connection to be served", async || {
        (status_line(&mut *stream.lock().await).await == "HTTP/1.1 200 OK").then_some(())
    })
    .await;
    let listening = tokio::task::spawn_blocking(move || {
        program.wait_until_it_listens();
        program
    });
    let mut program = listening.await.expect("it says where it listens");
    assert_eq!(program.url, format!("http://{address}"));
    program.signal("TERM");
    assert_eq!(wait(program).await.code, Some(0));
}

/// A folder for a private cluster, gone at the end of the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The processes that have a folder's path among their words.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().expect("UTF-8");
    let of_process = |entry: fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(folder).then_some(line)
    };
    fs::read_dir("/proc").expect("Linux").flatten().filter_map(of_process).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_cluster_that_is_being_made_is_stopped_and_the_next_start_makes_it() {
    let folder = Folder(env::temp_dir().join(format!("eventlease-starting-{}", unknown_id())));
    let flags = ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder.0.to_str().expect("UTF-8")];
    let mut program = Program::spawn(command(&flags));
    wait_for("initdb to begin", async || folder.0.join("cluster.unfinished/global").exists().then_some(())).await;
    program.signal("TERM");
    let ended = wait(program).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    assert_eq!(processes_in(&folder.0), Vec::<String>::new());

    let mut again = Program::spawn(command(&flags));
    let listening = tokio::task::spawn_blocking(move || {
        again.wait_until_it_listens();
        again
    });
    let mut again = listening.await.expect("it starts");
    again.signal("INT");
    assert_eq!(wait(again).await.code, Some(0));
    assert_eq!(processes_in(&folder.0), Vec::<String>::new());
}
