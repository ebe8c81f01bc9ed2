//! Poison among innocents, simulated: every engine that holds a poison event dies, and engines die of other causes too. The
//! lanes and the assignment decide which events are held together; an innocent event must not become a dead letter.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::assignment::{Candidate, Capacity, Taker, assign};
use crate::domain::exclusive_engine::ExclusiveEnginesOfQueue;
use crate::domain::ids::EngineId;
use crate::domain::lane::{Lane, SuspectIsolation};
use crate::domain::retry_policy::RetryPolicy;
use crate::domain::verdict::{Ending, Loss, Spent, Verdict, verdict};

const ENGINES: usize = 8;
/// Events that an engine may hold.
const SLOTS: u32 = 10;
const EVENTS: usize = 600;
/// One event in so many is poison.
const POISON_IN: usize = 50;
const STEPS_A_SECOND: u64 = 10;
/// An event is worked on for one to so many steps.
const LONGEST_WORK: u64 = 10;
/// Steps until an engine that died is there again.
const RESTART: u64 = 20;
const SEEDS: u64 = 40;

/// What became of the events.
#[derive(Default, PartialEq, Eq, Debug)]
struct Ends {
    poison_dead_lettered: usize,
    innocents_completed: usize,
    /// Innocent events that became dead letters by a loss in which the engine held nothing else.
    innocents_dead_alone: usize,
    /// Innocent events that became dead letters by a loss beside other events.
    innocents_dead_in_company: usize,
}

struct Event {
    is_poison: bool,
    spent: Spent,
    lane: Lane,
    due: u64,
}

#[derive(Clone, Default)]
struct Engine {
    /// Events with the step at which the work on them ends.
    held: Vec<(usize, u64)>,
    is_down_until: u64,
}

struct Simulation {
    random: u64,
    now: u64,
    policy: RetryPolicy,
    isolation: SuspectIsolation,
    lane: fn(SuspectIsolation, Spent, &RetryPolicy) -> Lane,
    events: Vec<Event>,
    /// By when they are due, and their number.
    queued: BTreeSet<(u64, usize)>,
    engines: Vec<Engine>,
    exclusive: ExclusiveEnginesOfQueue,
    ends: Ends,
}

impl Simulation {
    /// A number below `bound` (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn time(&self) -> Duration {
        Duration::from_millis(self.now * 1000 / STEPS_A_SECOND)
    }

    /// Runs until every event has ended.
    fn run(mut self, crashes_an_hour: u64) -> Ends {
        while !self.queued.is_empty() || self.engines.iter().any(|engine| !engine.held.is_empty()) {
            self.now += 1;
            assert!(self.now < 1_000_000, "{} events never end", self.queued.len());
            for engine in 0..ENGINES {
                let crashes = self.below(3600 * STEPS_A_SECOND) < crashes_an_hour;
                let now = self.now;
                let mut is_poisoned = false;
                let (events, completed) = (&self.events, &mut self.ends.innocents_completed);
                self.engines[engine].held.retain(|(event, ends)| {
                    is_poisoned |= events[*event].is_poison && *ends <= now;
                    let is_done = !events[*event].is_poison && *ends <= now;
                    *completed += usize::from(is_done);
                    !is_done
                });
                if is_poisoned || crashes {
                    self.crash(engine);
                }
            }
            self.poll();
        }
        self.ends
    }

    fn crash(&mut self, engine: usize) {
        self.engines[engine].is_down_until = self.now + RESTART;
        let held = std::mem::take(&mut self.engines[engine].held);
        for (number, _) in &held {
            let event = &mut self.events[*number];
            let ending = Ending::Lost(Loss::EngineRestarted);
            match verdict(ending, event.spent, &self.policy, self.isolation, false, 0.0) {
                Verdict::Requeue { after, spent, .. } => {
                    event.spent = spent;
                    event.lane = (self.lane)(self.isolation, spent, &self.policy);
                    event.due = self.now + after.as_secs() * STEPS_A_SECOND;
                    self.queued.insert((event.due, *number));
                }
                Verdict::DeadLetter { .. } if event.is_poison => self.ends.poison_dead_lettered += 1,
                Verdict::DeadLetter { .. } if held.len() == 1 => self.ends.innocents_dead_alone += 1,
                Verdict::DeadLetter { .. } => self.ends.innocents_dead_in_company += 1,
                Verdict::Complete | Verdict::Cancel => unreachable!("a lost lease does not end so"),
            }
        }
    }

    /// Every engine that is up polls, beginning with a random one; all in one claim.
    fn poll(&mut self) {
        let due: Vec<usize> =
            self.queued.iter().take_while(|(due, _)| *due <= self.now).map(|(_, number)| *number).collect();
        let candidates: Vec<Candidate> = due.iter().map(|number| self.candidate(*number)).collect();
        let capacities: Vec<Capacity> = (0..ENGINES).map(|engine| self.capacity(engine)).collect();
        let first = usize::try_from(self.below(ENGINES as u64)).expect("few");
        let polling: Vec<usize> = (0..ENGINES)
            .map(|engine| (engine + first) % ENGINES)
            .filter(|engine| self.engines[*engine].is_down_until <= self.now && capacities[*engine].room() > 0)
            .collect();
        let takers: Vec<Taker> = polling.iter().map(|engine| Taker { limit: SLOTS, capacity: Some(*engine) }).collect();
        let assignment = assign(&takers, &capacities, &candidates, &self.exclusive.at(self.time()));
        let time = self.time();
        for (engine, given) in polling.into_iter().zip(assignment.given) {
            for number in given.into_iter().map(|candidate| due[candidate]) {
                let ends = self.now + 1 + self.below(LONGEST_WORK);
                let event = &self.events[number];
                self.queued.remove(&(event.due, number));
                if event.lane == Lane::Isolated {
                    self.exclusive.given_suspect(engine_id(engine), time);
                }
                self.engines[engine].held.push((number, ends));
            }
        }
        if let Some(engine_id) = assignment.exclusive {
            self.exclusive.make_exclusive(engine_id, time);
        }
    }

    fn candidate(&self, number: usize) -> Candidate {
        let event = &self.events[number];
        Candidate { payload_bytes: 1, lane: event.lane, is_overdue: event.due + 3 * STEPS_A_SECOND < self.now }
    }

    fn capacity(&self, engine: usize) -> Capacity {
        let mut capacity = Capacity {
            engine_id: engine_id(engine),
            held: 0,
            highest_lane: Lane::Normal,
            max_concurrent_events: Some(SLOTS),
        };
        for (number, _) in &self.engines[engine].held {
            capacity.take(self.events[*number].lane);
        }
        capacity
    }
}

