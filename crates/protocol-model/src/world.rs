//! What the tables hold of the model's engines and events, and what engines know.

use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use eventlease::domain::engine::EngineStatus;
use eventlease::domain::event::{Outcome, Status};
use eventlease::domain::fence::OpenLease;
use eventlease::domain::ids::{EngineId, LeaseToken};
use eventlease::domain::lane::Lane;
use eventlease::domain::verdict::Spent;

pub const ENGINES: usize = 3;
pub const EVENTS: usize = 2;
/// Room in the history of an event; the bounds in `choices` keep well below it.
const MOST_ATTEMPTS: usize = 7;

/// An engine's or an event's place in the [`World`].
pub type Place = u8;
/// An attempt's number. A lease has a token of its own, so the number stands for the token too.
pub type Number = u8;

/// All there is at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct World {
    pub engines: [Engine; ENGINES],
    pub events: [Event; EVENTS],
    /// The rule that the last step broke.
    pub broken: Option<&'static str>,
}

/// An engine: its row in the tables, and whether its process runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Engine {
    /// The process runs. What it sent before it crashed may arrive later.
    pub is_up: bool,
    pub status: EngineStatus,
    /// Since it registered, as `last_heartbeat` is of the present incarnation.
    pub has_sent_heartbeat: bool,
    pub incarnation: u8,
}

/// An event: its rows in the tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Event {
    /// Of `event_queue` or `event_leases`, while the event is open.
    pub row: Option<Row>,
    /// Of `event_attempts`.
    pub attempts: Attempts,
    /// Of `dead_letters`: what the event had spent.
    pub dead_letter: Option<Spent>,
    /// How many attempts had ended when the budgets were fresh: at first none, then those before the redrive.
    pub fresh_since: usize,
    pub redrives: u8,
    /// Not in any table: the tokens that were given and whose leases have not ended, a bit each.
    pub live: u16,
}

/// The row of an open event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    pub is_processing: bool,
    pub attempt: Number,
    pub token: Option<Number>,
    /// Who holds the event; while a lost lease's token is kept, who held it (in the tables, that stands in the attempt).
    pub engine: Option<Place>,
    pub incarnation: u8,
    pub spent: Spent,
    pub lane: Lane,
    pub is_cancel_requested: bool,
    /// Not in any table: the engine knows of its lease.
    pub is_delivered: bool,
}

/// An attempt that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ended {
    /// None for an event that was cancelled while queued.
    pub token: Option<Number>,
    pub outcome: Outcome,
    /// The event's status after it, which the reply said and a repeat says again.
    pub answered: Status,
}

/// The ended attempts of one event, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Attempts([Option<Ended>; MOST_ATTEMPTS]);

/// As one number: worlds are hashed more often than anything else is done with them.
impl Hash for Attempts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut all: u128 = 0;
        for ended in &self.0 {
            let Some(ended) = ended else { break };
            let code =
                u128::from(ended.token.unwrap_or(0)) << 7 | (ended.outcome as u128) << 3 | ended.answered as u128;
            all = all << 11 | 1 << 10 | code;
        }
        state.write_u128(all);
    }
}

impl Attempts {
    pub fn iter(&self) -> impl Iterator<Item = &Ended> {
        self.0.iter().flatten()
    }

    pub fn len(&self) -> usize {
        self.iter().count()
    }

    pub fn last(&self) -> Option<&Ended> {
        self.iter().last()
    }

    pub fn of_token(&self, token: Number) -> Option<&Ended> {
        self.iter().find(|ended| ended.token == Some(token))
    }

    pub fn push(&mut self, ended: Ended) {
        let at = self.len();
        self.0[at] = Some(ended);
    }

    pub fn remove_last(&mut self) {
        let at = self.len() - 1;
        self.0[at] = None;
    }
}

impl World {
    /// Engines that have just registered, events that were just taken in.
    pub fn at_first() -> Self {
        let engine = Engine { is_up: true, status: EngineStatus::Active, has_sent_heartbeat: false, incarnation: 1 };
        let event = Event {
            row: Some(Row::queued(0)),
            attempts: Attempts::default(),
            dead_letter: None,
            fresh_since: 0,
            redrives: 0,
            live: 0,
        };
        Self { engines: [engine; ENGINES], events: [event; EVENTS], broken: None }
    }

    /// The same world with its events and its engines in an order of their own: they differ in nothing but what they
    /// are and what became of them, so that of worlds that differ in the names only one is looked at.
    pub fn without_names(&self) -> Self {
        let mut world = *self;
        if world.events[0].fingerprint() > world.events[1].fingerprint() {
            world.events.swap(0, 1);
        }
        world.without_names_of_engines()
    }

    fn without_names_of_engines(&self) -> Self {
        let mut named = [0, 1, 2];
        let of = |engine: usize| self.events.map(|event| event.row.is_some_and(|row| row.engine == place(engine)));
        named.sort_unstable_by_key(|&engine| {
            let known = &self.engines[engine];
            let is_active = known.status == EngineStatus::Active;
            (known.is_up, is_active, known.has_sent_heartbeat, known.incarnation, of(engine))
        });
        let mut world = *self;
        for (new, &old) in named.iter().enumerate() {
            world.engines[new] = self.engines[old];
            for (event, known) in world.events.iter_mut().zip(&self.events) {
                if let (Some(row), Some(before)) = (&mut event.row, known.row)
                    && before.engine == place(old)
                {
                    row.engine = place(new);
                }
            }
        }
        world
    }

    /// What an engine holds.
    pub fn held_by(&self, engine: Place) -> impl Iterator<Item = &Row> {
        let rows = self.events.iter().filter_map(|event| event.row.as_ref());
        rows.filter(move |row| row.is_processing && row.engine == Some(engine))
    }
}

fn place(index: usize) -> Option<Place> {
    Place::try_from(index).ok()
}

impl Event {
    /// Of all but the names of its engines.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Self { row: self.row.map(|row| Row { engine: None, ..row }), ..*self }.hash(&mut hasher);
        hasher.finish()
    }

    /// As `read_event.sql` and `past_lease.sql` tell it.
    pub fn status(&self) -> Status {
        match (self.row, self.dead_letter, self.attempts.last()) {
            (Some(Row { is_processing: true, .. }), ..) => Status::Processing,
            (Some(_), ..) => Status::Queued,
            (None, Some(_), _) => Status::Failed,
            (None, None, Some(last)) => last.answered,
            (None, None, None) => unreachable!("an event that is not open has an attempt"),
        }
    }
}

impl Row {
    pub fn queued(attempt: Number) -> Self {
        Self {
            is_processing: false,
            attempt,
            token: None,
            engine: None,
            incarnation: 0,
            spent: Spent::default(),
            lane: Lane::Normal,
            is_cancel_requested: false,
            is_delivered: false,
        }
    }

    /// As the fence is shown it.
    pub fn lease(&self) -> OpenLease {
        let holder = if self.is_processing { self.engine } else { None };
        OpenLease {
            is_processing: self.is_processing,
            lease_token: self.token.map(lease_token),
            holder: holder.map(engine_id),
        }
    }
}

pub fn lease_token(number: Number) -> LeaseToken {
    LeaseToken::from_random_bits(number.into())
}

pub fn engine_id(engine: Place) -> EngineId {
    EngineId(Uuid::from_u128(engine.into()))
}
