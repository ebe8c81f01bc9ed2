//! Leasing: look, and where nothing is due, wait to be woken and look again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::hub::Place as ParkedPlace;
use super::ready_edges::{Found, Located, Scan};
use super::{Broker, Error, Result, commit};
use crate::domain::dealing::{self, Candidate, Claim, Hand};
use crate::domain::engine::EngineStatus;
use crate::domain::ids::{EngineId, EventId, LeaseToken};
use crate::domain::names::EngineType;
use crate::store;
use crate::store::PgConnection;
use crate::store::lease::{DueEvent, Grant, LeasedEvent, LockedEngine};

/// How long a suspect waits for an idle engine before one is left to run empty for it.
const SUSPECT_PATIENCE_SECONDS: u32 = 10;
/// An engine that was to run empty and did not in that time is not waited for any longer.
const EMPTYING_GIVEN_UP_AFTER: Duration = Duration::from_mins(1);

/// One poll, checked.
#[derive(Clone, Debug)]
pub struct Poll {
    pub engine_type: EngineType,
    /// `None`: an anonymous lease.
    pub engine_id: Option<EngineId>,
    /// `None`: the queue's default, else the server's.
    pub limit: Option<u32>,
    pub wait: Duration,
    pub visibility_timeout_seconds: Option<u32>,
    pub poll_id: Option<Uuid>,
}

#[derive(Debug, Default)]
pub struct Polled {
    pub events: Vec<LeasedEvent>,
    /// Why there are none, where there is a cause beside an empty queue.
    pub notice: Option<Notice>,
    /// The leases were given to an earlier request with the same `poll_id`.
    pub is_repeat: bool,
}

