//! What a cluster is started with.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

/// Whether commits survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every acknowledged commit is on disk.
    Full,
    /// A crash of the machine may ruin the whole cluster: for tests, which then run several times faster.
    Off,
}

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds the cluster, its log and its lock; made when missing.
    pub data_dir: PathBuf,
    /// The folder of `postgres` and `initdb`; when absent `PG_BIN_DIR` names it, and else it is searched for.
    pub bin_dir: Option<PathBuf>,
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
    /// Further settings, as `(name, value)`; they win over all that this crate gives but for where it listens.
    pub settings: Vec<(String, String)>,
    /// Whether PostgreSQL ends with this process and with the [`PrivatePostgres`](super::PrivatePostgres) (what `serve` wants), or runs on
    /// until somebody sends it SIGINT (what the tests' shared cluster wants).
    pub dies_with_parent: bool,
    /// Cancelled, it ends a start that is under way: what was started is stopped, and the start fails with
    /// [`Error::Interrupted`](super::Error::Interrupted). A cluster that is ready is not concerned.
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
