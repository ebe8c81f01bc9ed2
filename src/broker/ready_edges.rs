//! Where the scan for due events begins: a moving edge per (queue, lane, priority).
//!
//! What was leased leaves dead index entries, which stay for as long as any session holds an old
//! snapshot. A scan from the front re-reads them all, every time; a scan from behind the last
//! event taken meets none. The edge only advances after the commit of the lease, goes back to
//! before whatever lands behind it, and is passed over by sweeps, which find what other replicas or SQL
//! put behind it: every few seconds from where the edge was a while ago; and from the front, as
//! often as that takes a small share of the time.

mod edges;

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};

use crate::store::leases::due::Place;
use edges::{Edges, Scan};

/// Queues whose edges are remembered.
const MAX_QUEUES: usize = 10_000;

#[derive(Debug, Default)]
pub struct ReadyEdges {
    queues: Mutex<HashMap<String, Edges>>,
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
        self.queues.lock()
    }

    /// Begins a claim.
    pub fn start<'a>(&'a self, engine_type: &'a str) -> UnderWay<'a> {
        UnderWay { edges: self, engine_type, scan: self.begin(engine_type), found: Found::default() }
    }

    fn begin(&self, engine_type: &str) -> Scan {
        self.with_edges(engine_type, Edges::begin)
    }

    /// Where somebody begins who only wants to know whether there is anything; with a sweep where it is time for one.
    pub fn glance(&self, engine_type: &str) -> Scan {
        self.with_edges(engine_type, Edges::scan)
    }

    /// Such a glance is over. Where a sweep came upon something due, the next claim begins where it did.
    pub fn glanced(&self, engine_type: &str, scan: &Scan, is_due: bool) {
        if let Some(edges) = self.lock().get_mut(engine_type) {
            edges.rest_after(scan);
            if is_due {
                edges.repeat(scan);
            }
        }
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
        if let Some(edges) = self.lock().get_mut(engine_type) {
            edges.end(scan, found);
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::edges::MAX_LANDINGS;
    use super::*;
    use crate::domain::ids::EventId;

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
    fn however_many_events_land_during_a_claim_few_are_remembered_and_none_is_stepped_over() {
        let edges = ReadyEdges::default();
        let scan = edges.begin("q");
        edges.landed("q", &[at(11)]);
        edges.landed("q", &vec![at(50); 3 * MAX_LANDINGS]);
        assert!(edges.lock()["q"].landings.len() <= MAX_LANDINGS);
        edges.end("q", &scan, &taken(&[at(60)]));
        assert!(edge_of(&edges) < at(11).place);
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
        edges.lock().get_mut("q").expect("known").next_sweep_from_the_front = Instant::now();
        let (sweep, other) = (edges.begin("q"), edges.begin("q"));
        assert!(sweep.is_sweep() && !other.is_sweep());
        edges.end("q", &sweep, &taken(&[at(10)]));
        edges.end("q", &other, &taken(&[at(21)]));
        assert!(edge_of(&edges) < at(11).place);
    }

    #[test]
    fn a_sweep_that_could_not_look_is_left_to_the_next_claim() {
        let edges = ReadyEdges::default();
        edges.end("q", &edges.begin("q"), &Found::default());
        edges.lock().get_mut("q").expect("known").next_sweep_from_the_front = Instant::now();
        for is_unscanned in [true, false] {
            let scan = edges.begin("q");
            assert!(scan.is_sweep());
            edges.end("q", &scan, &Found { is_unscanned, ..Found::default() });
        }
        assert!(!edges.begin("q").is_sweep());
    }

    #[test]
    fn most_sweeps_begin_where_the_edge_was_a_while_ago() {
        let edges = ReadyEdges::default();
        for (second, ages_after) in [(10, true), (20, true), (30, false)] {
            edges.end("q", &edges.begin("q"), &taken(&[at(second)]));
            if ages_after {
                edges.lock().get_mut("q").expect("known").floor_moves_at = Instant::now();
                edges.end("q", &edges.begin("q"), &Found::default());
            }
        }
        edges.lock().get_mut("q").expect("known").next_sweep = Instant::now();
        assert_eq!(edge_of(&edges), at(10).place);
        assert_eq!(edge_of(&edges), at(30).place);
    }
}
