//! One look for due events, in one transaction: engines locked, what they hold counted, due events
//! locked and dealt, leases given; for polls of several queues together.

mod admission;
mod engines;

use std::collections::{HashMap, HashSet};

use super::lease::{Notice, Poll, Polled};
use super::parking::{Found, Known};
use super::ready_edges::{self, Located, UnderWay};
use super::{Broker, Result, commit};
use crate::domain::dealing::{self, Candidate, Claim, Hand};
use crate::domain::ids::{EngineId, LeaseToken};
use crate::store;
use crate::store::PgConnection;
use crate::store::leases::due::{DueEvent, Want};
use crate::store::leases::{Grant, LockedEngine};
use admission::Floor;
use engines::Engines;

/// How long a suspect waits for an idle engine before one is reserved for it. What a dead engine held is to be
/// leased again 5 s after it was found out, which takes up to one of them.
const SUSPECT_PATIENCE_SECONDS: u32 = 3;
/// Payloads that are read in one go, so that memory is bounded; a single reply may have as many again.
const MAX_BYTES: u64 = 16 << 20;

/// Polls of one queue.
#[derive(Debug)]
pub struct Ask<'a> {
    pub engine_type: &'a str,
    pub polls: Vec<&'a Poll>,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Claimed {
    pub answers: Vec<Result<Polled>>,
    pub found: Found,
    pub engines: Vec<(EngineId, Known)>,
}

