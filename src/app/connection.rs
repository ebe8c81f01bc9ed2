//! One connection of a client: served for as long as something comes of it, and closed when it is not.
//!
//! hyper's own timer begins anew with every request and knows one limit for slow headers and idle connections. Here a
//! connection has one timer, which is set when there is something to wait for and looked at when it rings; a request
//! that comes whole and is answered costs two stores to memory.

mod lingering;
mod own_wakes;
mod unread;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, Version, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::activity::{ConnectionActivity, Phase};
use super::room::Place;
use super::routes::Routes;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

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
    fn deadline(self, activity: &ConnectionActivity) -> Option<(Instant, Refusal)> {
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
    /// The router of the moment: the one for the start, later the service.
    pub routes: Arc<Routes>,
    /// How hyper reads and writes HTTP/1, with the limits on headers.
    pub http: http1::Builder,
    /// How long a connection may take for each of its phases.
    pub patience: Patience,
    /// Cancelled when the server stops: replies under way are finished, and then the connection ends.
    pub stop: CancellationToken,
    /// What `Keep-Alive` says in replies; `None` where a connection has one reply.
    pub keep_alive: Option<HeaderValue>,
}

/// How much earlier than the server a client is told to give up an idle connection: else the server may close it while the
/// next request is under way.
const KEEP_ALIVE_MARGIN_SECONDS: u64 = 10;

/// What `Keep-Alive` says where connections may be idle for that long. Nothing where that is too short to be used.
pub fn keep_alive(idle: Duration) -> Option<HeaderValue> {
    let seconds = idle.as_secs();
    let margin = KEEP_ALIVE_MARGIN_SECONDS.min(seconds.div_ceil(2));
    let timeout = seconds.checked_sub(margin).filter(|timeout| *timeout > 0)?;
    HeaderValue::try_from(format!("timeout={timeout}")).ok()
}

/// Why a connection ended that the client did not end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// A request's headers did not arrive in time.
    SlowHeaders,
    /// The client did not take its reply in time.
    SlowReply,
    /// Nothing was sent between two requests for as long as a connection may be idle.
    Idle,
    /// A request had more headers, or more bytes of them, than allowed.
    HeadersTooLarge,
    /// What arrived was no HTTP.
    Malformed,
    /// Its place was needed for another.
    Evicted,
}

impl Refusal {
    /// All of them, for metrics.
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

/// A connection that is served no longer.
#[derive(Debug)]
pub struct Ended {
    /// What the server ended it for, if it did.
    pub refusal: Option<Refusal>,
    /// Kept where the client may be sending still, and has a reply to read.
    unread: Option<TcpStream>,
    stop: CancellationToken,
}

impl Ended {
    /// Closes the connection so that the client can read its last reply.
    pub async fn close(self, place: &Place) {
        if let Some(stream) = self.unread {
            // From now on the connection may be ended for another.
            place.activity.set(Phase::Quiet);
            lingering::linger(stream, &self.stop, &place.leave).await;
        }
    }
}

/// Serves requests until the client, a limit, `stop` or `place.leave` ends it; what is under way then is answered first.
pub async fn serve(stream: TcpStream, peer: SocketAddr, service: Service, place: &Place) -> Ended {
    let Service { routes, http, patience, stop, keep_alive } = service;
    let activity = &place.activity;
    let of_requests = Arc::clone(activity);
    // True once a reply was given although not all of its request was read.
    let is_cut_short = AtomicBool::new(false);
    let answer = tower::service_fn(|mut request: Request<Incoming>| {
        of_requests.set(Phase::Busy);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, activity, is_cut_short) = (routes.of(&mut request), Arc::clone(&of_requests), &is_cut_short);
        // In HTTP/1.0 a connection ends with its reply, unless both sides say otherwise.
        let keep_alive =
            keep_alive.as_ref().filter(|_| request.version() == Version::HTTP_11 && !is_to_be_closed(&request));
        let stop = &stop;
        async move {
            let (request, body) = unread::lend(request);
            let (mut response, is_read) = unread::with_rest_read(router.oneshot(request), body).await;
            if !is_read && let Ok(response) = &mut response {
                is_cut_short.store(true, Ordering::Relaxed);
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            } else if let (Ok(response), Some(keep_alive)) = (&mut response, keep_alive)
                && !stop.is_cancelled()
            {
                response.headers_mut().insert(KEEP_ALIVE, keep_alive.clone());
            }
            activity.set(Phase::Sending);
            response
        }
    });
    let mut io = TokioIo::new(Watched { stream, activity: Arc::clone(activity) });
    let refusal = {
        let mut connection = pin!(http.serve_connection(&mut io, TowerToHyperService::new(answer)));
        let mut told_to_stop = pin!(stop.cancelled());
        let mut told_to_leave = pin!(place.leave.cancelled());
        let own_wakes = own_wakes::OwnWakes::new();
        let mut is_ending = false;
        let mut alarm = pin!(sleep_until(patience.deadline(activity).map_or_else(Instant::now, |(at, _)| at)));
        poll_fn(|context| {
            if !is_ending && told_to_stop.as_mut().poll(context).is_ready() {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(outcome) = own_wakes.poll(context, |context| connection.as_mut().poll(context)) {
                return Poll::Ready(outcome.err().and_then(|error| refusal(&error)));
            }
            // Only now: what had come in meanwhile has just been read, and may be a request.
            if !is_ending && told_to_leave.as_mut().poll(context).is_ready() {
                if activity.eviction_order(Instant::now()).is_some() {
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
    };
    // Only after these endings is there a reply that the client may not have read yet, because it is still sending.
    let was_cut_short = match refusal {
        None => is_cut_short.into_inner(),
        Some(Refusal::HeadersTooLarge | Refusal::Malformed) => true,
        Some(Refusal::SlowHeaders | Refusal::SlowReply | Refusal::Idle | Refusal::Evicted) => false,
    };
    let unread = was_cut_short.then(|| io.into_inner().stream);
    Ended { refusal, unread, stop }
}

/// Whether the client wants no further reply on its connection.
fn is_to_be_closed(request: &Request<Incoming>) -> bool {
    let options = request.headers().get(header::CONNECTION).and_then(|value| value.to_str().ok());
    options.is_some_and(|options| options.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")))
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
    activity: Arc<ConnectionActivity>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_to_give_up_idle_connections_before_the_server_does() {
        let told =
            |seconds| keep_alive(Duration::from_secs(seconds)).map(|told| told.to_str().expect("ASCII").to_owned());
        assert_eq!(told(120).as_deref(), Some("timeout=110"));
        assert_eq!(told(5).as_deref(), Some("timeout=2"));
        assert_eq!(told(1), None);
    }
}
