//! Wakes that come while a connection is polled, mostly from itself: hyper wakes its own task whenever a handler takes a piece of
//! the body. By way of the scheduler, each of these would wake another thread, which finds nothing to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Nobody polls, and nobody has woken since the last time.
const IDLE: u8 = 0;
const POLLING: u8 = 1;
/// Woken while it was polled, or since then; in the second case the task is told.
const WOKEN: u8 = 2;

/// What is woken more often than this in one go takes its turn behind other tasks.
const MAX_POLLS: u32 = 2;

/// Polls again at once what is woken while it is polled.
#[derive(Debug)]
pub struct OwnWakes {
    wakes: Arc<Wakes>,
    waker: Waker,
}

#[derive(Debug)]
struct Wakes {
    state: AtomicU8,
    task: AtomicWaker,
}

impl OwnWakes {
    /// For one connection.
    pub fn new() -> Self {
        let wakes = Arc::new(Wakes { state: AtomicU8::new(IDLE), task: AtomicWaker::new() });
        Self { waker: Waker::from(Arc::clone(&wakes)), wakes }
    }

    /// Polls, and once more if that was woken meanwhile.
    pub fn poll<T>(&self, context: &Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.wakes.task.register(context.waker());
        for _ in 0..MAX_POLLS {
            self.wakes.state.swap(POLLING, Ordering::AcqRel);
            let outcome = poll(&mut Context::from_waker(&self.waker));
            let was_woken =
                || self.wakes.state.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_err();
            if outcome.is_ready() || !was_woken() {
                return outcome;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever polls looks at it in the end, and whoever found it idle has told the task.
        if self.state.swap(WOKEN, Ordering::AcqRel) == IDLE {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls what wakes itself so often; says how often it was polled, and how often its task was woken.
    fn polled(own: &OwnWakes, task: &Arc<Task>, wakes: u32) -> (u32, usize) {
        let mut polls = 0;
        let of_task = Waker::from(Arc::clone(task));
        let outcome: Poll<()> = own.poll(&Context::from_waker(&of_task), |context| {
            polls += 1;
            if polls <= wakes {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert!(outcome.is_pending());
        (polls, task.0.swap(0, Ordering::Relaxed))
    }

    #[test]
    fn what_wakes_itself_is_polled_again_at_once_but_not_for_ever() {
        let (own, task) = (OwnWakes::new(), Arc::default());
        assert_eq!(polled(&own, &task, 0), (1, 0));
        assert_eq!(polled(&own, &task, 1), (2, 0));
        assert_eq!(polled(&own, &task, 9), (2, 1));
        assert_eq!(polled(&own, &task, 0), (1, 0));
    }

    #[test]
    fn what_is_woken_later_wakes_its_task_once_until_it_is_polled() {
        let (own, task) = (OwnWakes::new(), Arc::default());
        for _ in 0..2 {
            assert_eq!(polled(&own, &task, 0), (1, 0));
            own.waker.wake_by_ref();
            own.waker.wake_by_ref();
            assert_eq!(task.0.swap(0, Ordering::Relaxed), 1);
        }
    }
}
