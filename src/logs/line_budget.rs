//! How many lines of one kind are logged within a time; the rest is counted.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Shared by all tasks that log lines of one kind.
#[derive(Debug)]
pub struct LineBudget {
    lines: u32,
    window: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    began_at: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl LineBudget {
    /// At most `lines` lines are written in each `window`.
    pub const fn new(lines: u32, window: Duration) -> Self {
        let state = State { began_at: None, written: 0, left_out: 0 };
        Self { lines, window, state: Mutex::new(state) }
    }

    /// Asks for a line. Answers how many were left out since the last one, or `None` where this one is to be left out.
    pub fn take(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock();
        if state.began_at.is_none_or(|began_at| now.duration_since(began_at) >= self.window) {
            state.began_at = Some(now);
            state.written = 0;
        }
        if state.written == self.lines {
            state.left_out += 1;
            return None;
        }
        state.written += 1;
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_budget_are_counted_with_the_next_one() {
        let (budget, start) = (LineBudget::new(2, Duration::from_secs(1)), Instant::now());
        let take = |millis: u64| budget.take(start + Duration::from_millis(millis));
        assert_eq!([0, 10, 20, 999].map(take), [Some(0), Some(0), None, None]);
        assert_eq!([1_000, 1_001, 1_002, 9_000].map(take), [Some(2), Some(0), None, Some(1)]);
    }
}
