//! Takes requests in, and carries them out in batches.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::answers::Mode;
use super::queue::{Queue, Request};
use super::room::{Room, Size};
use crate::domain::numbers::to_i64;
use crate::metrics::Metrics;
use crate::supervisor::{Supervisor, Work};

/// Requests of one batcher carried out alone at a time. Most of the time they wait for locks.
const ALONE_AT_ONCE: usize = 4;
/// A batch waits for this long, this many times at most, while it gives way.
const GIVES_WAY_FOR: Duration = Duration::from_millis(5);
const GIVES_WAY_TIMES: u32 = 100;

/// How requests of one kind are carried out.
pub struct Options {
    /// Their name in metrics and traces.
    pub kind: &'static str,
    /// The most of one batch; a single request may be larger.
    pub batch: Size,
    /// While as much as this is unanswered, requests are refused.
    pub room: Size,
    /// Batches under way at a time.
    pub workers: usize,
    /// From the beginning of a worker's batch to that of its next, unless more waits than goes into it.
    pub pause: Duration,
    /// True while the next batch should wait, for half a second at most, since something else matters more.
    pub gives_way: Box<dyn Fn() -> bool + Send + Sync>,
    /// Permits for requests carried out alone; batchers may share them.
    pub alone: Arc<Semaphore>,
}

/// Why a request has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unanswered {
    /// As much was unanswered as may be, so it was refused.
    Overloaded,
    /// What carried it out panicked.
    Panicked,
}

/// Carries out the items of a batch, with one commit: an answer for each, in order. `None` stands for an item that is to be
/// carried out alone.
pub type Run<I, A> = dyn Fn(Vec<Arc<I>>, Mode) -> BoxFuture<'static, Vec<Option<A>>> + Send + Sync;

/// Requests of one kind: each is an item `I`, whose answer is an `A`.
pub struct Batcher<I, A> {
    options: Options,
    supervisor: Supervisor,
    metrics: Arc<Metrics>,
    room: Room,
    queue: Queue<I, A>,
    alone: Semaphore,
}

impl<I, A> fmt::Debug for Batcher<I, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Batcher").field(&self.options.kind).finish()
    }
}

impl<I: Send + Sync + 'static, A: Send + 'static> Batcher<I, A> {
    /// A batcher without workers: [`Batcher::start`] starts them.
    pub fn new(options: Options, supervisor: &Supervisor, metrics: &Arc<Metrics>) -> Arc<Self> {
        metrics.requests_overloaded.with_label_values(&[options.kind]);
        metrics.batch_requests.with_label_values(&[options.kind]);
        metrics.batch_fallbacks.with_label_values(&[options.kind]);
        Arc::new(Self {
            room: Room::new(options.room),
            options,
            supervisor: supervisor.clone(),
            metrics: Arc::clone(metrics),
            queue: Queue::new(),
            alone: Semaphore::new(ALONE_AT_ONCE),
        })
    }

    /// Starts the workers. They end after `stop`, when nothing waits any more.
    pub fn start(self: &Arc<Self>, stop: &CancellationToken, run: &Arc<Run<I, A>>) {
        for _ in 0..self.options.workers {
            let (batcher, run, stop_worker) = (Arc::clone(self), Arc::clone(run), stop.clone());
            self.supervisor.keep(self.options.kind, stop, move || {
                Arc::clone(&batcher).carry_out_batches(Arc::clone(&run), stop_worker.clone())
            });
        }
    }

    /// Has an item carried out, and answers what became of it. No two items of a batch touch the same id.
    ///
    /// # Errors
    /// [`Unanswered::Overloaded`]: nothing was done, and the caller may try again. [`Unanswered::Panicked`]: the item may have been
    /// carried out.
    pub async fn submit(&self, item: Arc<I>, size: Size, touches: Vec<Uuid>) -> Result<A, Unanswered> {
        let Some(held) = self.room.take(size) else {
            self.metrics.requests_overloaded.with_label_values(&[self.options.kind]).inc();
            return Err(Unanswered::Overloaded);
        };
        let (reply, answer) = oneshot::channel();
        self.queue.push(Request { item, size, touches, reply, span: Span::current(), held });
        answer.await.map_err(|_| Unanswered::Panicked)
    }

    /// Counts a batch that failed as a whole, so that its requests are carried out one by one.
    pub fn count_fallback(&self) {
        self.metrics.batch_fallbacks.with_label_values(&[self.options.kind]).inc();
    }

    /// Whether more waits than goes into the next batch. Batches of one row would not become better by waiting.
    pub fn is_crowded(&self) -> bool {
        self.options.batch.rows > 1 && self.queue.is_beyond(self.options.batch)
    }

    /// Carries out batch after batch, each to its end, also when its callers hang up.
    async fn carry_out_batches(self: Arc<Self>, run: Arc<Run<I, A>>, stop: CancellationToken) {
        let mut may_begin = Instant::now();
        while self.queue.has_any(&stop).await {
            self.hold_back(may_begin).await;
            let batch = self.queue.take(self.options.batch);
            if batch.is_empty() {
                continue;
            }
            may_begin = Instant::now() + self.options.pause;
            #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
            self.metrics.batch_requests.with_label_values(&[self.options.kind]).observe(batch.len() as f64);
            let span = self.span_of(&batch);
            // A panic costs one batch, whose callers are told, and not the worker.
            self.supervisor.catch(Work::Batch, self.carry_out(&run, batch).instrument(span)).await.ok();
        }
    }

    async fn hold_back(&self, may_begin: Instant) {
        if !self.options.pause.is_zero() && !self.is_crowded() {
            sleep_until(may_begin).await;
        }
        for _ in 0..GIVES_WAY_TIMES {
            if !(self.options.gives_way)() {
                break;
            }
            sleep(GIVES_WAY_FOR).await;
        }
    }

    async fn carry_out(self: &Arc<Self>, run: &Arc<Run<I, A>>, batch: Vec<Request<I, A>>) {
        let items = batch.iter().map(|request| Arc::clone(&request.item)).collect();
        let answers = run(items, Mode::Together).await;
        for (request, answer) in batch.into_iter().zip(answers) {
            if let Some(answer) = answer {
                request.answer(answer);
            } else {
                let alone = Arc::clone(self).carry_out_alone(Arc::clone(run), request);
                self.supervisor.start(Work::Batch, alone);
            }
        }
    }

    async fn carry_out_alone(self: Arc<Self>, run: Arc<Run<I, A>>, mut request: Request<I, A>) {
        let permits = async { (self.alone.acquire().await, self.options.alone.acquire().await) };
        let _permits = tokio::select! {
            biased;
            () = request.reply.closed() => return,
            permits = permits => permits,
        };
        if let Some(answer) = run(vec![Arc::clone(&request.item)], Mode::Alone).await.pop().flatten() {
            request.answer(answer);
        }
    }

    /// What traces say of a batch.
    fn span_of(&self, batch: &[Request<I, A>]) -> Span {
        let span = tracing::debug_span!(
            target: "eventlease::traces",
            parent: None,
            "batch",
            otel.name = self.options.kind,
            requests = to_i64(batch.len()),
            rows = to_i64(batch.iter().map(|request| request.size.rows).sum()),
        );
        if !span.is_disabled() {
            for request in batch {
                span.follows_from(&request.span);
            }
        }
        span
    }
}
