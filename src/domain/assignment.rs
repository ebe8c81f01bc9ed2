//! Who gets which of the due events: engines' limits, the bound on a reply's bytes, and suspects
//! alone.
//!
//! A suspect is an event with a silent loss: it may be what killed its engine. It is given as the
//! only event of its reply, to an engine that holds nothing else, and that engine gets nothing
//! more until it is done; so poison takes no other event with it. Where every engine is busy, one is reserved for a
//! suspect for some time (`exclusive_engine`).

use super::exclusive_engine::Eligible;
use super::ids::EngineId;
use super::limits::MAX_LEASE_REPLY_PAYLOAD_BYTES;

/// What a registered engine holds, and how much it may hold.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// The registered engine.
    pub engine_id: EngineId,
    /// Number of events it has leased now.
    pub held: u32,
    /// True while one of them is a suspect: the engine takes nothing more until that one ends.
    pub is_holding_a_suspect: bool,
    /// Most events it may hold at a time; `None` is no limit.
    pub max_concurrent_events: Option<u32>,
}

impl Capacity {
    /// How many more events this engine may take.
    #[must_use]
    pub fn room(&self) -> u32 {
        if self.is_holding_a_suspect {
            return 0;
        }
        self.max_concurrent_events.map_or(u32::MAX, |max| max.saturating_sub(self.held))
    }
}

/// One poll. An anonymous one has no capacity: nothing is known of what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Taker {
    /// Events at most.
    pub limit: u32,
    /// Its engine's place among the capacities.
    pub capacity: Option<usize>,
}

/// A due event, locked. The slice given to [`assign`] is in the order of leasing, both lanes merged.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Size of the payload, counted towards the bound on a reply's bytes.
    pub payload_bytes: u64,
    /// True if the event had a silent loss.
    pub is_suspect: bool,
    /// It has been due for longer than a suspect is asked to wait for an engine to be idle.
    pub is_overdue: bool,
}

/// Which candidates each poll is given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Assignment {
    /// For each poll the candidates it gets, by index.
    pub given: Vec<Vec<usize>>,
    /// The engine that was given nothing, so that it becomes idle and the first suspect can go to it.
    pub exclusive: Option<EngineId>,
}

