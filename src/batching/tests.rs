//! The batcher, with batches that do what each test wants: they say when they have begun, and end when they are let go.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join_all, poll_immediate};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Batcher, Mode, Options, Run, Size, Unanswered, together_or_alone};
use crate::metrics::Metrics;
use crate::supervisor::Supervisor;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Error {
    /// Of one item of the batch.
    OfOne,
    /// Of the database, and so of all.
    OfAll,
}

/// What the items of a batch do to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Item {
    Plain(u32),
    /// Must be alone.
    Locked,
    FailsItsBatch,
    FailsTheDatabase,
    Panics,
}
use Item::{FailsItsBatch, FailsTheDatabase, Locked, Panics, Plain};

type Answer = Result<Item, Error>;
type Replied = Result<Answer, Unanswered>;

#[expect(clippy::unnecessary_wraps, reason = "replies are compared with it")]
const fn done(item: Item) -> Replied {
    Ok(Ok(item))
}

struct Fixture {
    batcher: Arc<Batcher<Item, Answer>>,
    supervisor: Supervisor,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    /// One permit lets one batch go on.
    gate: Arc<Semaphore>,
    /// The items of each batch that has begun.
    begun: mpsc::UnboundedReceiver<Vec<Item>>,
}

/// One worker, whose batches hold at most four rows.
fn options() -> Options {
    Options {
        kind: "tested",
        batch: Size { rows: 4, bytes: 100 },
        room: Size { rows: 12, bytes: 1000 },
        workers: 1,
        pause: Duration::ZERO,
        gives_way: Box::new(|| false),
        alone: Arc::new(Semaphore::new(2)),
    }
}

fn outcome_of(items: &[Arc<Item>], mode: Mode) -> Result<Vec<Option<Answer>>, Error> {
    assert!(!items.iter().any(|item| **item == Panics), "told to");
    if items.iter().any(|item| **item == FailsTheDatabase) {
        return Err(Error::OfAll);
    }
    if items.iter().any(|item| **item == FailsItsBatch) {
        return Err(Error::OfOne);
    }
    let must_be_alone = |item: &Item| *item == Locked && mode == Mode::Together;
    Ok(items.iter().map(|item| (!must_be_alone(item)).then_some(Ok(**item))).collect())
}

impl Fixture {
    /// Batches wait at the gate.
    fn gated(options: Options) -> Self {
        Self::with_gate(options, 0)
    }

    /// Batches go on at once.
    fn open(options: Options) -> Self {
        Self::with_gate(options, 1000)
    }

    fn with_gate(options: Options, permits: usize) -> Self {
        let metrics = Arc::new(Metrics::new(1));
        let (supervisor, stop) = (Supervisor::new(Arc::clone(&metrics)), CancellationToken::new());
        let batcher = Batcher::new(options, &supervisor, &metrics);
        let (has_begun, begun) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(permits));
        let at_gate = Arc::clone(&gate);
        let run: Arc<Run<Item, Answer>> = Arc::new(move |items, mode| {
            has_begun.send(items.iter().map(|item| **item).collect()).expect("the test is there");
            let gate = Arc::clone(&at_gate);
            Box::pin(async move {
                gate.acquire().await.expect("it is never closed").forget();
                together_or_alone(items.len(), mode, outcome_of(&items, mode), |error| *error == Error::OfOne)
            })
        });
        batcher.start(&stop, &run);
        Self { batcher, supervisor, metrics, stop, gate, begun }
    }

    /// Lets the next batches go on.
    fn let_go(&self, batches: usize) {
        self.gate.add_permits(batches);
    }

    async fn submit(&self, item: Item, rows: usize) -> Replied {
        self.batcher.submit(Arc::new(item), Size { rows, bytes: 0 }, Vec::new()).await
    }

    /// Submits one item a row, all while the batch of a first one is under way; answers the first's and theirs.
    async fn submit_behind_one(&mut self, items: &[Item]) -> Vec<Replied> {
        let batcher = Arc::clone(&self.batcher);
        let submit = |item| batcher.submit(Arc::new(item), Size { rows: 1, bytes: 0 }, Vec::new());
        let mut first = Box::pin(submit(Plain(0)));
        assert_eq!(poll_immediate(&mut first).await, None);
        assert_eq!(self.begun.recv().await, Some(vec![Plain(0)]));
        let mut others = Box::pin(join_all(items.iter().map(|item| submit(*item))));
        assert!(poll_immediate(&mut others).await.is_none());
        self.let_go(100);
        let mut answers = vec![first.await];
        answers.extend(others.await);
        answers
    }

    /// The batches that have begun, beside those that were received.
    fn batches(&mut self) -> Vec<Vec<Item>> {
        std::iter::from_fn(|| self.begun.try_recv().ok()).collect()
    }

    fn shown(&self, line: &str) -> bool {
        self.metrics.render().lines().any(|shown| shown == line)
    }
}

