//! The positions of one queue, one for each lane and priority, and the sweeps.
//!
//! A position advances after the commit of a lease only, and goes back to before whatever this replica puts behind it.
//! Every few seconds a sweep begins some way behind the positions, and now and then one begins at the front.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use uuid::Uuid;

use crate::dispatch::scan_positions::pacing::Pace;
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_PRIORITY;
use crate::store::due::{Place, Range};

/// Any due row that is not further behind its position than the margin is found within 5 seconds, and so is any other while
/// there are less than some 200,000 dead entries.
const SWEEPS: Pace = Pace { times: 20, at_least: Duration::from_secs(2), at_most: Duration::from_secs(4) };
/// How far behind the positions most sweeps begin. What another replica takes in is due when its statement begins, and is
/// committed within this time; of what SQL takes in later, `NOTIFY` tells.
const MARGIN: TimeDelta = TimeDelta::seconds(30);
/// A sweep from the front may have to read as many dead entries as there were events since somebody's snapshot.
const SWEEPS_FROM_THE_FRONT: Pace = Pace { at_most: Duration::from_mins(1), ..SWEEPS };
/// Sweeps that are asked for may take a quarter of the time.
const ASKED_SWEEPS: Pace = Pace { times: 3, at_least: Duration::ZERO, at_most: Duration::from_secs(4) };

const PRIORITIES: usize = MAX_PRIORITY as usize + 1;

/// Landings that are remembered one by one.
pub const MAX_LANDINGS: usize = 10_000;

/// By lane and priority.
type Places = [[Place; PRIORITIES]; 2];

/// What a claim found; empty where it failed.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Leased, and committed.
    pub taken: Vec<Located>,
    /// Due, but not for any of these polls; locked until the claim ended, so that others passed over it.
    pub left: Vec<Located>,
    /// None of the polls might take anything, so nothing was scanned.
    pub is_unscanned: bool,
}

/// An event taken, or put back.
#[derive(Clone, Copy, Debug)]
pub struct Located {
    pub is_suspect: bool,
    pub priority: u8,
    pub place: Place,
}

#[derive(Debug)]
pub struct QueuePositions {
    behind: Places,
    /// What landed while claims were under way, for them not to step over.
    pub landings: Vec<Landing>,
    landed: u64,
    /// Claims under way, by how many landings they began after.
    pub under_way: BTreeMap<u64, usize>,
    pub next_sweep: Instant,
    pub next_sweep_from_the_front: Instant,
    /// Something may have come behind a position, at an unknown place: sweep as soon as that takes no more than its share
    /// of the time.
    pub is_sweep_asked: bool,
    rested_at: Instant,
}

#[derive(Clone, Copy, Debug)]
pub struct Landing {
    number: u64,
    is_suspect: bool,
    priority: u8,
    place: Place,
}

/// A claim under way: where it scans, and what must be known when it ends.
#[derive(Debug)]
pub struct Scan {
    pub normals: Vec<Range>,
    pub suspects: Vec<Range>,
    began_after: u64,
    start: Start,
    began_at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    Front,
    Margin,
    Position,
}

impl Scan {
    /// It also finds what landed behind the position.
    pub fn is_sweep(&self) -> bool {
        self.start != Start::Position
    }
}

impl QueuePositions {
    pub fn at_the_front(now: Instant) -> Self {
        Self {
            behind: [[Place::FRONT; PRIORITIES]; 2],
            landings: Vec::new(),
            landed: 0,
            under_way: BTreeMap::new(),
            next_sweep: now + SWEEPS.at_least,
            next_sweep_from_the_front: now + SWEEPS.at_least,
            is_sweep_asked: false,
            rested_at: now,
        }
    }

    /// A claim begins.
    pub fn begin(&mut self, now: Instant) -> Scan {
        *self.under_way.entry(self.landed).or_default() += 1;
        self.scan(now)
    }

    /// Where to scan now.
    pub fn scan(&mut self, now: Instant) -> Scan {
        let is_from_the_front = now >= self.next_sweep_from_the_front || (self.is_sweep_asked && now >= self.rested_at);
        let start = if is_from_the_front {
            self.is_sweep_asked = false;
            self.next_sweep_from_the_front = now + SWEEPS.at_least;
            Start::Front
        } else if now >= self.next_sweep {
            Start::Margin
        } else {
            Start::Position
        };
        let begin = |place: Place| match start {
            Start::Front => Place::FRONT,
            Start::Margin => before(place, MARGIN),
            Start::Position => place,
        };
        let ranges = |places: &[Place; PRIORITIES]| {
            let range = |priority| Range { priority, behind: begin(places[usize::from(priority)]) };
            (0..=MAX_PRIORITY).rev().map(range).collect()
        };
        let (normals, suspects) = (ranges(&self.behind[0]), ranges(&self.behind[1]));
        if start != Start::Position {
            self.next_sweep = now + SWEEPS.at_least;
        }
        Scan { normals, suspects, began_after: self.landed, start, began_at: now }
    }

