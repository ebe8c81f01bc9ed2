//! Takes connections in, as many as there may be, until told to stop; then waits for those that are there.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use ipnet::IpNet;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Patience, Refusal, Service};
use super::listeners::Listeners;
use super::room::{Bound, MAX_LEAVING, Room};
use super::routes::Routes;
use crate::config::ConnectionConfig;
use crate::http;
use crate::logs::Outage;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

/// What hyper allocates no memory for up to this many headers.
const HEADERS_ON_THE_STACK: usize = 100;
/// Of one connection, for what comes in and for what goes out.
const MAX_BUFFER_BYTES: usize = 128 << 10;
/// Connections beyond the limits that are answered at once; others are closed without a reply.
const MAX_REFUSED_AT_ONCE: usize = 64;
const MAX_REFUSED_OF_ADDRESS: usize = 16;
/// The time that one of them has to ask, and to read the answer.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Until accepting is tried again where this process, or the machine, has no more file descriptors.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_millis(200);
/// What the server opens beside connections of clients and of the database: logs, sockets of its own.
const OTHER_FILES: u64 = 100;

/// What an operator decided, as far as connections need it.
pub struct Settings<'a> {
    /// Time limits and sizes of one connection.
    pub config: &'a ConnectionConfig,
    /// As many as the system's limit of open files allows.
    pub max_connections: usize,
    /// Networks whose connections are of many callers: no limit to one address holds for them.
    pub trusted_proxies: &'a [IpNet],
}

/// Where connections come in.
pub struct Connections {
    listeners: Listeners,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    service: Service,
    room: Arc<Room>,
    /// For connections beyond the limits: health checks are answered there too.
    service_without_room: Service,
    room_for_refusals: Arc<Room>,
    /// A task for each connection.
    served: TaskTracker,
    accepting: Outage,
}

/// The loop that takes connections in, and the connections that it took.
#[derive(Debug)]
pub struct Accepting {
    accept_loop: JoinHandle<()>,
    served: TaskTracker,
}

impl Accepting {
    /// Returns when the loop was told to stop and all that was under way is answered.
    pub async fn ended(self) -> Result<(), JoinError> {
        self.accept_loop.await?;
        self.served.close();
        self.served.wait().await;
        Ok(())
    }
}

impl Connections {
    /// Connections are taken in once it is started.
    pub fn new(
        listeners: Listeners,
        routes: &Arc<Routes>,
        metrics: Arc<Metrics>,
        settings: &Settings<'_>,
        stop: CancellationToken,
    ) -> Self {
        let &Settings { config, max_connections, trusted_proxies } = settings;
        for limit in Bound::ALL.map(Bound::as_str).into_iter().chain(Refusal::ALL.map(Refusal::as_str)) {
            metrics.connections_refused.with_label_values(&[limit]);
        }
        let mut http = http1::Builder::new();
        http.max_header_size(config.max_header_bytes).max_buf_size(MAX_BUFFER_BYTES.max(config.max_header_bytes));
        if config.max_request_headers != HEADERS_ON_THE_STACK {
            http.max_headers(config.max_request_headers);
        }
        let patience = Patience {
            headers: Duration::from_secs(config.header_timeout_seconds),
            reply: Duration::from_secs(config.reply_timeout_seconds),
            idle: Duration::from_secs(config.idle_timeout_seconds),
        };
        let keep_alive = connection::keep_alive(patience.idle);
        let service = Service { routes: Arc::clone(routes), http, patience, stop: stop.clone(), keep_alive };

        let healthy = Arc::clone(routes);
        let mut service_without_room =
            Service { routes: Routes::new(http::without_room(move || healthy.current()), false), ..service.clone() };
        service_without_room.http.keep_alive(false);
        service_without_room.keep_alive = None;

        let max_of_address = config.max_connections_of_address.unwrap_or(max_connections.div_ceil(2));
        Self {
            listeners,
            metrics,
            stop,
            service,
            room: Room::new(max_connections, max_of_address, trusted_proxies.to_vec()),
            service_without_room,
            room_for_refusals: Room::new(MAX_REFUSED_AT_ONCE, MAX_REFUSED_OF_ADDRESS, trusted_proxies.to_vec()),
            served: TaskTracker::new(),
            accepting: Outage::new("no connection can be taken in", "connections are taken in again"),
        }
    }

