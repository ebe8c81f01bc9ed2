//! `PgBouncer` between the service and `PostgreSQL`, pooling sessions, with the settings that it has by itself.

use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use eventlease::app::Server;
use nix::unistd::geteuid;
use serde_json::json;
use uuid::Uuid;

use crate::cli::program::run_beside;
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
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
    let is_ci = env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found.is_some() || !is_ci, "there is no pgbouncer, which CI installs");
    found
}

impl PgBouncer {
    /// Runs one before the server that listens in a folder.
    async fn start(program: &Path, lab: &Lab, postgres: &str) -> Self {
        let folder = env::temp_dir().join(format!("eventlease-pgbouncer-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).expect("a new folder");
        // It refuses to be root, and only the socket's owner gets to PostgreSQL.
        let owner = fs::metadata(postgres).expect("the socket's folder");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("the folder is ours");
        let settings = format!(
            "[databases]\n* = host={postgres} port=5432\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
             auth_type = trust\nauth_file = {folder}/users\npool_mode = session\n",
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
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_works_behind_pgbouncer_with_its_own_settings() {
    let Some(program) = program() else {
        // Past the capture of a test's output, which shows nothing of a test that passes.
        writeln!(io::stderr(), "SKIPPED: there is no pgbouncer here (apt-get install pgbouncer)").ok();
        return;
    };
    let lab = Lab::start().await;
    let direct = lab.db.connect_options();
    let socket = direct.get_socket().expect("the test cluster listens on a socket").to_str().expect("UTF-8").to_owned();
    let bouncer = PgBouncer::start(&program, &lab, &socket).await;
    let url = format!(
        "postgres://postgres@localhost:6432/{}?host={}&sslmode=disable",
        direct.get_database().expect("a name"),
        bouncer.folder.display()
    );

    let server = Server::start(&config(&url, &[])).await.expect("it starts");
    let at = format!("http://{}", server.address);
    lab.get(&format!("{at}/readyz")).await.expect(200);
    let event = json!({"engine_type": "dialogue", "event_type": "dialogue.requested", "payload": {"npc": "Mira"}});
    Reply::of(lab.request("POST", &format!("{at}/api/v1/events")).json(&event)).await.expect(201);
    let engine = lab.register("dialogue", json!({})).await;
    let queue = format!("{at}/api/v1/events/queue/dialogue?wait_seconds=10");
    let leased = Reply::of(lab.request("GET", &queue).header("x-engine-id", &engine)).await.expect(200).body;
    let leased = &leased["events"][0];
    let settle = format!("{at}/api/v1/events/{}/status", leased["event_id"].as_str().expect("an id"));
    let settled = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
    Reply::of(lab.request("PUT", &settle).header("x-engine-id", &engine).json(&settled)).await.expect(200);
    // LISTEN goes through it as well.
    lab.wait_for("the listener", async || {
        let health = lab.get(&format!("{at}/api/v1/health/database")).await.expect(200).body;
        (health["replica"]["listener"]["is_connected"] == true).then_some(())
    })
    .await;
    server.stop().await.expect("it stops");

    for command in ["doctor", "migrate", "token list"] {
        let arguments = command.split_whitespace().chain(["--database-url", &url]);
        let ended = run_beside(arguments.map(str::to_owned).collect()).await;
        // The tests' cluster is not durable, which the doctor warns of.
        let code = if command == "doctor" { 3 } else { 0 };
        assert_eq!(ended.code, Some(code), "{command}: {ended:?}");
    }
}
