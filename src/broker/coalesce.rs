//! Requests of one verb, taken together: all that came in while the batches before were committing
//! share the next statements and the next commit. No timer holds anything up: alone, a request is a
//! batch of one; under load the batches grow by themselves.
//!
//! Each kind of requests has a few workers, which run for as long as the process does (`run_batches`). What has to wait
//! for a lock is set aside for workers of its own (`alone`), so that it stalls nobody else.

mod alone;

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::engines::beat::Beating;
use super::enqueue::Intake;
use super::settle::Settling;
use super::{Broker, Error, Result};
use crate::supervisor::Work;

/// What requests of one kind have done to them together.
pub trait Verb: Send + Sync + Sized + 'static {
    type Item: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Its name in metrics and traces.
    const KIND: &'static str;

    /// Whether the next batch should wait a moment, since something that matters more has piled up.
    fn gives_way(_: &Lanes) -> bool {
        false
    }

    /// Who may carry out requests alone at this moment: all verbs together, unless one has a bound of its own.
    fn alone(broker: &Broker) -> &Semaphore {
        &broker.alone
    }

    /// How much of a batch an item takes up.
    fn size(item: &Self::Item) -> Size;

    /// What no two items of one batch may touch.
    fn touches(item: &Self::Item) -> impl Iterator<Item = Uuid>;

    /// Carries a batch out, with one commit: an answer for each item, or what befell the whole of it. `None`
    /// stands for an item that has to wait for something: it is carried out alone, and then waits.
    fn run(broker: &Broker, items: &[Arc<Self::Item>]) -> impl Future<Output = Result<Answers<Self>>> + Send;
}

pub type Answers<V> = Vec<Option<Result<<V as Verb>::Answer>>>;

#[derive(Clone, Copy, Default, Debug)]
pub struct Size {
    pub rows: usize,
    pub bytes: usize,
}

impl Size {
    const fn and(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, bytes: self.bytes + other.bytes }
    }

    const fn is_beyond(self, bound: Self) -> bool {
        self.rows > bound.rows || self.bytes > bound.bytes
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of one batch; a single item may be larger.
    pub batch: Size,
    /// Of what waits; beyond it a request is refused.
    pub waiting: Size,
    /// Batches under way at once.
    pub under_way: usize,
    /// At least so long from the beginning of one batch to that of the next.
    pub pause: Duration,
}

/// Where requests wait, by what they want.
#[derive(Debug)]
pub struct Lanes {
    pub intake: Lane<Intake>,
    pub keyed_intake: Lane<Intake>,
    pub settling: Lane<Settling>,
    pub heartbeats: Lane<Beating>,
}

/// What an operator may set of it.
#[derive(Clone, Copy, Debug)]
pub struct Coalescing {
    /// Rows of one batch; 1 gives every request a commit of its own.
    pub max_rows: usize,
    /// What may wait of each kind.
    pub max_waiting: Size,
}

/// Of one statement's parameters.
const MAX_BATCH_BYTES: usize = 4 << 20;
/// While one batch commits, the next one can be worked on; more of them only make smaller batches.
const UNDER_WAY: usize = 2;
/// New events wait so long, so often at most, while more reports are waiting than go into a batch.
const GIVES_WAY_FOR: Duration = Duration::from_millis(5);
const GIVES_WAY_TIMES: u32 = 100;
/// Nobody waits for a heartbeat's reply, and they come evenly spread: without a pause each would be alone.
const HEARTBEAT_PAUSE: Duration = Duration::from_millis(200);

impl Lanes {
    pub fn new(coalescing: Coalescing) -> Self {
        let bounds = Bounds {
            batch: Size { rows: coalescing.max_rows, bytes: MAX_BATCH_BYTES },
            waiting: coalescing.max_waiting,
            under_way: UNDER_WAY,
            pause: Duration::ZERO,
        };
        let pause = if coalescing.max_rows > 1 { HEARTBEAT_PAUSE } else { Duration::ZERO };
        Self {
            intake: Lane::new(bounds),
            keyed_intake: Lane::new(bounds),
            settling: Lane::new(bounds),
            heartbeats: Lane::new(Bounds { pause, under_way: 1, ..bounds }),
        }
    }
}

