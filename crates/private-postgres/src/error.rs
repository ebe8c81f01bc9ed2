//! What can go wrong with the private PostgreSQL, told so that the reader knows what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::version::Version;

/// Why the private PostgreSQL could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable binaries anywhere. `found` names what was found but is of no use, or is empty.
    #[error(
        "no PostgreSQL {} or newer found{found}; install one:
  sudo apt-get install postgresql         # Debian, Ubuntu
  sudo dnf install postgresql-server      # Fedora, RHEL
  brew install postgresql@17              # macOS
or set PG_BIN_DIR to the folder of `postgres` and `initdb`, or DATABASE_URL to a server of yours",
        Version::OLDEST_MAJOR
    )]
    NoBinaries {
        /// Such as `, only 14.11 in /usr/lib/postgresql/14/bin`.
        found: String,
    },

    /// The folder given as `PG_BIN_DIR` is of no use.
    #[error("PG_BIN_DIR is {path}: {problem}", path = .path.display())]
    UnusableBinDir {
        /// The folder that was given.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// The cluster was made by another major version than the ones at hand.
    #[error(
        "the data in {path} is of PostgreSQL {major}, but {found}; install PostgreSQL {major} or set PG_BIN_DIR to the \
         folder of its binaries",
        path = .path.display()
    )]
    WrongMajor {
        /// The data directory.
        path: PathBuf,
        /// The major version that made it.
        major: String,
        /// What there is instead.
        found: String,
    },

    /// The folder is not one of ours, but PostgreSQL's own.
    #[error(
        "{path} is itself a PostgreSQL data directory, perhaps of another server; give a new folder or one that \
         EventLease made",
        path = .path.display()
    )]
    ForeignCluster {
        /// The data directory.
        path: PathBuf,
    },

    /// Somebody else could exchange what lies in the folder.
    #[error("{path} belongs to user id {uid}, whose folder is not used for PostgreSQL", path = .path.display())]
    ForeignOwner {
        /// The data directory.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },

    /// Another process runs a cluster there.
    #[error("another eventlease{} uses {} already", holder(.pid.as_ref()), .path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// Who uses it, if it told.
        pid: Option<u32>,
    },

    /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `eventlease` to run it as; make one:
  useradd --system --no-create-home --shell /usr/sbin/nologin eventlease
or run eventlease as another user than root, or set DATABASE_URL to a server of yours"
    )]
    NoAccount,

    /// Others could change what lies in the folder, or put another one in its place.
    #[error("{path} can be written by other users (mode {mode:03o}), so no data is kept there: chmod {remedy} {path}", path = .path.display())]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What takes the right from them.
        remedy: &'static str,
    },

    /// A folder or program is out of reach for the user that PostgreSQL runs as.
    #[error(
        "user {user}, as whom PostgreSQL runs because it refuses to run as root, cannot reach {path}; every folder on \
         the way must let it through (chmod o+x), or choose another one",
        path = .path.display()
    )]
    OutOfReach {
        /// What cannot be reached.
        path: PathBuf,
        /// By whom.
        user: String,
    },

    /// A program could not be run at all.
    #[error("cannot run {path}", path = .path.display())]
    Spawn {
        /// The program.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },

    /// `initdb` ran and failed.
    #[error("initdb failed with {status}:\n{output}")]
    InitFailed {
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        output: String,
    },

    /// The start was given up, since this process is to stop.
    #[error("the start of PostgreSQL was interrupted")]
    Interrupted,

    /// The postmaster ended instead of becoming ready.
    #[error("PostgreSQL ended while starting, with {status}; the end of its log:\n{log}")]
    StartFailed {
        /// How it ended.
        status: ExitStatus,
        /// The last lines it wrote.
        log: String,
    },

    /// A postmaster that was told to stop still runs.
    #[error("PostgreSQL (pid {pid}) does not stop")]
    DoesNotStop {
        /// Its process id.
        pid: u32,
    },

    /// The file system refused.
    #[error("cannot {action} {path}", path = .path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Error {
    /// A file that could not be worked on; `action` is a verb, like `open`.
    pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { action, path: path.to_owned(), source }
    }

    /// A program that could not be started.
    pub(super) fn spawn(program: &Path, source: io::Error) -> Self {
        Self::Spawn { path: program.to_owned(), source }
    }
}

fn holder(pid: Option<&u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}
