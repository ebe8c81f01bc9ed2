//! The database: one cluster, at times a second one that follows it, each in a folder of its own that can run full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;
use private_postgres::{Options, PrivatePostgres};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

const PROBE_EVERY: Duration = Duration::from_millis(20);
/// After a crash on a full disk, or of many sessions at once.
const STARTING_LIMIT: Duration = Duration::from_mins(1);
/// Of a standby that follows.
const FOLLOWING_LIMIT: Duration = Duration::from_secs(30);
/// More than there ever are.
const KEPT_SEGMENTS: usize = 40;
/// Of transactions that write while the primary is demoted; then their sessions are ended.
const WRITING_LIMIT: Duration = Duration::from_secs(2);
const SWITCHING_LIMIT: Duration = Duration::from_millis(500);
const TMPFS_SIZE: &str = "size=6g,mode=0755";

const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "64MB"),
    // On a tmpfs: memory.
    ("max_wal_size", "256MB"),
    ("min_wal_size", "32MB"),
    // A session that is there no more is not waited for.
    ("wal_sender_timeout", "5s"),
    // A standby whose primary was killed is not to rest before it is promoted.
    ("wal_retrieve_retry_interval", "100ms"),
];

/// A folder for a cluster: a tmpfs where the system lets us mount one.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    is_mounted: bool,
}

impl Place {
    fn make(path: PathBuf) -> Result<Self> {
        unmount(&path);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let is_mounted = is_done(Command::new("mount").args(["-t", "tmpfs", "-o", TMPFS_SIZE, "tmpfs"]).arg(&path));
        Ok(Self { path, is_mounted })
    }

    /// Leaves no room beside what is there, or gives it back.
    fn set_full(&self, is_full: bool) -> Result<()> {
        let size = if is_full {
            let space = statvfs(&self.path)?;
            let used = space.blocks() - space.blocks_free();
            format!("size={}", (used + 4) * space.fragment_size())
        } else {
            TMPFS_SIZE.to_owned()
        };
        let options = format!("remount,{size}");
        ensure!(
            is_done(Command::new("mount").args(["-o", &options]).arg(&self.path)),
            "cannot set the size of {}",
            self.path.display()
        );
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_mounted {
            unmount(&self.path);
        }
        // What is left is in nobody's way: the next run clears it.
        fs::remove_dir_all(&self.path).ok();
    }
}

fn unmount(path: &Path) {
    // Fails where nothing is mounted.
    is_done(Command::new("umount").arg("-l").arg(path));
}

fn is_done(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[derive(Debug)]
struct Node {
    // Stopped before its folder goes.
    cluster: Option<PrivatePostgres>,
    place: Place,
    settings: Vec<(String, String)>,
}

impl Node {
    async fn start(&mut self) -> Result<()> {
        // The former one holds the folder's lock.
        self.cluster = None;
        let options = Options { settings: self.settings.clone(), ..Options::new(&self.place.path) };
        self.cluster = Some(spawn_blocking(move || PrivatePostgres::start(&options)).await??);
        Ok(())
    }

    fn cluster(&self) -> Result<&PrivatePostgres> {
        self.cluster.as_ref().context("PostgreSQL does not run")
    }

    /// Ends it and all its sessions at once, and stays until they are gone.
    async fn kill(&mut self) -> Result<()> {
        let Some(cluster) = self.cluster.take() else { return Ok(()) };
        let pid = cluster.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        // The postmaster first: it would tell the others.
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        for pid in [pid.cast_signed()].into_iter().chain(children) {
            kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
        }
        Ok(spawn_blocking(move || drop(cluster)).await?)
    }
}

#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    node: Node,
    nodes_made: usize,
}

impl Postgres {
    pub async fn start(folder: &Path) -> Result<Self> {
        let mut node = Self::node(folder, 1)?;
        node.start().await?;
        Ok(Self { folder: folder.to_owned(), node, nodes_made: 1 })
    }

