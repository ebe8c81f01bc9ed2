//! `postmaster.pid`: the lines in which a postmaster tells who and where it is, and whether it is ready.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::O_NOFOLLOW;

/// What this module needs of the eight lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The postmaster's process id.
    pub pid: u32,
    /// The folder of its socket; `None` if it has none.
    pub socket_dir: Option<PathBuf>,
    /// True if it takes connections.
    pub is_ready: bool,
}

/// Reads the file of a cluster; `None` if there is none, or if it cannot be understood.
pub(super) fn read(cluster: &Path) -> Option<PidFile> {
    parse(&fs::read_to_string(path(cluster)).ok()?)
}

/// Whether `pid` is a postmaster that runs on `cluster`. Numbers are given anew, quickly so in a container, and a
/// killed process may stay as a zombie: so the command line must name the cluster.
pub(super) fn is_postmaster(pid: u32, cluster: &Path) -> bool {
    let cluster = cluster.as_os_str().as_encoded_bytes();
    command_line(pid).is_some_and(|line| line.windows(cluster.len()).any(|part| part == cluster))
}

/// Makes what a dead postmaster left harmless: a new one takes a file with its parent's number, which is ours, for
/// stale, whoever has the old number now. The other lines stay, for by them it also finds sessions that outlived the
/// dead one.
pub(super) fn disown(cluster: &Path) -> io::Result<()> {
    let path = path(cluster);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match text.split_once('\n') {
        Some((_, rest)) => {
            // The folder belongs to the user of PostgreSQL, who must not lead root elsewhere with a link.
            let mut file = OpenOptions::new().write(true).truncate(true).custom_flags(O_NOFOLLOW).open(&path)?;
            write!(file, "{}\n{rest}", std::process::id())
        }
        // Its writer died before it came to the first line.
        None => fs::remove_file(&path),
    }
}

fn path(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

fn parse(text: &str) -> Option<PidFile> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let socket_dir = lines.nth(3).filter(|line| !line.is_empty());
    let status = lines.nth(2);
    Some(PidFile {
        pid,
        socket_dir: socket_dir.map(PathBuf::from),
        is_ready: status.is_some_and(|status| status.trim() == "ready"),
    })
}

#[cfg(target_os = "linux")]
fn command_line(pid: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/cmdline")).ok()
}

#[cfg(not(target_os = "linux"))]
fn command_line(pid: u32) -> Option<Vec<u8>> {
    let mut ps = std::process::Command::new("ps");
    let output = ps.args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    output.ok().map(|output| output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "4711\n/data/cluster\n1763755000\n5432\n/data/socket\n\n    12345  6789\nready   \n";

    #[test]
    fn a_ready_postmaster_is_read() {
        let expected = PidFile { pid: 4711, socket_dir: Some(PathBuf::from("/data/socket")), is_ready: true };
        assert_eq!(parse(READY), Some(expected));
    }

    #[test]
    fn a_starting_or_half_written_file_is_not_ready() {
        let starting = parse(&READY.replace("ready", "starting")).unwrap();
        assert!(!starting.is_ready);
        assert!(!parse("4711\n/data/cluster\n").unwrap().is_ready);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn another_process_with_the_number_is_no_postmaster() {
        assert!(!is_postmaster(std::process::id(), Path::new("/data/cluster")));
    }
}