fn engine_id(engine: usize) -> EngineId {
    EngineId(Uuid::from_u128(engine as u128))
}

/// What becomes of the events where so many silent losses make a dead letter, and each engine crashes so often by itself.
fn ends(
    seed: u64,
    dead_letter_threshold: u32,
    crashes_an_hour: u64,
    isolation: SuspectIsolation,
    lane: fn(SuspectIsolation, Spent, &RetryPolicy) -> Lane,
) -> Ends {
    let event = |number| Event {
        is_poison: number % POISON_IN == POISON_IN / 2,
        spent: Spent::default(),
        lane: Lane::Normal,
        due: number as u64 / 20,
    };
    let events: Vec<Event> = (0..EVENTS).map(event).collect();
    let simulation = Simulation {
        random: seed,
        now: 0,
        policy: RetryPolicy { dead_letter_threshold, ..RetryPolicy::default() },
        isolation,
        lane,
        queued: events.iter().enumerate().map(|(number, event)| (event.due, number)).collect(),
        events,
        engines: vec![Engine::default(); ENGINES],
        exclusive: ExclusiveEnginesOfQueue::default(),
        ends: Ends::default(),
    };
    simulation.run(crashes_an_hour)
}

fn of_the_domain(isolation: SuspectIsolation, spent: Spent, policy: &RetryPolicy) -> Lane {
    spent.lane(policy, isolation)
}

const POISON: usize = EVENTS / POISON_IN;

#[test]
fn poison_ends_in_the_dead_letters_and_takes_no_innocent_event_along() {
    let all_as_they_should = Ends {
        poison_dead_lettered: POISON,
        innocents_completed: EVENTS - POISON,
        innocents_dead_alone: 0,
        innocents_dead_in_company: 0,
    };
    for isolation in [SuspectIsolation::FirstLoss, SuspectIsolation::SecondLoss] {
        for dead_letter_threshold in [2, 3] {
            for seed in 0..SEEDS {
                let ends = ends(seed, dead_letter_threshold, 1, isolation, of_the_domain);
                assert_eq!(ends, all_as_they_should, "{isolation:?}, {dead_letter_threshold}, seed {seed}");
            }
        }
    }
}

/// An engine that crashes by itself while it holds an isolated event and nothing else may make a dead letter of that one.
#[test]
fn where_engines_crash_every_minute_no_event_is_dead_lettered_beside_another_one() {
    for dead_letter_threshold in [2, 3, 4] {
        for seed in 0..SEEDS {
            let ends = ends(seed, dead_letter_threshold, 60, SuspectIsolation::SecondLoss, of_the_domain);
            assert_eq!((ends.poison_dead_lettered, ends.innocents_dead_in_company), (POISON, 0), "seed {seed}");
        }
    }
}

#[test]
fn the_simulation_finds_events_that_are_not_isolated_before_their_last_loss() {
    let by_losses_alone: fn(SuspectIsolation, Spent, &RetryPolicy) -> Lane =
        |isolation, spent, _| isolation.lane(spent.lease_losses, u32::MAX);
    let innocents_dead = |dead_letter_threshold| -> usize {
        let dead = |seed| {
            let ends = ends(seed, dead_letter_threshold, 1, SuspectIsolation::SecondLoss, by_losses_alone);
            ends.innocents_dead_in_company
        };
        (0..SEEDS).map(dead).sum()
    };
    assert!(innocents_dead(2) > 0);
    assert_eq!(innocents_dead(3), 0);
}
