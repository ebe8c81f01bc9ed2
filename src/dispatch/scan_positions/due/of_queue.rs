//! The positions of one queue, one for each lane and priority, and the sweeps.
//!
//! A position advances after the commit of a lease only, and goes back to before whatever this replica puts behind it.
//! Every few seconds a sweep begins some way behind the positions, and now and then one begins at the front.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::dispatch::scan_positions::pacing::Pace;
use crate::domain::ids::EventId;
use crate::domain::lane::Lane;
use crate::domain::limits::MAX_PRIORITY;
use crate::store::leases::due::{DuePosition, Range};

/// Any due row that is not further behind its position than the margin is found within 5 seconds, and so is any other while
/// there are less than some 200,000 dead entries.
const SWEEPS: Pace = Pace { times: 20, at_least: Duration::from_secs(2), at_most: Duration::from_secs(4) };
/// How far behind the positions most sweeps begin. What another replica takes in is due when its statement begins, and is
/// committed within this time; `NOTIFY` announces what SQL takes in later.
const MARGIN: TimeDelta = TimeDelta::seconds(30);
/// A sweep from the front may have to read as many dead entries as there were events since somebody's snapshot.
const SWEEPS_FROM_THE_FRONT: Pace = Pace { at_most: Duration::from_mins(1), ..SWEEPS };
/// Sweeps that are asked for may take a quarter of the time.
const ASKED_SWEEPS: Pace = Pace { times: 3, at_least: Duration::ZERO, at_most: Duration::from_secs(4) };

const PRIORITIES: usize = MAX_PRIORITY as usize + 1;
const LANES: usize = Lane::ALL.len();

/// By lane and priority.
type Positions = [[DuePosition; PRIORITIES]; LANES];
/// Behind everything.
const LAST: DuePosition = DuePosition { available_at: DateTime::<Utc>::MAX_UTC, event_id: EventId(Uuid::max()) };

/// What a claim found; empty where it failed.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Leased, and committed.
    pub taken: Vec<Located>,
    /// Due, but not for any of these polls; locked until the claim ended, so that others passed over it.
    pub left: Vec<Located>,
    /// None of the polls might take anything, or the claim failed before that: nothing was scanned.
    pub is_unscanned: bool,
}

/// An event taken, or put back.
#[derive(Clone, Copy, Debug)]
pub struct Located {
    /// Its lane.
    pub lane: Lane,
    /// 0 to 9, the most urgent.
    pub priority: u8,
    /// Its place among the events of its lane and priority.
    pub position: DuePosition,
}

/// Where the scans of one queue begin.
#[derive(Debug)]
pub struct QueuePositions {
    behind: Positions,
    /// For each claim under way, how far it may take the positions: not beyond what has landed since it began.
    pub under_way: HashMap<u64, Positions>,
    next_claim: u64,
    /// When a scan begins some way before the position, for commits that came late.
    pub next_sweep: Instant,
    /// When a scan begins at the front, for everything else.
    pub next_sweep_from_the_front: Instant,
    /// Something may have come behind a position, at an unknown place: sweep as soon as that takes no more than its share
    /// of the time.
    pub is_sweep_asked: bool,
    rested_at: Instant,
}

/// Where a claim or a check scans, and what must be known when it ends.
#[derive(Debug)]
pub struct Scan {
    /// What to scan, by lane.
    pub ranges: [Vec<Range>; LANES],
    /// `None`: a check, which takes nothing.
    claim: Option<u64>,
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
    /// The positions of a queue of which nothing is known: its scans begin at the front.
    pub fn at_the_front(now: Instant) -> Self {
        Self {
            behind: [[DuePosition::FRONT; PRIORITIES]; LANES],
            under_way: HashMap::new(),
            next_claim: 0,
            next_sweep: now + SWEEPS.at_least,
            next_sweep_from_the_front: now + SWEEPS.at_least,
            is_sweep_asked: false,
            rested_at: now,
        }
    }

    /// A claim begins.
    pub fn begin(&mut self, now: Instant) -> Scan {
        let claim = self.next_claim;
        self.next_claim += 1;
        self.under_way.insert(claim, [[LAST; PRIORITIES]; LANES]);
        Scan { claim: Some(claim), ..self.scan(now) }
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
        let begin = |position: DuePosition| match start {
            Start::Front => DuePosition::FRONT,
            Start::Margin => before(position, MARGIN),
            Start::Position => position,
        };
        let ranges = self.behind.map(|positions| {
            let range = |priority| Range { priority, behind: begin(positions[usize::from(priority)]) };
            (0..=MAX_PRIORITY).rev().map(range).collect()
        });
        if start != Start::Position {
            self.next_sweep = now + SWEEPS.at_least;
        }
        Scan { ranges, claim: None, start, began_at: now }
    }

    /// A claim is over.
    pub fn end(&mut self, scan: &Scan, found: &Found, now: Instant) {
        let mut last: HashMap<(Lane, u8), DuePosition> = HashMap::new();
        let mut behind_the_position = Vec::new();
        let bounds = scan.claim.and_then(|claim| self.under_way.remove(&claim));
        for event in &found.taken {
            let reached = last.entry((event.lane, event.priority)).or_insert(event.position);
            *reached = (*reached).max(event.position);
        }
        for ((lane, priority), reached) in last {
            let (row, level) = (usize::from(lane.number()), usize::from(priority));
            let reached = bounds.map_or(reached, |bounds| reached.min(bounds[row][level]));
            let position = &mut self.behind[row][level];
            if scan.is_sweep() && reached < *position {
                // It found something behind the position: there may be more of it.
                behind_the_position.push(Located { lane, priority, position: reached });
            } else {
                *position = reached.max(*position);
            }
        }
        for event in behind_the_position.iter().chain(&found.left) {
            self.step_back_before(event);
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
        let (lane, level) = (usize::from(event.lane.number()), usize::from(event.priority));
        for positions in std::iter::once(&mut self.behind).chain(self.under_way.values_mut()) {
            positions[lane][level] = positions[lane][level].min(just_before(event.position));
        }
    }
}

fn just_before(position: DuePosition) -> DuePosition {
    before(position, TimeDelta::microseconds(1))
}

fn before(position: DuePosition, by: TimeDelta) -> DuePosition {
    DuePosition { available_at: position.available_at - by, event_id: EventId(Uuid::max()) }
}