/// Assigns `candidates` to `takers` in order. Where every engine is always busy, a suspect would wait
/// for ever: then one of those that are `eligible` is given nothing.
#[must_use]
pub fn assign(takers: &[Taker], capacities: &[Capacity], candidates: &[Candidate], eligible: &Eligible) -> Assignment {
    let mut capacities = capacities.to_vec();
    let mut normals = candidates.iter().enumerate().filter(|(_, c)| !c.is_suspect).map(|(i, _)| i).peekable();
    let mut suspects = candidates.iter().enumerate().filter(|(_, c)| c.is_suspect).map(|(i, _)| i).peekable();
    let mut assignment = Assignment { given: Vec::with_capacity(takers.len()), exclusive: None };

    for taker in takers {
        let mut capacity = taker.capacity.map(|index| &mut capacities[index]);
        let is_suspect_first =
            suspects.peek().is_some_and(|suspect| normals.peek().is_none_or(|normal| suspect < normal));
        let is_idle = capacity.as_ref().is_none_or(|capacity| capacity.held == 0);

        if is_suspect_first && is_idle && taker.limit > 0 {
            let suspect = suspects.next().into_iter().collect::<Vec<_>>();
            if let Some(capacity) = capacity.as_mut() {
                capacity.held += 1;
                capacity.is_holding_a_suspect = true;
            }
            assignment.given.push(suspect);
            continue;
        }
        if is_suspect_first
            && suspects.peek().is_some_and(|&suspect| candidates[suspect].is_overdue)
            && let Some(capacity) = capacity.as_ref()
            && assignment
                .exclusive
                .map_or_else(|| eligible.allows(capacity.engine_id), |exclusive| exclusive == capacity.engine_id)
        {
            assignment.exclusive = Some(capacity.engine_id);
            assignment.given.push(Vec::new());
            continue;
        }

        let room = capacity.as_ref().map_or(u32::MAX, |capacity| capacity.room()).min(taker.limit);
        let mut taken = Vec::new();
        let mut bytes = 0;
        while (taken.len() as u64) < u64::from(room)
            && let Some(&next) = normals.peek()
        {
            bytes += candidates[next].payload_bytes;
            if bytes > MAX_LEASE_REPLY_PAYLOAD_BYTES && !taken.is_empty() {
                break;
            }
            taken.push(next);
            normals.next();
        }
        if let Some(capacity) = capacity.as_mut() {
            capacity.held += u32::try_from(taken.len()).unwrap_or(u32::MAX);
        }
        assignment.given.push(taken);
    }
    assignment
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NORMAL: Candidate = Candidate { payload_bytes: 100, is_suspect: false, is_overdue: false };
    const SUSPECT: Candidate = Candidate { is_suspect: true, ..NORMAL };
    const OVERDUE: Candidate = Candidate { is_overdue: true, ..SUSPECT };

    fn engine(number: u128) -> EngineId {
        EngineId(Uuid::from_u128(number))
    }

    fn anyone() -> Eligible {
        Eligible::default()
    }

    fn capacity(number: u128, held: u32, max: Option<u32>) -> Capacity {
        Capacity { engine_id: engine(number), held, is_holding_a_suspect: false, max_concurrent_events: max }
    }

    fn taker(limit: u32, capacity: usize) -> Taker {
        Taker { limit, capacity: Some(capacity) }
    }

    #[test]
    fn nobody_gets_more_than_its_limit_or_its_room() {
        let capacities = [capacity(1, 3, Some(5)), capacity(2, 0, None)];
        let assignment = assign(&[taker(3, 0), taker(3, 1)], &capacities, &[NORMAL; 9], &anyone());
        assert_eq!(assignment.given, [vec![0, 1], vec![2, 3, 4]]);
    }

    #[test]
    fn polls_of_one_engine_in_one_batch_share_its_room() {
        let assignment = assign(&[taker(4, 0), taker(4, 0)], &[capacity(1, 0, Some(5))], &[NORMAL; 9], &anyone());
        assert_eq!(assignment.given, [vec![0, 1, 2, 3], vec![4]]);
    }

    #[test]
    fn a_reply_stops_before_its_bytes_but_has_one_event() {
        let big = Candidate { payload_bytes: MAX_LEASE_REPLY_PAYLOAD_BYTES + 1, ..NORMAL };
        let anonymous = Taker { limit: 3, capacity: None };
        assert_eq!(assign(&[anonymous], &[], &[big, NORMAL], &anyone()).given, [vec![0]]);
        assert_eq!(assign(&[anonymous], &[], &[NORMAL, big, NORMAL], &anyone()).given, [vec![0]]);
    }

    #[test]
    fn a_suspect_goes_alone_to_an_idle_engine() {
        let assignment = assign(
            &[taker(3, 0), taker(3, 1)],
            &[capacity(1, 0, None), capacity(2, 0, None)],
            &[SUSPECT, NORMAL, NORMAL],
            &anyone(),
        );
        assert_eq!(assignment.given, [vec![0], vec![1, 2]]);
    }

    #[test]
    fn an_engine_that_holds_a_suspect_gets_nothing_more() {
        let holding = Capacity { is_holding_a_suspect: true, ..capacity(1, 1, None) };
        assert_eq!(assign(&[taker(3, 0)], &[holding], &[NORMAL], &anyone()).given, [Vec::<usize>::new()]);
        let twice = assign(&[taker(3, 0), taker(3, 0)], &[capacity(1, 0, None)], &[SUSPECT, NORMAL], &anyone());
        assert_eq!(twice.given, [vec![0], vec![]]);
    }

    #[test]
    fn suspects_hold_nobody_up() {
        let assignment = assign(&[taker(3, 0)], &[capacity(1, 2, None)], &[SUSPECT, SUSPECT, NORMAL], &anyone());
        assert_eq!(assignment.given, [vec![2]]);
        assert_eq!(assignment.exclusive, None);
    }

    #[test]
    fn an_overdue_suspect_has_one_busy_engine_reserved() {
        let capacities = [capacity(1, 2, None), capacity(2, 2, None)];
        let takers = [taker(3, 0), taker(3, 1)];
        let first = assign(&takers, &capacities, &[OVERDUE, NORMAL, NORMAL], &anyone());
        assert_eq!((first.given, first.exclusive), (vec![vec![], vec![1, 2]], Some(engine(1))));
        let exclusive = Eligible { exclusive: Some(engine(2)), ..anyone() };
        let second = assign(&takers, &capacities, &[OVERDUE, NORMAL, NORMAL], &exclusive);
        assert_eq!((second.given, second.exclusive), (vec![vec![1, 2], vec![]], Some(engine(2))));
    }

    #[test]
    fn an_engine_that_was_reserved_in_vain_is_given_events_and_another_one_is_reserved() {
        let capacities = [capacity(1, 2, None), capacity(2, 2, None)];
        let eligible = Eligible { exclusive: None, resting: vec![engine(1)] };
        let alone = assign(&[taker(3, 0)], &capacities, &[OVERDUE, NORMAL], &eligible);
        assert_eq!((alone.given, alone.exclusive), (vec![vec![1]], None));
        let both = assign(&[taker(3, 0), taker(3, 1)], &capacities, &[OVERDUE, NORMAL], &eligible);
        assert_eq!((both.given, both.exclusive), (vec![vec![1], vec![]], Some(engine(2))));
        let idle = assign(&[taker(3, 0)], &[capacity(1, 0, None)], &[OVERDUE, NORMAL], &eligible);
        assert_eq!(idle.given, [vec![0]], "idle, it is given the suspect at once");
    }

    #[test]
    fn strict_priority_holds_for_suspects_too() {
        let assignment = assign(&[taker(3, 0)], &[capacity(1, 0, None)], &[NORMAL, OVERDUE], &anyone());
        assert_eq!(assignment.given, [vec![0]]);
    }
}
