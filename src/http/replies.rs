//! Replies that clients have not taken yet: the bytes of all of them together have a limit, like those of bodies.
//!
//! Calls that only read have the limit to themselves, and all other calls have it once more: however many lists nobody
//! takes, engines get their events. A reply to a heartbeat, a settlement or an enqueue is small and never refused.

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use prometheus::IntGauge;

use super::api::Api;
use super::errors::{Limit, Problem};
use super::{dashboard, docs};
use crate::domain::leased_event::LeasedEvent;
use crate::domain::numbers::to_i64;

/// Smaller replies are not counted: they fit into the buffers that a connection has anyway.
const COUNTED_FROM_BYTES: usize = 64 << 10;

/// What a reply answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A call that changes nothing. Its reply is refused where it is one too many.
    Reading,
    /// Any other call. What was done is not undone, so its reply is sent.
    Working,
}

impl Kind {
    /// Both kinds, for metrics.
    pub const ALL: [Self; 2] = [Self::Reading, Self::Working];

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Working => "working",
        }
    }

    /// The kind of a call; `None` for files that are a part of the program, which take no memory of their own, and for
    /// metrics, which must be readable just when memory is short.
    pub fn of(method: &Method, route: &str) -> Option<Self> {
        let is_reading = matches!(*method, Method::GET | Method::HEAD) && route != "/api/v1/events/queue/{engine_type}";
        let is_exempt = route == "/metrics" || docs::paths().chain(dashboard::paths()).any(|path| path == route);
        match (is_reading, is_exempt) {
            (true, true) => None,
            (true, false) => Some(Self::Reading),
            (false, _) => Some(Self::Working),
        }
    }

    fn gauge(self, api: &Api) -> IntGauge {
        api.metrics.reply_bytes.with_label_values(&[self.as_str()])
    }
}

/// A reply in memory, counted until the last of it was handed to the system.
struct HeldReply {
    bytes: Bytes,
    of_all: IntGauge,
}

impl AsRef<[u8]> for HeldReply {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HeldReply {
    fn drop(&mut self) {
        self.of_all.sub(to_i64(self.bytes.len()));
    }
}

/// Counts a large reply, or refuses it where it is one too many.
pub async fn hold(response: Response, kind: Kind, api: &Api) -> Response {
    let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    if size < COUNTED_FROM_BYTES {
        return response;
    }
    let (parts, body) = response.into_parts();
    // All of it is there already: a body of a known size is one piece.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Problem::internal().into_response() };
    // A buffer that grew as it was written may be twice as large as what it holds. One that several replies share does not grow.
    let bytes = if bytes.is_unique() { Bytes::from(Vec::from(bytes).into_boxed_slice()) } else { bytes };
    let of_all = kind.gauge(api);
    of_all.add(to_i64(bytes.len()));
    let held = HeldReply { bytes, of_all };
    if kind == Kind::Reading && is_one_too_many(&held.of_all, 0, held.bytes.len(), api) {
        drop(held);
        return too_many_bytes().into_response();
    }
    Response::from_parts(parts, Body::from(Bytes::from_owner(held)))
}

/// Whether leases can be told to their engine now. Asked before the reply is made, while they can still be handed back.
pub fn have_room_for(events: &[LeasedEvent], api: &Api) -> Result<(), Problem> {
    let bytes = events.iter().map(LeasedEvent::json_bytes).sum();
    if bytes >= COUNTED_FROM_BYTES && is_one_too_many(&Kind::Working.gauge(api), bytes, bytes, api) {
        return Err(too_many_bytes());
    }
    Ok(())
}

/// Whether the replies counted, and `more` bytes, are too many. A reply that is alone here is never one too many.
fn is_one_too_many(of_all: &IntGauge, more: usize, own: usize, api: &Api) -> bool {
    let all = of_all.get().saturating_add(to_i64(more));
    all > to_i64(api.limits.max_replies_bytes) && all > to_i64(own)
}

fn too_many_bytes() -> Problem {
    Problem::overloaded("replies that clients have not taken yet fill the memory there is for them")
        .of_limit(Limit::RepliesBytes)
}
