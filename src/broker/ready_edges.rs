//! Where the scan for due events begins: a moving edge per (queue, lane, priority).
//!
//! What was leased leaves dead index entries, which stay for as long as any session holds an old
//! snapshot. A scan from the front re-reads them all, every time; a scan from behind the last
//! event taken meets none. The edge only advances after the commit of the lease, goes back to
//! before whatever lands behind it, and is passed over by a sweep from the front every few
//! seconds, which finds what other replicas or SQL put behind it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::limits::MAX_PRIORITY;
use crate::store::due::{Place, Range};

/// Any due row is found within 5 seconds, and sweeping takes at most about a twentieth of the time.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
const SWEEP_AT_LEAST_EVERY: Duration = Duration::from_secs(4);
const SWEEP_SHARE: u32 = 20;
/// Sweeps that are asked for may take a quarter of the time.
const ASKED_SWEEP_REST: u32 = 3;

/// Queues whose edges are remembered.
const MAX_QUEUES: usize = 10_000;

const PRIORITIES: usize = MAX_PRIORITY as usize + 1;

#[derive(Debug, Default)]
pub struct ReadyEdges {
    queues: Mutex<HashMap<String, Edges>>,
}

#[derive(Debug)]
struct Edges {
    /// By lane and priority.
    behind: [[Place; PRIORITIES]; 2],
    /// What landed while claims were under way, for them not to step over.
    landings: Vec<Landing>,
    landed: u64,
    /// Claims under way, by how many landings they began after.
    under_way: BTreeMap<u64, usize>,
    next_sweep: Instant,
    /// Something may have landed behind an edge, nobody knows where: sweep as soon as that takes no more than its
    /// share of the time.
    is_sweep_asked: bool,
    rested_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Landing {
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
    pub is_sweep: bool,
    began_at: Instant,
}

/// What a claim came upon; empty where it failed.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Leased, and committed.
    pub taken: Vec<Located>,
    /// Due, but not for any of these polls; locked until the claim ended, so that others passed over it.
    pub left: Vec<Located>,
    /// None of the polls might take anything, so nothing was looked at.
    pub is_unscanned: bool,
}

/// A claim under way, which ends when this is dropped, whatever became of it.
#[derive(Debug)]
pub struct UnderWay<'a> {
    edges: &'a ReadyEdges,
    engine_type: &'a str,
    pub scan: Scan,
    /// To be set after the commit.
    pub found: Found,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.edges.end(self.engine_type, &self.scan, &self.found);
    }
}

/// An event taken, or put back.
#[derive(Clone, Copy, Debug)]
pub struct Located {
    pub is_suspect: bool,
    pub priority: u8,
    pub place: Place,
}

impl ReadyEdges {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Edges>> {
        self.queues.lock().expect("nothing panics while it holds this lock")
    }

    /// Begins a claim.
    pub fn start<'a>(&'a self, engine_type: &'a str) -> UnderWay<'a> {
        UnderWay { edges: self, engine_type, scan: self.begin(engine_type), found: Found::default() }
    }

    fn begin(&self, engine_type: &str) -> Scan {
        self.with_edges(engine_type, |edges| {
            *edges.under_way.entry(edges.landed).or_default() += 1;
            edges.scan()
        })
    }

    /// Where somebody begins who only wants to know whether there is anything; from the front where it is time for
    /// that. It ends nowhere.
    pub fn glance(&self, engine_type: &str) -> Scan {
        self.with_edges(engine_type, Edges::scan)
    }

    fn with_edges<T>(&self, engine_type: &str, act: impl FnOnce(&mut Edges) -> T) -> T {
        let mut queues = self.lock();
        if let Some(edges) = queues.get_mut(engine_type) {
            return act(edges);
        }
        if queues.len() >= MAX_QUEUES {
            // Anybody may poll for any name. Who is forgotten begins at the front again.
            queues.retain(|_, edges| !edges.under_way.is_empty());
        }
        act(queues.entry(engine_type.to_owned()).or_insert_with(|| Edges::at_the_front(Instant::now())))
    }