#[tokio::test]
async fn requests_that_come_while_a_batch_is_under_way_share_the_next() {
    let mut tested = Fixture::gated(options());
    let answers = tested.submit_behind_one(&[1, 2, 3, 4, 5].map(Plain)).await;
    assert_eq!(answers, [0, 1, 2, 3, 4, 5].map(|n| done(Plain(n))));
    assert_eq!(tested.batches(), [[1, 2, 3, 4].map(Plain).to_vec(), vec![Plain(5)]]);
    assert!(tested.shown("eventlease_batch_requests_count{kind=\"tested\"} 3"));
    assert!(tested.shown("eventlease_batch_requests_sum{kind=\"tested\"} 6"));
}

#[tokio::test]
async fn with_batches_of_one_row_each_request_has_its_own() {
    let mut tested = Fixture::gated(Options { batch: Size { rows: 1, bytes: 100 }, ..options() });
    tested.submit_behind_one(&[1, 2, 3].map(Plain)).await;
    assert_eq!(tested.batches(), [1, 2, 3].map(|n| vec![Plain(n)]));
}

#[tokio::test]
async fn a_request_that_is_larger_than_a_batch_and_than_the_room_is_carried_out() {
    let tested = Fixture::open(options());
    assert_eq!(tested.submit(Plain(1), 1000).await, done(Plain(1)));
}

#[tokio::test]
async fn of_requests_that_touch_the_same_one_goes_with_each_batch_in_their_order() {
    let mut tested = Fixture::gated(options());
    let batcher = Arc::clone(&tested.batcher);
    let submit = |n: u32, touches: &[u128]| {
        let touches = touches.iter().map(|id| Uuid::from_u128(*id)).collect();
        batcher.submit(Arc::new(Plain(n)), Size { rows: 1, bytes: 0 }, touches)
    };
    let mut first = Box::pin(submit(0, &[]));
    assert_eq!(poll_immediate(&mut first).await, None);
    tested.begun.recv().await.expect("the first");
    // The third touches what the second does, which waits: it must not overtake that.
    let mut others = Box::pin(join_all([submit(1, &[1]), submit(2, &[1, 2]), submit(3, &[2]), submit(4, &[4])]));
    assert!(poll_immediate(&mut others).await.is_none());
    tested.let_go(100);
    others.await;
    assert_eq!(tested.batches(), [vec![Plain(1), Plain(4)], vec![Plain(2)], vec![Plain(3)]]);
}

#[tokio::test]
async fn beyond_the_room_requests_are_refused_until_one_is_answered() {
    let mut tested = Fixture::gated(options());
    let batcher = Arc::clone(&tested.batcher);
    let submit = |rows| batcher.submit(Arc::new(Plain(0)), Size { rows, bytes: 0 }, Vec::new());
    let mut under_way = Box::pin(submit(4));
    assert_eq!(poll_immediate(&mut under_way).await, None);
    tested.begun.recv().await.expect("the first");
    let mut waiting = Box::pin(submit(8));
    assert_eq!(poll_immediate(&mut waiting).await, None);
    assert_eq!(submit(1).await, Err(Unanswered::Overloaded));
    assert!(tested.shown("eventlease_requests_overloaded_total{kind=\"tested\"} 1"));
    tested.let_go(1);
    assert_eq!(under_way.await, done(Plain(0)));
    let mut again = Box::pin(submit(4));
    assert_eq!(poll_immediate(&mut again).await, None);
    tested.let_go(2);
    assert_eq!((waiting.await, again.await), (done(Plain(0)), done(Plain(0))));
}

