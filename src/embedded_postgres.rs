//! A private PostgreSQL, which `eventlease serve` runs when it is given no `DATABASE_URL`; the tests use it too.
//!
//! It listens on a Unix socket only, ends when the process that started it ends, and needs no more of PostgreSQL
//! than the programs `postgres` and `initdb`. Every call blocks: from async code use `spawn_blocking`.

mod access; // who else may write there
mod account; // who PostgreSQL runs as
mod binaries; // its programs, of the right version
mod data_dir; // the folder, its parts and its lock
mod environment; // what of ours it does not see
mod error;
mod host_rules; // who may connect by network: nobody
mod initdb; // how a new cluster is made
mod install_folders; // where to look for them
mod launch; // the way of a postmaster to its being ready
mod pid_file; // what postmaster.pid tells
mod process; // the running postmaster
mod settings; // what it is told with `-c`
mod socket; // where it listens, and the URL
#[cfg(test)]
mod tests;
mod version;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::account::Account;
use self::binaries::Binaries;
use self::data_dir::DataDir;
use self::process::Process;
use self::socket::SocketDir;

pub use self::data_dir::default_data_dir;
pub use self::environment::forget_client_options;
pub use self::error::Error;
pub use self::settings::Durability;
pub use self::version::Version;

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds the cluster, its log and its lock; made when missing.
    pub data_dir: PathBuf,
    /// The folder of `postgres` and `initdb`; when absent `PG_BIN_DIR` names it, and else it is searched for.
    pub bin_dir: Option<PathBuf>,
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
    /// Further settings, as `(name, value)`; they win over all that this module gives but for where it listens.
    pub settings: Vec<(String, String)>,
    /// Whether PostgreSQL ends with this process and with the [`EmbeddedPostgres`] (what `serve` wants), or runs on
    /// until somebody sends it SIGINT (what the tests' shared cluster wants).
    pub dies_with_parent: bool,
    /// Cancelled, it ends a start that is under way: what was started is stopped, and the start fails with
    /// [`Error::Interrupted`]. A cluster that is ready is not concerned.
    pub stop: CancellationToken,
}

impl Options {
    /// What `serve` uses: binaries searched for, full durability, no further settings, ends with this process.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            bin_dir: None,
            durability: Durability::Full,
            settings: Vec::new(),
            dies_with_parent: true,
            stop: CancellationToken::new(),
        }
    }
}

/// A running cluster. Dropping it stops it, unless it was started to outlive this process.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    process: Process,
    socket: SocketDir,
    data_dir: DataDir,
    version: Version,
    is_detached: bool,
}

impl EmbeddedPostgres {
    /// Starts the cluster of `options.data_dir`, made anew if there is none, and returns when it takes connections.
    ///
    /// # Errors
    /// When no fitting binaries are found, another process uses the folder, the user PostgreSQL runs as cannot reach
    /// what it needs, or PostgreSQL itself refuses; the message of the [`Error`] says what to do. [`Error::Interrupted`]
    /// when `options.stop` was cancelled meanwhile.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let path = data_dir::checked_path(&options.data_dir)?;
        let account = Account::for_cluster(&data_dir::cluster_in(&path))?;
        let binaries = Binaries::find(options.bin_dir.as_deref(), &path, account.as_ref())?;
        let data_dir = DataDir::open_locked(&path, account.as_ref())?;
        binaries.check_reach(data_dir.path(), account.as_ref())?;

        if data_dir.has_cluster() {
            data_dir.give_cluster_to(account.as_ref())?;
            host_rules::refuse_trusted_hosts(data_dir.cluster())
                .map_err(|source| Error::file("correct", &data_dir.cluster().join("pg_hba.conf"), source))?;
        } else {
            initdb::make_cluster(&binaries, &data_dir, options, account.as_ref())?;
        }
        launch::clear_previous_postmaster(&data_dir, &options.stop)?;

        let socket = SocketDir::prepare(&data_dir, account.as_ref())?;
        let arguments = settings::arguments(options, &socket);
        let postgres = || {
            let mut command = binaries.postgres(account.as_ref());
            command.arg("-D").arg(data_dir.cluster()).args(&arguments);
            command
        };
        let process = launch::launch(postgres, &data_dir, options)?;

        let started =
            Self { process, socket, data_dir, version: binaries.version(), is_detached: !options.dies_with_parent };
        info!(
            version = %started.version,
            pid = started.pid(),
            data_dir = %started.data_dir.path().display(),
            "embedded postgres is ready"
        );
        Ok(started)
    }

    /// A URL that sqlx understands. A new cluster has one database, `postgres`, owned by its only user, `postgres`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.socket.url(database)
    }

    /// The process id of the postmaster.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The version of the binaries that run.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// How the postmaster ended, or `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Calls `notify` once, from another thread, when the postmaster has ended, be it by [`stop`](Self::stop) or by
    /// itself; at once if it already has.
    pub fn on_exit(&self, notify: impl FnOnce(ExitStatus) + Send + 'static) {
        self.process.on_exit(Box::new(notify));
    }

    /// Stops the cluster: sessions are ended at once, and a last checkpoint is written.
    ///
    /// # Errors
    /// [`Error::DoesNotStop`] if it still runs after all that can be done short of SIGKILL.
    pub fn stop(self) -> Result<(), Error> {
        self.process.stop(Signal::SIGINT)
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        if self.is_detached && self.exit_status().is_none() {
            self.socket.keep();
        } else if let Err(error) = self.process.stop(Signal::SIGINT) {
            warn!(%error, "embedded postgres was left running");
        }
    }
}

/// The URL of the cluster that some process runs in `data_dir`, if it is ready and answers on its socket.
#[must_use]
pub fn url_of_running(data_dir: &Path, database: &str) -> Option<String> {
    let cluster = data_dir::cluster_in(&fs::canonicalize(data_dir).ok()?);
    let file = pid_file::read(&cluster)?;
    let is_running = file.is_ready && pid_file::is_postmaster(file.pid, &cluster);
    let socket_dir = file.socket_dir.filter(|_| is_running)?;
    socket::answers(&socket_dir).then(|| socket::url(&socket_dir, database))
}
