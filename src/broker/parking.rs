//! Polls that wait for events: which of them to look for now, and which can go on waiting.
//!
//! A poll is a ticket. It is looked for when its queue may have events for it, and else stays parked and costs
//! nothing: what may be there is known from commits of this replica at once, from other replicas by notifications,
//! and of anything else by the lookout, which asks once an interval for all of them together.

mod known;
mod limits;
mod lookout;
mod outcome;
mod queue;
mod ticket;
mod waking;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use prometheus::IntGauge;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::claim::{Ask, Claimed};
use super::lease::{Poll, Polled};
use super::{Error, Result};
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::metrics::Metrics;

pub use known::Known;
pub use limits::ParkingLimits;
pub use lookout::Facts;
pub use queue::Found;
use queue::{Place, Queue};
pub use ticket::{Ticket, Waiting};

/// Looks of one queue under way at once: while one commits, the next can scan.
const LOOKS_OF_ONE_QUEUE: usize = 2;
/// Queues of one look.
const QUEUES_OF_ONE_LOOK: usize = 64;
/// Changed engines that are remembered one by one.
const MAX_CHANGED: usize = 10_000;
/// Queues that are remembered.
const MAX_QUEUES: usize = 10_000;

#[derive(Debug)]
pub struct Parking {
    state: Mutex<State>,
    /// There is something to look for.
    pub looks_wanted: Notify,
    /// Something is due soon, or is to be found out.
    pub lookout_wanted: Notify,
    /// Leases for callers that hung up after they were answered; their payloads are not kept.
    orphans: Mutex<Vec<(EventId, LeaseToken)>>,
    /// Events of one look.
    max_rows: usize,
    limits: ParkingLimits,
    default_limit: u32,
    /// For so long what was found out holds without being asked again.
    trust: Duration,
    parked: IntGauge,
    event_waits: IntGauge,
}

#[derive(Debug, Default)]
struct State {
    next_number: u64,
    tickets: HashMap<u64, Ticket>,
    queues: HashMap<Arc<str>, Queue>,
    engines: HashMap<EngineId, Vec<u64>>,
    known: known::KnownEngines,
    /// Queues with something to look for.
    hot: VecDeque<Arc<str>>,
    /// Queues to be asked about out of turn.
    peeks: Vec<Arc<str>>,
    /// The looks under way, by their numbers.
    looks: HashMap<u64, UnderWay>,
    next_look: u64,
    /// Engines that something changed for while looks were under way, and when.
    changed: HashMap<EngineId, u64>,
    /// Changes up to this number are not remembered engine by engine: any engine may have changed.
    all_changed: u64,
    changes: u64,
    /// The service stops: nobody is parked again.
    is_closing: bool,
}

/// What has to be known of a look when it is over.
#[derive(Debug)]
struct UnderWay {
    engine_type: Arc<str>,
    /// It is one of a few that a queue has under way at once, and not one for a single poll that had to be set apart.
    is_counted: bool,
}

/// A look for polls of one queue.
#[derive(Debug)]
pub struct Look {
    pub number: u64,
    pub engine_type: Arc<str>,
    pub tickets: Vec<Ticket>,
    /// How many of the events that are hinted at it is to find.
    reserved: usize,
    began_at: Instant,
    began_after: u64,
}

impl Look {
    /// Nobody waits for its answer any more.
    pub fn is_unwanted(&self) -> bool {
        self.tickets.iter().all(|ticket| ticket.reply.is_closed())
    }

    pub fn ask(&self) -> Ask<'_> {
        Ask { engine_type: &self.engine_type, polls: self.tickets.iter().map(|ticket| &*ticket.poll).collect() }
    }
}