impl Broker {
    /// Leases events for polls of several queues, with one commit.
    pub(super) async fn claim(&self, asks: &[Ask<'_>]) -> Result<Vec<Claimed>> {
        let mut under_way: Vec<UnderWay<'_>> = asks.iter().map(|ask| self.ready_edges.start(ask.engine_type)).collect();
        let (claimed, found) = self.claim_under_locks(asks, &under_way).await?;
        for (under_way, found) in under_way.iter_mut().zip(found) {
            under_way.found = found;
        }
        drop(under_way);
        for (ask, claimed) in asks.iter().zip(&claimed) {
            self.count_granted(ask.engine_type, claimed);
        }
        Ok(claimed)
    }

    fn count_granted(&self, engine_type: &str, claimed: &Claimed) {
        if claimed.found.taken == 0 {
            return;
        }
        let label = [self.metrics.queue(engine_type)];
        self.metrics.leases_granted.with_label_values(&label).inc_by(claimed.found.taken as u64);
        let wait_seconds = self.metrics.wait_seconds.with_label_values(&label);
        for polled in claimed.answers.iter().flatten().filter(|polled| !polled.is_repeat) {
            for event in &polled.events {
                wait_seconds.observe((event.leased_at - event.available_at).as_seconds_f64().max(0.0));
            }
        }
    }

    async fn claim_under_locks(
        &self,
        asks: &[Ask<'_>],
        under_way: &[UnderWay<'_>],
    ) -> Result<(Vec<Claimed>, Vec<ready_edges::Found>)> {
        let is_alone = asks.iter().map(|ask| ask.polls.len()).sum::<usize>() == 1;
        let mut transaction = if is_alone { self.begin().await? } else { self.begin_impatient().await? };
        let engines = self.lock_engines(&mut transaction, asks).await?;
        // The others came with their engines.
        let names = asks.iter().map(|ask| ask.engine_type).filter(|name| engines.gate(name).is_none());
        let gates = store::queues::gates(&mut transaction, &names.collect::<Vec<_>>()).await?;
        let (mut floors, mut claimed) = (Vec::with_capacity(asks.len()), Vec::with_capacity(asks.len()));
        for ask in asks {
            let gate =
                engines.gate(ask.engine_type).or_else(|| gates.get(ask.engine_type).copied()).unwrap_or_default();
            let (floor, answers) = self.admit_all(&mut transaction, ask, &gate, &engines).await?;
            let found = Found { wanted: floor.wanted as usize, ..Found::default() };
            claimed.push(Claimed { answers, found, engines: Vec::new() });
            floors.push(floor);
        }
        let due = lock_due(&mut transaction, asks, &floors, &engines.hands, under_way).await?;
        let (mut grants, mut owners, mut found) = (Vec::new(), HashMap::new(), Vec::with_capacity(asks.len()));
        let mut reservations = Vec::with_capacity(asks.len());
        for (place, ((ask, floor), Due { events: due, within, has_all_suspects })) in
            asks.iter().zip(&floors).zip(&due).enumerate()
        {
            if due.is_empty() {
                let is_unscanned = floor.claims.is_empty();
                found.push(ready_edges::Found { is_unscanned, ..ready_edges::Found::default() });
                continue;
            }
            let (before, mut room) = (grants.len(), floor.queue_room);
            let reserved = self.deal(ask, floor, &engines, &due[..*within], &mut claimed[place], &mut |poll, grant| {
                // Those beyond the queue's room stay; which ones, the dealing has to say, since suspects need an idle engine.
                if room > 0 {
                    room -= 1;
                    owners.insert(grant.event_id, (place, poll));
                    grants.push(grant);
                }
            });
            reservations.push((ask.engine_type, given_a_suspect(&grants[before..], due), reserved));
            let taken: HashSet<_> = grants[before..].iter().map(|grant: &Grant| grant.event_id).collect();
            let (taken, left) = due.iter().partition::<Vec<_>, _>(|event| taken.contains(&event.place.event_id));
            claimed[place].found.taken = taken.len();
            claimed[place].found.has_left = !left.is_empty();
            let is_short_of_suspects = !has_all_suspects && !left.iter().any(|event: &&DueEvent| event.is_suspect);
            claimed[place].found.is_cut = *within < due.len() || is_short_of_suspects;
            let (taken, left) = (taken.into_iter().map(located).collect(), left.into_iter().map(located).collect());
            found.push(ready_edges::Found { taken, left, is_unscanned: false });
        }
        let leased = store::leases::grant(&mut transaction, &grants, self.settings.lease_defaults).await?;
        for event in leased {
            if let Some((place, poll)) = owners.get(&event.event_id)
                && let Ok(polled) = &mut claimed[*place].answers[*poll]
            {
                polled.events.push(event);
            }
        }
        commit(transaction).await?;
        for (engine_type, fulfilled, reserved) in reservations {
            self.reserved_engines.note(engine_type, &fulfilled, reserved);
        }
        for (ask, claimed) in asks.iter().zip(&mut claimed) {
            claimed.engines = engines.known_after(ask, &claimed.answers);
        }
        Ok((claimed, found))
    }

    /// Deals due events to the claims of one queue. Answers the engine that is given nothing, so that it becomes idle for a
    /// suspect.
    fn deal(
        &self,
        ask: &Ask<'_>,
        floor: &Floor,
        engines: &Engines,
        due: &[DueEvent],
        claimed: &mut Claimed,
        give: &mut impl FnMut(usize, Grant),
    ) -> Option<EngineId> {
        let candidates: Vec<Candidate> = due.iter().map(candidate).collect();
        let claims: Vec<Claim> = floor.claims.iter().map(|(_, claim)| *claim).collect();
        let deal =
            dealing::deal(&claims, &engines.hands, &candidates, &self.reserved_engines.reservable(ask.engine_type));
        for ((index, _), dealt) in floor.claims.iter().zip(&deal.dealt) {
            let poll = ask.polls[*index];
            for &candidate in dealt {
                give(*index, grant(poll, &due[candidate], &engines.locked));
            }
            if dealt.is_empty() && deal.reserved.is_some() && deal.reserved == poll.engine_id {
                let held = engines.held_by(poll.engine_id);
                claimed.answers[*index] =
                    Ok(Polled::nothing(Notice::EngineAtCapacity { held, is_held_for_a_suspect: true }));
            }
        }
        deal.reserved
    }

    /// Lets every reservation of an engine for a suspect be older than it is, as if that time had passed: for tests.
    pub fn age_reservations(&self, by: std::time::Duration) {
        self.reserved_engines.age(by);
    }
}

/// Locked events of one queue, in the order of leasing.
#[derive(Debug, Default)]
struct Due {
    events: Vec<DueEvent>,
    /// So many of them, the first ones, may be dealt.
    within: usize,
    /// There are no more suspects than these. Each needs an engine of its own, so fewer are looked for than of others.
    has_all_suspects: bool,
}

/// Locks as many due events as the claims of each queue could take, both lanes merged.
async fn lock_due(
    connection: &mut PgConnection,
    asks: &[Ask<'_>],
    floors: &[Floor],
    hands: &[Hand],
    under_way: &[UnderWay<'_>],
) -> Result<Vec<Due>> {
    let mut wants = Vec::with_capacity(2 * asks.len());
    let mut limits = Vec::with_capacity(asks.len());
    for ((ask, floor), under_way) in asks.iter().zip(floors).zip(under_way) {
        if !floor.claims.is_empty() {
            let idle = floor.claims.iter().filter(|(_, claim)| claim.hand.is_none_or(|hand| hands[hand].held == 0));
            let suspects = u32::try_from(idle.count()).unwrap_or(u32::MAX).max(1);
            limits.push(suspects as usize);
            let engine_type = ask.engine_type;
            wants.push(Want { engine_type, is_suspect: false, edges: &under_way.scan.normals, limit: floor.wanted });
            wants.push(Want { engine_type, is_suspect: true, edges: &under_way.scan.suspects, limit: suspects });
        }
    }
    let mut due = if wants.is_empty() {
        Vec::new()
    } else {
        store::leases::due::lock_due(connection, &wants, SUSPECT_PATIENCE_SECONDS).await?
    }
    .into_iter();
    let (mut limits, mut bytes) = (limits.into_iter(), 0);
    Ok(floors
        .iter()
        .map(|floor| {
            if floor.claims.is_empty() {
                return Due::default();
            }
            let mut events = due.next().unwrap_or_default();
            let suspects = due.next().unwrap_or_default();
            let has_all_suspects = limits.next().is_none_or(|limit| suspects.len() < limit);
            events.extend(suspects);
            events.sort_by_key(|event| (std::cmp::Reverse(event.priority), event.place));
            let within = events.iter().enumerate().take_while(|(index, event)| {
                let is_within = *index == 0 || bytes < MAX_BYTES;
                bytes += event.payload_bytes;
                is_within
            });
            let within = within.count();
            Due { events, within, has_all_suspects }
        })
        .collect())
}

/// The engines that are granted a suspect.
fn given_a_suspect(grants: &[Grant], due: &[DueEvent]) -> Vec<EngineId> {
    let suspects: HashSet<_> = due.iter().filter(|due| due.is_suspect).map(|due| due.place.event_id).collect();
    let to_suspects = grants.iter().filter(|grant| suspects.contains(&grant.event_id));
    to_suspects.filter_map(|grant| grant.engine.map(|(engine_id, _)| engine_id)).collect()
}

const fn candidate(due: &DueEvent) -> Candidate {
    Candidate { payload_bytes: due.payload_bytes, is_suspect: due.is_suspect, is_overdue: due.is_overdue }
}

const fn located(due: &DueEvent) -> Located {
    Located { is_suspect: due.is_suspect, priority: due.priority, place: due.place }
}

fn grant(poll: &Poll, due: &DueEvent, engines: &[LockedEngine]) -> Grant {
    let engine = poll
        .engine_id
        .and_then(|engine_id| engines.binary_search_by_key(&engine_id, |engine| engine.engine_id).ok())
        .map(|index| (engines[index].engine_id, engines[index].incarnation));
    Grant {
        event_id: due.place.event_id,
        token: LeaseToken::from_random_bits(rand::random()),
        engine,
        visibility_timeout_seconds: poll.visibility_timeout_seconds,
        poll: poll.poll_id.map(|poll_id| (poll_id, poll.terms())),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::EventId;
    use crate::store::leases::due::Place;

    #[test]
    fn only_an_engine_that_is_granted_a_suspect_counts_as_given_one() {
        let (first, second) = (EngineId(Uuid::from_u128(1)), EngineId(Uuid::from_u128(2)));
        let due = |number: u128, is_suspect| {
            let place = Place { available_at: DateTime::UNIX_EPOCH, event_id: EventId(Uuid::from_u128(number)) };
            DueEvent { place, priority: 5, is_suspect, payload_bytes: 2, is_overdue: true }
        };
        let due = [due(10, true), due(11, true), due(12, false)];
        let grant_to = |engine_id, due: &DueEvent| Grant {
            event_id: due.place.event_id,
            token: LeaseToken::from_random_bits(1),
            engine: Some((engine_id, 1)),
            visibility_timeout_seconds: None,
            poll: None,
        };
        // The second suspect was dealt as well, but the queue had no room for it.
        let grants = [grant_to(first, &due[0]), grant_to(second, &due[2])];
        assert_eq!(given_a_suspect(&grants, &due), [first]);
    }
}
