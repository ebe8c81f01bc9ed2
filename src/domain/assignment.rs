//! Who gets which of the due events: engines' limits, the bound on a reply's bytes, and what may be held beside a suspect.
//!
//! A suspect is an event with a silent loss: it may be what killed its engine. After one loss it is leased beside others, but an
//! engine holds one such event at a time. An isolated one is given as the only event of its reply, to an engine that holds
//! nothing else, and that engine gets nothing more until it is done; so poison takes no other event to the dead letters. Where
//! every engine is busy, one is reserved for an isolated suspect for some time (`exclusive_engine`).

use std::iter::Peekable;

use super::exclusive_engine::Eligible;
use super::ids::EngineId;
use super::lane::Lane;
use super::limits::MAX_LEASE_REPLY_PAYLOAD_BYTES;

/// What a registered engine holds, and how much it may hold.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// The registered engine.
    pub engine_id: EngineId,
    /// Number of events it has leased now.
    pub held: u32,
    /// The highest lane of the events it holds; the normal one if it holds none.
    pub highest_lane: Lane,
    /// Most events it may hold at a time; `None` is no limit.
    pub max_concurrent_events: Option<u32>,
}

impl Capacity {
    /// True while it holds an isolated suspect: it takes nothing more until that one ends.
    #[must_use]
    pub fn is_holding_isolated(&self) -> bool {
        self.highest_lane == Lane::Isolated
    }

    /// True while it holds no suspect: it may take one beside others.
    #[must_use]
    pub fn may_take_suspect(&self) -> bool {
        self.highest_lane == Lane::Normal
    }

    /// How many more events this engine may take.
    #[must_use]
    pub fn room(&self) -> u32 {
        if self.is_holding_isolated() {
            return 0;
        }
        self.max_concurrent_events.map_or(u32::MAX, |max| max.saturating_sub(self.held))
    }

    /// Counts an event that the engine is given.
    pub fn take(&mut self, lane: Lane) {
        self.held = self.held.saturating_add(1);
        self.highest_lane = self.highest_lane.max(lane);
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

/// A due event, locked. The slice given to [`assign`] is in the order of leasing, all lanes merged.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Size of the payload, counted towards the bound on a reply's bytes.
    pub payload_bytes: u64,
    /// What an engine may hold beside it.
    pub lane: Lane,
    /// It has been due for longer than a suspect is asked to wait for an engine to be idle.
    pub is_overdue: bool,
}

/// Which candidates each poll is given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Assignment {
    /// For each poll the candidates it gets, by index.
    pub given: Vec<Vec<usize>>,
    /// The engine that was given nothing, so that it becomes idle and the first isolated suspect can go to it.
    pub exclusive: Option<EngineId>,
}

/// Assigns `candidates` to `takers` in order. Where every engine is always busy, an isolated suspect would wait
/// for ever: then one of those that are `eligible` is given nothing.
#[must_use]
pub fn assign(takers: &[Taker], capacities: &[Capacity], candidates: &[Candidate], eligible: &Eligible) -> Assignment {
    let mut capacities = capacities.to_vec();
    let of_lane = |lane| candidates.iter().enumerate().filter(move |(_, c)| c.lane == lane).map(|(i, _)| i).peekable();
    let [mut normals, mut suspects, mut isolated] = Lane::ALL.map(of_lane);
    let mut assignment = Assignment { given: Vec::with_capacity(takers.len()), exclusive: None };

    for taker in takers {
        let mut capacity = taker.capacity.map(|index| &mut capacities[index]);
        let mut may_take_suspect = capacity.as_ref().is_none_or(|capacity| capacity.may_take_suspect());
        let next = first(&mut normals, &mut suspects, may_take_suspect);
        let is_isolated_first = isolated.peek().is_some_and(|isolated| next.is_none_or(|next| *isolated < next));
        let is_idle = capacity.as_ref().is_none_or(|capacity| capacity.held == 0);

        if is_isolated_first && is_idle && taker.limit > 0 {
            assignment.given.push(isolated.next().into_iter().collect());
            if let Some(capacity) = capacity.as_mut() {
                capacity.take(Lane::Isolated);
            }
            continue;
        }
        if is_isolated_first
            && isolated.peek().is_some_and(|&isolated| candidates[isolated].is_overdue)
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
            && let Some(next) = first(&mut normals, &mut suspects, may_take_suspect)
        {
            bytes += candidates[next].payload_bytes;
            if bytes > MAX_LEASE_REPLY_PAYLOAD_BYTES && !taken.is_empty() {
                break;
            }
            let lane = candidates[next].lane;
            match lane {
                Lane::Normal => drop(normals.next()),
                Lane::OnePerEngine | Lane::Isolated => {
                    suspects.next();
                    may_take_suspect = false;
                }
            }
            if let Some(capacity) = capacity.as_mut() {
                capacity.take(lane);
            }
            taken.push(next);
        }
        assignment.given.push(taken);
    }
    assignment
}

/// The first event that may be leased beside others.
fn first(
    normals: &mut Peekable<impl Iterator<Item = usize>>,
    suspects: &mut Peekable<impl Iterator<Item = usize>>,
    may_take_suspect: bool,
) -> Option<usize> {
    let suspect = if may_take_suspect { suspects.peek() } else { None };
    normals.peek().into_iter().chain(suspect).min().copied()
}

#[cfg(test)]
mod tests;