impl Polled {
    fn nothing(notice: Notice) -> Self {
        Self { notice: Some(notice), ..Self::default() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    EngineDraining { held: u32 },
    EngineAtCapacity { held: u32, is_held_for_a_suspect: bool },
    QueuePaused,
    QueueAtMaxProcessing { processing: u32 },
    ServerStopping,
}

/// The engine of each queue that is left to run empty, and since when.
pub type Emptying = std::sync::Mutex<HashMap<String, (EngineId, Instant)>>;

impl Broker {
    /// Leases events for one poll. An empty answer waits out `poll.wait`, unless the engine starts
    /// to drain or the service stops.
    pub async fn lease(self: &Arc<Self>, poll: Poll) -> Result<Polled> {
        let deadline = Instant::now() + poll.wait;
        let place = self.hub.park(poll.engine_type.as_str(), poll.engine_id);
        let mut was_draining = None;
        loop {
            if self.stopping.is_cancelled() {
                return Ok(Polled::nothing(Notice::ServerStopping));
            }
            // A call that lasts is a sign of life for as long as it does.
            if let Some(engine_id) = poll.engine_id {
                self.signs_of_life.note(engine_id, true);
            }
            // Interest is registered first, so that nothing happens unnoticed after the look.
            let ready = place.ready.notified();
            let engine_changed = engine_changed(&place);
            tokio::pin!(ready, engine_changed);
            ready.as_mut().enable();
            if let Some(changed) = engine_changed.as_mut().as_pin_mut() {
                changed.enable();
            }

            let polled = self.look(&poll).await?;
            let is_draining = matches!(polled.notice, Some(Notice::EngineDraining { .. }));
            let starts_to_drain = is_draining && was_draining == Some(false);
            was_draining = Some(is_draining);
            if !polled.events.is_empty() {
                // There may be more than this poll could take.
                self.hub.wake_for_events(poll.engine_type.as_str(), 1);
                return Ok(polled);
            }
            if starts_to_drain || Instant::now() >= deadline {
                return Ok(polled);
            }

            let look_again = self.next_look(&poll, polled.notice).await?.min(deadline);
            // Who may take nothing leaves events, and a wake-up already received, to the others.
            let may_take =
                !matches!(polled.notice, Some(Notice::EngineDraining { .. } | Notice::EngineAtCapacity { .. }));
            if !may_take {
                ready.set(place.ready.notified());
            }
            let _parked = Parked::counted_by(&self.metrics.polls_parked);
            tokio::select! {
                () = &mut ready, if may_take => {}
                () = async {
                    match engine_changed.as_mut().as_pin_mut() {
                        Some(changed) => changed.await,
                        None => std::future::pending().await,
                    }
                } => {}
                () = self.stopping.cancelled() => {}
                () = sleep_until(look_again) => {}
            }
        }
    }

    /// When to look without having been woken: when the next event becomes due, and at the latest
    /// after the recheck interval, since what other replicas take in wakes nobody here.
    async fn next_look(&self, poll: &Poll, notice: Option<Notice>) -> Result<Instant> {
        let recheck = Instant::now() + self.settings.recheck.mul_f64(rand::random_range(0.75..=1.25));
        if notice.is_some() {
            return Ok(recheck);
        }
        let mut connection = self.connection().await?;
        let next = store::lease::seconds_until_next_due(&mut connection, poll.engine_type.as_str()).await?;
        Ok(next.map_or(recheck, |seconds| recheck.min(Instant::now() + Duration::from_secs_f64(seconds.max(0.0)))))
    }

    /// One look. It runs to its end also when the caller hangs up, so that no lease is given to
    /// nobody: what was leased for a caller that is gone goes back at once, and spends nothing.
    async fn look(self: &Arc<Self>, poll: &Poll) -> Result<Polled> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let broker = Arc::clone(self);
        let poll = poll.clone();
        tokio::spawn(async move {
            let mut polled = broker.lease_batch(poll.engine_type.as_str(), std::slice::from_ref(&poll)).await;
            let answer = match &mut polled {
                Ok(polled) => polled.pop().expect("one answer for one poll"),
                Err(_) => polled.map(|_| Polled::default()),
            };
            match sender.send(answer) {
                // Another request with the same poll_id has these leases, and works on them.
                Err(Ok(unwanted)) if !unwanted.is_repeat => broker.hand_back(&unwanted.events).await,
                Ok(()) | Err(_) => {}
            }
        });
        receiver.await.map_err(|_| Error::Crashed)?
    }

    /// Leases events of one queue for a batch of polls: engines locked, what they hold counted, due
    /// events locked and dealt, leases given, one commit.
    pub async fn lease_batch(&self, engine_type: &str, polls: &[Poll]) -> Result<Vec<Result<Polled>>> {
        let scan = self.ready_edges.begin(engine_type);
        let outcome = self.lease_scanned(engine_type, polls, &scan).await;
        let (found, answers) = match outcome {
            Ok((answers, found)) => (found, Ok(answers)),
            Err(error) => (Found::default(), Err(error)),
        };
        self.ready_edges.end(engine_type, &scan, &found);
        let answers = answers?;
        for polled in answers.iter().flatten().filter(|polled| !polled.events.is_empty()) {
            let label = [engine_type];
            self.metrics.leases_granted.with_label_values(&label).inc_by(polled.events.len() as u64);
            for event in &polled.events {
                let waited = (event.leased_at - event.available_at).as_seconds_f64();
                self.metrics.wait_seconds.with_label_values(&label).observe(waited.max(0.0));
            }
        }
        Ok(answers)
    }

    async fn lease_scanned(
        &self,
        engine_type: &str,
        polls: &[Poll],
        scan: &Scan,
    ) -> Result<(Vec<Result<Polled>>, Found)> {
        let mut transaction = self.begin().await?;
        let gate = store::queues::gate(&mut transaction, engine_type).await?;
        let default_limit = gate.default_limit.map_or(self.settings.default_limit, i32::cast_unsigned);
        let processing = match gate.max_processing {
            Some(_) => store::queues::count_processing_locked(&mut transaction, engine_type).await?,
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
        let engines = lock_engines(&mut transaction, polls).await?;
        let hands = hands_of(&mut transaction, &engines).await?;

        let mut answers: Vec<Result<Polled>> = Vec::with_capacity(polls.len());
        let mut claims: Vec<(usize, Claim)> = Vec::new();
        for (index, poll) in polls.iter().enumerate() {
            if let Some(repeated) = repeated(&mut transaction, poll).await? {
                answers.push(Ok(Polled { events: repeated, is_repeat: true, ..Polled::default() }));
                continue;
            }
            match admit(poll, default_limit, queue_notice, &engines, &hands) {
                Ok(Admission::Claim(claim)) => {
                    answers.push(Ok(Polled::default()));
                    claims.push((index, claim));
                }
                Ok(Admission::Notice(notice)) => {
                    answers.push(Ok(Polled::nothing(notice)));
                }
                Err(refused) => answers.push(Err(refused)),
            }
        }

        let due = lock_due(&mut transaction, engine_type, &claims, &hands, scan, queue_room).await?;
        let mut found = Found { is_unscanned: claims.is_empty(), ..Found::default() };
        if !due.is_empty() {
            let candidates: Vec<Candidate> = due.iter().map(candidate).collect();
            let plain_claims: Vec<Claim> = claims.iter().map(|(_, claim)| *claim).collect();
            let deal = dealing::deal(&plain_claims, &hands, &candidates, self.emptying_in(engine_type));
            self.remember_emptying(engine_type, deal.emptying);
            let mut grants = Vec::new();
            let mut owners = Vec::new();
            for ((index, _), dealt) in claims.iter().zip(&deal.dealt) {
                for &candidate in dealt {
                    grants.push(grant(&polls[*index], &due[candidate], &engines));
                    owners.push(*index);
                    found.taken.push(located(&due[candidate]));
                }
                if dealt.is_empty() && deal.emptying.is_some() && deal.emptying == polls[*index].engine_id {
                    let held = held_by(polls[*index].engine_id, &hands);
                    answers[*index] =
                        Ok(Polled::nothing(Notice::EngineAtCapacity { held, is_held_for_a_suspect: true }));
                }
            }
            let is_taken = |event: &DueEvent| grants.iter().any(|grant| grant.event_id == event.place.event_id);
            found.left = due.iter().filter(|event| !is_taken(event)).map(located).collect();
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

    /// Gives back what was leased for a caller that had hung up.
    async fn hand_back(&self, events: &[LeasedEvent]) {
        if events.is_empty() {
            return;
        }
        let leases: Vec<(EventId, LeaseToken)> =
            events.iter().map(|event| (event.event_id, event.lease_token)).collect();
        // Best effort: what cannot be given back is found when its lease runs out.
        let outcome = timeout_at(Instant::now() + Duration::from_secs(5), self.hand_back_leases(&leases)).await;
        match outcome {
            Ok(Ok(())) => tracing::debug!(events = events.len(), "a poll's caller was gone; its leases went back"),
            Ok(Err(error)) => tracing::warn!(events = events.len(), %error, "leases of a caller that was gone stay"),
            Err(_) => tracing::warn!(events = events.len(), "leases of a caller that was gone stay: no time"),
        }
    }
}

/// Counts a poll for as long as it is parked, also where its caller hangs up.
struct Parked<'a>(&'a IntGauge);

impl<'a> Parked<'a> {
    fn counted_by(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn engine_changed<'a>(place: &'a ParkedPlace<'_>) -> Option<tokio::sync::futures::Notified<'a>> {
    place.engine_changed.as_ref().map(|bell| bell.notified())
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
    engines: &[LockedEngine],
    hands: &[Hand],
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
async fn repeated(connection: &mut PgConnection, poll: &Poll) -> Result<Option<Vec<LeasedEvent>>> {
    let (Some(poll_id), Some(engine_id)) = (poll.poll_id, poll.engine_id) else { return Ok(None) };
    let leases = store::lease::leases_of_poll(connection, engine_id, poll_id).await?;
    Ok((!leases.is_empty()).then_some(leases))
}

/// Locks as many due events as the claims could take, both lanes merged in the order of leasing.
async fn lock_due(
    connection: &mut PgConnection,
    engine_type: &str,
    claims: &[(usize, Claim)],
    hands: &[Hand],
    scan: &Scan,
    queue_room: u32,
) -> Result<Vec<DueEvent>> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: u32 = claims
        .iter()
        .map(|(_, claim)| claim.hand.map_or(u32::MAX, |hand| hands[hand].room()).min(claim.limit))
        .fold(0, u32::saturating_add)
        .min(queue_room);
    let idle = claims.iter().filter(|(_, claim)| claim.hand.is_none_or(|hand| hands[hand].held == 0)).count();
    let suspects_wanted = u32::try_from(idle).unwrap_or(u32::MAX).max(1);
    let lock = async |connection: &mut PgConnection, ranges, limit| {
        store::lease::lock_due(connection, engine_type, ranges, limit, SUSPECT_PATIENCE_SECONDS).await
    };
    let mut due = lock(connection, &scan.normals, wanted).await?;
    due.extend(lock(connection, &scan.suspects, suspects_wanted).await?);
    due.sort_by_key(|event| (std::cmp::Reverse(event.priority), event.place));
    due.truncate(usize::try_from(queue_room).unwrap_or(usize::MAX));
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
        poll_id: poll.poll_id,
    }
}
