//! The folder of a private cluster: the cluster itself in `cluster`, and beside it the socket, the log and the lock.
//!
//! The folder is ours and only its parts are PostgreSQL's, so it may be a mount point, and when root runs us no part
//! that root opens lies where the user that PostgreSQL runs as can exchange it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};

use nix::libc::O_NOFOLLOW;
use nix::unistd::{User, geteuid};

use super::access;
use super::account::Account;
use super::error::Error;

/// A log that has grown beyond this is put aside at the next start; one old log is kept.
const MAX_LOG_BYTES: u64 = 16 * 1024 * 1024;
/// How much of the log's end an error message shows.
const LOG_TAIL_BYTES: u64 = 4096;

/// Where `serve` keeps its cluster unless told otherwise: `/var/lib/eventlease/postgres` for root, and for anybody
/// else `eventlease/postgres` in `$XDG_DATA_HOME` or `~/.local/share`.
#[must_use]
pub fn default_data_dir() -> PathBuf {
    let data_home = || {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        let home = || absolute("HOME").or_else(|| Some(User::from_uid(geteuid()).ok()??.dir));
        absolute("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share")))
    };
    let data_home = if geteuid().is_root() { None } else { data_home() };
    data_home.unwrap_or_else(|| PathBuf::from("/var/lib")).join("eventlease/postgres")
}

/// The absolute path of a data directory, refused if it is PostgreSQL's own and not one of ours.
pub(super) fn checked_path(path: &Path) -> Result<PathBuf, Error> {
    let path = path::absolute(path).map_err(|source| Error::file("find", path, source))?;
    if path.join("PG_VERSION").exists() {
        return Err(Error::ForeignCluster { path });
    }
    Ok(path)
}

/// The path of the cluster in the folder.
pub(super) fn cluster_in(data_dir: &Path) -> PathBuf {
    data_dir.join("cluster")
}

/// The major version of the binaries that made the cluster in `data_dir`, if there is one.
pub(super) fn major_of_cluster(data_dir: &Path) -> Result<Option<String>, Error> {
    let path = cluster_in(data_dir).join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::file("read", &path, source)),
    }
}

/// A data directory that no other process uses while this exists.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    cluster: PathBuf,
    lock: File,
}

impl DataDir {
    /// Makes the folder if it is missing, and locks it.
    pub fn open_locked(path: &Path, account: Option<&Account>) -> Result<Self, Error> {
        create_missing(path).map_err(|source| Error::file("create", path, source))?;
        // The real path is what another process must find to know the postmaster by its command line.
        let path = fs::canonicalize(path).map_err(|source| Error::file("find", path, source))?;
        check_owner(&path, account)?;
        access::check(&path)?;
        let cluster = cluster_in(&path);
        if cluster.exists() {
            access::check_folder(&cluster)?;
        }
        let lock = lock(&path)?;
        Ok(Self { path, cluster, lock })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What PostgreSQL calls its data directory.
    pub fn cluster(&self) -> &Path {
        &self.cluster
    }

    /// True if the folder has a complete cluster.
    pub fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// What root has copied here, say from a backup, is root's; PostgreSQL wants it to be its own.
    pub fn give_cluster_to(&self, account: Option<&Account>) -> Result<(), Error> {
        let owner = fs::symlink_metadata(&self.cluster).map(|metadata| metadata.uid());
        match (account, owner) {
            (Some(account), Ok(owner)) if owner != account.uid => {
                account.take_over(&self.cluster).map_err(|source| Error::file("give away", &self.cluster, source))
            }
            _ => Ok(()),
        }
    }

    /// Puts a log aside that has become large, and tells where in the log this start begins.
    pub fn rotate_log(&self) -> Result<u64, Error> {
        let path = self.log_path();
        let length = fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
        if length <= MAX_LOG_BYTES {
            return Ok(length);
        }
        fs::rename(&path, self.path.join("postgres.log.old")).map_err(|source| Error::file("rename", &path, source))?;
        Ok(0)
    }

    /// Opens the server's log for appending.
    pub fn open_log(&self) -> Result<File, Error> {
        let path = self.log_path();
        open_own(&path, OpenOptions::new().append(true)).map_err(|source| Error::file("open", &path, source))
    }

    /// The last lines of the log, from position `start` on.
    pub fn log_tail(&self, start: u64) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.log_path())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(start.max(length.saturating_sub(LOG_TAIL_BYTES))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
        };
        read().unwrap_or_else(|error| format!("(unreadable: {error})"))
    }

    fn log_path(&self) -> PathBuf {
        self.path.join("postgres.log")
    }
}

impl Drop for DataDir {
    /// Closing the file would not unlock it at once: a child that another thread is just starting has a copy of it.
    fn drop(&mut self) {
        // Unlocking an open file cannot fail, and the end of the process unlocks it anyway.
        self.lock.unlock().ok();
    }
}

/// Parents that root makes let everybody through, whatever the umask; the folder itself only lets its user pass.
fn create_missing(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let is_root = geteuid().is_root();
    if let Some(parent) = path.parent()
        && !parent.is_dir()
    {
        create_missing(parent)?;
        if is_root {
            fs::set_permissions(parent, Permissions::from_mode(0o755))?;
        }
    }
    let mode = if is_root { 0o711 } else { 0o700 };
    DirBuilder::new().mode(mode).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn check_owner(path: &Path, account: Option<&Account>) -> Result<(), Error> {
    let owner = fs::metadata(path).map_err(|source| Error::file("look at", path, source))?.uid();
    if owner == geteuid().as_raw() || account.is_some_and(|account| account.uid == owner) {
        return Ok(());
    }
    Err(Error::ForeignOwner { path: path.to_owned(), uid: owner })
}

fn lock(data_dir: &Path) -> Result<File, Error> {
    let path = data_dir.join("lock");
    let mut file = open_own(&path, OpenOptions::new().read(true).write(true))
        .map_err(|source| Error::file("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => {
            // The number only helps whoever is refused, so it may be missing.
            file.set_len(0).ok();
            write!(file, "{}", std::process::id()).ok();
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text).ok();
            Err(Error::InUse { path: data_dir.to_owned(), pid: text.parse().ok() })
        }
        Err(TryLockError::Error(source)) => Err(Error::file("lock", &path, source)),
    }
}

/// A file that only its owner reads. Links are refused: in a folder that belongs to the account, root must not be
/// led elsewhere.
fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.create(true).mode(0o600).custom_flags(O_NOFOLLOW).open(path)
}
