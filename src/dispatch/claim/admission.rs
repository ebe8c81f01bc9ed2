//! Which polls may claim events, and which have their answer already.

use super::engines::Engines;
use crate::dispatch::poll::{Poll, PollNotice, Polled};
use crate::dispatch::waiting::PollGroup;
use crate::domain::assignment::{Capacity, Taker};
use crate::domain::engine::EngineStatus;
use crate::error::{Error, Result};
use crate::store::queues::Gate;
use crate::store::{self, PgConnection};

/// The polls of one queue that may claim events.
#[derive(Debug, Default)]
pub struct Admitted {
    /// With the polls' places.
    pub takers: Vec<(usize, Taker)>,
    /// How many more events of the queue may be processed.
    pub queue_room: u32,
    /// How many events the polls could take together.
    pub wanted: u32,
    /// Of the queue.
    pub gate: Gate,
}

/// Sorts the polls into those that may claim, and those that have their answer already.
pub async fn admit_all(
    connection: &mut PgConnection,
    group: &PollGroup,
    gate: Gate,
    engines: &Engines,
    default_limit: u32,
) -> store::Result<(Admitted, Vec<Result<Polled>>)> {
    let default_limit = gate.default_limit.map_or(default_limit, i32::cast_unsigned);
    let processing = match gate.max_processing {
        Some(_) => store::queues::count_processing_locked(connection, &group.engine_type).await?,
        None => 0,
    };
    let queue_room = gate.max_processing.map_or(u32::MAX, |max| max.cast_unsigned().saturating_sub(processing));
    let queue_notice = if gate.is_paused {
        Some(PollNotice::QueuePaused)
    } else if queue_room == 0 {
        Some(PollNotice::QueueAtMaxProcessing { processing })
    } else {
        None
    };
    let mut admitted = Admitted { queue_room, gate, ..Admitted::default() };
    let mut answers = Vec::with_capacity(group.polls.len());
    for (index, poll) in group.polls.iter().map(|poll| &poll.poll).enumerate() {
        if let Err(refused) = check_incarnation(poll, engines) {
            answers.push(Err(refused));
            continue;
        }
        if let Some(answer) = repeated(connection, poll, engines).await? {
            answers.push(answer);
            continue;
        }
        answers.push(match admit(poll, default_limit, queue_notice.clone(), engines) {
            Ok(Admission::Taker(taker)) => {
                let room = room_of(&taker, &engines.capacities);
                admitted.wanted = admitted.wanted.saturating_add(room).min(queue_room);
                admitted.takers.push((index, taker));
                Ok(Polled::default())
            }
            Ok(Admission::Notice(notice)) => Ok(Polled::nothing(notice)),
            Err(refused) => Err(refused),
        });
    }
    Ok((admitted, answers))
}

enum Admission {
    Taker(Taker),
    Notice(PollNotice),
}

/// Refuses a poll of another incarnation of its engine than the registered one, which stays so until the claim ends.
fn check_incarnation(poll: &Poll, engines: &Engines) -> Result<()> {
    let engine = poll.engine_id.and_then(|engine_id| engines.position(engine_id)).map(|index| &engines.locked[index]);
    engine.map_or(Ok(()), |engine| {
        Error::check_incarnation(engine.engine_id, poll.incarnation, engine.incarnation, engine.registered_at)
    })
}

/// Whether a poll may claim anything at all.
fn admit(poll: &Poll, default_limit: u32, queue_notice: Option<PollNotice>, engines: &Engines) -> Result<Admission> {
    let limit = poll.limit.unwrap_or(default_limit);
    let Some(engine_id) = poll.engine_id else {
        let taker = Admission::Taker(Taker { limit, capacity: None });
        return Ok(queue_notice.map_or(taker, Admission::Notice));
    };
    let index = engines.position(engine_id).ok_or(Error::EngineNotFound(engine_id))?;
    let (engine, capacity) = (&engines.locked[index], &engines.capacities[index]);
    if engine.engine_type != poll.engine_type.as_str() {
        let (registered, asked_for) = (engine.engine_type.clone(), poll.engine_type.as_str().to_owned());
        return Err(Error::EngineTypeMismatch { engine_id, registered, asked_for });
    }
    if engine.status == EngineStatus::Draining {
        return Ok(Admission::Notice(PollNotice::EngineDraining { held: capacity.held }));
    }
    if let Some(notice) = engines.kept_out(index).or(queue_notice) {
        return Ok(Admission::Notice(notice));
    }
    if capacity.room() == 0 {
        return Ok(Admission::Notice(PollNotice::EngineAtCapacity {
            held: capacity.held,
            is_held_for_a_suspect: capacity.is_holding_isolated(),
        }));
    }
    Ok(Admission::Taker(Taker { limit, capacity: Some(index) }))
}

fn room_of(taker: &Taker, capacities: &[Capacity]) -> u32 {
    taker.capacity.map_or(u32::MAX, |index| capacities[index].room()).min(taker.limit)
}

/// The leases this very poll was given before, where its reply was lost.
async fn repeated(
    connection: &mut PgConnection,
    poll: &Poll,
    engines: &Engines,
) -> store::Result<Option<Result<Polled>>> {
    let Some(poll_id) = poll.poll_id else { return Ok(None) };
    let may_be_a_repeat = match poll.engine_id {
        Some(engine_id) => engines.polls.get(&engine_id).is_some_and(|polls| polls.contains(&poll_id)),
        None => true,
    };
    if !may_be_a_repeat {
        return Ok(None);
    }
    let leases = store::leases::leases_of_poll(connection, poll.engine_id, poll_id).await?;
    if leases.is_empty() {
        return Ok(None);
    }
    if leases.iter().any(|lease| lease.poll_terms.as_deref() != Some(&poll.terms())) {
        return Ok(Some(Err(Error::PollIdReused { poll_id })));
    }
    Ok(Some(Ok(Polled { events: leases, is_repeat: true, ..Polled::default() })))
}
