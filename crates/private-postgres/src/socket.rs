//! The folder of the Unix socket, and the URL of what listens in it.
//!
//! Whoever can enter the folder is trusted, so nobody but its owner (and root) can.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::unistd::mkdtemp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::account::Account;
use super::data_dir::DataDir;
use super::error::Error;

/// Part of the socket's name, although nothing listens on TCP.
pub(super) const PORT: &str = "5432";
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// The kernel takes 107 bytes on Linux, 103 on macOS.
const MAX_SOCKET_PATH_BYTES: usize = 103;

/// The folder that the server's socket lies in.
#[derive(Debug)]
pub(super) struct SocketDir {
    path: String,
    is_kept: bool,
}

impl SocketDir {
    /// Makes an empty folder that only the user of PostgreSQL can enter: in the data directory, or in `/tmp` where the
    /// path would become too long. One in `/tmp` that a killed process left behind is in nobody's way.
    pub fn prepare(data_dir: &DataDir, account: Option<&Account>) -> Result<Self, Error> {
        let path = data_dir.path().join("socket");
        // Sockets of a killed postmaster would let the next one look for their owner.
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::file("clear", &path, source));
            }
            _ => {}
        }
        match path.to_str() {
            Some(text) if text.len() + 1 + SOCKET_NAME.len() <= MAX_SOCKET_PATH_BYTES => {
                DirBuilder::new().mode(0o700).create(&path).map_err(|source| Error::file("create", &path, source))?;
                Self::owned_by(account, text.to_owned())
            }
            _ => {
                let template = Path::new("/tmp/eventlease-XXXXXX");
                let path = mkdtemp(template).map_err(|errno| Error::file("create", template, errno.into()))?;
                Self::owned_by(account, path.to_string_lossy().into_owned())
            }
        }
    }

    fn owned_by(account: Option<&Account>, path: String) -> Result<Self, Error> {
        if let Some(account) = account {
            account.take_over(Path::new(&path)).map_err(|source| Error::file("give away", Path::new(&path), source))?;
        }
        Ok(Self { path, is_kept: false })
    }

    /// As the setting `unix_socket_directories` wants it, which is a list of quoted names.
    pub fn as_setting(&self) -> String {
        format!("\"{}\"", self.path.replace('"', "\"\""))
    }

    /// The URL of a database, for clients on this machine.
    pub fn url(&self, database: &str) -> String {
        url(Path::new(&self.path), database)
    }

    /// Leaves the folder to a postmaster that runs on.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed does no harm: the next start clears or ignores it.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// Everything a client would else take from `PGPORT`, `PGUSER` or `PGSSLMODE` is said in the URL.
pub(super) fn url(socket_dir: &Path, database: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "postgres://postgres@localhost:{PORT}/{}?host={}&sslmode=disable",
        encoded(database),
        encoded(&socket_dir.to_string_lossy()),
    )
}

/// True if something listens there.
pub(super) fn answers(socket_dir: &Path) -> bool {
    UnixStream::connect(PathBuf::from(socket_dir).join(SOCKET_NAME)).is_ok()
}
