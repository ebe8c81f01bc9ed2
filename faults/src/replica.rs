//! One replica of the service: a process that is killed, drained and started again behind two proxies that stay, one
//! for its clients and one for its database.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::proxy::{Proxy, Target};

const STARTING_LIMIT: Duration = Duration::from_mins(1);
const DRAINING_LIMIT: Duration = Duration::from_secs(20);

/// As short as what it is tried with.
const ARGUMENTS: [&str; 8] = [
    "--heartbeat-timeout-seconds",
    "6",
    "--statement-timeout-seconds",
    "3",
    "--acquire-timeout-seconds",
    "2",
    "--lease-tokens",
    "required",
];

/// Where Debian's package libfaketime has it, and where others have it.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

pub fn faketime() -> Option<&'static Path> {
    FAKETIME.iter().map(Path::new).find(|path| path.exists())
}

#[derive(Debug)]
pub struct Replica {
    program: PathBuf,
    folder: PathBuf,
    number: u8,
    /// Where its clients reach it, dead or alive.
    pub front: Proxy,
    /// Where it reaches its database.
    pub back: Proxy,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    // Kept open: a server that cannot say something may end.
    _output: BufReader<ChildStdout>,
}

impl Replica {
    pub async fn new(program: &Path, folder: &Path, number: u8) -> Result<Self> {
        let (front, back) = (Proxy::start().await?, Proxy::start().await?);
        let log = folder.join(format!("replica-{number}.log"));
        File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let replica =
            Self { program: program.to_owned(), folder: folder.to_owned(), number, front, back, running: None };
        replica.set_clock("+0")?;
        Ok(replica)
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.join(format!("replica-{}.clock", self.number))
    }

    /// Moves the calendar clock of the process, by as much as libfaketime's words say.
    pub fn set_clock(&self, offset: &str) -> Result<()> {
        Ok(fs::write(self.clock_file(), offset)?)
    }

    /// Starts it; when this returns, it answers.
    pub async fn start(&mut self) -> Result<()> {
        let log = self.folder.join(format!("replica-{}.log", self.number));
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(ARGUMENTS)
            .env("DATABASE_URL", format!("postgres://postgres@{}/postgres?sslmode=disable", self.back.address))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(OpenOptions::new().append(true).open(&log)?)
            .kill_on_drop(true);
        if let Some(library) = faketime() {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", self.clock_file())
                .env("FAKETIME_CACHE_DURATION", "1")
                // A calendar that is set moves no stopwatch.
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("DONT_FAKE_MONOTONIC", "1");
        }
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        timeout(STARTING_LIMIT, output.read_line(&mut line)).await.context("the server does not start")??;
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            bail!("the server did not start, see {}", log.display());
        };
        self.front.lead_to(Target::Tcp(address.parse::<SocketAddr>()?));
        self.running = Some(Running { child, _output: output });
        Ok(())
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            running.child.kill().await?;
        }
        self.front.lead_to(Target::Nowhere);
        Ok(())
    }

    /// SIGTERM, and how it ended then; `None`: it had to be killed.
    pub async fn drain(&mut self) -> Result<Option<i32>> {
        let Some(mut running) = self.running.take() else { return Ok(None) };
        if let Some(pid) = running.child.id() {
            kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM)?;
        }
        let ended = timeout(DRAINING_LIMIT, running.child.wait()).await;
        self.front.lead_to(Target::Nowhere);
        if let Ok(status) = ended {
            return Ok(status?.code());
        }
        running.child.kill().await?;
        Ok(None)
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| matches!(running.child.try_wait(), Ok(Some(_))))
    }
}
