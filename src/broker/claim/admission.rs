//! Which polls may claim events, and which have their answer already.

use super::Ask;
use super::engines::Engines;
use crate::broker::lease::{Notice, Poll, Polled};
use crate::broker::{Broker, Error, Result};
use crate::domain::dealing::{Claim, Hand};
use crate::domain::engine::EngineStatus;
use crate::store;
use crate::store::PgConnection;
use crate::store::queues::Gate;

/// The polls of one queue that may claim events.
#[derive(Debug, Default)]
pub struct Floor {
    /// By the polls' places.
    pub claims: Vec<(usize, Claim)>,
    /// How many more events of the queue may be processed.
    pub queue_room: u32,
    /// How many events the claims could take together.
    pub wanted: u32,
}

impl Broker {
    /// Sorts the polls into those that may claim, and those that have their answer already.
    pub(super) async fn admit_all(
        &self,
        connection: &mut PgConnection,
        ask: &Ask<'_>,
        gate: &Gate,
        engines: &Engines,
    ) -> Result<(Floor, Vec<Result<Polled>>)> {
        let default_limit = gate.default_limit.map_or(self.settings.default_limit, i32::cast_unsigned);
        let processing = match gate.max_processing {
            Some(_) => store::queues::count_processing_locked(connection, ask.engine_type).await?,
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
        let mut floor = Floor { queue_room, ..Floor::default() };
        let mut answers = Vec::with_capacity(ask.polls.len());
        for (index, poll) in ask.polls.iter().enumerate() {
            let admission = match repeated(connection, poll, engines).await? {
                Some(answer) => {
                    answers.push(answer);
                    continue;
                }
                None => admit(poll, default_limit, queue_notice, engines),
            };
            answers.push(match admission {
                Ok(Admission::Claim(claim)) => {
                    floor.wanted = floor.wanted.saturating_add(room_of(&claim, &engines.hands)).min(queue_room);
                    floor.claims.push((index, claim));
                    Ok(Polled::default())
                }
                Ok(Admission::Notice(notice)) => Ok(Polled::nothing(notice)),
                Err(refused) => Err(refused),
            });
        }
        Ok((floor, answers))
    }
}

enum Admission {
    Claim(Claim),
    Notice(Notice),
}

/// Whether a poll may claim anything at all.
fn admit(poll: &Poll, default_limit: u32, queue_notice: Option<Notice>, engines: &Engines) -> Result<Admission> {
    let limit = poll.limit.unwrap_or(default_limit);
    let Some(engine_id) = poll.engine_id else {
        let claim = Admission::Claim(Claim { limit, hand: None });
        return Ok(queue_notice.map_or(claim, Admission::Notice));
    };
    let index = engines.position(engine_id).ok_or(Error::EngineNotFound(engine_id))?;
    let (engine, hand) = (&engines.locked[index], &engines.hands[index]);
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

fn room_of(claim: &Claim, hands: &[Hand]) -> u32 {
    claim.hand.map_or(u32::MAX, |hand| hands[hand].room()).min(claim.limit)
}

/// The leases this very poll was given before, where its reply was lost.
async fn repeated(connection: &mut PgConnection, poll: &Poll, engines: &Engines) -> Result<Option<Result<Polled>>> {
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
