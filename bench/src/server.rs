//! The service: a process of its own, as an operator starts it.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const STARTING_LIMIT: Duration = Duration::from_secs(30);
const STOPPING_LIMIT: Duration = Duration::from_secs(15);
/// Of ours, and of each server: an engine of some modes has two.
const LEAST_CONNECTIONS: u64 = 6000;

/// As many as the system lets us have; servers inherit it.
pub fn allow_many_connections() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if most < LEAST_CONNECTIONS {
        bail!("only {most} files can be open at a time, {LEAST_CONNECTIONS} are needed: ulimit -Hn");
    }
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(())
}

pub struct Server {
    child: Child,
    pub pid: u32,
    pub address: SocketAddr,
    // Kept open: a server that cannot say something may end.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `program serve` on a free port, its log in `log`.
    pub async fn start(program: &Path, arguments: &[String], database_url: &str, log: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("DATABASE_URL", database_url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log).with_context(|| format!("cannot write {}", log.display()))?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("the server ended at once")?;
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        timeout(STARTING_LIMIT, output.read_line(&mut line)).await.context("the server does not start")??;
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            bail!("the server did not start, see {}", log.display());
        };
        Ok(Self { child, pid, address: address.parse()?, _output: output })
    }

    /// The most memory it ever had.
    pub fn peak_mib(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    }

    pub async fn stop(&mut self) -> Result<()> {
        kill(Pid::from_raw(self.pid.cast_signed()), Signal::SIGTERM).ok();
        let status = timeout(STOPPING_LIMIT, self.child.wait()).await.context("the server does not stop")??;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}
