//! The program as a process: started, signalled, and waited for.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::PATIENCE;

/// How it ended, and all it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A server.
pub struct Program {
    /// Where it listens, once that is known.
    pub url: String,
    first_line: Receiver<String>,
    pid: Pid,
    ended: Receiver<Ended>,
    has_ended: bool,
    log: Log,
}

/// What it has said on standard error so far.
type Log = Arc<Mutex<String>>;

/// A test that fails leaves no server behind.
impl Drop for Program {
    fn drop(&mut self) {
        if !self.has_ended {
            kill(self.pid, Signal::SIGKILL).ok();
        }
    }
}

/// Runs it to its end while this runtime goes on, which may be the one of the server it asks.
pub async fn run_beside(arguments: Vec<String>) -> Ended {
    let run = move || run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

/// The program without the variables of whoever runs the tests, but for those it finds PostgreSQL by.
pub fn command(arguments: &[&str]) -> Command {
    command_through(&[], arguments)
}

/// The same, started by another program, like `env`, whose words come first.
pub fn command_through(words: &[&str], arguments: &[&str]) -> Command {
    let words = [words, &[env!("CARGO_BIN_EXE_eventlease")]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    let variables = std::env::vars_os()
        .filter(|(name, _)| ["PATH", "HOME", "PG_BIN_DIR", "TMPDIR"].iter().any(|kept| name == kept));
    let variables = variables.filter(|(name, _)| !arguments.contains(&"--help") || name == "PATH");
    command
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Ended {
    let child = command(arguments).spawn().expect("the program can be started");
    let (_, ended) = watch(child);
    ended.recv_timeout(PATIENCE).expect("it ends")
}

/// Runs a server that cannot start.
pub fn run_serve(flags: &[&str]) -> Ended {
    run(&[&["serve"], flags].concat())
}

impl Program {
    /// Starts a server, and returns when it listens.
    pub fn serve(flags: &[&str]) -> Self {
        let mut program = Self::spawn(command(&[&["serve"], flags].concat()));
        program.wait_until_it_listens();
        program
    }

    /// Starts a command that becomes a server, and does not wait for it.
    pub fn spawn(mut command: Command) -> Self {
        let child = command.spawn().expect("the program can be started");
        let pid = pid_of(&child);
        let log = Log::default();
        let (first_line, ended) = watch_into(child, Arc::clone(&log));
        Self { url: String::new(), first_line, pid, ended, has_ended: false, log }
    }

    pub fn wait_until_it_listens(&mut self) {
        let first_line = self.first_line.recv_timeout(PATIENCE).unwrap_or_default();
        let Some(url) = first_line.trim().strip_prefix("listening on ") else {
            panic!("it does not listen, but says {first_line:?}: {:?}", self.ended.try_recv());
        };
        url.clone_into(&mut self.url);
    }

    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// The lines that it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic").lines().map(str::to_owned).collect()
    }

    /// From now on signals go to that process, which the command has started.
    pub fn follow(&mut self, pid: Pid) {
        self.pid = pid;
    }

    pub fn signal(&mut self, name: &str) {
        kill(self.pid, format!("SIG{name}").parse::<Signal>().expect("a signal")).expect("it runs");
    }

    pub fn wait(mut self) -> Ended {
        let ended = self.ended.recv_timeout(PATIENCE).expect("it ends");
        self.has_ended = true;
        ended
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a process id"))
}

/// The first line it prints, and its end.
pub fn watch(child: Child) -> (Receiver<String>, Receiver<Ended>) {
    watch_into(child, Log::default())
}

fn watch_into(mut child: Child, log: Log) -> (Receiver<String>, Receiver<Ended>) {
    let (first_line, first_line_of) = mpsc::channel();
    let (ended, ended_of) = mpsc::channel();
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let errors = thread::spawn(move || {
        let mut line = String::new();
        while stderr.read_line(&mut line).expect("UTF-8") > 0 {
            log.lock().expect("no panic").push_str(&line);
            line.clear();
        }
        log.lock().expect("no panic").clone()
    });
    thread::spawn(move || {
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut text = String::new();
        stdout.read_line(&mut text).expect("UTF-8");
        // Nobody listens where only the end is waited for.
        first_line.send(text.clone()).ok();
        stdout.read_to_string(&mut text).expect("UTF-8");
        let code = child.wait().expect("it was started").code();
        let stderr = errors.join().expect("the text is read");
        ended.send(Ended { code, stdout: text, stderr }).ok();
    });
    (first_line_of, ended_of)
}
