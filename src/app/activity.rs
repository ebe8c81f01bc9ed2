//! What a connection is doing, and since when: written by its own task, read also by whoever looks for room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// For which time a connection that has asked before is left alone between two requests, and while it sends headers, also
/// where room is short.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// What one connection is doing, and since when.
#[derive(Debug)]
pub struct ConnectionActivity {
    began: Instant,
    /// Milliseconds since `began`, and the phase in the last three bits.
    state: AtomicU64,
}

/// What a connection may be doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Headers are awaited, of which some have come.
    Headers,
    /// A handler works.
    Busy,
    /// A reply is being sent.
    Sending,
    /// Nothing happens at all.
    Quiet,
    /// Nothing has come in yet.
    Silent,
}

/// How little is lost when a connection is ended, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EvictionOrder {
    /// A connection that has sent nothing yet.
    Silent,
    /// A connection between two requests.
    Quiet,
    /// The headers of a request, as far as they have come.
    Headers,
    /// The rest of a reply that is taken slowly.
    Reply,
}

impl ConnectionActivity {
    /// A connection that was just opened.
    pub fn new() -> Self {
        Self { began: Instant::now(), state: AtomicU64::new(Phase::Silent as u64) }
    }

    /// The connection does this from now on.
    pub fn set(&self, phase: Phase) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX >> 3);
        self.state.store((millis << 3) | phase as u64, Ordering::Relaxed);
    }

    /// What the connection is doing, and since when.
    pub fn get(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 7 {
            0 => Phase::Headers,
            1 => Phase::Busy,
            2 => Phase::Sending,
            3 => Phase::Quiet,
            _ => Phase::Silent,
        };
        (phase, self.began + Duration::from_millis(state >> 3))
    }

    /// Bytes came in.
    pub fn received(&self) {
        match self.get().0 {
            Phase::Quiet | Phase::Silent => self.set(Phase::Headers),
            Phase::Headers | Phase::Busy | Phase::Sending => {}
        }
    }

    /// All that there was to send went out: a reply, if it is not a `100 Continue`.
    pub fn flushed(&self) {
        if self.get().0 == Phase::Sending {
            self.set(Phase::Quiet);
        }
    }

    /// What is lost if the connection is ended now, and since when that has been so; `None` where somebody may be waiting
    /// for a reply.
    pub fn eviction_order(&self, now: Instant) -> Option<(EvictionOrder, Instant)> {
        let (phase, since) = self.get();
        let order = match phase {
            Phase::Silent => return Some((EvictionOrder::Silent, since)),
            Phase::Quiet => EvictionOrder::Quiet,
            Phase::Headers => EvictionOrder::Headers,
            Phase::Sending => EvictionOrder::Reply,
            Phase::Busy => return None,
        };
        (since + LEFT_ALONE <= now).then_some((order, since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_reply_is_never_ended_and_what_has_asked_is_left_alone_for_a_while() {
        let activity = ConnectionActivity::new();
        let (now, later) = (Instant::now(), Instant::now() + 2 * LEFT_ALONE);
        let order = |at| activity.eviction_order(at).map(|(order, _)| order);
        activity.flushed();
        assert_eq!(order(now), Some(EvictionOrder::Silent));
        activity.received();
        assert_eq!((order(now), order(later)), (None, Some(EvictionOrder::Headers)));
        activity.set(Phase::Busy);
        activity.received();
        assert_eq!((order(now), order(later)), (None, None));
        activity.set(Phase::Sending);
        assert_eq!((order(now), order(later)), (None, Some(EvictionOrder::Reply)));
        activity.flushed();
        assert_eq!((order(now), order(later)), (None, Some(EvictionOrder::Quiet)));
        assert!(
            [EvictionOrder::Silent, EvictionOrder::Quiet, EvictionOrder::Headers, EvictionOrder::Reply].is_sorted()
        );
    }
}