    fn end(&self, engine_type: &str, scan: &Scan, found: &Found) {
        let mut queues = self.lock();
        let Some(edges) = queues.get_mut(engine_type) else { return };
        let mut last: HashMap<(bool, u8), Place> = HashMap::new();
        let mut behind_the_edge = Vec::new();
        for event in &found.taken {
            let place = last.entry((event.is_suspect, event.priority)).or_insert(event.place);
            *place = (*place).max(event.place);
        }
        for ((is_suspect, priority), place) in last {
            let bound = edges
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
            let edge = &mut edges.behind[usize::from(is_suspect)][usize::from(priority)];
            if scan.is_sweep && place < *edge {
                // It found something behind the edge: there may be more of it.
                behind_the_edge.push(Located { is_suspect, priority, place });
            } else {
                *edge = place.max(*edge);
            }
        }
        if let Some(claims) = edges.under_way.get_mut(&scan.began_after) {
            *claims -= 1;
            if *claims == 0 {
                edges.under_way.remove(&scan.began_after);
            }
        }
        for event in behind_the_edge.iter().chain(&found.left) {
            edges.step_back_before(event);
        }
        match edges.under_way.first_key_value() {
            Some((&oldest, _)) => edges.landings.retain(|landing| landing.number > oldest),
            None => edges.landings.clear(),
        }
        if scan.is_sweep {
            let took = scan.began_at.elapsed();
            edges.rested_at = Instant::now() + (took * ASKED_SWEEP_REST).min(SWEEP_AT_LEAST_EVERY);
            let pause = (took * SWEEP_SHARE).clamp(SWEEP_EVERY, SWEEP_AT_LEAST_EVERY);
            // A sweep that did not take place is left to the next claim, which may be able to.
            edges.next_sweep = if found.is_unscanned { scan.began_at } else { Instant::now() + pause };
        }
    }

    /// Events came into the queue at a place that is not known: one of the next claims starts at the front.
    pub fn sweep_soon(&self, engine_type: &str) {
        if let Some(edges) = self.lock().get_mut(engine_type) {
            edges.is_sweep_asked = true;
        }
    }

    /// Events came (back) into the queue, committed; the edges go back to before them.
    pub fn landed(&self, engine_type: &str, events: &[Located]) {
        let mut queues = self.lock();
        let Some(edges) = queues.get_mut(engine_type) else { return };
        for event in events {
            edges.step_back_before(event);
        }
    }
}

impl Edges {
    fn at_the_front(now: Instant) -> Self {
        Self {
            behind: [[Place::FRONT; PRIORITIES]; 2],
            landings: Vec::new(),
            landed: 0,
            under_way: BTreeMap::new(),
            next_sweep: now + SWEEP_EVERY,
            is_sweep_asked: false,
            rested_at: now,
        }
    }

    fn scan(&mut self) -> Scan {
        let now = Instant::now();
        let is_sweep = now >= self.next_sweep || (self.is_sweep_asked && now >= self.rested_at);
        if is_sweep {
            self.is_sweep_asked = false;
            self.next_sweep = now + SWEEP_EVERY;
        }
        let ranges = |is_suspect: bool| {
            (0..=MAX_PRIORITY)
                .rev()
                .map(|priority| Range {
                    priority,
                    behind: if is_sweep {
                        Place::FRONT
                    } else {
                        self.behind[usize::from(is_suspect)][usize::from(priority)]
                    },
                })
                .collect()
        };
        Scan { normals: ranges(false), suspects: ranges(true), began_after: self.landed, is_sweep, began_at: now }
    }

    /// There is something to be found at that place, also by claims that come after those under way:
    /// these, which may have passed over it, do not take the edge beyond it when they end.
    fn step_back_before(&mut self, event: &Located) {
        let edge = &mut self.behind[usize::from(event.is_suspect)][usize::from(event.priority)];
        *edge = (*edge).min(just_before(event.place));
        self.landed += 1;
        if !self.under_way.is_empty() {
            self.landings.push(Landing {
                number: self.landed,
                is_suspect: event.is_suspect,
                priority: event.priority,
                place: event.place,
            });
        }
    }
}