#[tokio::test]
async fn a_large_request_is_let_in_while_small_ones_hold_a_part_of_the_room() {
    let tested = Fixture::gated(options());
    let submit = |rows| Box::pin(tested.submit(Plain(0), rows));
    let (mut small, mut large) = (submit(2), submit(11));
    assert_eq!((poll_immediate(&mut small).await, poll_immediate(&mut large).await), (None, None));
    assert_eq!(submit(1).await, Err(Unanswered::Overloaded), "the room is full now");
    tested.let_go(2);
    assert_eq!((small.await, large.await), (done(Plain(0)), done(Plain(0))));
}

/// While requests wait to be carried out alone, they count as they did before.
#[tokio::test]
async fn what_is_carried_out_alone_holds_its_room_until_its_caller_hangs_up() {
    let mut tested = Fixture::gated(Options { alone: Arc::new(Semaphore::new(0)), ..options() });
    let batcher = Arc::clone(&tested.batcher);
    let submit = |item, rows| batcher.submit(Arc::new(item), Size { rows, bytes: 0 }, Vec::new());
    let mut first = Box::pin(submit(Plain(0), 1));
    assert_eq!(poll_immediate(&mut first).await, None);
    tested.begun.recv().await.expect("the first");
    let mut pair = Box::pin(join_all([submit(Locked, 10), submit(Plain(1), 1)]));
    assert!(poll_immediate(&mut pair).await.is_none());
    tested.let_go(3);
    assert!(matches!(first.await, Ok(Ok(_))));
    // Its neighbour is answered; it waits for a permit.
    let mut neighbour = Box::pin(submit(Plain(2), 1));
    assert_eq!(poll_immediate(&mut neighbour).await, None);
    tested.let_go(1);
    assert!(matches!(neighbour.await, Ok(Ok(_))));
    assert!(poll_immediate(&mut pair).await.is_none(), "one of the pair cannot be carried out");
    let mut last = Box::pin(submit(Plain(3), 2));
    assert_eq!(poll_immediate(&mut last).await, None);
    assert_eq!(submit(Plain(4), 1).await, Err(Unanswered::Overloaded));
    drop(pair);
    tested.supervisor.wait_for_works().await;
    tested.let_go(2);
    assert_eq!(submit(Plain(4), 1).await, done(Plain(4)));
    assert_eq!(last.await, done(Plain(3)));
}

#[tokio::test]
async fn what_has_to_wait_for_a_lock_is_carried_out_alone() {
    let mut tested = Fixture::gated(options());
    let answers = tested.submit_behind_one(&[Plain(1), Locked, Plain(2)]).await;
    assert_eq!(answers, [Plain(0), Plain(1), Locked, Plain(2)].map(done));
    assert_eq!(tested.batches(), [vec![Plain(1), Locked, Plain(2)], vec![Locked]]);
}

/// Else it would keep the only worker from all that comes behind it.
#[tokio::test]
async fn what_has_to_wait_for_a_lock_does_so_alone_although_nothing_else_is_there() {
    let mut tested = Fixture::open(options());
    assert_eq!(tested.submit(Locked, 1).await, done(Locked));
    assert_eq!(tested.batches(), [[Locked], [Locked]]);
}

#[tokio::test]
async fn a_batch_that_fails_because_of_one_is_carried_out_one_by_one() {
    let mut tested = Fixture::gated(options());
    let answers = tested.submit_behind_one(&[Plain(1), FailsItsBatch, Plain(2)]).await;
    assert_eq!(answers, [done(Plain(0)), done(Plain(1)), Ok(Err(Error::OfOne)), done(Plain(2))]);
    assert_eq!(tested.batches().len(), 4, "the batch, and each of its three");
}

#[tokio::test]
async fn a_batch_that_fails_because_of_the_database_is_tried_once() {
    let mut tested = Fixture::gated(options());
    let answers = tested.submit_behind_one(&[Plain(1), FailsTheDatabase]).await;
    assert_eq!(answers, [done(Plain(0)), Ok(Err(Error::OfAll)), Ok(Err(Error::OfAll))]);
    assert_eq!(tested.batches().len(), 1);
}

#[tokio::test]
async fn a_panic_costs_one_batch() {
    let mut tested = Fixture::gated(options());
    let answers = tested.submit_behind_one(&[Plain(1), Panics, Plain(2), Plain(3), Plain(4)]).await;
    let lost = Err(Unanswered::Panicked);
    assert_eq!(answers, [done(Plain(0)), lost, lost, lost, lost, done(Plain(4))]);
}

