//! Requests that are carried out one by one: those that have to wait for somebody's lock, and those of a batch that failed
//! as a whole. They count against the same bound as all that waits.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Lane, Verb, Waiting, Which};
use crate::broker::{Broker, Error};
use crate::metrics::Metrics;
use crate::supervisor::Work;

/// Workers of one verb. Most of the time they wait for locks; `Verb::alone` bounds their connections.
const WORKERS: usize = 4;

impl<V: Verb> Lane<V> {
    /// Sets a request aside, to be carried out alone. Where as much waits as may, it is refused.
    pub(super) fn set_aside(&self, waiting: Waiting<V>, metrics: &Metrics) {
        let mut state = self.lock();
        let own = V::size(&waiting.item);
        if state.is_full(self.bounds.waiting, own) {
            drop(state);
            metrics.requests_overloaded.with_label_values(&[V::KIND]).inc();
            drop(waiting.reply.send(Err(Error::Overloaded)));
            return;
        }
        state.alone_size = state.alone_size.and(own);
        state.alone.push_back(waiting);
        drop(state);
        self.alone_wanted.notify_one();
    }

    /// The oldest one whose caller is still there.
    fn take_alone(&self) -> Option<Waiting<V>> {
        let mut state = self.lock();
        while let Some(next) = state.alone.pop_front() {
            state.alone_size = state.alone_size.less(V::size(&next.item));
            if !next.reply.is_closed() {
                return Some(next);
            }
        }
        None
    }

    /// Returns when a request is set aside; `false` when none is and `stop` was cancelled.
    async fn has_work_alone(&self, stop: &CancellationToken) -> bool {
        loop {
            if !self.lock().alone.is_empty() {
                return true;
            }
            tokio::select! {
                biased;
                () = self.alone_wanted.notified() => {}
                () = stop.cancelled() => return !self.lock().alone.is_empty(),
            }
        }
    }
}

pub(super) fn start_workers<V: Verb>(broker: &Arc<Broker>, which: Which<V>, stop: &CancellationToken) {
    for _ in 0..WORKERS {
        let (of_worker, stop_worker) = (Arc::clone(broker), stop.clone());
        broker.supervisor.keep(V::KIND, stop, move || run(Arc::clone(&of_worker), which, stop_worker.clone()));
    }
}

async fn run<V: Verb>(broker: Arc<Broker>, which: Which<V>, stop: CancellationToken) {
    let lane = which(&broker.lanes);
    while lane.has_work_alone(&stop).await {
        let _permit = V::alone(&broker).acquire().await;
        // Taken only now: whoever hung up meanwhile is passed over.
        let Some(Waiting { item, reply, .. }) = lane.take_alone() else { continue };
        let carried_out = async {
            let answer = match broker.in_time(V::run(&broker, &[item])).await {
                Ok(mut answers) => answers.pop().flatten().unwrap_or(Err(Error::Crashed)),
                Err(error) => Err(error),
            };
            drop(reply.send(answer));
        };
        broker.supervisor.catch(Work::Batch, carried_out).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tracing::Span;
    use uuid::Uuid;

    use super::*;
    use crate::broker::Result;
    use crate::broker::coalesce::{Answers, Bounds, Size};

    /// A verb whose items are their own size.
    struct Measured;

    impl Verb for Measured {
        type Item = usize;
        type Answer = ();

        const KIND: &'static str = "measured";

        fn size(rows: &usize) -> Size {
            Size { rows: *rows, bytes: 0 }
        }

        fn touches(_: &usize) -> impl Iterator<Item = Uuid> {
            std::iter::empty()
        }

        async fn run(_: &Broker, items: &[Arc<usize>]) -> Result<Answers<Self>> {
            Ok(items.iter().map(|_| Some(Ok(()))).collect())
        }
    }

    fn lane() -> Lane<Measured> {
        let bound = Size { rows: 10, bytes: 1 };
        Lane::new(Bounds { batch: bound, waiting: bound, under_way: 1, pause: Duration::ZERO })
    }

    fn waiting(rows: usize) -> (Waiting<Measured>, oneshot::Receiver<Result<()>>) {
        let (reply, answer) = oneshot::channel();
        (Waiting { item: Arc::new(rows), reply, span: Span::none() }, answer)
    }

    #[test]
    fn a_request_whose_caller_is_gone_is_passed_over() {
        let (lane, metrics) = (lane(), Metrics::new(1));
        let (departed, answer) = waiting(3);
        lane.set_aside(departed, &metrics);
        drop(answer);
        let (present, _answer) = waiting(4);
        lane.set_aside(present, &metrics);
        assert_eq!(lane.take_alone().map(|taken| *taken.item), Some(4));
        assert!(lane.take_alone().is_none());
        assert_eq!(lane.lock().alone_size.rows, 0);
    }

    #[test]
    fn what_is_set_aside_counts_against_the_bound_and_is_refused_beyond_it() {
        let (lane, metrics) = (lane(), Metrics::new(1));
        let (first, _first_answer) = waiting(8);
        lane.set_aside(first, &metrics);
        assert!(lane.lock().is_full(lane.bounds.waiting, Size { rows: 3, bytes: 0 }));
        let (second, mut second_answer) = waiting(3);
        lane.set_aside(second, &metrics);
        assert!(matches!(second_answer.try_recv(), Ok(Err(Error::Overloaded))));
        let (third, mut third_answer) = waiting(2);
        lane.set_aside(third, &metrics);
        assert!(third_answer.try_recv().is_err(), "there is room for it");
    }
}