    /// A claim is over.
    pub fn end(&mut self, scan: &Scan, found: &Found, now: Instant) {
        let mut last: HashMap<(bool, u8), Place> = HashMap::new();
        let mut behind_the_position = Vec::new();
        for event in &found.taken {
            let place = last.entry((event.is_suspect, event.priority)).or_insert(event.place);
            *place = (*place).max(event.place);
        }
        for ((is_suspect, priority), place) in last {
            let bound = self
                .landings
                .iter()
                .filter(|landing| {
                    landing.number > scan.began_after
                        && landing.is_suspect == is_suspect
                        && landing.priority == priority
                })
                .map(|landing| just_before(landing.place))
                .min();
            let place = bound.map_or(place, |bound| place.min(bound));
            let position = &mut self.behind[usize::from(is_suspect)][usize::from(priority)];
            if scan.is_sweep() && place < *position {
                // It found something behind the position: there may be more of it.
                behind_the_position.push(Located { is_suspect, priority, place });
            } else {
                *position = place.max(*position);
            }
        }
        if let Some(claims) = self.under_way.get_mut(&scan.began_after) {
            *claims -= 1;
            if *claims == 0 {
                self.under_way.remove(&scan.began_after);
            }
        }
        for event in behind_the_position.iter().chain(&found.left) {
            self.step_back_before(event);
        }
        match self.under_way.first_key_value() {
            Some((&oldest, _)) => self.landings.retain(|landing| landing.number > oldest),
            None => self.landings.clear(),
        }
        if found.is_unscanned {
            // It did not take place; the next claim may be able to.
            self.repeat(scan);
        } else {
            self.rest_after(scan, now);
        }
    }

    /// A scan is over: the next sweep waits in proportion to what a sweep took.
    pub fn rest_after(&mut self, scan: &Scan, now: Instant) {
        if scan.is_sweep() {
            self.next_sweep = SWEEPS.next(scan.began_at, now);
        }
        if scan.start == Start::Front {
            self.rested_at = ASKED_SWEEPS.next(scan.began_at, now);
            self.next_sweep_from_the_front = SWEEPS_FROM_THE_FRONT.next(scan.began_at, now);
        }
    }

    /// The next claim begins where this one did.
    pub fn repeat(&mut self, scan: &Scan) {
        match scan.start {
            Start::Front => self.next_sweep_from_the_front = scan.began_at,
            Start::Margin => self.next_sweep = scan.began_at,
            Start::Position => {}
        }
    }

    /// There is something to be found at that place, also by claims that come after those under way:
    /// these, which may have passed over it, do not take the position beyond it when they end.
    pub fn step_back_before(&mut self, event: &Located) {
        let position = &mut self.behind[usize::from(event.is_suspect)][usize::from(event.priority)];
        *position = (*position).min(just_before(event.place));
        self.landed += 1;
        if !self.under_way.is_empty() {
            if self.landings.len() >= MAX_LANDINGS {
                self.merge_landings();
            }
            self.landings.push(Landing {
                number: self.landed,
                is_suspect: event.is_suspect,
                priority: event.priority,
                place: event.place,
            });
        }
    }

    /// Keeps one landing of each lane and priority, at the first place of them all: a position may then stay behind for longer
    /// than it has to.
    fn merge_landings(&mut self) {
        let mut merged: HashMap<(bool, u8), Landing> = HashMap::new();
        for landing in self.landings.drain(..) {
            let of_all = merged.entry((landing.is_suspect, landing.priority)).or_insert(landing);
            of_all.number = of_all.number.max(landing.number);
            of_all.place = of_all.place.min(landing.place);
        }
        self.landings.extend(merged.into_values());
    }
}

fn just_before(place: Place) -> Place {
    before(place, TimeDelta::microseconds(1))
}

fn before(place: Place, by: TimeDelta) -> Place {
    Place { available_at: place.available_at - by, event_id: EventId(Uuid::max()) }
}
