//! All waiting polls, by queue and by engine.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use prometheus::IntGauge;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::known::Known;
use super::queue::{PollState, PollsOfQueue};
use super::waiting_poll::WaitingPoll;
use crate::dispatch::context::Settings;
use crate::dispatch::poll::Poll;
use crate::dispatch::undelivered::Undelivered;
use crate::domain::ids::EngineId;
use crate::domain::numbers::to_i64;

/// Claims of one queue under way at once: while one commits, the next can scan.
const CLAIMS_OF_ONE_QUEUE: usize = 2;
/// Queues that are remembered.
const MAX_QUEUES: usize = 10_000;

/// All polls that wait in this replica, and the signals by which they are served.
#[derive(Debug)]
pub struct WaitingPolls {
    state: Mutex<State>,
    /// There is a ready queue.
    pub claims_wanted: Notify,
    /// Something becomes due soon, or is to be checked.
    pub checks_wanted: Notify,
    /// Leases whose caller hung up, to be handed back.
    pub undelivered: Undelivered,
    /// What an operator decided.
    pub settings: Settings,
    /// A permit for each request that may wait.
    pub places: Arc<Semaphore>,
    /// The gauge of waiting polls.
    parked: IntGauge,
}

/// The waiting polls, and what is known of their queues and engines.
#[derive(Debug, Default)]
pub struct State {
    /// The number of the next poll, from 0; they are served in its order.
    pub next_number: u64,
    /// Those that no claim is serving just now.
    pub polls: HashMap<u64, WaitingPoll>,
    /// Every queue that polls wait for, or waited for lately.
    pub queues: HashMap<Arc<str>, PollsOfQueue>,
    /// Every engine that polls, or polled lately.
    pub engines: HashMap<EngineId, PollingEngine>,
    /// Queues with something to claim.
    pub ready: VecDeque<Arc<str>>,
    /// When engines that hold off take events again, for those whose polls wait.
    pub free_again: BTreeSet<(Instant, EngineId)>,
    /// Queues to be checked out of turn.
    pub to_check: Vec<Arc<str>>,
    /// The service stops: no poll waits again.
    pub is_closing: bool,
}

/// An engine that polls here, or did until just now.
#[derive(Debug, Default)]
pub struct PollingEngine {
    /// Its polls that have no answer yet.
    pub numbers: Vec<u64>,
    /// How often something changed for it meanwhile.
    pub generation: u64,
    /// When it was last told to drain, or changed, or removed.
    pub changed_at: Option<Instant>,
    /// As the latest query found it.
    pub known: Option<Known>,
}

impl PollingEngine {
    /// Notes what a query found; `None`: no such engine. What was queried before may be answered after.
    pub fn note(&mut self, known: Option<Known>) {
        let latest = self.known.as_ref().map(|known| known.asked_at).max(self.changed_at);
        let is_newer = |known: &Known| latest.is_none_or(|latest| latest <= known.asked_at);
        if known.as_ref().is_none_or(is_newer) {
            self.known = known;
        }
    }

    /// Nothing is to be kept of it. What is known serves its next poll, which may come at once.
    pub fn is_forgettable(&self, trust: Duration) -> bool {
        self.numbers.is_empty() && !self.known.as_ref().is_some_and(|known| known.is_fresh(trust))
    }
}

impl WaitingPolls {
    /// No poll waits yet.
    pub fn new(settings: Settings, places: Arc<Semaphore>, parked: IntGauge) -> Self {
        Self {
            state: Mutex::default(),
            claims_wanted: Notify::new(),
            checks_wanted: Notify::new(),
            undelivered: Undelivered::default(),
            settings,
            places,
            parked,
        }
    }

    /// How long the result of a query may be used before the next one.
    pub fn trust(&self) -> Duration {
        self.settings.recheck * 2
    }

    /// Locks the whole state, so that no change is seen in part.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Releases the lock, updates the gauge, and wakes a worker if a queue is ready.
    pub fn release(&self, state: MutexGuard<'_, State>) {
        let is_claim_wanted = !state.ready.is_empty();
        self.parked.set(to_i64(state.polls.len()));
        drop(state);
        if is_claim_wanted {
            self.claims_wanted.notify_one();
        }
    }
}

impl State {
    /// Takes in a poll that has just come.
    pub fn enter(&mut self, poll: WaitingPoll, poll_state: PollState) {
        if let Some(engine_id) = poll.poll.engine_id {
            self.engines.entry(engine_id).or_default().numbers.push(poll.number);
        }
        self.put(poll, poll_state);
    }

    /// Lets a poll wait, for the first time or again.
    pub fn put(&mut self, poll: WaitingPoll, poll_state: PollState) {
        let engine_type = poll.poll.engine_type.as_str();
        let known = self.queues.get_key_value(engine_type).map(|(name, _)| Arc::clone(name));
        let name = known.unwrap_or_else(|| {
            if self.queues.len() >= MAX_QUEUES {
                self.queues.retain(|_, queue| !queue.is_forgettable());
            }
            Arc::from(engine_type)
        });
        self.queues.entry(Arc::clone(&name)).or_default().put(poll.number, poll_state);
        self.polls.insert(poll.number, poll);
        self.mark_ready(&name);
    }

    /// Takes a poll out that waits, to be served or answered.
    pub fn take_out(&mut self, number: u64) -> Option<WaitingPoll> {
        let poll = self.polls.remove(&number)?;
        if let Some(queue) = self.queues.get_mut(poll.poll.engine_type.as_str()) {
            queue.remove(number);
        }
        Some(poll)
    }

    /// A poll that was taken out is answered, or its caller is gone.
    pub fn leave(&mut self, poll: &WaitingPoll) {
        if let Some(engine_id) = poll.poll.engine_id
            && let Some(engine) = self.engines.get_mut(&engine_id)
        {
            engine.numbers.retain(|number| *number != poll.number);
            if engine.numbers.is_empty() && engine.known.is_none() {
                self.engines.remove(&engine_id);
            }
        }
    }

    /// How often something changed for a poll's engine or its queue.
    pub fn generation_of(&self, poll: &Poll) -> u64 {
        let engine = poll.engine_id.and_then(|engine_id| self.engines.get(&engine_id));
        let queue = self.queues.get(poll.engine_type.as_str());
        engine.map_or(0, |engine| engine.generation) + queue.map_or(0, |queue| queue.generation)
    }

    /// Puts the queue among the ready ones, if there is something to claim.
    pub fn mark_ready(&mut self, engine_type: &Arc<str>) {
        if let Some(queue) = self.queues.get_mut(engine_type)
            && !queue.is_ready
            && queue.claims_under_way < CLAIMS_OF_ONE_QUEUE
            && queue.is_claim_wanted()
        {
            queue.is_ready = true;
            self.ready.push_back(Arc::clone(engine_type));
        }
    }

    /// Changes what is known of a queue, if polls wait for it or did lately.
    pub fn change_queue(&mut self, engine_type: &str, change: impl FnOnce(&mut PollsOfQueue)) {
        if let Some((name, _)) = self.queues.get_key_value(engine_type) {
            let name = Arc::clone(name);
            if let Some(queue) = self.queues.get_mut(&name) {
                change(queue);
            }
            self.mark_ready(&name);
        }
    }
}
