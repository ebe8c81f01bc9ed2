//! The database of a server: the one that was named, or a private one.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use crate::config::{DatabaseConfig, DatabaseUrl};
use crate::logs::Outage;
use crate::store;
use crate::store::pool::{PoolLimits, Pools};
use private_postgres::{Options, PrivatePostgres};

/// For connections to say good-bye.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

/// How long the start waits for an obstacle that another process may remove.
pub const STARTING_PATIENCE: Duration = Duration::from_mins(1);

/// The connections, and the private cluster behind them, if there is one.
#[derive(Debug)]
pub struct Database {
    /// One pool for changes, engines and producers, and one for lists and reports.
    pub pools: Pools,
    embedded: Option<Embedded>,
}

#[derive(Debug)]
struct Embedded {
    cluster: PrivatePostgres,
    ended: oneshot::Receiver<ExitStatus>,
}

impl Database {
    /// Keeps what the environment says to clients of other databases from a private one. To be called before any other
    /// thread runs.
    pub fn prepare_environment(config: &DatabaseConfig) {
        if config.database_url.is_none() && config.database_url_file.is_none() {
            private_postgres::forget_client_options();
        }
    }

    /// `None` where `stop` was cancelled meanwhile: a private cluster that was being made or started is stopped then.
    pub async fn open(config: &DatabaseConfig, stop: &CancellationToken) -> Result<Option<Self>, Error> {
        if let Some(url) = config.url()? {
            let direct = config.listen_url()?;
            for parameter in
                [Some(&url), direct.as_ref()].into_iter().flatten().flat_map(DatabaseUrl::ignored_parameters)
            {
                tracing::warn!(parameter, "a parameter of the database's URL is not understood, and not used");
            }
            return Self::at(&url, direct.as_ref(), config, None).map(Some);
        }
        if config.listen_url()?.is_some() {
            return Err(Error::ListenUrlAlone);
        }
        let mut options = Options::new(config.data_dir.clone().unwrap_or_else(private_postgres::default_data_dir));
        options.bin_dir.clone_from(&config.pg_bin_dir);
        options.stop = stop.clone();
        let cluster = match tokio::task::spawn_blocking(move || PrivatePostgres::start(&options)).await? {
            Ok(cluster) => cluster,
            Err(private_postgres::Error::Interrupted) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        tracing::info!(version = %cluster.version(), pid = cluster.pid(), "private postgresql is up");
        let (sender, ended) = oneshot::channel();
        cluster.on_exit(move |status| {
            // Nobody listens any more once the server ends it itself.
            sender.send(status).ok();
        });
        let url = DatabaseUrl::parse(&cluster.url("postgres")).expect("its parts are encoded");
        Self::at(&url, None, config, Some(Embedded { cluster, ended })).map(Some)
    }

    fn at(
        url: &DatabaseUrl,
        direct: Option<&DatabaseUrl>,
        config: &DatabaseConfig,
        embedded: Option<Embedded>,
    ) -> Result<Self, Error> {
        let working = PoolLimits {
            max_connections: config.max_connections,
            acquire_timeout: Duration::from_secs(config.acquire_timeout_seconds),
            statement_timeout: Duration::from_secs(config.statement_timeout_seconds),
        };
        let reading = PoolLimits {
            max_connections: config.max_reading_connections,
            statement_timeout: Duration::from_secs(config.reading_statement_timeout_seconds),
            ..working
        };
        Ok(Self { pools: Pools::connect_lazily(url, direct, working, reading)?, embedded })
    }

    /// Brings the schema up to date, once the database is there.
    pub async fn migrate(&self) -> Result<(), Error> {
        let started = Instant::now();
        let waiting = Outage::new("waiting for the database", "the database is available");
        loop {
            match store::migrations::migrate(&self.pools.working).await {
                Ok(()) => {
                    waiting.note_success();
                    return Ok(());
                }
                Err(store::Error::Unavailable(cause)) if started.elapsed() < STARTING_PATIENCE => {
                    waiting.note_failure(&cause);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns when the private cluster has ended by itself; never, where there is none.
    pub async fn ended(&mut self) {
        match &mut self.embedded {
            Some(embedded) => {
                let status = (&mut embedded.ended).await;
                let status = status.map_or_else(|_| "unknown".to_owned(), |status| status.to_string());
                tracing::error!(status, "private postgresql ended");
            }
            None => std::future::pending().await,
        }
    }

    /// Closes the connections, then stops the private cluster; connections that do not close in time are left.
    pub async fn close(self) -> Result<(), Error> {
        // A connection that went dumb on its way back into the pool is never there again.
        let closed = async { tokio::join!(self.pools.working.close(), self.pools.reading.close()) };
        if timeout(CLOSING_PATIENCE, closed).await.is_err() {
            tracing::warn!("connections to the database did not close in time, and are left");
        }
        if let Some(Embedded { cluster, .. }) = self.embedded {
            tokio::task::spawn_blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}