    fn node(folder: &Path, number: usize) -> Result<Node> {
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Node { cluster: None, place: Place::make(folder.join(format!("postgres-{}", number % 2)))?, settings })
    }

    pub fn socket(&self) -> Result<PathBuf> {
        socket_of(self.node.cluster()?)
    }

    pub async fn connect(&self) -> Result<Client> {
        connect(self.node.cluster()?).await
    }

    /// Kills it and starts it again at once. Returns when it accepts connections.
    pub async fn restart_after_kill(&mut self) -> Result<()> {
        self.node.kill().await?;
        self.node.start().await?;
        self.accepts().await
    }

    /// Ends some or all sessions of the service.
    pub async fn terminate_backends(&self, share: f64) -> Result<u64> {
        let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'eventlease' and random() < $1";
        Ok(self.connect().await?.query(terminate, &[&share]).await?.len() as u64)
    }

    /// Why this machine cannot fill the disk.
    pub fn cannot_fill_disk(&self) -> Option<String> {
        (!self.node.place.is_mounted).then(|| "no tmpfs can be mounted here, which needs root".to_owned())
    }

    /// Leaves no room. `also_for_wal`: then segments that were kept for later are used up, so that `PostgreSQL` has to
    /// give up instead of refusing statements.
    pub async fn fill_disk(&self, also_for_wal: bool) -> Result<()> {
        let control = self.connect().await?;
        self.node.place.set_full(true)?;
        if also_for_wal {
            // Ends with the first error, if not before.
            let mut is_well = true;
            for _ in 0..KEPT_SEGMENTS {
                let switch = "select pg_switch_wal() from pg_logical_emit_message(false, 'faults', 'full')";
                is_well = is_well
                    && timeout(SWITCHING_LIMIT, control.batch_execute(switch)).await.is_ok_and(|done| done.is_ok());
            }
        }
        Ok(())
    }

    /// Gives the space back, and starts `PostgreSQL` if it gave up. Whether it had to.
    pub async fn clear_disk(&mut self) -> Result<bool> {
        self.node.place.set_full(false)?;
        // Whatever it was about to do on the full disk, it has done a moment later.
        if self.accepts_within(Duration::from_secs(2)).await.is_ok() {
            return Ok(false);
        }
        self.node.kill().await?;
        self.node.start().await?;
        self.accepts().await?;
        Ok(true)
    }

    /// Why this machine cannot have a standby.
    pub fn cannot_follow(&self) -> Option<String> {
        match self.basebackup() {
            Ok(program) if program.exists() => None,
            _ => Some("there is no pg_basebackup beside postgres".to_owned()),
        }
    }

    fn basebackup(&self) -> Result<PathBuf> {
        let program = fs::read_link(format!("/proc/{}/exe", self.node.cluster()?.pid()))?;
        Ok(program.with_file_name("pg_basebackup"))
    }

    /// Makes a standby, and returns when no commit is acknowledged any more that it does not have.
    pub async fn follow(&mut self) -> Result<Standby> {
        let mut node = Self::node(&self.folder, self.nodes_made + 1)?;
        self.nodes_made += 1;
        let socket = self.socket()?;
        let folder = socket.parent().context("a socket is in a folder")?.to_owned();
        let mut copy = Command::new(self.basebackup()?);
        copy.args(["--username=postgres", "--checkpoint=fast", "--wal-method=stream", "--no-sync"])
            .arg("-h")
            .arg(&folder)
            .arg("-D")
            .arg(node.place.path.join("cluster"))
            .stdin(Stdio::null());
        let copied = spawn_blocking(move || copy.output()).await??;
        if !copied.status.success() {
            bail!("pg_basebackup: {}", String::from_utf8_lossy(&copied.stderr).trim_end());
        }
        fs::write(node.place.path.join("cluster/standby.signal"), "")?;
        let primary = format!("host={} user=postgres application_name=standby", folder.display());
        node.settings.push(("primary_conninfo".to_owned(), primary));
        node.start().await?;
        let control = self.connect().await?;
        control.batch_execute("alter system set synchronous_standby_names = '*'").await?;
        control.batch_execute("select pg_reload_conf()").await?;
        wait_until_it_follows(&control).await?;
        Ok(Standby { node })
    }

    /// Kills the primary and promotes the standby in its place. Returns when that accepts connections and writes.
    pub async fn fail_over(&mut self, standby: Standby) -> Result<()> {
        self.node.kill().await?;
        self.node = standby.node;
        let control = self.connect().await?;
        control.query_one("select pg_promote(true, 30)", &[]).await?;
        Ok(())
    }

    /// Makes the primary read-only and promotes the standby. The former primary runs on, and what is connected to it stays
    /// connected. Returns when the new one accepts writes.
    pub async fn demote(&mut self, standby: Standby) -> Result<Demoted> {
        let control = self.connect().await?;
        control.batch_execute("alter system set default_transaction_read_only = on").await?;
        control.batch_execute("select pg_reload_conf()").await?;
        // A commit that has begun waits for the standby: after its promotion it would wait for ever.
        let writing = "select count(*) from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()";
        let started = Instant::now();
        while control.query_one(writing, &[]).await?.get::<_, i64>(0) > 0 {
            if started.elapsed() > WRITING_LIMIT {
                let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
                    where backend_xid is not null and pid <> pg_backend_pid()";
                control.query(terminate, &[]).await?;
            }
            sleep(PROBE_EVERY).await;
        }
        let demoted = Demoted { node: std::mem::replace(&mut self.node, standby.node) };
        let control = self.connect().await?;
        control.query_one("select pg_promote(true, 30)", &[]).await?;
        Ok(demoted)
    }

    /// Gives the standby up; commits wait for it no more.
    pub async fn stop_following(&self) -> Result<()> {
        let control = self.connect().await?;
        control.batch_execute("alter system reset synchronous_standby_names").await?;
        Ok(control.batch_execute("select pg_reload_conf()").await?)
    }

    pub async fn accepts(&self) -> Result<()> {
        self.accepts_within(STARTING_LIMIT).await
    }

    async fn accepts_within(&self, limit: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            if self.node.cluster()?.exit_status().is_some() {
                bail!("PostgreSQL ended");
            }
            // One that still writes its last words before a crash would accept and then be gone.
            if let Ok(client) = self.connect().await
                && client.batch_execute("create temporary table probe on commit drop as select 1").await.is_ok()
            {
                return Ok(());
            }
            if started.elapsed() > limit {
                bail!("PostgreSQL does not accept connections within {} s", limit.as_secs());
            }
            sleep(PROBE_EVERY).await;
        }
    }

    pub async fn stop(mut self) -> Result<()> {
        if let Some(cluster) = self.node.cluster.take() {
            spawn_blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}

/// A cluster that was the primary, and is read-only.
#[derive(Debug)]
pub struct Demoted {
    node: Node,
}

impl Demoted {
    pub async fn stop(mut self) -> Result<()> {
        self.node.kill().await
    }
}

/// A cluster that follows the primary.
#[derive(Debug)]
pub struct Standby {
    node: Node,
}

/// Until it is synchronous, and has what was committed before it was.
async fn wait_until_it_follows(control: &Client) -> Result<()> {
    let started = Instant::now();
    let mut since: Option<String> = None;
    loop {
        let row = "select pg_current_wal_lsn()::text, max(flush_lsn)::text, bool_or(sync_state = 'sync'),
                coalesce(max(flush_lsn) >= $1::text::pg_lsn, false) from pg_stat_replication";
        let row = control.query_one(row, &[&since]).await?;
        match (row.get::<_, Option<bool>>(2), row.get::<_, bool>(3)) {
            (Some(true), true) => return Ok(()),
            // What commits from now on waits for it; what did before is below this position a moment later.
            (Some(true), false) if since.is_none() => {
                sleep(Duration::from_millis(500)).await;
                let row = control.query_one("select pg_current_wal_lsn()::text", &[]).await?;
                since = row.get(0);
            }
            _ => {}
        }
        if started.elapsed() > FOLLOWING_LIMIT {
            bail!("the standby does not follow");
        }
        sleep(PROBE_EVERY).await;
    }
}

/// The URL says it as its parameter `host`.
fn socket_of(cluster: &PrivatePostgres) -> Result<PathBuf> {
    Ok(folder_of(cluster)?.join(".s.PGSQL.5432"))
}

fn folder_of(cluster: &PrivatePostgres) -> Result<PathBuf> {
    let config: Config = cluster.url("postgres").parse()?;
    let folder = config.get_hosts().iter().find_map(|host| if let Host::Unix(path) = host { Some(path) } else { None });
    folder.cloned().context("the cluster listens on no socket")
}

async fn connect(cluster: &PrivatePostgres) -> Result<Client> {
    // Its URL would be taken for two hosts.
    let mut config = Config::new();
    config.host_path(folder_of(cluster)?).port(5432).user("postgres").dbname("postgres");
    config.connect_timeout(Duration::from_secs(2));
    let (client, connection) = config.connect(NoTls).await.context("PostgreSQL does not answer")?;
    // It ends with its client.
    tokio::spawn(connection);
    Ok(client)
}
