//! One connection of a client: served for as long as something comes of it, and closed when it is not.
//!
//! hyper's own timer begins anew with every request and knows one limit for slow headers and idle connections. Here a
//! connection has one timer, which is set when there is something to wait for and looked at when it rings; a request
//! that comes whole and is answered costs two stores to memory.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How long a connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From a request's first byte to the end of its headers.
    pub headers: Duration,
    /// For the client to take a whole reply.
    pub reply: Duration,
    /// While no request is under way: since anything was sent either way, or since the connection's beginning, as clients
    /// may open connections before they need them.
    pub idle: Duration,
}

/// Why a connection ended that the client did not end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    SlowHeaders,
    SlowReply,
    Idle,
    HeadersTooLarge,
    Malformed,
}

impl Refusal {
    /// As metrics tell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowHeaders => "header_time",
            Self::SlowReply => "reply_time",
            Self::Idle => "idle_time",
            Self::HeadersTooLarge => "headers",
            Self::Malformed => "malformed",
        }
    }
}

/// Serves requests until the client, a limit or `stop` ends it; what is under way then is answered first.
pub async fn serve(
    stream: tokio::net::TcpStream,
    peer: SocketAddr,
    router: Router,
    http: http1::Builder,
    patience: Patience,
    stop: CancellationToken,
) -> Option<Refusal> {
    let pulse = Arc::new(Pulse::new());
    let of_requests = Arc::clone(&pulse);
    let service = tower::service_fn(move |mut request: Request<Incoming>| {
        of_requests.set(Phase::Busy);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, pulse) = (router.clone(), Arc::clone(&of_requests));
        async move {
            let response = router.oneshot(request.map(axum::body::Body::new)).await;
            pulse.set(Phase::Sending);
            response
        }
    });
    let io = TokioIo::new(Watched { stream, pulse: Arc::clone(&pulse) });
    let mut connection = pin!(http.serve_connection(io, TowerToHyperService::new(service)));
    let mut told_to_stop = pin!(stop.cancelled());
    let mut is_stopping = false;
    let mut alarm = pin!(sleep_until(pulse.deadline(patience).map_or_else(Instant::now, |(at, _)| at)));
    poll_fn(|context| {
        if !is_stopping && told_to_stop.as_mut().poll(context).is_ready() {
            is_stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(outcome) = connection.as_mut().poll(context) {
            return Poll::Ready(outcome.err().and_then(|error| refusal(&error)));
        }
        // An alarm that is set too early is set anew when it rings.
        if let Some((at, _)) = pulse.deadline(patience)
            && at < alarm.deadline()
        {
            alarm.as_mut().reset(at);
        }
        while alarm.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            match pulse.deadline(patience) {
                Some((at, refusal)) if at <= now => return Poll::Ready(Some(refusal)),
                Some((at, _)) => alarm.as_mut().reset(at),
                // Handlers have limits of their own.
                None => alarm.as_mut().reset(now + patience.idle),
            }
        }
        Poll::Pending
    })
    .await
}

/// What of hyper's trouble was the client's doing.
fn refusal(error: &hyper::Error) -> Option<Refusal> {
    if error.is_parse_too_large() {
        Some(Refusal::HeadersTooLarge)
    } else if error.is_parse() {
        Some(Refusal::Malformed)
    } else {
        tracing::debug!(%error, "a connection broke");
        None
    }
}

/// What a connection is doing, and since when: written and read by its one task.
#[derive(Debug)]
struct Pulse {
    began: Instant,
    /// Milliseconds since `began`, and the phase in the last two bits.
    state: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Headers are awaited.
    Head,
    /// A handler works.
    Busy,
    /// A reply is being sent.
    Sending,
    /// Nothing happens at all.
    Quiet,
}

impl Pulse {
    fn new() -> Self {
        Self { began: Instant::now(), state: AtomicU64::new(Phase::Quiet as u64) }
    }

    fn set(&self, phase: Phase) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX >> 2);
        self.state.store((millis << 2) | phase as u64, Ordering::Relaxed);
    }

    fn get(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 3 {
            0 => Phase::Head,
            1 => Phase::Busy,
            2 => Phase::Sending,
            _ => Phase::Quiet,
        };
        (phase, self.began + Duration::from_millis(state >> 2))
    }

    /// Until when it may go on so, and what it is closed for then.
    fn deadline(&self, patience: Patience) -> Option<(Instant, Refusal)> {
        match self.get() {
            (Phase::Head, since) => Some((since + patience.headers, Refusal::SlowHeaders)),
            (Phase::Sending, since) => Some((since + patience.reply, Refusal::SlowReply)),
            (Phase::Quiet, since) => Some((since + patience.idle, Refusal::Idle)),
            (Phase::Busy, _) => None,
        }
    }

    /// Bytes came in.
    fn received(&self) {
        if self.get().0 == Phase::Quiet {
            self.set(Phase::Head);
        }
    }

    /// All that there was to send went out: a reply, if it is not a `100 Continue`.
    fn flushed(&self) {
        if self.get().0 == Phase::Sending {
            self.set(Phase::Quiet);
        }
    }
}

/// A stream that tells the pulse what goes through it.
struct Watched<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.received();
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        // hyper flushes when it has written all that it holds; a reply is one piece.
        if outcome.is_ready() {
            self.pulse.flushed();
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
