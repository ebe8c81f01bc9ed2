//! Heartbeats that wait until there is something to tell their engines: a command, an event to cancel, another limit, or that
//! the engine has registered again.
//!
//! Waiting costs the database nothing. What changes for engines of a type is announced with its commit; then one statement
//! reads how all the engines of that type stand whose heartbeats wait here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::scan_positions::ScanPositions;
use crate::domain::ids::EngineId;
use crate::domain::numbers::to_i64;
use crate::domain::orders::Orders;
use crate::error::{Error, Result};
use crate::store;
use crate::store::engines::beat::CurrentOrders;

/// The task's name in metrics and in the log.
pub const TASK: &str = "heartbeats";
/// From one statement to the next at least: whoever cancels many events one by one announces each.
const PAUSE: Duration = Duration::from_millis(20);
/// Beyond so many engines, those are forgotten whose heartbeats have not waited for a while.
const REMEMBERED: usize = 1000;
/// An engine whose heartbeat waited this long ago has a newer one under way, or waits elsewhere.
const FORGET_AFTER: Duration = Duration::from_mins(10);

/// The heartbeats that wait in this replica, and what their engines were told.
#[derive(Debug)]
pub struct WaitingHeartbeats {
    context: Arc<Context>,
    positions: Arc<ScanPositions>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the next wait.
    next_number: u64,
    /// How often anything was announced.
    announcements: u64,
    /// Every engine whose heartbeat waits, or waited lately.
    engines: HashMap<EngineId, WaitingEngine>,
    /// How many engines to know before old ones are forgotten.
    forget_at: usize,
    waiting: usize,
    /// The types whose engines are to be looked up.
    changed_types: HashSet<String>,
    have_all_changed: bool,
}

#[derive(Debug)]
struct WaitingEngine {
    told: Orders,
    used_at: Instant,
    wait: Option<Wait>,
}

#[derive(Debug)]
struct Wait {
    number: u64,
    engine_type: String,
    /// As the heartbeat named it; `None`: it did not.
    incarnation: Option<i32>,
    /// Dropped, it ends the wait without news.
    news: oneshot::Sender<Result<Orders>>,
}

/// A heartbeat that has come, before it was written.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    engine_id: EngineId,
    incarnation: Option<i32>,
    announcements: u64,
}

impl WaitingHeartbeats {
    /// No heartbeat waits yet.
    pub fn new(context: Arc<Context>, positions: Arc<ScanPositions>) -> Self {
        Self { context, positions, state: Mutex::default(), changed: Notify::new() }
    }

    /// A heartbeat has come, and is to be written. `incarnation`: as it names it.
    pub fn arrived(&self, engine_id: EngineId, incarnation: Option<i32>) -> Arrival {
        Arrival { engine_id, incarnation, announcements: self.state.lock().announcements }
    }

    /// A heartbeat has been written: an older one of its engine waits no longer.
    pub fn written(&self, engine_id: EngineId) {
        let mut state = self.state.lock();
        state.end_wait(engine_id, None);
        self.release(&state);
    }

    /// Waits until there is something that the engine was not told before. `None`: there is nothing new to tell, or what
    /// there is stands in `orders` already, which are those that its heartbeat found. Where as many requests wait as may, it
    /// does not wait.
    pub async fn wait(
        self: &Arc<Self>,
        arrival: Arrival,
        engine_type: &str,
        orders: Orders,
        wait: Duration,
    ) -> Result<Option<Orders>> {
        let deadline = Instant::now() + wait;
        let Ok(_place) = Arc::clone(&self.context.places_to_wait).try_acquire_owned() else { return Ok(None) };
        let Some((pending, news)) = self.begin(arrival, engine_type, orders) else { return Ok(None) };
        let told = tokio::select! {
            told = news => told.ok(),
            () = sleep_until(deadline) => None,
            () = self.context.stopping.cancelled() => None,
        };
        drop(pending);
        told.transpose()
    }

    /// `None`: the engine has not been told yet what the heartbeat found.
    fn begin(
        self: &Arc<Self>,
        arrival: Arrival,
        engine_type: &str,
        orders: Orders,
    ) -> Option<(PendingHeartbeat, oneshot::Receiver<Result<Orders>>)> {
        let Arrival { engine_id, incarnation, announcements } = arrival;
        let mut state = self.state.lock();
        state.forget_old_ones();
        state.end_wait(engine_id, None);
        let told = state.engines.get(&engine_id).map(|engine| &engine.told);
        let is_waiting = !orders.are_news(told);
        let (sender, news) = oneshot::channel();
        let number = state.next_number;
        state.next_number += 1;
        let wait = is_waiting.then(|| Wait { number, engine_type: engine_type.to_owned(), incarnation, news: sender });
        state.waiting += usize::from(is_waiting);
        state.engines.insert(engine_id, WaitingEngine { told: orders, used_at: Instant::now(), wait });
        if is_waiting && state.announcements != announcements {
            // It may have come between the heartbeat's statement and now.
            state.changed_types.insert(engine_type.to_owned());
            self.changed.notify_one();
        }
        self.release(&state);
        drop(state);
        is_waiting.then(|| (PendingHeartbeat { waiting: Arc::clone(self), engine_id, number }, news))
    }

    /// Engines of this type may have something to hear.
    pub fn orders_changed(&self, engine_type: &str) {
        let mut state = self.state.lock();
        state.announcements += 1;
        if state.waiting > 0 && state.changed_types.insert(engine_type.to_owned()) {
            drop(state);
            self.changed.notify_one();
        }
    }

