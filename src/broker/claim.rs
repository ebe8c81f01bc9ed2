//! One look for due events, in one transaction: engines locked, what they hold counted, due events
//! locked and dealt, leases given.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::lease::{Notice, Poll, Polled};
use super::ready_edges::{Found, Located, Scan};
use super::{Broker, Error, Result, commit};
use crate::domain::dealing::{self, Candidate, Claim, Hand};
use crate::domain::engine::EngineStatus;
use crate::domain::ids::{EngineId, LeaseToken};
use crate::store;
use crate::store::PgConnection;
use crate::store::lease::{DueEvent, Grant, LockedEngine};

/// How long a suspect waits for an idle engine before one is left to run empty for it.
const SUSPECT_PATIENCE_SECONDS: u32 = 10;
/// An engine that was to run empty and did not in that time is not waited for any longer.
const EMPTYING_GIVEN_UP_AFTER: Duration = Duration::from_mins(1);

/// The engine of each queue that is left to run empty, and since when.
pub type Emptying = std::sync::Mutex<HashMap<String, (EngineId, Instant)>>;

/// The polls of a batch that may claim events, under the locks of their engines.
struct Floor {
    engines: Vec<LockedEngine>,
    hands: Vec<Hand>,
    /// By the polls' places in the batch.
    claims: Vec<(usize, Claim)>,
    /// How many more events of the queue may be processed.
    queue_room: u32,
}

impl Broker {
    /// Leases events of one queue for a batch of polls, with one commit.
    pub async fn lease_batch(&self, engine_type: &str, polls: &[Poll]) -> Result<Vec<Result<Polled>>> {
        let mut under_way = self.ready_edges.start(engine_type);
        let (answers, found) = self.claim(engine_type, polls, &under_way.scan).await?;
        under_way.found = found;
        drop(under_way);
        for polled in answers.iter().flatten().filter(|polled| !polled.events.is_empty() && !polled.is_repeat) {
            let label = [engine_type];
            self.metrics.leases_granted.with_label_values(&label).inc_by(polled.events.len() as u64);
            for event in &polled.events {
                let waited = (event.leased_at - event.available_at).as_seconds_f64();
                self.metrics.wait_seconds.with_label_values(&label).observe(waited.max(0.0));
            }
        }
        Ok(answers)
    }

    async fn claim(&self, engine_type: &str, polls: &[Poll], scan: &Scan) -> Result<(Vec<Result<Polled>>, Found)> {
        let mut transaction = self.begin().await?;
        let (floor, mut answers) = self.admit_all(&mut transaction, engine_type, polls).await?;
        let due = lock_due(&mut transaction, engine_type, &floor, scan).await?;
        let mut found = Found { is_unscanned: floor.claims.is_empty(), ..Found::default() };
        if !due.is_empty() {
            let (grants, owners) = self.deal(engine_type, polls, &floor, &due, &mut answers);
            let is_taken = |event: &DueEvent| grants.iter().any(|grant| grant.event_id == event.place.event_id);
            let (taken, left) = due.iter().partition::<Vec<_>, _>(|event| is_taken(event));
            found.taken = taken.into_iter().map(located).collect();
            found.left = left.into_iter().map(located).collect();
            let leased = store::lease::grant(&mut transaction, &grants, self.settings.lease_defaults).await?;
            for (event, owner) in leased.into_iter().zip(owners) {
                if let Ok(polled) = &mut answers[owner] {
                    polled.events.push(event);
                }
            }
        }
        commit(transaction).await?;
        Ok((answers, found))
    }

