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
use crate::domain::lane::Lane;
use crate::error::Result;
use crate::store;
use crate::store::PgConnection;
use crate::store::leases::due::{DueEvent, Want};
use crate::store::leases::{Grant, LockedEngine};
use crate::store::queues::Gate;
use admission::Admitted;
use engines::Engines;

/// How long an isolated suspect waits for an idle engine before one is made exclusive for it. The work of a dead engine is to be leased
/// again within 5 s; it takes up to 1 s to find the engine dead, so 3 s leave one to spare.
const SUSPECT_PATIENCE_SECONDS: u32 = 3;
/// Payloads that are read in one go, so that memory is bounded; a single reply may have as many again.
const MAX_BYTES: u64 = 16 << 20;

/// The lanes of suspects.
const SUSPECTS: [Lane; 2] = [Lane::OnePerEngine, Lane::Isolated];

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
        for (of_group, ((group, admitted), LockedDue { events: due, within, is_cut })) in
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
            suspects.push((&*group.engine_type, given_isolated(&grants[before..]), exclusive));
            let taken: HashSet<_> = grants[before..].iter().map(|grant: &Grant<'_>| grant.event_id()).collect();
            let (taken, left) = due.iter().partition::<Vec<_>, _>(|event| taken.contains(&event.position.event_id));
            claimed.found.taken = taken.len();
            claimed.found.has_left = !left.is_empty();
            let is_cut = |lane: Lane| is_cut[usize::from(lane.number())];
            let has_left = |lane| left.iter().any(|event: &&DueEvent| event.lane == lane);
            let is_short_of_suspects = SUSPECTS.into_iter().any(|lane| is_cut(lane) && !has_left(lane));
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
        for (engine_type, given_isolated, exclusive) in suspects {
            self.exclusive_engines.note(engine_type, &given_isolated, exclusive);
        }
        let taken: Vec<(EngineId, Lane)> =
            grants.iter().filter_map(|grant| Some((grant.engine?.engine_id, grant.event.lane))).collect();
        for (engine_id, lane) in taken {
            engines.take(engine_id, lane);
        }
        for (group, claimed) in groups.iter().zip(&mut claimed) {
            claimed.engines = engines.known(group);
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
    /// By lane, whether as many were found as were scanned for, so that there may be more.
    is_cut: [bool; Lane::ALL.len()],
}

/// Locks as many due events as the polls of each queue could take, all lanes merged. A poll takes one suspect at most, so fewer
/// of them are scanned for than of others; but at least one, since what is not scanned must not be taken for empty.
async fn lock_due(
    connection: &mut PgConnection,
    groups: &[PollGroup],
    admitted: &[Admitted],
    capacities: &[Capacity],
    under_way: &[UnderWay<'_>],
) -> store::Result<Vec<LockedDue>> {
    let mut wants = Vec::with_capacity(Lane::ALL.len() * groups.len());
    for ((group, Admitted { takers, wanted, .. }), under_way) in groups.iter().zip(admitted).zip(under_way) {
        if !takers.is_empty() {
            let of_takers = |may_take: fn(&Capacity) -> bool| {
                let takers =
                    takers.iter().filter(|(_, taker)| taker.capacity.is_none_or(|at| may_take(&capacities[at])));
                u32::try_from(takers.count()).unwrap_or(u32::MAX).max(1)
            };
            for (lane, edges) in Lane::ALL.into_iter().zip(&under_way.scan.ranges) {
                let limit = match lane {
                    Lane::Normal => *wanted,
                    Lane::OnePerEngine => of_takers(Capacity::may_take_suspect),
                    Lane::Isolated => of_takers(|capacity| capacity.held == 0),
                };
                wants.push(Want { engine_type: &group.engine_type, lane, edges, limit });
            }
        }
    }
    let mut due = if wants.is_empty() {
        Vec::new()
    } else {
        store::leases::due::lock_due(connection, &wants, SUSPECT_PATIENCE_SECONDS).await?
    }
    .into_iter()
    .zip(&wants);
    let mut bytes = 0;
    let of_queue = |admitted: &Admitted| {
        if admitted.takers.is_empty() {
            return LockedDue::default();
        }
        let (mut events, mut is_cut) = (Vec::new(), [false; Lane::ALL.len()]);
        for (of_lane, want) in due.by_ref().take(Lane::ALL.len()) {
            is_cut[usize::from(want.lane.number())] = of_lane.len() >= want.limit as usize;
            events.extend(of_lane);
        }
        events.sort_by_key(|event| (Reverse(event.priority), event.position));
        let within = events.iter().enumerate().take_while(|(index, event)| {
            let is_within = *index == 0 || bytes < MAX_BYTES;
            bytes += event.payload_bytes;
            is_within
        });
        let within = within.count();
        LockedDue { events, within, is_cut }
    };
    Ok(admitted.iter().map(of_queue).collect())
}

/// The engines that are granted an isolated suspect.
fn given_isolated(grants: &[Grant<'_>]) -> Vec<EngineId> {
    let of_isolated = grants.iter().filter(|grant| grant.event.lane == Lane::Isolated);
    of_isolated.filter_map(|grant| grant.engine.map(|engine| engine.engine_id)).collect()
}

const fn candidate(due: &DueEvent) -> Candidate {
    Candidate { payload_bytes: due.payload_bytes, lane: due.lane, is_overdue: due.is_overdue }
}

const fn located(due: &DueEvent) -> Located {
    Located { lane: due.lane, priority: due.priority, position: due.position }
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
    fn only_an_engine_that_is_granted_an_isolated_suspect_counts_as_given_one() {
        let [first, second] = [1, 2].map(|number| LockedEngine {
            engine_id: EngineId(Uuid::from_u128(number)),
            engine_type: "dialogue".to_owned(),
            status: EngineStatus::Active,
            incarnation: 1,
            registered_at: DateTime::UNIX_EPOCH,
            engine_software_version: None,
            max_concurrent_events: None,
            quarantines: Vec::new(),
            holding_off: None,
            holds_off_seconds: None,
            gate: Gate::default(),
        });
        let due = |number: u128, lane| {
            let position =
                DuePosition { available_at: DateTime::UNIX_EPOCH, event_id: EventId(Uuid::from_u128(number)) };
            DueEvent { position, priority: 5, lane, payload_bytes: 2, is_overdue: true, row: QueuedRow::default() }
        };
        let due = [due(10, Lane::Isolated), due(11, Lane::Isolated), due(12, Lane::OnePerEngine)];
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
        assert_eq!(given_isolated(&grants), [first.engine_id]);
    }
}
