//! What clients reach from the moment the port is bound: health checks at once, and the service when it is ready.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;

use super::connections::{self, Accepting, Connections};
use super::error::Error;
use super::listeners::Listeners;
use super::routes::Routes;
use crate::config::ServeConfig;
use crate::http;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

/// The server as its clients see it: the listeners, their connections, and the router that answers.
#[derive(Debug)]
pub struct Front {
    /// Where it listens, with the port that was picked if the setting was 0.
    pub address: SocketAddr,
    routes: Arc<Routes>,
    /// First stage of stopping: refuse new connections, answer parked polls, finish what runs.
    pub stop: CancellationToken,
    connections: Accepting,
}

impl Front {
    /// Binds the port, and answers from then on: health checks, and to everything else that the server is starting.
    pub async fn open(config: &ServeConfig, metrics: &Arc<Metrics>, supervisor: &Supervisor) -> Result<Self, Error> {
        let max_connections = connections::make_room_for_files(&config.connections, config.database.all_connections());
        let (listeners, address) = Listeners::bind(&config.listen).await?;
        let is_dashboard_served = config.dashboard.is_on();
        let routes = Routes::new(http::starting(is_dashboard_served), is_dashboard_served);
        let stop = CancellationToken::new();
        let settings = connections::Settings {
            config: &config.connections,
            max_connections,
            trusted_proxies: &config.access.trusted_proxies(),
        };
        let connections = Connections::new(listeners, &routes, Arc::clone(metrics), &settings, stop.clone());
        let connections = connections.start(supervisor);
        tracing::info!(%address, "connections are taken in; the server is starting");
        Ok(Self { address, routes, stop, connections })
    }

    /// Answers with the service from now on.
    pub fn serve(&self, router: Router) {
        self.routes.switch_to(router);
    }

    /// Takes no more connections in, and returns when what is under way is answered.
    pub async fn close(self) -> Result<(), Error> {
        self.stop.cancel();
        Ok(self.connections.ended().await?)
    }
}
