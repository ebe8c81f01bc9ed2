//! A claim: one transaction that leases due events to polls of several queues. Engines are locked, what they hold is
//! counted, due events are locked and assigned, leases are given.

mod admission;
mod engines;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::exclusive_engines::ExclusiveEngines;
use super::poll::{Poll, PollNotice, Polled};
use super::scan_positions::{self, Located, ScanPositions, UnderWay};
use super::waiting::{ClaimCounts, Claimed, PollGroup};
use crate::batching::Mode;
use crate::domain::assignment::{self, Candidate, Capacity};
use crate::domain::ids::{EngineId, LeaseToken};
use crate::error::Result;
use crate::store;
use crate::store::PgConnection;
use crate::store::leases::due::{DueEvent, Want};
use crate::store::leases::{Grant, LockedEngine};
use crate::store::queues::Gate;
use admission::Admitted;
use engines::Engines;

/// How long a suspect waits for an idle engine before one is made exclusive for it. The work of a dead engine is to be leased
/// again within 5 s; it takes up to 1 s to find the engine dead, so 3 s leave one to spare.
const SUSPECT_PATIENCE_SECONDS: u32 = 3;
/// Payloads that are read in one go, so that memory is bounded; a single reply may have as many again.
const MAX_BYTES: u64 = 16 << 20;

/// What claims need.
#[derive(Debug)]
pub struct Claims {
    /// What all of dispatch shares.
    pub context: Arc<Context>,
    /// Where scans of the indexes begin.
    pub positions: Arc<ScanPositions>,
    /// The engines kept free of other events for a suspect.
    pub exclusive_engines: ExclusiveEngines,
}

impl Claims {
    /// Leases events for polls of several queues, with one commit. Alone, a poll waits for whoever has locked its engine.
    pub async fn claim(&self, groups: &[PollGroup], mode: Mode) -> Result<Vec<Claimed>> {
        let due = &self.positions.due;
        let mut under_way: Vec<UnderWay<'_>> = groups.iter().map(|group| due.start(&group.engine_type)).collect();
        let (claimed, found) = self.claim_under_locks(groups, mode, &mut under_way).await?;
        for (under_way, found) in under_way.iter_mut().zip(found) {
            under_way.found = found;
        }
        drop(under_way);
        for (group, claimed) in groups.iter().zip(&claimed) {
            self.count_granted(&group.engine_type, claimed);
        }
        Ok(claimed)
    }

    fn count_granted(&self, engine_type: &str, claimed: &Claimed) {
        if claimed.found.taken == 0 {
            return;
        }
        let metrics = &self.context.metrics;
        let label = [metrics.queue(engine_type)];
        metrics.leases_granted.with_label_values(&label).inc_by(claimed.found.taken as u64);
        let wait_seconds = metrics.wait_seconds.with_label_values(&label);
        for polled in claimed.answers.iter().flatten().filter(|polled| !polled.is_repeat) {
            for event in &polled.events {
                wait_seconds.observe((event.leased_at - event.available_at).as_seconds_f64().max(0.0));
            }
        }
    }