    /// Sorts the polls into those that may claim, and those that have their answer already.
    async fn admit_all(
        &self,
        connection: &mut PgConnection,
        engine_type: &str,
        polls: &[Poll],
    ) -> Result<(Floor, Vec<Result<Polled>>)> {
        let gate = store::queues::gate(connection, engine_type).await?;
        let default_limit = gate.default_limit.map_or(self.settings.default_limit, i32::cast_unsigned);
        let processing = match gate.max_processing {
            Some(_) => store::queues::count_processing_locked(connection, engine_type).await?,
            None => 0,
        };
        let queue_room = gate.max_processing.map_or(u32::MAX, |max| max.cast_unsigned().saturating_sub(processing));
        let queue_notice = if gate.is_paused {
            Some(Notice::QueuePaused)
        } else if queue_room == 0 {
            Some(Notice::QueueAtMaxProcessing { processing })
        } else {
            None
        };
        let engines = lock_engines(connection, polls).await?;
        let hands = hands_of(connection, &engines).await?;
        let mut floor = Floor { engines, hands, claims: Vec::new(), queue_room };
        let mut answers = Vec::with_capacity(polls.len());
        for (index, poll) in polls.iter().enumerate() {
            let admission = match repeated(connection, poll).await? {
                Some(answer) => {
                    answers.push(answer);
                    continue;
                }
                None => admit(poll, default_limit, queue_notice, &floor),
            };
            answers.push(match admission {
                Ok(Admission::Claim(claim)) => {
                    floor.claims.push((index, claim));
                    Ok(Polled::default())
                }
                Ok(Admission::Notice(notice)) => Ok(Polled::nothing(notice)),
                Err(refused) => Err(refused),
            });
        }
        Ok((floor, answers))
    }

    /// Deals due events to the claims; answers what to grant, and to which poll of the batch.
    fn deal(
        &self,
        engine_type: &str,
        polls: &[Poll],
        floor: &Floor,
        due: &[DueEvent],
        answers: &mut [Result<Polled>],
    ) -> (Vec<Grant>, Vec<usize>) {
        let candidates: Vec<Candidate> = due.iter().map(candidate).collect();
        let claims: Vec<Claim> = floor.claims.iter().map(|(_, claim)| *claim).collect();
        let deal = dealing::deal(&claims, &floor.hands, &candidates, self.emptying_in(engine_type));
        self.remember_emptying(engine_type, deal.emptying);
        let (mut grants, mut owners) = (Vec::new(), Vec::new());
        for ((index, _), dealt) in floor.claims.iter().zip(&deal.dealt) {
            for &candidate in dealt {
                grants.push(grant(&polls[*index], &due[candidate], &floor.engines));
                owners.push(*index);
            }
            if dealt.is_empty() && deal.emptying.is_some() && deal.emptying == polls[*index].engine_id {
                let held = held_by(polls[*index].engine_id, &floor.hands);
                answers[*index] = Ok(Polled::nothing(Notice::EngineAtCapacity { held, is_held_for_a_suspect: true }));
            }
        }
        (grants, owners)
    }

    fn emptying_in(&self, engine_type: &str) -> Option<EngineId> {
        let emptying = self.emptying.lock().expect("nothing panics while it holds this lock");
        emptying
            .get(engine_type)
            .filter(|(_, since)| since.elapsed() < EMPTYING_GIVEN_UP_AFTER)
            .map(|(engine_id, _)| *engine_id)
    }

    fn remember_emptying(&self, engine_type: &str, chosen: Option<EngineId>) {
        let mut emptying = self.emptying.lock().expect("nothing panics while it holds this lock");
        match chosen {
            Some(engine_id) if emptying.get(engine_type).is_none_or(|(before, _)| *before != engine_id) => {
                emptying.insert(engine_type.to_owned(), (engine_id, Instant::now()));
            }
            Some(_) | None => {}
        }
    }
}

enum Admission {
    Claim(Claim),
    Notice(Notice),
}

/// Whether a poll may claim anything at all.
fn admit(
    poll: &Poll,
    default_limit: u32,
    queue_notice: Option<Notice>,
    Floor { engines, hands, .. }: &Floor,
) -> Result<Admission> {
    let limit = poll.limit.unwrap_or(default_limit);
    let Some(engine_id) = poll.engine_id else {
        let claim = Admission::Claim(Claim { limit, hand: None });
        return Ok(queue_notice.map_or(claim, Admission::Notice));
    };
    let index =
        engines.iter().position(|engine| engine.engine_id == engine_id).ok_or(Error::EngineNotFound(engine_id))?;
    let (engine, hand) = (&engines[index], &hands[index]);
    if engine.engine_type != poll.engine_type.as_str() {
        let asked_for = poll.engine_type.as_str().to_owned();
        return Err(Error::engine_type_mismatch(engine_id, engine.engine_type.clone(), asked_for));
    }
    if engine.status == EngineStatus::Draining {
        return Ok(Admission::Notice(Notice::EngineDraining { held: hand.held }));
    }
    if let Some(notice) = queue_notice {
        return Ok(Admission::Notice(notice));
    }
    if hand.room() == 0 {
        return Ok(Admission::Notice(Notice::EngineAtCapacity {
            held: hand.held,
            is_held_for_a_suspect: hand.is_holding_a_suspect,
        }));
    }
    Ok(Admission::Claim(Claim { limit, hand: Some(index) }))
}