impl Parking {
    pub fn new(
        max_rows: usize,
        default_limit: u32,
        recheck: Duration,
        limits: ParkingLimits,
        metrics: &Metrics,
    ) -> Self {
        Self {
            state: Mutex::default(),
            looks_wanted: Notify::new(),
            lookout_wanted: Notify::new(),
            orphans: Mutex::default(),
            max_rows,
            limits,
            default_limit,
            trust: recheck * 2,
            parked: metrics.polls_parked.clone(),
            event_waits: metrics.event_waits_parked.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes a poll in. Where nothing can be there for it, it is parked without a look. Where as many wait as may, it
    /// is looked for once and does not wait; with it comes the reason.
    pub fn admit(self: &Arc<Self>, poll: Poll, deadline: Instant) -> (Waiting, Option<Error>) {
        let (reply, answer) = oneshot::channel();
        let mut state = self.lock();
        let now = Instant::now();
        let full = if deadline > now { self.full(&state, poll.engine_id) } else { None };
        let deadline = if full.is_some() { now } else { deadline };
        let number = state.next_number;
        state.next_number += 1;
        let is_patient = deadline > now && state.may_park(&poll, self.trust);
        state.put(
            Ticket {
                number,
                poll: Arc::new(poll),
                deadline,
                notice: None,
                was_draining: is_patient.then_some(false),
                is_assumed: is_patient,
                has_been_looked_for: is_patient,
                reply,
            },
            if is_patient { Place::Patient } else { Place::Eager },
        );
        self.done(state);
        (Waiting::new(Arc::clone(self), number, answer), full)
    }

    /// Takes a poll out that is not just being looked for. One that was never looked for only goes if it `is_given_up`.
    fn withdraw(&self, number: u64, is_given_up: bool) -> Option<Ticket> {
        let mut state = self.lock();
        let may_go = state.tickets.get(&number).is_some_and(|ticket| is_given_up || ticket.has_been_looked_for);
        let ticket = if may_go { state.remove(number) } else { None };
        self.done(state);
        ticket
    }

    /// Polls to look for together: of each queue those that its events may suffice for.
    pub fn next_looks(&self) -> Vec<Look> {
        let mut state = self.lock();
        let (mut looks, mut rows): (Vec<Look>, usize) = (Vec::new(), 0);
        while looks.len() < QUEUES_OF_ONE_LOOK && rows < self.max_rows {
            let Some(engine_type) = state.hot.pop_front() else { break };
            let Some(queue) = state.queues.get(&engine_type) else { continue };
            // One look has each queue once: its transaction does not pass over rows that it has locked itself.
            if !queue.is_look_wanted() || looks.iter().any(|look| look.engine_type == engine_type) {
                state.cool(&engine_type);
                continue;
            }
            let (look, wanted) = state.take(&engine_type, self.max_rows - rows, self.default_limit);
            rows += wanted;
            looks.push(look);
        }
        for look in &looks {
            state.heat(&look.engine_type);
        }
        self.done(state);
        looks
    }

    /// A look has ended: who got something, or must not wait any longer, is answered; the others are parked again.
    /// Gives back what was leased for callers that are gone.
    pub fn end(&self, look: Look, claimed: Result<Claimed>) -> Vec<Polled> {
        let mut state = self.lock();
        let (engine_type, number) = (Arc::clone(&look.engine_type), look.number);
        let mut unwanted = Vec::new();
        match claimed {
            Ok(claimed) => unwanted = state.note_look(look, claimed),
            Err(error) => {
                if let Some(queue) = state.queues.get_mut(&engine_type) {
                    queue.hint = queue.hint.saturating_add(look.reserved);
                    queue.seen_empty_at = None;
                }
                for ticket in look.tickets {
                    ticket.answer(Err(error.clone()));
                }
            }
        }
        if let Some(queue) = state.queues.get_mut(&engine_type)
            && std::mem::take(&mut queue.is_peek_wanted)
        {
            state.peeks.push(Arc::clone(&engine_type));
            self.lookout_wanted.notify_one();
        }
        state.end_look(number);
        state.heat(&engine_type);
        self.done(state);
        unwanted
    }

    /// The service stops: whoever is being looked for is answered with what that comes to.
    pub fn close(&self) {
        self.lock().is_closing = true;
    }

    /// Whether there are polls here that may take what comes.
    pub fn has_takers(&self, engine_type: &str) -> bool {
        self.lock().queues.get(engine_type).is_some_and(|queue| !queue.patient.is_empty() || !queue.eager.is_empty())
    }

    /// Ends a change: who has to look is told.
    fn done(&self, state: MutexGuard<'_, State>) {
        let is_look_wanted = !state.hot.is_empty();
        self.parked.set(i64::try_from(state.tickets.len()).unwrap_or(i64::MAX));
        drop(state);
        if is_look_wanted {
            self.looks_wanted.notify_one();
        }
    }
}

impl State {
    /// Whether a poll can be parked as if it had been looked for, in vain.
    fn may_park(&self, poll: &Poll, trust: Duration) -> bool {
        let Some(queue) = self.queues.get(poll.engine_type.as_str()) else { return false };
        let is_empty = queue.hint == 0 && queue.seen_empty_at.is_some_and(|at| at.elapsed() < trust);
        let is_known = match poll.engine_id {
            Some(engine_id) => self.known.is_free_to_wait(engine_id, poll, trust),
            None => poll.poll_id.is_none(),
        };
        is_empty && is_known
    }

    fn put(&mut self, ticket: Ticket, place: Place) {
        let (number, poll) = (ticket.number, Arc::clone(&ticket.poll));
        let engine_type = poll.engine_type.as_str();
        if let Some(engine_id) = poll.engine_id {
            self.engines.entry(engine_id).or_default().push(number);
        }
        self.tickets.insert(number, ticket);
        let known = self.queues.get_key_value(engine_type).map(|(name, _)| Arc::clone(name));
        let name = known.unwrap_or_else(|| {
            if self.queues.len() >= MAX_QUEUES {
                self.queues.retain(|_, queue| !queue.is_forgettable());
            }
            Arc::from(engine_type)
        });
        self.queues.entry(Arc::clone(&name)).or_default().put(number, place);
        self.heat(&name);
    }

    fn remove(&mut self, number: u64) -> Option<Ticket> {
        let ticket = self.tickets.remove(&number)?;
        if let Some(queue) = self.queues.get_mut(ticket.poll.engine_type.as_str()) {
            queue.remove(number);
        }
        if let Some(engine_id) = ticket.poll.engine_id
            && let Some(numbers) = self.engines.get_mut(&engine_id)
        {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.engines.remove(&engine_id);
            }
        }
        Some(ticket)
    }

    /// Puts the queue among those to be looked at, if there is something to look for.
    fn heat(&mut self, engine_type: &Arc<str>) {
        if let Some(queue) = self.queues.get_mut(engine_type)
            && !queue.is_hot
            && queue.looks < LOOKS_OF_ONE_QUEUE
            && queue.is_look_wanted()
        {
            queue.is_hot = true;
            self.hot.push_back(Arc::clone(engine_type));
        }
    }

    fn cool(&mut self, engine_type: &Arc<str>) {
        if let Some(queue) = self.queues.get_mut(engine_type) {
            queue.is_hot = false;
        }
    }

    /// Takes the polls of one look out, and says how many events they want.
    fn take(&mut self, engine_type: &Arc<str>, max_rows: usize, default_limit: u32) -> (Look, usize) {
        let tickets = &self.tickets;
        let limit_of = |number: u64| {
            let limit = tickets.get(&number).and_then(|ticket| ticket.poll.limit).unwrap_or(default_limit);
            usize::try_from(limit).unwrap_or(usize::MAX)
        };
        let queue = self.queues.entry(Arc::clone(engine_type)).or_default();
        let (numbers, reserved, wanted) = queue.take(max_rows, limit_of);
        queue.is_hot = false;
        queue.looks += 1;
        let tickets = numbers.into_iter().filter_map(|number| self.remove(number)).collect();
        let (number, engine_type) = (self.begin_look(engine_type, true), Arc::clone(engine_type));
        let (began_at, began_after) = (Instant::now(), self.changes);
        (Look { number, engine_type, tickets, reserved, began_at, began_after }, wanted)
    }

    /// Notes a look as under way, and answers its number.
    fn begin_look(&mut self, engine_type: &Arc<str>, is_counted: bool) -> u64 {
        let number = self.next_look;
        self.next_look += 1;
        self.looks.insert(number, UnderWay { engine_type: Arc::clone(engine_type), is_counted });
        number
    }

    /// Notes that a look is over, and answers its queue; `None` where it was over before.
    fn end_look(&mut self, number: u64) -> Option<Arc<str>> {
        let UnderWay { engine_type, is_counted } = self.looks.remove(&number)?;
        if let Some(queue) = self.queues.get_mut(&engine_type) {
            queue.looks = queue.looks.saturating_sub(is_counted.into());
        }
        if self.looks.is_empty() {
            self.changed.clear();
        }
        Some(engine_type)
    }
}
