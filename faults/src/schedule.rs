//! What is done when: a function of the seed and the minutes, and of nothing else. A machine that cannot make a fault
//! leaves it out of the same schedule.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::history::{At, Kind, SECOND};

/// From one fault of the service to the next: room for the fault, and for the bound on getting over it.
const SERVICE_EVERY: std::ops::Range<At> = 8 * SECOND..10 * SECOND;
const CLIENTS_EVERY: std::ops::Range<At> = 3 * SECOND / 2..7 * SECOND / 2;
/// For the fleet to come up, and for the last fault to be got over.
const FIRST: At = 4 * SECOND;
const LAST: At = 10 * SECOND;

#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub number: usize,
    pub at: At,
    pub kind: Kind,
    /// Of a fault of one replica, or of both where the kind allows it.
    pub replica: Option<u8>,
    /// How long what is taken away stays away.
    pub lasts: At,
    /// Picks an engine, or a way of doing it.
    pub choice: u64,
}

/// The faults of the service, which come one after the other, and those of clients and engines, at any time.
#[derive(Debug, PartialEq)]
pub struct Schedule {
    pub service: Vec<Planned>,
    pub clients: Vec<Planned>,
}

pub fn schedule(seed: u64, length: At) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let service = plan(&mut random, &Kind::OF_SERVICE, SERVICE_EVERY, length, 1);
    let clients = plan(&mut random, &Kind::OF_CLIENTS, CLIENTS_EVERY, length, 1001);
    Schedule { service, clients }
}

/// Every kind once before any comes again.
fn plan(random: &mut StdRng, kinds: &[Kind], every: std::ops::Range<At>, length: At, first: usize) -> Vec<Planned> {
    let (mut at, mut bag, mut planned) = (FIRST, Vec::new(), Vec::new());
    while at < length - LAST {
        if bag.is_empty() {
            bag = kinds.to_vec();
            bag.shuffle(random);
        }
        let kind = bag.pop().expect("there are kinds");
        let one = random.random_range(1..=2);
        let replica = match kind {
            Kind::ReplicaKilled | Kind::ReplicaDrained | Kind::ClockJumps | Kind::RequestsCut | Kind::RepliesCut => {
                Some(one)
            }
            Kind::DatabaseCut | Kind::DatabaseStalled => random.random_bool(0.5).then_some(one),
            _ => None,
        };
        let lasts = random.random_range(SECOND / 2..4 * SECOND);
        planned.push(Planned { number: first + planned.len(), at, kind, replica, lasts, choice: random.random() });
        at += random.random_range(every.clone());
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: At = 60 * SECOND;

    #[test]
    fn a_seed_is_a_schedule() {
        assert_eq!(schedule(7, 5 * MINUTE), schedule(7, 5 * MINUTE));
        assert_ne!(schedule(7, 5 * MINUTE), schedule(8, 5 * MINUTE));
    }

    #[test]
    fn two_minutes_have_every_kind_and_twenty_more_than_a_hundred_faults_of_the_service() {
        for seed in 0..50 {
            let planned = schedule(seed, 2 * MINUTE);
            for kind in Kind::OF_SERVICE {
                assert!(planned.service.iter().any(|fault| fault.kind == kind), "{kind} with seed {seed}");
            }
            for kind in Kind::OF_CLIENTS {
                assert!(planned.clients.iter().any(|fault| fault.kind == kind), "{kind} with seed {seed}");
            }
            assert!(schedule(seed, 20 * MINUTE).service.len() > 100);
        }
    }
}