/// Locks the polling engines. One that was unresponsive has just given a sign of life.
async fn lock_engines(connection: &mut PgConnection, polls: &[Poll]) -> Result<Vec<LockedEngine>> {
    let mut ids: Vec<EngineId> = polls.iter().filter_map(|poll| poll.engine_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let engines = store::lease::lock_engines(connection, &ids).await?;
    let back: Vec<(EngineId, bool)> = engines
        .iter()
        .filter(|engine| engine.status == EngineStatus::Unresponsive)
        .map(|engine| (engine.engine_id, true))
        .collect();
    if back.is_empty() {
        return Ok(engines);
    }
    store::liveness::note_signs(connection, &back).await?;
    Ok(store::lease::lock_engines(connection, &ids).await?)
}

async fn hands_of(connection: &mut PgConnection, engines: &[LockedEngine]) -> Result<Vec<Hand>> {
    if engines.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<EngineId> = engines.iter().map(|engine| engine.engine_id).collect();
    let held = store::lease::count_held(connection, &ids).await?;
    Ok(engines
        .iter()
        .map(|engine| {
            let held = held.iter().find(|held| held.engine_id == engine.engine_id);
            Hand {
                engine_id: engine.engine_id,
                held: held.map_or(0, |held| held.leases),
                is_holding_a_suspect: held.is_some_and(|held| held.has_suspect),
                max_concurrent_events: engine.max_concurrent_events,
            }
        })
        .collect())
}

fn held_by(engine_id: Option<EngineId>, hands: &[Hand]) -> u32 {
    hands.iter().find(|hand| Some(hand.engine_id) == engine_id).map_or(0, |hand| hand.held)
}

/// The leases this very poll was given before, where its reply was lost.
async fn repeated(connection: &mut PgConnection, poll: &Poll) -> Result<Option<Result<Polled>>> {
    let Some(poll_id) = poll.poll_id else { return Ok(None) };
    let leases = store::lease::leases_of_poll(connection, poll.engine_id, poll_id).await?;
    if leases.is_empty() {
        return Ok(None);
    }
    if leases.iter().any(|lease| lease.poll_terms.as_deref() != Some(&poll.terms())) {
        return Ok(Some(Err(Error::PollIdReused { poll_id })));
    }
    Ok(Some(Ok(Polled { events: leases, is_repeat: true, ..Polled::default() })))
}

/// Locks as many due events as the claims could take, both lanes merged in the order of leasing.
async fn lock_due(
    connection: &mut PgConnection,
    engine_type: &str,
    Floor { claims, hands, queue_room, .. }: &Floor,
    scan: &Scan,
) -> Result<Vec<DueEvent>> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: u32 = claims
        .iter()
        .map(|(_, claim)| claim.hand.map_or(u32::MAX, |hand| hands[hand].room()).min(claim.limit))
        .fold(0, u32::saturating_add)
        .min(*queue_room);
    let idle = claims.iter().filter(|(_, claim)| claim.hand.is_none_or(|hand| hands[hand].held == 0)).count();
    let suspects_wanted = u32::try_from(idle).unwrap_or(u32::MAX).max(1);
    let lock = async |connection: &mut PgConnection, ranges, limit| {
        store::lease::lock_due(connection, engine_type, ranges, limit, SUSPECT_PATIENCE_SECONDS).await
    };
    let mut due = lock(connection, &scan.normals, wanted).await?;
    due.extend(lock(connection, &scan.suspects, suspects_wanted).await?);
    due.sort_by_key(|event| (std::cmp::Reverse(event.priority), event.place));
    due.truncate(usize::try_from(*queue_room).unwrap_or(usize::MAX));
    Ok(due)
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
        .and_then(|engine_id| engines.iter().find(|engine| engine.engine_id == engine_id))
        .map(|engine| (engine.engine_id, engine.incarnation));
    Grant {
        event_id: due.place.event_id,
        token: LeaseToken::from_random_bits(rand::random()),
        engine,
        visibility_timeout_seconds: poll.visibility_timeout_seconds,
        poll: poll.poll_id.map(|poll_id| (poll_id, poll.terms())),
    }
}