/// Where the requests of one verb wait.
pub struct Lane<V: Verb> {
    bounds: Bounds,
    state: Mutex<State<V>>,
    /// A worker may find something to do.
    wanted: Notify,
    /// So may a worker for single requests.
    alone_wanted: Notify,
}

struct State<V: Verb> {
    waiting: VecDeque<Waiting<V>>,
    /// Those that are carried out one by one.
    alone: VecDeque<Waiting<V>>,
    /// Of those that wait for a batch.
    size: Size,
    alone_size: Size,
    last_began: Option<Instant>,
}

impl<V: Verb> State<V> {
    /// Whether one more item of this size would be more than may wait. A first one is never too large.
    fn is_full(&self, bound: Size, own: Size) -> bool {
        let is_anything_waiting = !self.waiting.is_empty() || !self.alone.is_empty();
        is_anything_waiting && self.size.and(self.alone_size).and(own).is_beyond(bound)
    }
}

struct Waiting<V: Verb> {
    item: Arc<V::Item>,
    reply: oneshot::Sender<Result<V::Answer>>,
    /// Of the request, which is not below the batch but linked to it: a batch has many.
    span: Span,
}

impl<V: Verb> std::fmt::Debug for Lane<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<V: Verb> Lane<V> {
    pub fn new(bounds: Bounds) -> Self {
        let (waiting, alone) = (VecDeque::new(), VecDeque::new());
        let (size, alone_size) = (Size::default(), Size::default());
        let state = State { waiting, alone, size, alone_size, last_began: None };
        Self { bounds, state: Mutex::new(state), wanted: Notify::new(), alone_wanted: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock()
    }

    /// Takes the next batch out, the oldest first; callers that are gone are left out of it.
    fn take(&self) -> Vec<Waiting<V>> {
        let mut state = self.lock();
        let (mut batch, mut size) = (Vec::new(), Size::default());
        let mut touched = HashSet::new();
        let mut passed_over = VecDeque::new();
        while let Some(next) = state.waiting.pop_front() {
            let own = V::size(&next.item);
            if next.reply.is_closed() {
                state.size = state.size.less(own);
                continue;
            }
            if !batch.is_empty() && size.and(own).is_beyond(self.bounds.batch) {
                passed_over.push_back(next);
                break;
            }
            // Of two that touch the same, the later one waits, and so does what touches the same as that one.
            let is_free = V::touches(&next.item).all(|id| !touched.contains(&id));
            touched.extend(V::touches(&next.item));
            if is_free {
                state.size = state.size.less(own);
                size = size.and(own);
                batch.push(next);
            } else {
                passed_over.push_back(next);
            }
        }
        while let Some(left) = passed_over.pop_back() {
            state.waiting.push_front(left);
        }
        if !batch.is_empty() {
            state.last_began = Some(Instant::now());
        }
        // What was left can be begun by another worker.
        if !state.waiting.is_empty() {
            self.wanted.notify_one();
        }
        batch
    }

    /// Returns when something waits for a batch; `false` when nothing does and `stop` was cancelled.
    async fn has_work(&self, stop: &CancellationToken) -> bool {
        loop {
            if !self.lock().waiting.is_empty() {
                return true;
            }
            tokio::select! {
                biased;
                () = self.wanted.notified() => {}
                () = stop.cancelled() => return !self.lock().waiting.is_empty(),
            }
        }
    }

    /// Whether more is waiting than goes into the next batch.
    pub fn is_crowded(&self) -> bool {
        self.bounds.batch.rows > 1 && self.lock().size.is_beyond(self.bounds.batch)
    }

    /// Until when the next batch has to wait.
    fn pause(&self) -> Option<Instant> {
        let state = self.lock();
        let is_crowded = state.size.is_beyond(self.bounds.batch);
        state.last_began.filter(|_| !is_crowded && !self.bounds.pause.is_zero()).map(|began| began + self.bounds.pause)
    }
}

impl Size {
    const fn less(self, other: Self) -> Self {
        Self { rows: self.rows - other.rows, bytes: self.bytes - other.bytes }
    }
}

/// One of the lanes.
type Which<V> = fn(&Lanes) -> &Lane<V>;

/// Puts an item among those that wait, and answers what became of it.
pub async fn submit<V: Verb>(broker: &Arc<Broker>, which: Which<V>, item: Arc<V::Item>) -> Result<V::Answer> {
    let lane = which(&broker.lanes);
    let (reply, answer) = oneshot::channel();
    {
        let mut state = lane.lock();
        let own = V::size(&item);
        if state.is_full(lane.bounds.waiting, own) {
            broker.metrics.requests_overloaded.with_label_values(&[V::KIND]).inc();
            return Err(Error::Overloaded);
        }
        state.size = state.size.and(own);
        state.waiting.push_back(Waiting { item, reply, span: Span::current() });
    }
    lane.wanted.notify_one();
    answer.await.map_err(|_| Error::Crashed)?
}

impl Broker {
    /// Starts the workers that carry requests out. They end after `stop`, when nothing waits any more.
    pub fn start_batches(self: &Arc<Self>, stop: &CancellationToken) {
        start_workers(self, |lanes| &lanes.intake, stop);
        start_workers(self, |lanes| &lanes.keyed_intake, stop);
        start_workers(self, |lanes| &lanes.settling, stop);
        start_workers(self, |lanes| &lanes.heartbeats, stop);
    }
}

fn start_workers<V: Verb>(broker: &Arc<Broker>, which: Which<V>, stop: &CancellationToken) {
    broker.metrics.requests_overloaded.with_label_values(&[V::KIND]);
    broker.metrics.batch_requests.with_label_values(&[V::KIND]);
    for _ in 0..which(&broker.lanes).bounds.under_way {
        let (of_worker, stop_worker) = (Arc::clone(broker), stop.clone());
        broker.supervisor.keep(V::KIND, stop, move || run_batches(Arc::clone(&of_worker), which, stop_worker.clone()));
    }
    alone::start_workers(broker, which, stop);
}

/// Carries out batch after batch. Runs to the end of each whoever hangs up.
async fn run_batches<V: Verb>(broker: Arc<Broker>, which: Which<V>, stop: CancellationToken) {
    let lane = which(&broker.lanes);
    while lane.has_work(&stop).await {
        if let Some(pause) = lane.pause() {
            tokio::time::sleep_until(pause).await;
        }
        for _ in 0..GIVES_WAY_TIMES {
            if !V::gives_way(&broker.lanes) {
                break;
            }
            tokio::time::sleep(GIVES_WAY_FOR).await;
        }
        let batch = lane.take();
        if batch.is_empty() {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        broker.metrics.batch_requests.with_label_values(&[V::KIND]).observe(batch.len() as f64);
        let span = span_of(&batch);
        // A panic costs one batch, whose callers are told, and not the worker.
        broker.supervisor.catch(Work::Batch, carry_out::<V>(&broker, lane, batch).instrument(span)).await.ok();
    }
}

/// What traces tell of a batch.
fn span_of<V: Verb>(batch: &[Waiting<V>]) -> Span {
    let span = tracing::debug_span!(
        target: "eventlease::traces",
        parent: None,
        "batch",
        otel.name = V::KIND,
        requests = number(batch.len()),
        rows = number(batch.iter().map(|waiting| V::size(&waiting.item).rows).sum()),
    );
    if !span.is_disabled() {
        for waiting in batch {
            span.follows_from(&waiting.span);
        }
    }
    span
}

/// As traces have numbers.
pub(super) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn carry_out<V: Verb>(broker: &Broker, lane: &Lane<V>, batch: Vec<Waiting<V>>) {
    let items: Vec<_> = batch.iter().map(|waiting| Arc::clone(&waiting.item)).collect();
    let answers = match broker.in_time(V::run(broker, &items)).await {
        Ok(answers) => answers,
        // One bad item must not fail its neighbours. Where the database itself is the trouble, once is enough.
        Err(error) if items.len() == 1 || !error.is_of_one_item() => {
            items.iter().map(|_| Some(Err(error.clone()))).collect()
        }
        Err(error) => {
            broker.troubles.note_batch_failure(&error);
            items.iter().map(|_| None).collect()
        }
    };
    for (waiting, answer) in batch.into_iter().zip(answers) {
        match answer {
            // Who is not there any more may repeat the call.
            Some(answer) => drop(waiting.reply.send(answer)),
            None => lane.set_aside(waiting, &broker.metrics),
        }
    }
}
