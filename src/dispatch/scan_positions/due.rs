//! Where the scan for due events begins, by queue.

mod of_queue;

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};

use super::pacing::make_room;
use of_queue::QueuePositions;
pub use of_queue::{Found, Located, Scan};

/// Queues whose positions are remembered.
const MAX_QUEUES: usize = 10_000;

/// The positions of all queues.
#[derive(Debug, Default)]
pub struct DuePositions {
    queues: Mutex<HashMap<String, QueuePositions>>,
}

/// A claim under way, which ends when this is dropped, whatever became of it.
#[derive(Debug)]
pub struct UnderWay<'a> {
    positions: &'a DuePositions,
    engine_type: &'a str,
    /// Where it scans.
    pub scan: Scan,
    /// Nothing was scanned, until the scan begins; to be set after the commit.
    pub found: Found,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.positions.end(self.engine_type, &self.scan, &self.found, Instant::now());
    }
}

impl DuePositions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, QueuePositions>> {
        self.queues.lock()
    }

    /// Begins a claim.
    pub fn start<'a>(&'a self, engine_type: &'a str) -> UnderWay<'a> {
        let scan = self.begin(engine_type, Instant::now());
        UnderWay { positions: self, engine_type, scan, found: Found { is_unscanned: true, ..Found::default() } }
    }

    fn begin(&self, engine_type: &str, now: Instant) -> Scan {
        self.with_positions(engine_type, now, |positions| positions.begin(now))
    }

    /// Where a check begins, which leases nothing; with a sweep where it is time for one.
    pub fn scan(&self, engine_type: &str, now: Instant) -> Scan {
        self.with_positions(engine_type, now, |positions| positions.scan(now))
    }

    /// A check is over. Where a sweep found something due, the next claim begins where it did.
    pub fn checked(&self, engine_type: &str, scan: &Scan, is_due: bool, now: Instant) {
        if let Some(positions) = self.lock().get_mut(engine_type) {
            positions.rest_after(scan, now);
            if is_due {
                positions.repeat(scan);
            }
        }
    }

    fn with_positions<T>(&self, engine_type: &str, now: Instant, act: impl FnOnce(&mut QueuePositions) -> T) -> T {
        let mut queues = self.lock();
        if let Some(positions) = queues.get_mut(engine_type) {
            return act(positions);
        }
        let name = engine_type.to_owned();
        // Anybody may poll for any name. Only claims under way need theirs.
        make_room(&mut queues, &name, MAX_QUEUES, |positions| !positions.under_way.is_empty());
        act(queues.entry(name).or_insert_with(|| QueuePositions::at_the_front(now)))
    }

    fn end(&self, engine_type: &str, scan: &Scan, found: &Found, now: Instant) {
        if let Some(positions) = self.lock().get_mut(engine_type) {
            positions.end(scan, found, now);
        }
    }

    /// Events came into the queue at an unknown place: one of the next claims starts at the front.
    pub fn sweep_soon(&self, engine_type: &str) {
        if let Some(positions) = self.lock().get_mut(engine_type) {
            positions.is_sweep_asked = true;
        }
    }

    /// Events came (back) into the queue, committed; the positions go back to before them.
    pub fn landed(&self, engine_type: &str, events: impl Iterator<Item = Located>) {
        let mut queues = self.lock();
        let Some(positions) = queues.get_mut(engine_type) else { return };
        for event in events {
            positions.step_back_before(&event);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::EventId;
    use crate::domain::lane::Lane;
    use crate::store::leases::due::DuePosition;

    fn at(second: i64) -> Located {
        let position = DuePosition {
            available_at: DateTime::from_timestamp(second, 0).expect("small"),
            event_id: EventId(Uuid::from_u128(7)),
        };
        Located { lane: Lane::Normal, priority: 5, position }
    }

    fn taken(events: &[Located]) -> Found {
        Found { taken: events.to_vec(), ..Found::default() }
    }

    fn position_of(positions: &DuePositions) -> DuePosition {
        let scan = positions.begin("q", Instant::now());
        positions.end("q", &scan, &Found::default(), Instant::now());
        scan.ranges[0].iter().find(|range| range.priority == 5).expect("every priority").behind
    }

    #[test]
    fn the_claim_after_a_sweep_was_asked_for_starts_at_the_front_and_the_next_one_does_not() {
        let positions = DuePositions::default();
        let scan = positions.begin("q", Instant::now());
        positions.end("q", &scan, &taken(&[at(10)]), Instant::now());
        positions.sweep_soon("q");
        assert_eq!(position_of(&positions), DuePosition::FRONT);
        assert_eq!(position_of(&positions), at(10).position);
    }

    #[test]
    fn a_position_follows_what_was_taken() {
        let positions = DuePositions::default();
        let scan = positions.begin("q", Instant::now());
        positions.end("q", &scan, &taken(&[at(10), at(12), at(11)]), Instant::now());
        assert_eq!(position_of(&positions), at(12).position);
    }

    #[test]
    fn a_position_goes_back_before_what_lands_behind_it() {
        let positions = DuePositions::default();
        let scan = positions.begin("q", Instant::now());
        positions.end("q", &scan, &taken(&[at(12)]), Instant::now());
        positions.landed("q", [at(11)].into_iter());
        assert!(position_of(&positions) < at(11).position);
    }

    #[test]
    fn what_lands_during_a_claim_is_not_stepped_over() {
        let positions = DuePositions::default();
        let scan = positions.begin("q", Instant::now());
        positions.landed("q", [at(11)].into_iter());
        positions.end("q", &scan, &taken(&[at(12)]), Instant::now());
        assert!(position_of(&positions) < at(11).position);
    }

    #[test]
    fn a_slower_claim_does_not_pull_the_position_back() {
        let positions = DuePositions::default();
        let (slow, fast) = (positions.begin("q", Instant::now()), positions.begin("q", Instant::now()));
        positions.end("q", &fast, &taken(&[at(12)]), Instant::now());
        positions.end("q", &slow, &taken(&[at(10)]), Instant::now());
        assert_eq!(position_of(&positions), at(12).position);
    }

    #[test]
    fn a_claim_that_is_given_up_is_not_under_way_any_more() {
        let positions = DuePositions::default();
        drop(positions.start("q"));
        assert!(positions.lock()["q"].under_way.is_empty());
    }

    #[test]
    fn what_a_claim_came_upon_and_left_is_not_stepped_over() {
        let positions = DuePositions::default();
        let (leaving, taking) = (positions.begin("q", Instant::now()), positions.begin("q", Instant::now()));
        positions.end("q", &taking, &taken(&[at(12)]), Instant::now());
        positions.end("q", &leaving, &Found { left: vec![at(11)], ..Found::default() }, Instant::now());
        assert!(position_of(&positions) < at(11).position);
    }

    #[test]
    fn what_a_claim_left_is_not_stepped_over_by_one_that_ends_later() {
        let positions = DuePositions::default();
        let (leaving, taking) = (positions.begin("q", Instant::now()), positions.begin("q", Instant::now()));
        positions.end("q", &leaving, &Found { left: vec![at(11)], ..Found::default() }, Instant::now());
        positions.end("q", &taking, &taken(&[at(12)]), Instant::now());
        assert!(position_of(&positions) < at(11).position);
    }

    #[test]
    fn what_a_sweep_found_behind_the_position_is_gone_on_with_whatever_ends_meanwhile() {
        let positions = DuePositions::default();
        positions.end("q", &positions.begin("q", Instant::now()), &taken(&[at(20)]), Instant::now());
        positions.lock().get_mut("q").expect("known").next_sweep_from_the_front = Instant::now();
        let (sweep, other) = (positions.begin("q", Instant::now()), positions.begin("q", Instant::now()));
        assert!(sweep.is_sweep() && !other.is_sweep());
        positions.end("q", &sweep, &taken(&[at(10)]), Instant::now());
        positions.end("q", &other, &taken(&[at(21)]), Instant::now());
        assert!(position_of(&positions) < at(11).position);
    }

    #[test]
    fn a_sweep_that_could_not_look_is_left_to_the_next_claim() {
        let positions = DuePositions::default();
        positions.end("q", &positions.begin("q", Instant::now()), &Found::default(), Instant::now());
        positions.lock().get_mut("q").expect("known").next_sweep_from_the_front = Instant::now();
        for is_unscanned in [true, false] {
            let scan = positions.begin("q", Instant::now());
            assert!(scan.is_sweep());
            positions.end("q", &scan, &Found { is_unscanned, ..Found::default() }, Instant::now());
        }
        assert!(!positions.begin("q", Instant::now()).is_sweep());
    }

    #[test]
    fn a_sweep_whose_claim_failed_before_it_scanned_is_left_to_the_next_claim() {
        let positions = DuePositions::default();
        positions.end("q", &positions.begin("q", Instant::now()), &taken(&[at(10)]), Instant::now());
        positions.lock().get_mut("q").expect("known").next_sweep_from_the_front = Instant::now();
        drop(positions.start("q"));
        let mut scanning = positions.start("q");
        assert!(scanning.scan.is_sweep());
        scanning.found.is_unscanned = false;
        drop(scanning);
        assert!(!positions.begin("q", Instant::now()).is_sweep());
    }

    #[test]
    fn most_sweeps_begin_some_way_behind_the_position() {
        let positions = DuePositions::default();
        positions.end("q", &positions.begin("q", Instant::now()), &taken(&[at(100)]), Instant::now());
        positions.lock().get_mut("q").expect("known").next_sweep = Instant::now();
        assert_eq!(position_of(&positions).available_at, at(70).position.available_at);
        assert_eq!(position_of(&positions), at(100).position);
    }
}
