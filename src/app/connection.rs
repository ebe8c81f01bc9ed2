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
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::activity::{Activity, Phase};
use super::room::Place;
use super::routes::Routes;

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

impl Patience {
    /// Until when a connection may go on as it does, and what it is closed for then.
    fn deadline(self, activity: &Activity) -> Option<(Instant, Refusal)> {
        match activity.get() {
            (Phase::Headers, since) => Some((since + self.headers, Refusal::SlowHeaders)),
            (Phase::Sending, since) => Some((since + self.reply, Refusal::SlowReply)),
            (Phase::Quiet | Phase::Silent, since) => Some((since + self.idle, Refusal::Idle)),
            (Phase::Busy, _) => None,
        }
    }
}

/// How connections are served.
#[derive(Clone)]
pub struct Service {
    pub routes: Arc<Routes>,
    pub http: http1::Builder,
    pub patience: Patience,
    pub stop: CancellationToken,
}

/// Why a connection ended that the client did not end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    SlowHeaders,
    SlowReply,
    Idle,
    HeadersTooLarge,
    Malformed,
    /// Its place was needed for another.
    Evicted,
}

impl Refusal {
    pub const ALL: [Self; 6] =
        [Self::SlowHeaders, Self::SlowReply, Self::Idle, Self::HeadersTooLarge, Self::Malformed, Self::Evicted];

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowHeaders => "header_time",
            Self::SlowReply => "reply_time",
            Self::Idle => "idle_time",
            Self::HeadersTooLarge => "headers",
            Self::Malformed => "malformed",
            Self::Evicted => "evicted",
        }
    }
}

/// Serves requests until the client, a limit, `stop` or `place.leave` ends it; what is under way then is answered first.
pub async fn serve(stream: TcpStream, peer: SocketAddr, service: Service, place: &Place) -> Option<Refusal> {
    let Service { routes, http, patience, stop } = service;
    let activity = &place.activity;
    let of_requests = Arc::clone(activity);
    let answer = tower::service_fn(move |mut request: Request<Incoming>| {
        of_requests.set(Phase::Busy);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, activity) = (routes.current(), Arc::clone(&of_requests));
        async move {
            let response = router.oneshot(request.map(axum::body::Body::new)).await;
            activity.set(Phase::Sending);
            response
        }
    });
    let io = TokioIo::new(Watched { stream, activity: Arc::clone(activity) });
    let mut connection = pin!(http.serve_connection(io, TowerToHyperService::new(answer)));
    let mut told_to_stop = pin!(stop.cancelled());
    let mut told_to_leave = pin!(place.leave.cancelled());
    let mut is_ending = false;
    let mut alarm = pin!(sleep_until(patience.deadline(activity).map_or_else(Instant::now, |(at, _)| at)));
    poll_fn(|context| {
        if !is_ending && told_to_stop.as_mut().poll(context).is_ready() {
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(outcome) = connection.as_mut().poll(context) {
            return Poll::Ready(outcome.err().and_then(|error| refusal(&error)));
        }
        // Only now: what had come in meanwhile has just been read, and may be a request.
        if !is_ending && told_to_leave.as_mut().poll(context).is_ready() {
            if activity.loss(Instant::now()).is_some() {
                return Poll::Ready(Some(Refusal::Evicted));
            }
            is_ending = true;
            connection.as_mut().graceful_shutdown();
            context.waker().wake_by_ref();
        }
        // An alarm that is set too early is set anew when it rings.
        if let Some((at, _)) = patience.deadline(activity)
            && at < alarm.deadline()
        {
            alarm.as_mut().reset(at);
        }
        while alarm.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            match patience.deadline(activity) {
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

/// A stream that notes what goes through it.
struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
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
            self.activity.received();
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
            self.activity.flushed();
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
