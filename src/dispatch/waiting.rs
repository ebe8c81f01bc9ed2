//! Polls that wait for events: which of them to serve now, and which can go on waiting.
//!
//! A waiting poll is served, by a claim, when its queue may have events for it; else it costs nothing. Commits of this
//! replica say at once how many events came, notifications say so of other replicas, and the recheck finds all else, once
//! an interval for all waiting polls together.

mod admission; // a poll comes, waits and goes
mod claiming; // polls are taken out to be served by a claim, and what follows from it
mod changes; // events came, places became free, engines changed
mod checking; // what the recheck is to find out, and what follows from it
mod state; // all waiting polls, by queue and by engine
mod queue; // the waiting polls of one queue
mod known; // engines as a claim found them
mod waiting_poll; // one poll that waits

pub use checking::QueueCheck;
pub use claiming::{Claimed, PollGroup};
pub use known::Known;
pub use queue::ClaimCounts;
pub use state::WaitingPolls;
