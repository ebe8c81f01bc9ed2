//! A real browser without a window: Debian's Chromium, where it is installed.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use uuid::Uuid;

/// Names under which it is found on the PATH.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// It downloads and reports nothing, and has no sandbox of its own: tests may run as root.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-proxy-server",
];

/// Starting a browser on a busy machine takes a while. Only a broken test gets there.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where Chromium is. A test that goes without it says so where it is read, and fails in CI, which installs it.
pub fn find(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).flat_map(|folder| PROGRAMS.map(|program| folder.join(program)));
    let found = candidates.find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{test} needs Chromium, and none of {PROGRAMS:?} is on the PATH"
        );
        // Past the test runner, which shows what a test prints only if it fails.
        writeln!(std::io::stderr(), "SKIPPED: {test} needs Chromium (Debian: apt-get install chromium)").ok();
    }
    found
}

/// A running browser. When it is dropped, it ends, and its profile goes.
pub struct Chromium {
    child: Child,
    profile: PathBuf,
}

impl Chromium {
    /// Opens an address; `names` are those that it takes for this machine's loopback address.
    pub fn open(program: &Path, names: &[&str], more: &[&str], url: &str) -> Self {
        let profile = std::env::temp_dir().join(format!("eventlease-chromium-{}", Uuid::new_v4()));
        let rules: Vec<String> = names.iter().map(|name| format!("MAP {name} 127.0.0.1")).collect();
        let child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--host-resolver-rules={}", rules.join(", ")))
            .args(more)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("Chromium starts");
        Self { child, profile }
    }

    /// What it prints until it ends by itself.
    pub async fn output(mut self) -> String {
        let mut stdout = self.child.stdout.take().expect("a pipe");
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        tokio::time::timeout(PATIENCE, reading).await.expect("Chromium ends").expect("no panic").expect("text")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its children are in its process group.
        let group = i32::try_from(self.child.id()).expect("a process id");
        killpg(Pid::from_raw(group), Signal::SIGKILL).ok();
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }
}
