//! The requests that wait for a batch, the oldest first.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::Span;
use uuid::Uuid;

use super::room::{Held, Size};

/// A request that is not answered yet. Dropped, it tells its caller that there will be no answer.
#[derive(Debug)]
pub struct Request<I, A> {
    /// What the caller asks for.
    pub item: Arc<I>,
    /// Counted towards the size of a batch.
    pub size: Size,
    /// What no other request of the same batch may touch.
    pub touches: Vec<Uuid>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<A>,
    /// The caller's span. A batch has many callers, so its span is linked to theirs and not below one of them.
    pub span: Span,
    /// Its part of the room, free again before it is answered or when it is dropped.
    pub held: Held,
}

impl<I, A> Request<I, A> {
    /// Answers the caller. Its part of the room is free by then: the answer may be what its next request waits for.
    pub fn answer(self, answer: A) {
        drop(self.held);
        // A caller that is gone may repeat the call.
        drop(self.reply.send(answer));
    }
}

/// Requests that wait for a batch, in the order of their arrival.
#[derive(Debug)]
pub struct Queue<I, A> {
    requests: Mutex<VecDeque<Request<I, A>>>,
    changed: Notify,
}

impl<I, A> Queue<I, A> {
    /// A queue without requests.
    pub fn new() -> Self {
        Self { requests: Mutex::default(), changed: Notify::new() }
    }

    /// Adds a request and wakes the worker.
    pub fn push(&self, request: Request<I, A>) {
        self.requests.lock().push_back(request);
        self.changed.notify_one();
    }

    /// Takes the next batch of at most this size; a single request may be larger. Requests whose callers are gone are left out.
    pub fn take(&self, at_most: Size) -> Vec<Request<I, A>> {
        let mut requests = self.requests.lock();
        let (mut batch, mut size, mut touched) = (Vec::new(), Size::default(), HashSet::new());
        let mut passed_over = Vec::new();
        while let Some(next) = requests.pop_front() {
            if next.reply.is_closed() {
                continue;
            }
            let with_next = size.and(next.size);
            if !batch.is_empty() && with_next.is_beyond(at_most) {
                passed_over.push(next);
                break;
            }
            // Of two that touch the same, the later one waits, and so does what touches the same as that one.
            let is_free = next.touches.iter().all(|id| !touched.contains(id));
            touched.extend(next.touches.iter().copied());
            if is_free {
                size = with_next;
                batch.push(next);
            } else {
                passed_over.push(next);
            }
        }
        for request in passed_over.into_iter().rev() {
            requests.push_front(request);
        }
        // Another worker can begin with what is left.
        if !requests.is_empty() {
            self.changed.notify_one();
        }
        batch
    }

    /// Returns when a request waits; false when none does and `stop` was cancelled.
    pub async fn has_any(&self, stop: &CancellationToken) -> bool {
        loop {
            if !self.requests.lock().is_empty() {
                return true;
            }
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = stop.cancelled() => return !self.requests.lock().is_empty(),
            }
        }
    }

    /// Whether more waits than goes into a batch of this size.
    pub fn is_beyond(&self, batch: Size) -> bool {
        let mut waiting = Size::default();
        self.requests.lock().iter().any(|request| {
            waiting = waiting.and(request.size);
            waiting.is_beyond(batch)
        })
    }
}