    /// What was announced may have been missed.
    pub fn all_may_have_changed(&self) {
        let mut state = self.state.lock();
        state.announcements += 1;
        state.have_all_changed = state.waiting > 0;
        drop(state);
        self.changed.notify_one();
    }

    /// Answers heartbeats when there is something to tell, until told to stop.
    pub async fn run(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = stop.cancelled() => return,
            }
            let began = Instant::now();
            let asked = self.to_be_asked();
            if asked.is_empty() {
                continue;
            }
            for asked in asked.chunks(self.context.settings.max_rows.max(1)) {
                match self.context.in_time(self.read(asked)).await {
                    Ok(found) => {
                        self.context.troubles.note_success_of_task(TASK);
                        self.tell(asked, found);
                    }
                    // Those that wait learn of it with their next heartbeat.
                    Err(error) => self.context.troubles.note_failure_of_task(TASK, &error),
                }
            }
            sleep_until(began + PAUSE).await;
        }
    }

    /// The engines of changed types whose heartbeats wait.
    fn to_be_asked(&self) -> Vec<(EngineId, u64)> {
        let mut state = self.state.lock();
        let all = std::mem::take(&mut state.have_all_changed);
        let types = std::mem::take(&mut state.changed_types);
        let waiting = state.engines.iter().filter_map(|(engine_id, engine)| {
            let wait = engine.wait.as_ref()?;
            (all || types.contains(&wait.engine_type)).then_some((*engine_id, wait.number))
        });
        waiting.collect()
    }

    async fn read(&self, asked: &[(EngineId, u64)]) -> Result<HashMap<EngineId, CurrentOrders>> {
        let now = Instant::now().into_std();
        let since: Vec<_> =
            asked.iter().map(|(engine_id, _)| (*engine_id, self.positions.held.oldest(*engine_id, now))).collect();
        let mut connection = self.context.connection().await?;
        let found = store::engines::beat::read_orders(&mut connection, &since).await?;
        Ok(found.into_iter().map(|engine| (engine.engine_id, engine)).collect())
    }

    fn tell(&self, asked: &[(EngineId, u64)], mut found: HashMap<EngineId, CurrentOrders>) {
        let mut state = self.state.lock();
        for (engine_id, number) in asked {
            let Some(engine) = state.engines.get(engine_id) else { continue };
            // A newer heartbeat has found all this itself.
            let Some(wait) = engine.wait.as_ref().filter(|wait| wait.number == *number) else { continue };
            if let Some(news) = news_of(*engine_id, wait.incarnation, &engine.told, found.remove(engine_id)) {
                state.end_wait(*engine_id, Some(news));
            }
        }
        self.release(&state);
    }

    /// To be called before the lock is released, where waits have begun or ended.
    fn release(&self, state: &State) {
        self.context.metrics.heartbeats_parked.set(to_i64(state.waiting));
    }
}

/// What ends the wait of an engine's heartbeat: orders that are news to it, or that the engine is gone, or is registered as another
/// incarnation than the heartbeat named.
fn news_of(
    engine_id: EngineId,
    named: Option<i32>,
    told: &Orders,
    found: Option<CurrentOrders>,
) -> Option<Result<Orders>> {
    let Some(CurrentOrders { incarnation, registered_at, orders, .. }) = found else {
        return Some(Err(Error::EngineNotFound(engine_id)));
    };
    match Error::check_incarnation(engine_id, named, incarnation, registered_at) {
        Ok(()) => orders.are_news(Some(told)).then_some(Ok(orders)),
        Err(superseded) => Some(Err(superseded)),
    }
}

impl State {
    /// Ends the wait of an engine's heartbeat, if one waits: with news, or without.
    fn end_wait(&mut self, engine_id: EngineId, news: Option<Result<Orders>>) {
        let Some(engine) = self.engines.get_mut(&engine_id) else { return };
        let Some(wait) = engine.wait.take() else { return };
        self.waiting -= 1;
        engine.used_at = Instant::now();
        let Some(news) = news else { return };
        let told = news.clone();
        // Whoever hung up was told nothing.
        match (wait.news.send(news), told) {
            (Ok(()), Ok(orders)) => engine.told = orders,
            (Ok(()), Err(_)) => drop(self.engines.remove(&engine_id)),
            (Err(_), _) => {}
        }
    }

    fn forget_old_ones(&mut self) {
        if self.engines.len() >= self.forget_at.max(REMEMBERED) {
            self.engines.retain(|_, engine| engine.wait.is_some() || engine.used_at.elapsed() < FORGET_AFTER);
            self.forget_at = self.engines.len() * 2;
        }
    }
}

/// What a caller holds while its heartbeat waits; the wait ends with it.
#[derive(Debug)]
struct PendingHeartbeat {
    waiting: Arc<WaitingHeartbeats>,
    engine_id: EngineId,
    number: u64,
}

impl Drop for PendingHeartbeat {
    fn drop(&mut self) {
        let mut state = self.waiting.state.lock();
        let wait = state.engines.get(&self.engine_id).and_then(|engine| engine.wait.as_ref());
        if wait.is_some_and(|wait| wait.number == self.number) {
            state.end_wait(self.engine_id, None);
        }
        self.waiting.release(&state);
    }
}
