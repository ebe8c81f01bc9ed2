//! What a handler leaves of a request's body. A connection that is closed with bytes unread is reset by the system, and a
//! reply that the client has not read yet is lost with it. So a small rest is read and thrown away, and the connection
//! goes on; for a large one the reply says that the connection is closed, which is then done in a way that lets the
//! client read it (`lingering`).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A rest up to this size is read, so that its connection can be kept.
const MAX_SMALL_BYTES: u64 = 64 << 10;
/// How long a reply may be held back for that.
const SMALL_TIMEOUT: Duration = Duration::from_millis(500);

/// The unread rest of a body; `None` if the body broke off.
type Rest = Option<Incoming>;

/// A body on its way through a handler. Where it is dropped before its end, the connection gets it back.
#[derive(Debug)]
struct Lent {
    /// `None` only while it is dropped.
    body: Option<Incoming>,
    /// `None` once the body has come to its end.
    back: Option<oneshot::Sender<Rest>>,
}

/// Where a body comes back that was not read to its end.
#[derive(Debug)]
pub struct Returned {
    rest: oneshot::Receiver<Rest>,
    /// The client waits for `100 Continue` and does not get it. Whether it sends the body all the same is not known.
    is_awaited: bool,
}

/// Takes a request's body apart from it. `None`: it has none.
pub fn lend(request: Request<Incoming>) -> (Request, Option<Returned>) {
    if request.body().is_end_stream() {
        return (request.map(axum::body::Body::new), None);
    }
    let (back, rest) = oneshot::channel();
    let is_awaited = request.headers().contains_key(header::EXPECT);
    let request = request.map(|body| axum::body::Body::new(Lent { body: Some(body), back: Some(back) }));
    (request, Some(Returned { rest, is_awaited }))
}

impl Returned {
    /// Waits until the handler is done with the body, and reads the rest if it is small. False: something is left.
    async fn read_rest(self) -> bool {
        match self.rest.await {
            Ok(Some(rest)) => !self.is_awaited && discard(rest).await,
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

/// Awaits the reply, and whether all of the body was read. The rest of a body is read while the handler still works: only
/// then does hyper notice a client that hangs up.
pub async fn with_rest_read<T>(reply: impl Future<Output = T>, returned: Option<Returned>) -> (T, bool) {
    let Some(returned) = returned else { return (reply.await, true) };
    let (mut reply, mut is_read) = (std::pin::pin!(reply), std::pin::pin!(returned.read_rest()));
    tokio::select! {
        biased;
        reply = &mut reply => (reply, timeout(SMALL_TIMEOUT, is_read).await.unwrap_or(false)),
        is_read = &mut is_read => (reply.await, is_read),
    }
}

/// Reads a small body to its end; false where it is too large, or breaks off.
async fn discard(mut rest: Incoming) -> bool {
    if rest.size_hint().lower() > MAX_SMALL_BYTES {
        return false;
    }
    let mut size = 0;
    while let Some(frame) = rest.frame().await {
        let Ok(frame) = frame else { return false };
        size += frame.data_ref().map_or(0, |data| data.len() as u64);
        if size > MAX_SMALL_BYTES {
            return false;
        }
    }
    true
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.back = None,
            Poll::Ready(Some(Err(_))) => self.give_back(None),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Lent {
    fn give_back(&mut self, rest: Rest) {
        if let Some(back) = self.back.take() {
            // Where nobody waits for it, the connection is gone.
            back.send(rest).ok();
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            self.give_back(Some(body));
        }
    }
}