    async fn claim_under_locks(
        &self,
        groups: &[PollGroup],
        mode: Mode,
        under_way: &mut [UnderWay<'_>],
    ) -> Result<(Vec<Claimed>, Vec<scan_positions::Found>)> {
        let mut transaction = self.context.begin(mode == Mode::Alone).await?;
        let mut engines = Engines::lock(&mut transaction, groups, &self.positions.held).await?;
        // The others came with their engines.
        let names = groups.iter().map(|group| &*group.engine_type).filter(|name| engines.gate(name).is_none());
        let gates = store::queues::gates(&mut transaction, &names.collect::<Vec<_>>()).await?;
        let (mut admitted, mut claimed) = (Vec::with_capacity(groups.len()), Vec::with_capacity(groups.len()));
        for group in groups {
            let name = &*group.engine_type;
            let gate = engines.gate(name).or_else(|| gates.get(name)).cloned().unwrap_or_default();
            let (of_group, answers) =
                admission::admit_all(&mut transaction, group, gate, &engines, self.context.settings.default_limit)
                    .await?;
            let found = ClaimCounts { wanted: of_group.wanted as usize, ..ClaimCounts::default() };
            claimed.push(Claimed { answers, found, engines: Vec::new() });
            admitted.push(of_group);
        }
        for (admitted, under_way) in admitted.iter().zip(&mut *under_way) {
            under_way.found.is_unscanned = admitted.takers.is_empty();
        }
        let due = lock_due(&mut transaction, groups, &admitted, &engines.capacities, under_way).await?;
        let (mut grants, mut owners, mut found) = (Vec::new(), HashMap::new(), Vec::with_capacity(groups.len()));
        let mut suspects = Vec::with_capacity(groups.len());
        for (of_group, ((group, admitted), LockedDue { events: due, within, has_all_suspects })) in
            groups.iter().zip(&admitted).zip(&due).enumerate()
        {
            if due.is_empty() {
                let is_unscanned = admitted.takers.is_empty();
                found.push(scan_positions::Found { is_unscanned, ..scan_positions::Found::default() });
                continue;
            }
            let (before, mut room) = (grants.len(), admitted.queue_room);
            let claimed = &mut claimed[of_group];
            let exclusive = self.assign(group, admitted, &engines, &due[..*within], claimed, &mut |poll, grant| {
                // Those beyond the queue's room stay; which ones, the assignment has to say, since suspects need an idle
                // engine.
                if room > 0 {
                    room -= 1;
                    owners.insert(grant.event_id(), (of_group, poll));
                    grants.push(grant);
                }
            });
            suspects.push((&*group.engine_type, given_a_suspect(&grants[before..]), exclusive));
            let taken: HashSet<_> = grants[before..].iter().map(|grant: &Grant<'_>| grant.event_id()).collect();
            let (taken, left) = due.iter().partition::<Vec<_>, _>(|event| taken.contains(&event.position.event_id));
            claimed.found.taken = taken.len();
            claimed.found.has_left = !left.is_empty();
            let is_short_of_suspects = !has_all_suspects && !left.iter().any(|event: &&DueEvent| event.is_suspect);
            claimed.found.is_cut = *within < due.len() || is_short_of_suspects;
            let (taken, left) = (taken.into_iter().map(located).collect(), left.into_iter().map(located).collect());
            found.push(scan_positions::Found { taken, left, is_unscanned: false });
        }
        let leased = store::leases::grant(&mut transaction, &grants, self.context.settings.lease_defaults).await?;
        for event in leased {
            if let Some((of_group, poll)) = owners.get(&event.event_id)
                && let Ok(polled) = &mut claimed[*of_group].answers[*poll]
            {
                polled.events.push(event);
            }
        }
        store::pool::commit(transaction).await?;
        for (engine_type, given_suspects, exclusive) in suspects {
            self.exclusive_engines.note(engine_type, &given_suspects, exclusive);
        }
        for (group, claimed) in groups.iter().zip(&mut claimed) {
            claimed.engines = engines.known_after(group, &claimed.answers);
        }
        Ok((claimed, found))
    }

    /// Assigns due events to the polls of one queue. Answers the engine that is given nothing, so that it becomes idle for a
    /// suspect.
    fn assign<'a>(
        &self,
        group: &'a PollGroup,
        admitted: &'a Admitted,
        engines: &'a Engines,
        due: &'a [DueEvent],
        claimed: &mut Claimed,
        give: &mut impl FnMut(usize, Grant<'a>),
    ) -> Option<EngineId> {
        let candidates: Vec<Candidate> = due.iter().map(candidate).collect();
        let takers: Vec<_> = admitted.takers.iter().map(|(_, taker)| *taker).collect();
        let eligible = self.exclusive_engines.eligible(&group.engine_type);
        let assignment = assignment::assign(&takers, &engines.capacities, &candidates, &eligible);
        for ((index, _), given) in admitted.takers.iter().zip(&assignment.given) {
            let poll = &group.polls[*index].poll;
            for &candidate in given {
                give(*index, grant(poll, &due[candidate], &admitted.gate, &engines.locked));
            }
            if given.is_empty() && assignment.exclusive.is_some() && assignment.exclusive == poll.engine_id {
                let held = engines.held_by(poll.engine_id);
                claimed.answers[*index] =
                    Ok(Polled::nothing(PollNotice::EngineAtCapacity { held, is_held_for_a_suspect: true }));
            }
        }
        assignment.exclusive
    }
}

/// Locked events of one queue, in the order of leasing.
#[derive(Debug, Default)]
struct LockedDue {
    events: Vec<DueEvent>,
    /// How many of them, from the first one on, may be assigned.
    within: usize,
    /// There are no more suspects than these. Each needs an engine of its own, so fewer are scanned for than of others.
    has_all_suspects: bool,
}

/// Locks as many due events as the polls of each queue could take, both lanes merged.
async fn lock_due(
    connection: &mut PgConnection,
    groups: &[PollGroup],
    admitted: &[Admitted],
    capacities: &[Capacity],
    under_way: &[UnderWay<'_>],
) -> store::Result<Vec<LockedDue>> {
    let mut wants = Vec::with_capacity(2 * groups.len());
    let mut limits = Vec::with_capacity(groups.len());
    for ((group, Admitted { takers, wanted, .. }), under_way) in groups.iter().zip(admitted).zip(under_way) {
        if !takers.is_empty() {
            let idle =
                takers.iter().filter(|(_, taker)| taker.capacity.is_none_or(|index| capacities[index].held == 0));
            let suspects = u32::try_from(idle.count()).unwrap_or(u32::MAX).max(1);
            limits.push(suspects as usize);
            let engine_type = &*group.engine_type;
            wants.push(Want { engine_type, is_suspect: false, edges: &under_way.scan.normals, limit: *wanted });
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
    let of_queue = |admitted: &Admitted| {
        if admitted.takers.is_empty() {
            return LockedDue::default();
        }
        let mut events = due.next().unwrap_or_default();
        let suspects = due.next().unwrap_or_default();
        let has_all_suspects = limits.next().is_none_or(|limit| suspects.len() < limit);
        events.extend(suspects);
        events.sort_by_key(|event| (Reverse(event.priority), event.position));
        let within = events.iter().enumerate().take_while(|(index, event)| {
            let is_within = *index == 0 || bytes < MAX_BYTES;
            bytes += event.payload_bytes;
            is_within
        });
        let within = within.count();
        LockedDue { events, within, has_all_suspects }
    };
    Ok(admitted.iter().map(of_queue).collect())
}

/// The engines that are granted a suspect.
fn given_a_suspect(grants: &[Grant<'_>]) -> Vec<EngineId> {
    let of_suspects = grants.iter().filter(|grant| grant.event.is_suspect);
    of_suspects.filter_map(|grant| grant.engine.map(|engine| engine.engine_id)).collect()
}

const fn candidate(due: &DueEvent) -> Candidate {
    Candidate { payload_bytes: due.payload_bytes, is_suspect: due.is_suspect, is_overdue: due.is_overdue }
}

const fn located(due: &DueEvent) -> Located {
    Located { is_suspect: due.is_suspect, priority: due.priority, position: due.position }
}

fn grant<'a>(poll: &'a Poll, event: &'a DueEvent, gate: &'a Gate, engines: &'a [LockedEngine]) -> Grant<'a> {
    let engine = poll
        .engine_id
        .and_then(|engine_id| engines.binary_search_by_key(&engine_id, |engine| engine.engine_id).ok())
        .map(|index| &engines[index]);
    Grant {
        event,
        engine_type: poll.engine_type.as_str(),
        gate,
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
    use crate::domain::engine::EngineStatus;
    use crate::domain::ids::EventId;
    use crate::store::leases::due::{DuePosition, QueuedRow};

    #[test]
    fn only_an_engine_that_is_granted_a_suspect_counts_as_given_one() {
        let [first, second] = [1, 2].map(|number| LockedEngine {
            engine_id: EngineId(Uuid::from_u128(number)),
            engine_type: "dialogue".to_owned(),
            status: EngineStatus::Active,
            incarnation: 1,
            engine_software_version: None,
            max_concurrent_events: None,
            gate: Gate::default(),
        });
        let due = |number: u128, is_suspect| {
            let position =
                DuePosition { available_at: DateTime::UNIX_EPOCH, event_id: EventId(Uuid::from_u128(number)) };
            DueEvent {
                position,
                priority: 5,
                is_suspect,
                payload_bytes: 2,
                is_overdue: true,
                row: QueuedRow::default(),
            }
        };
        let due = [due(10, true), due(11, true), due(12, false)];
        let gate = Gate::default();
        let grant_to = |engine, event| Grant {
            event,
            engine_type: "dialogue",
            gate: &gate,
            token: LeaseToken::from_random_bits(1),
            engine: Some(engine),
            visibility_timeout_seconds: None,
            poll: None,
        };
        // The second suspect was assigned as well, but the queue had no room for it.
        let grants = [grant_to(&first, &due[0]), grant_to(&second, &due[2])];
        assert_eq!(given_a_suspect(&grants), [first.engine_id]);
    }
}