#[tokio::test]
async fn callers_that_are_gone_are_left_out() {
    let mut tested = Fixture::gated(options());
    let batcher = Arc::clone(&tested.batcher);
    let submit = |n| batcher.submit(Arc::new(Plain(n)), Size { rows: 4, bytes: 0 }, Vec::new());
    let mut first = Box::pin(submit(0));
    assert_eq!(poll_immediate(&mut first).await, None);
    tested.begun.recv().await.expect("the first");
    let (mut gone, mut there) = (Box::pin(submit(1)), Box::pin(submit(2)));
    assert_eq!((poll_immediate(&mut gone).await, poll_immediate(&mut there).await), (None, None));
    drop(gone);
    tested.let_go(2);
    assert!(matches!(there.await, Ok(Ok(_))));
    assert_eq!(tested.batches(), [vec![Plain(2)]]);
}

/// A caller that sends its next request, which needs the whole room, the moment the first is answered.
struct Caller {
    batcher: Arc<Batcher<Item, Answer>>,
    is_next_let_in: Mutex<Option<bool>>,
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        let next = self.batcher.submit(Arc::new(Plain(2)), options().room, Vec::new());
        *self.is_next_let_in.lock() = Some(next.now_or_never().is_none());
    }
}

#[tokio::test]
async fn a_request_gives_its_room_back_before_its_caller_is_answered() {
    for item in [Plain(1), Locked] {
        let tested = Fixture::open(options());
        let caller = Arc::new(Caller { batcher: Arc::clone(&tested.batcher), is_next_let_in: Mutex::default() });
        let mut first = pin!(tested.submit(item, options().room.rows));
        assert!(first.as_mut().poll(&mut Context::from_waker(&Arc::clone(&caller).into())).is_pending());
        while caller.is_next_let_in.lock().is_none() {
            yield_now().await;
        }
        assert_eq!(*caller.is_next_let_in.lock(), Some(true), "the next request of {item:?} is refused");
    }
}

#[tokio::test]
async fn all_that_waits_at_a_stop_is_carried_out() {
    let mut tested = Fixture::gated(options());
    let batcher = Arc::clone(&tested.batcher);
    let submit = |item| batcher.submit(Arc::new(item), Size { rows: 2, bytes: 0 }, Vec::new());
    let items = [Plain(1), Plain(2), Plain(3), Locked, Plain(4)];
    let mut all = Box::pin(join_all(items.map(submit)));
    assert!(poll_immediate(&mut all).await.is_none());
    tested.begun.recv().await.expect("a batch");
    tested.stop.cancel();
    tested.let_go(100);
    tested.supervisor.wait_for_all().await;
    assert_eq!(poll_immediate(&mut all).await, Some(items.map(done).to_vec()));
}

#[tokio::test]
async fn batches_with_a_pause_begin_so_far_apart_unless_more_waits_than_goes_into_one() {
    let pause = Duration::from_millis(50);
    let tested = Fixture::open(Options { pause, ..options() });
    let began = Instant::now();
    assert!(matches!(tested.submit(Plain(1), 1).await, Ok(Ok(_))));
    assert!(matches!(tested.submit(Plain(2), 1).await, Ok(Ok(_))));
    assert!(began.elapsed() >= pause);

    let mut tested = Fixture::gated(Options { pause: Duration::from_hours(1), ..options() });
    // The last one of them is alone, and would wait for an hour.
    let items = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(Plain);
    let mut all = Box::pin(tested.submit_behind_one(&items));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut all).await.is_err());
    drop(all);
    assert_eq!(tested.batches(), [[1, 2, 3, 4].map(Plain).to_vec(), [5, 6, 7, 8].map(Plain).to_vec()]);
}

#[tokio::test]
async fn a_batch_gives_way_for_as_long_as_it_is_told_to() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let gives_way = Box::new(move || {
        let mut asked = counted.lock();
        *asked += 1;
        *asked <= 3
    });
    let tested = Fixture::open(Options { gives_way, ..options() });
    assert!(matches!(tested.submit(Plain(1), 1).await, Ok(Ok(_))));
    assert_eq!(*asked.lock(), 4);
    assert!(!tested.batcher.is_crowded());
}
