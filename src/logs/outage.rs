//! A trouble that lasts. It is logged once when it begins, and once when it has ended, however often it is met between.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A trouble that begins again sooner than this after its end comes and goes.
const RECURS_WITHIN: Duration = Duration::from_mins(1);
/// A trouble that comes and goes must be absent for longer each time before it counts as ended, and for this long at most.
const MAX_QUIET: Duration = Duration::from_mins(1);

/// One trouble: logged when it begins and when it ends.
#[derive(Debug)]
pub struct Outage {
    /// In the log, when it begins: "the database is not available".
    begins: Cow<'static, str>,
    /// And when it has ended: "the database is available again".
    ends: Cow<'static, str>,
    /// How long it must be absent before a success ends it.
    quiet: Duration,
    /// So that a success costs nothing while there is no trouble.
    is_on: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    ended_at: Option<Instant>,
    /// `quiet`, or longer while the trouble comes and goes.
    quiet: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    began_at: Instant,
    met_at: Instant,
    times: u64,
    refused_requests: u64,
}

/// An outage that is over.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Over {
    lasted: Duration,
    times: u64,
    refused_requests: u64,
}

impl Outage {
    /// One that ends with the first success.
    pub fn new(begins: impl Into<Cow<'static, str>>, ends: impl Into<Cow<'static, str>>) -> Self {
        let (begins, ends) = (begins.into(), ends.into());
        Self { begins, ends, quiet: Duration::ZERO, is_on: AtomicBool::new(false), state: Mutex::default() }
    }

    /// Makes a success end it only after it was absent for that long: others may still be failing.
    #[must_use]
    pub const fn ending_after(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// Whether it has begun and not ended.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Notes that something failed by it.
    pub fn note_failure(&self, cause: &dyn Display) {
        self.note(cause, 0);
    }

    /// Notes that a request was refused by it.
    pub fn note_refusal(&self, cause: &dyn Display) {
        self.note(cause, 1);
    }

    fn note(&self, cause: &dyn Display, refused_requests: u64) {
        let mut state = self.state.lock();
        let begins = state.fail(Instant::now(), self.quiet, refused_requests);
        self.is_on.store(true, Ordering::Relaxed);
        drop(state);
        if begins {
            tracing::warn!(%cause, "{}", self.begins);
        } else {
            tracing::debug!(%cause, "again: {}", self.begins);
        }
    }

    /// Notes that what it keeps from working has worked.
    pub fn note_success(&self) {
        if !self.is_on() {
            return;
        }
        let mut state = self.state.lock();
        let Some(over) = state.succeed(Instant::now()) else { return };
        self.is_on.store(false, Ordering::Relaxed);
        drop(state);
        let Over { lasted, times, refused_requests } = over;
        let seconds = lasted.as_secs();
        let refused_requests = (refused_requests > 0).then_some(refused_requests);
        tracing::warn!(seconds, times, refused_requests, "{}", self.ends);
    }
}

impl State {
    /// Answers whether it begins with that.
    fn fail(&mut self, now: Instant, quiet: Duration, refused_requests: u64) -> bool {
        if let Some(current) = &mut self.current {
            current.met_at = now;
            current.times += 1;
            current.refused_requests += refused_requests;
            return false;
        }
        let recurs = self.ended_at.is_some_and(|ended_at| now.duration_since(ended_at) < RECURS_WITHIN);
        self.quiet = if recurs { (self.quiet * 2).clamp(Duration::from_secs(1), MAX_QUIET) } else { quiet };
        self.current = Some(Current { began_at: now, met_at: now, times: 1, refused_requests });
        true
    }

    fn succeed(&mut self, now: Instant) -> Option<Over> {
        let Current { began_at, met_at, times, refused_requests } = self.current?;
        if now.duration_since(met_at) < self.quiet {
            return None;
        }
        self.current = None;
        self.ended_at = Some(now);
        Some(Over { lasted: now.duration_since(began_at), times, refused_requests })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(2);

    /// What is logged of events at these seconds: `x` a failure, `r` a refused request, `.` a success.
    fn logged(quiet: Duration, events: &[(u64, char)]) -> Vec<(u64, Option<Over>)> {
        let (mut state, start) = (State::default(), Instant::now());
        let mut lines = Vec::new();
        for (second, event) in events {
            let now = start + Duration::from_secs(*second);
            match event {
                '.' => lines.extend(state.succeed(now).map(|over| (*second, Some(over)))),
                _ => {
                    if state.fail(now, quiet, u64::from(*event == 'r')) {
                        lines.push((*second, None));
                    }
                }
            }
        }
        lines
    }

    fn over(seconds: u64, times: u64, refused_requests: u64) -> Over {
        Over { lasted: Duration::from_secs(seconds), times, refused_requests }
    }

    #[test]
    fn an_outage_is_two_lines_however_often_it_is_met() {
        let mut events = vec![(0, '.'), (1, 'x')];
        events.extend((2..12).map(|second| (second, 'r')));
        events.extend([(12, '.'), (13, '.'), (14, '.')]);
        assert_eq!(logged(QUIET, &events), [(1, None), (13, Some(over(12, 11, 10)))]);
    }

    #[test]
    fn a_success_between_failures_ends_nothing() {
        let events: Vec<(u64, char)> =
            (0..100).flat_map(|second| [(second, 'r'), (second, '.')]).chain([(102, '.')]).collect();
        assert_eq!(logged(QUIET, &events), [(0, None), (102, Some(over(102, 100, 100)))]);
    }

    #[test]
    fn without_a_quiet_time_the_first_success_ends_it() {
        assert_eq!(logged(Duration::ZERO, &[(0, 'x'), (3, '.'), (4, '.')]), [(0, None), (3, Some(over(3, 1, 0)))]);
    }

    #[test]
    fn what_comes_and_goes_for_hours_is_a_line_a_minute_at_most() {
        let events: Vec<(u64, char)> =
            (0..7_200).map(|second| (second, if second % 5 == 0 { 'x' } else { '.' })).collect();
        let lines = logged(QUIET, &events);
        assert!(lines.len() <= 8, "{lines:?}");
        // What has been well for a minute is logged as at first.
        let events = [(0, 'x'), (9, '.'), (10, 'x'), (12, '.'), (14, '.'), (100, 'x'), (102, '.')];
        let lines: Vec<u64> = logged(QUIET, &events).into_iter().map(|(second, _)| second).collect();
        assert_eq!(lines, [0, 9, 10, 14, 100, 102]);
    }
}
