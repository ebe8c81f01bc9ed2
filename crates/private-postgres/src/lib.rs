//! A private PostgreSQL, which `eventlease serve` runs when it is given no `DATABASE_URL`; the tests use it too.
//!
//! It listens on a Unix socket only, ends when the process that started it ends, and needs no more of PostgreSQL
//! than the programs `postgres` and `initdb`. Every call blocks: from async code use `spawn_blocking`.

/// From a data directory to a postmaster that takes connections.
mod launch;
/// How a new cluster is made.
mod initdb;
/// The settings it runs with.
mod settings;
/// What a caller may choose.
mod options;
/// Where it listens, and the URL.
mod socket;
/// The programs of PostgreSQL, of the right version.
mod binaries;
/// The folders where these may be installed.
mod install_folders;
/// The folder, its parts and its lock.
mod data_dir;
/// Who else may write there.
mod access;
/// The user that PostgreSQL runs as.
mod account;
/// The running postmaster.
mod process;
/// What `postmaster.pid` says.
mod pid_file;
/// Who may connect by network: nobody.
mod host_rules;
/// What of this process's environment it must not see.
mod environment;
mod error;
mod version;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use nix::sys::signal::Signal;
use tracing::{info, warn};

use account::Account;
use binaries::Binaries;
use data_dir::DataDir;
use process::Process;
use socket::SocketDir;

pub use data_dir::default_data_dir;
pub use environment::forget_client_options;
pub use error::Error;
pub use options::{Durability, Options};
pub use version::Version;

/// A running cluster. Dropping it stops it, unless it was started to outlive this process.
#[derive(Debug)]
pub struct PrivatePostgres {
    process: Process,
    socket: SocketDir,
    data_dir: DataDir,
    version: Version,
    is_detached: bool,
}

impl PrivatePostgres {
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
            "private postgres is ready"
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

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if self.is_detached && self.exit_status().is_none() {
            self.socket.keep();
        } else if let Err(error) = self.process.stop(Signal::SIGINT) {
            warn!(%error, "private postgres was left running");
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
