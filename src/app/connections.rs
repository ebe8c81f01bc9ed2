//! Takes connections in, as many as there may be, until told to stop; then waits for those that are there.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Patience};
use super::listeners::Listeners;
use crate::config::ConnectionConfig;
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

/// What hyper allocates no memory for up to this many headers.
const HEADERS_ON_THE_STACK: usize = 100;
/// Of one connection, for what comes in and for what goes out.
const MAX_BUFFER_BYTES: usize = 128 << 10;
/// Connections too many that are told so at once; those beyond are closed without a word.
const MAX_REFUSED_AT_ONCE: usize = 64;
/// So long one of them may take to say what it wants and to hear that there is no room.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Until accepting is tried again where this process, or the machine, has no more file descriptors.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_millis(200);
/// What the server opens beside connections of clients and of the database: logs, sockets of its own.
const OTHER_FILES: u64 = 100;

/// The reply to a connection too many, written without parsing a request.
const NO_ROOM: &str = concat!(
    "HTTP/1.1 429 Too Many Requests\r\n",
    "content-type: application/problem+json\r\n",
    "content-length: 186\r\n",
    "retry-after: 1\r\n",
    "cache-control: no-store\r\n",
    "x-content-type-options: nosniff\r\n",
    "cross-origin-resource-policy: same-origin\r\n",
    "connection: close\r\n\r\n",
    r#"{"type":"urn:eventlease:problem:overloaded","title":"Too much at once","status":429,"detail":"#,
    r#""this server has as many connections as it takes: come back in a moment","code":"overloaded"}"#,
);

/// Where connections come in.
pub struct Connections {
    pub listeners: Listeners,
    pub router: Router,
    pub metrics: Arc<Metrics>,
    pub stop: CancellationToken,
    http: http1::Builder,
    patience: Patience,
    room: Arc<Semaphore>,
    room_for_refusals: Arc<Semaphore>,
    /// A task for each connection.
    served: TaskTracker,
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
    pub fn new(
        listeners: Listeners,
        router: Router,
        metrics: Arc<Metrics>,
        config: &ConnectionConfig,
        stop: CancellationToken,
    ) -> Self {
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
        let room = Arc::new(Semaphore::new(config.max_client_connections));
        let room_for_refusals = Arc::new(Semaphore::new(MAX_REFUSED_AT_ONCE));
        let served = TaskTracker::new();
        Self { listeners, router, metrics, stop, http, patience, room, room_for_refusals, served }
    }

    /// Starts to take connections in.
    pub fn start(self, supervisor: &Supervisor) -> Accepting {
        let (stop, served) = (self.stop.clone(), self.served.clone());
        // The listener is closed when the loop ends, since nobody else has it.
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
                Ok((stream, peer)) => self.take(stream, peer),
                Err(error) if is_of_one_connection(error.kind()) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be taken in");
                    tokio::time::sleep(PAUSE_AFTER_TROUBLE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            self.metrics.connections_refused.with_label_values(&["connections"]).inc();
            if let Ok(permit) = Arc::clone(&self.room_for_refusals).try_acquire_owned() {
                self.served.spawn(refuse(stream, permit));
            }
            return;
        };
        // Replies are small and awaited: no reason to hold them back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "nodelay was refused");
        }
        let metrics = Arc::clone(&self.metrics);
        let (http, patience, stop) = (self.http.clone(), self.patience, self.stop.clone());
        let serving = connection::serve(stream, peer, self.router.clone(), http, patience, stop);
        self.served.spawn(async move {
            metrics.connections.inc();
            let _counted = Counted(&metrics);
            if let Some(refusal) = serving.await {
                metrics.connections_refused.with_label_values(&[refusal.as_str()]).inc();
                tracing::debug!(%peer, cause = refusal.as_str(), "a connection was ended");
            }
            drop(permit);
        });
    }
}

/// Counts a connection for as long as it is there, whatever becomes of its task.
struct Counted<'a>(&'a Metrics);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

/// Says that there is no room. What the client sends is read and thrown away: closed with bytes unread, the
/// connection would be reset, and the reply lost with it.
async fn refuse(mut stream: TcpStream, permit: OwnedSemaphorePermit) {
    let told = timeout(REFUSAL_TIMEOUT, async {
        stream.write_all(NO_ROOM.as_bytes()).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    });
    if !matches!(told.await, Ok(Ok(()))) {
        tracing::debug!("a connection too many was closed before it had read why");
    }
    drop(permit);
}

/// Whether only that connection failed, before it was accepted.
const fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Has the system allow as many open files as the connections need, as far as it may be asked for.
pub fn make_room_for_files(config: &ConnectionConfig, database_connections: u32) {
    let wanted = config.max_client_connections as u64 + u64::from(database_connections) + OTHER_FILES;
    let allowed = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft >= wanted => return,
        Ok((soft, hard)) => {
            let raised = wanted.min(hard);
            if setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_ok() { raised } else { soft }
        }
        Err(error) => {
            tracing::debug!(%error, "how many files may be open is not known");
            return;
        }
    };
    if allowed < wanted {
        tracing::warn!(
            allowed,
            wanted,
            "fewer files may be open than connections are allowed: raise the limit (ulimit -n), or lower EVENTLEASE_MAX_CLIENT_CONNECTIONS"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::NO_ROOM;

    #[test]
    fn the_reply_to_a_connection_too_many_is_well_formed() {
        let (head, body) = NO_ROOM.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{}", body.len());
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["code"], "overloaded");
    }
}