    /// Starts to take connections in.
    pub fn start(self, supervisor: &Supervisor) -> Accepting {
        let (stop, served) = (self.stop.clone(), self.served.clone());
        // The listeners are closed when the loop ends, since nobody else has them.
        let taking = Arc::new(self);
        let accept_loop = supervisor.keep("connections", &stop, move || Arc::clone(&taking).run());
        Accepting { accept_loop, served }
    }

    /// Takes connections in until it is told to stop.
    async fn run(self: Arc<Self>) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listeners.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    self.accepting.note_success();
                    self.take(stream, peer);
                    if self.room.has_leaving() {
                        // Connections that were told to end get to do so: else a burst of new ones would be turned away
                        // while there are places that only have to be given up.
                        tokio::task::yield_now().await;
                    }
                }
                Err(error) if is_of_one_connection(error.kind()) => {}
                Err(error) => {
                    self.accepting.note_failure(&error);
                    tokio::time::sleep(PAUSE_AFTER_TROUBLE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        // Replies are small and awaited: no reason to hold them back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "nodelay was refused");
        }
        match self.room.enter(peer.ip()) {
            Ok(place) => {
                let (service, metrics) = (self.service.clone(), Arc::clone(&self.metrics));
                self.served.spawn(async move {
                    metrics.connections.inc();
                    let _counted = Counted(&metrics);
                    let ended = connection::serve(stream, peer, service, &place).await;
                    if let Some(refusal) = ended.refusal {
                        metrics.connections_refused.with_label_values(&[refusal.as_str()]).inc();
                        tracing::debug!(%peer, cause = refusal.as_str(), "a connection was ended");
                    }
                    ended.close(&place).await;
                });
            }
            Err(bound) => {
                self.metrics.connections_refused.with_label_values(&[bound.as_str()]).inc();
                if let Ok(place) = self.room_for_refusals.enter(peer.ip()) {
                    let service = self.service_without_room.clone();
                    self.served.spawn(async move {
                        let refused =
                            async { connection::serve(stream, peer, service, &place).await.close(&place).await };
                        if timeout(REFUSAL_TIMEOUT, refused).await.is_err() {
                            tracing::debug!(%peer, "a connection too many was closed before it had heard why");
                        }
                    });
                }
            }
        }
    }
}

/// Counts a connection for as long as it is there, whatever becomes of its task.
struct Counted<'a>(&'a Metrics);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

/// Whether only that connection failed, before it was accepted.
const fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Has the system allow as many open files as the connections need, as far as it may be asked for. Returns how many
/// connections can be taken: beyond the limit of files nobody would be, and the database would not be reached either.
pub fn make_room_for_files(config: &ConnectionConfig, database_connections: u32) -> usize {
    let wanted = config.max_client_connections as u64;
    let others = u64::from(database_connections) + (MAX_LEAVING + MAX_REFUSED_AT_ONCE) as u64 + OTHER_FILES;
    let allowed = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft >= wanted + others => return config.max_client_connections,
        Ok((soft, hard)) => {
            let raised = (wanted + others).min(hard);
            if setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_ok() { raised } else { soft }
        }
        Err(error) => {
            tracing::debug!(%error, "how many files may be open is not known");
            return config.max_client_connections;
        }
    };
    let possible = possible_connections(wanted, others, allowed);
    if possible < wanted {
        tracing::warn!(
            allowed,
            connections = possible,
            "fewer files may be open than connections are allowed, so that fewer are taken: raise the limit (ulimit -n), or lower EVENTLEASE_MAX_CLIENT_CONNECTIONS"
        );
    }
    usize::try_from(possible).unwrap_or(config.max_client_connections)
}

/// Where very few files are allowed, a quarter of them is for clients.
fn possible_connections(wanted: u64, others: u64, allowed: u64) -> u64 {
    wanted.min(allowed.saturating_sub(others).max(allowed / 4)).max(1)
}

#[cfg(test)]
mod tests {
    use super::possible_connections;

    #[test]
    fn connections_leave_files_for_the_database_and_for_what_else_is_opened() {
        for (allowed, possible) in [(20_000, 10_000), (10_238, 10_000), (1024, 786), (320, 82), (100, 25), (1, 1)] {
            assert_eq!(possible_connections(10_000, 238, allowed), possible, "{allowed}");
        }
    }
}
