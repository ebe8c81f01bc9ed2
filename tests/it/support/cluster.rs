//! The PostgreSQL that all tests share: a private cluster in memory or in the temporary folder, without durability.
//!
//! The first test process that needs it starts it, the next ones find it, those of a later run too, and a small
//! watcher stops and removes it when no test process has been there for a minute. Locks on files say who is there,
//! so that a killed process leaves nothing to clean up.

#![expect(clippy::print_stderr, reason = "for whoever runs the tests; output is shown where one fails")]

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;
use private_postgres::{Durability, Options, PrivatePostgres, url_of_running};

/// Many tests at once, each with connection pools of its own, on a machine that also builds.
const SETTINGS: &[(&str, &str)] = &[("max_connections", "300"), ("shared_buffers", "64MB"), ("max_wal_size", "512MB")];

/// A file system in memory. Each test makes and removes a database of some four hundred files, which costs a disk's file
/// system as much processor time as the test itself; in memory it costs nearly none.
const IN_MEMORY: &str = "/dev/shm";
/// A whole run needs less than a third of it.
const ROOM_NEEDED_BYTES: u64 = 1 << 30;

/// Stops the cluster in folder `$1` a minute after its last user has left, and removes its data. It holds `users` until
/// then, so whoever comes meanwhile waits, and then starts a new one. A folder that was deleted or replaced is left alone:
/// there the names no longer lead to the files it opened.
const WATCHER: &str = r#"
cd "$1" || exit
exec 8>>watcher.lock 9>>users
flock --nonblock 8 || exit 0
while :; do
    flock 9 || exit
    flock --unlock 9
    sleep 60
    flock --nonblock 9 && break
done
[ /proc/self/fd/9 -ef users ] || exit 0
pid=$(head -n 1 postgres/cluster/postmaster.pid) || exit 0
is_running() { grep --quiet --fixed-strings "$1/postgres/cluster" "/proc/$pid/cmdline"; }
is_running "$1" || exit 0
kill -INT "$pid"
for _ in $(seq 600); do
    is_running "$1" || { rm -rf postgres; exit 0; }
    sleep 0.1
done
"#;

/// The URL of the database `postgres` of a running cluster, as its superuser. Blocks; only the first call takes time.
pub fn admin_url() -> String {
    static JOINED: OnceLock<Joined> = OnceLock::new();
    JOINED.get_or_init(|| join(&folder())).url.clone()
}

struct Joined {
    url: String,
    /// Locked for as long as this process lives, which tells the watcher that the cluster is in use.
    _users: File,
}

fn join(folder: &Path) -> Joined {
    let start = open(&folder.join("start.lock"));
    start.lock().expect("a file of ours can be locked");
    let users = open(&folder.join("users"));
    users.lock_shared().expect("a file of ours can be locked");
    let data_dir = folder.join("postgres");
    let url = url_of_running(&data_dir, "postgres").unwrap_or_else(|| start_anew(&data_dir));
    watch(folder);
    start.unlock().expect("a locked file can be unlocked");
    Joined { url, _users: users }
}

/// Whatever hinders the start, the data is not worth keeping.
fn start_anew(data_dir: &Path) -> String {
    let options = Options {
        durability: Durability::Off,
        settings: SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        dies_with_parent: false,
        ..Options::new(data_dir)
    };
    let started = PrivatePostgres::start(&options).or_else(|error| {
        eprintln!("making the tests' cluster anew: {error}");
        fs::remove_dir_all(data_dir).ok();
        PrivatePostgres::start(&options)
    });
    match started {
        Ok(postgres) => postgres.url("postgres"),
        Err(error) => panic!("no PostgreSQL for the tests: {error}"),
    }
}

/// Starts the watcher, unless there is one: it holds its lock for as long as it lives.
fn watch(folder: &Path) {
    let lock = open(&folder.join("watcher.lock"));
    if lock.try_lock().is_err() {
        return;
    }
    lock.unlock().expect("a locked file can be unlocked");
    let started = Command::new("setsid")
        .args(["--fork", "sh", "-c", WATCHER, "watcher"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !started.is_ok_and(|status| status.success()) {
        eprintln!("no setsid of util-linux here: the tests' cluster in {} keeps running", folder.display());
    }
}

/// One folder for each user, check-out and choice of binaries.
fn folder() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_MANIFEST_DIR"), env::var_os("PG_BIN_DIR")).hash(&mut hasher);
    let name = format!("eventlease-tests-{}-{:016x}", geteuid(), hasher.finish());
    let parent = parent_folder();
    let path = fs::canonicalize(&parent).unwrap_or(parent).join(name);
    match DirBuilder::new().mode(0o711).create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            panic!("cannot create {}: {error}", path.display())
        }
        _ => {}
    }
    // Anybody may have made a folder of this name there.
    let metadata = fs::symlink_metadata(&path).expect("the folder exists");
    assert!(metadata.is_dir() && metadata.uid() == geteuid().as_raw(), "{} is not ours", path.display());
    // Whatever the umask: root's PostgreSQL runs as somebody else, who must be let through.
    fs::set_permissions(&path, Permissions::from_mode(0o711)).expect("the folder is ours");
    path
}

/// In memory where there is room, unless TMPDIR says where; otherwise the temporary folder.
fn parent_folder() -> PathBuf {
    let has_room =
        || statvfs(IN_MEMORY).is_ok_and(|free| free.blocks_available() * free.fragment_size() >= ROOM_NEEDED_BYTES);
    if env::var_os("TMPDIR").is_none() && has_room() { PathBuf::from(IN_MEMORY) } else { env::temp_dir() }
}

fn open(path: &Path) -> File {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()))
}