fn just_before(place: Place) -> Place {
    Place { available_at: place.available_at - TimeDelta::microseconds(1), event_id: EventId(Uuid::max()) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(second: i64) -> Located {
        let place = Place {
            available_at: DateTime::from_timestamp(second, 0).expect("small"),
            event_id: EventId(Uuid::from_u128(7)),
        };
        Located { is_suspect: false, priority: 5, place }
    }

    fn taken(events: &[Located]) -> Found {
        Found { taken: events.to_vec(), ..Found::default() }
    }

    fn edge_of(edges: &ReadyEdges) -> Place {
        let scan = edges.begin("q");
        edges.end("q", &scan, &Found::default());
        scan.normals.iter().find(|range| range.priority == 5).expect("every priority").behind
    }

    #[test]
    fn the_claim_after_a_sweep_was_asked_for_starts_at_the_front_and_the_next_one_does_not() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.end("q", &scan, &taken(&[at(10)]));
        edges.sweep_soon("q");
        assert_eq!(edge_of(&edges), Place::FRONT);
        assert_eq!(edge_of(&edges), at(10).place);
    }

    #[test]
    fn an_edge_follows_what_was_taken() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.end("q", &scan, &taken(&[at(10), at(12), at(11)]));
        assert_eq!(edge_of(&edges), at(12).place);
    }

    #[test]
    fn an_edge_goes_back_before_what_lands_behind_it() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.end("q", &scan, &taken(&[at(12)]));
        edges.landed("q", &[at(11)]);
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn what_lands_during_a_claim_is_not_stepped_over() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.landed("q", &[at(11)]);
        edges.end("q", &scan, &taken(&[at(12)]));
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn a_slower_claim_does_not_pull_the_edge_back() {
        let edges = ReadyEdges::default();
        let (slow, fast) = (edges.begin("q"), edges.begin("q"));
        edges.end("q", &fast, &taken(&[at(12)]));
        edges.end("q", &slow, &taken(&[at(10)]));
        assert_eq!(edge_of(&edges), at(12).place);
    }

    #[test]
    fn landings_are_forgotten_with_the_claims_they_concern() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.landed("q", &[at(11)]);
        edges.end("q", &scan, &Found::default());
        assert!(edges.lock()["q"].landings.is_empty());
        assert!(edges.lock()["q"].under_way.is_empty());
    }

    #[test]
    fn a_claim_that_is_given_up_is_not_under_way_any_more() {
        let edges = ReadyEdges::default();
        drop(edges.start("q"));
        assert!(edges.lock()["q"].under_way.is_empty());
    }

    #[test]
    fn what_a_claim_came_upon_and_left_is_not_stepped_over() {
        let edges = ReadyEdges::default();
        let (leaving, taking) = (edges.begin("q"), edges.begin("q"));
        edges.end("q", &taking, &taken(&[at(12)]));
        edges.end("q", &leaving, &Found { left: vec![at(11)], ..Found::default() });
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn what_a_claim_left_is_not_stepped_over_by_one_that_ends_later() {
        let edges = ReadyEdges::default();
        let (leaving, taking) = (edges.begin("q"), edges.begin("q"));
        edges.end("q", &leaving, &Found { left: vec![at(11)], ..Found::default() });
        edges.end("q", &taking, &taken(&[at(12)]));
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn what_a_sweep_found_behind_the_edge_is_gone_on_with_whatever_ends_meanwhile() {
        let edges = ReadyEdges::default();
        edges.end("q", &edges.begin("q"), &taken(&[at(20)]));
        edges.lock().get_mut("q").expect("known").next_sweep = Instant::now();
        let (sweep, other) = (edges.begin("q"), edges.begin("q"));
        assert!(sweep.is_sweep && !other.is_sweep);
        edges.end("q", &sweep, &taken(&[at(10)]));
        edges.end("q", &other, &taken(&[at(21)]));
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn a_sweep_that_could_not_look_is_left_to_the_next_claim() {
        let edges = ReadyEdges::default();
        edges.end("q", &edges.begin("q"), &Found::default());
        edges.lock().get_mut("q").expect("known").next_sweep = Instant::now();
        for is_unscanned in [true, false] {
            let scan = edges.begin("q");
            assert!(scan.is_sweep);
            edges.end("q", &scan, &Found { is_unscanned, ..Found::default() });
        }
        assert!(!edges.begin("q").is_sweep);
    }
}
