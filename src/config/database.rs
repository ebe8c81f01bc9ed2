//! Which database is used, and how much of it.

use std::path::PathBuf;

use clap::Args;

use super::database_url::DatabaseUrl;
use super::hidden_value::HiddenValue;
use super::secret_file::SecretFileError;

/// The database, and how many connections to it and how much of their time are used.
#[derive(Args, Clone, Debug)]
pub struct DatabaseConfig {
    /// The URL of the PostgreSQL to use. Without it, a private cluster is run from the binaries found
    /// on this machine. Other users of this machine can see flags (`ps`): a URL with a password is better
    /// given by its variable or in a file.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = HiddenValue(DatabaseUrl::parse))]
    pub database_url: Option<DatabaseUrl>,

    /// A file that holds this URL, instead of --database-url.
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "PATH")]
    pub database_url_file: Option<PathBuf>,

    /// The URL of the same database without the pooler that --database-url leads to: for LISTEN, migrations and the removal of
    /// old partitions, which need a session of their own. A transaction pooler needs it.
    #[arg(long, env = "EVENTLEASE_LISTEN_DATABASE_URL", hide_env_values = true, value_name = "URL", value_parser = HiddenValue(DatabaseUrl::parse))]
    pub listen_database_url: Option<DatabaseUrl>,

    /// A file that holds this URL, instead of --listen-database-url.
    #[arg(long, env = "EVENTLEASE_LISTEN_DATABASE_URL_FILE", value_name = "PATH")]
    pub listen_database_url_file: Option<PathBuf>,

    /// Where the private cluster keeps its data. [default: /var/lib/eventlease/postgres for root,
    /// else ~/.local/share/eventlease/postgres]
    #[arg(long, env = "EVENTLEASE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// Where the private cluster's binaries `postgres` and `initdb` are. [default: searched for]
    #[arg(long, env = "PG_BIN_DIR")]
    pub pg_bin_dir: Option<PathBuf>,

    /// Database connections for changes, and for the calls that engines and producers wait for.
    #[arg(long, env = "EVENTLEASE_MAX_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub max_connections: u32,

    /// Further database connections, for lists and reports, which use no others.
    #[arg(long, env = "EVENTLEASE_MAX_READING_CONNECTIONS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_reading_connections: u32,

    /// Seconds a call waits for a connection before it is answered 503.
    #[arg(long, env = "EVENTLEASE_ACQUIRE_TIMEOUT_SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub acquire_timeout_seconds: u64,

    /// Seconds a statement may run before it is answered 504.
    #[arg(long, env = "EVENTLEASE_STATEMENT_TIMEOUT_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub statement_timeout_seconds: u64,

    /// Seconds a statement of a list or report may run before it is answered 504.
    #[arg(long, env = "EVENTLEASE_READING_STATEMENT_TIMEOUT_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub reading_statement_timeout_seconds: u64,
}

impl DatabaseConfig {
    /// The connections of both pools.
    #[must_use]
    pub const fn all_connections(&self) -> u32 {
        self.max_connections + self.max_reading_connections
    }

    /// The URL of the database, from wherever it was given; `None`: a private one.
    pub fn url(&self) -> Result<Option<DatabaseUrl>, SecretFileError> {
        match (&self.database_url, &self.database_url_file) {
            (Some(_), Some(_)) => Err(SecretFileError::both("DATABASE_URL", "--database-url")),
            (Some(url), None) => Ok(Some(url.clone())),
            (None, Some(path)) => DatabaseUrl::read_file(path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The URL of the same database for what needs a session of its own; `None`: the same as [`Self::url`].
    pub fn listen_url(&self) -> Result<Option<DatabaseUrl>, SecretFileError> {
        const SETTING: (&str, &str) = ("EVENTLEASE_LISTEN_DATABASE_URL", "--listen-database-url");
        const FILE: (&str, &str) = ("EVENTLEASE_LISTEN_DATABASE_URL_FILE", "--listen-database-url-file");
        match (&self.listen_database_url, &self.listen_database_url_file) {
            (Some(_), Some(_)) => Err(SecretFileError::both(SETTING.0, SETTING.1)),
            (Some(url), None) => Ok(Some(url.clone())),
            (None, Some(path)) => DatabaseUrl::read_named_file(FILE.0, FILE.1, path).map(Some),
            (None, None) => Ok(None),
        }
    }
}
