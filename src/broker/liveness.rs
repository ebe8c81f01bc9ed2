//! When engines last called (`last_seen`), kept in memory and written by a task in one statement: a write for every call
//! would be most of the database's work. An engine that calls all the time is written once in a small part of its heartbeat
//! timeout. While one of its calls waits, an engine is alive.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::domain::ids::EngineId;
use crate::store::engines::liveness::Sign;

/// The engines that called this replica lately.
#[derive(Debug, Default)]
pub struct Liveness {
    engines: Mutex<HashMap<EngineId, Engine>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Engine {
    /// Not written yet.
    called_at: Option<Instant>,
    has_polled: bool,
    has_settled: bool,
    /// When a poll or a settlement was last taken to be written.
    work_taken_at: Option<Instant>,
    /// Polls, and other calls, that are waiting for their answer.
    waiting_polls: u32,
    waiting_calls: u32,
    /// Set once it was written: until then, it needs not be again.
    rests_until: Option<Instant>,
}

/// Engines that are remembered; those beyond are noted at their next call.
const MAX_ENGINES: usize = 100_000;
/// Engines that did not call for so long are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(5);
/// A heartbeat is written by its batch within this time, and then need not be written here as a call. Only an engine that
/// was never written, or was found to be silent, does not wait for that.
const HEARTBEAT_WRITTEN_WITHIN: Duration = Duration::from_millis(600);
/// Of its heartbeat timeout, an engine is written once in this part.
const PART_OF_TIMEOUT: u32 = 9;
/// That an engine polled or settled something is written once in this time at least, however long its timeout is and however
/// often it sends heartbeats: an engine that does neither for a minute may be a zombie.
const WORK_WRITTEN_WITHIN: Duration = Duration::from_secs(20);

impl Liveness {
    fn lock(&self) -> MutexGuard<'_, HashMap<EngineId, Engine>> {
        self.engines.lock()
    }

    /// Notes that the engine calls now.
    pub fn note(&self, engine_id: EngineId, has_polled: bool) {
        noted(&mut self.lock(), engine_id, has_polled);
    }

    /// Notes that the engine settled something now.
    pub fn note_settlement(&self, engine_id: EngineId) {
        if let Some(engine) = noted(&mut self.lock(), engine_id, false) {
            engine.has_settled = true;
        }
    }

    /// A call that may wait for its answer: the engine is alive until the guard is dropped.
    pub fn waiting(&self, engine_id: EngineId, is_poll: bool) -> WaitingCall<'_> {
        let is_counted = match noted(&mut self.lock(), engine_id, is_poll) {
            Some(engine) => {
                *engine.waiting(is_poll) += 1;
                true
            }
            None => false,
        };
        WaitingCall { liveness: self, engine_id, is_poll, is_counted }
    }

    /// What is to be written: everything, or what cannot wait any longer.
    pub fn take(&self, is_everything: bool) -> Vec<Sign> {
        let now = Instant::now();
        let mut engines = self.lock();
        let is_recent = |until: Option<Instant>| until.is_some_and(|until| now < until + FORGOTTEN_AFTER);
        let is_waiting = |engine: &Engine| engine.waiting_polls + engine.waiting_calls > 0;
        engines.retain(|_, engine| engine.called_at.is_some() || is_waiting(engine) || is_recent(engine.rests_until));
        let mut signs = Vec::new();
        for (engine_id, engine) in engines.iter_mut() {
            if is_waiting(engine) {
                engine.called_at = Some(now);
                engine.has_polled |= engine.waiting_polls > 0;
            }
            let may_rest =
                !is_everything && !engine.has_work_to_tell(now) && engine.rests_until.is_some_and(|until| now < until);
            if !may_rest && let Some(called_at) = engine.called_at.take() {
                let has_polled = std::mem::take(&mut engine.has_polled);
                let has_settled = std::mem::take(&mut engine.has_settled);
                if has_polled || has_settled {
                    engine.work_taken_at = Some(now);
                }
                signs.push(Sign { engine_id: *engine_id, has_polled, has_settled, ago: now - called_at });
            }
        }
        signs
    }

    /// A sign could not be written, and is to be the next time.
    pub fn put_back(&self, sign: Sign) {
        let mut engines = self.lock();
        let engine = engines.entry(sign.engine_id).or_default();
        engine.has_polled |= sign.has_polled;
        engine.has_settled |= sign.has_settled;
        if sign.has_polled || sign.has_settled {
            engine.work_taken_at = None;
        }
        let called_at = Instant::now().checked_sub(sign.ago);
        engine.called_at = engine.called_at.max(called_at);
    }

    /// A heartbeat has been written, and with it whatever else the engine called for until then.
    pub fn beaten(&self, engine_id: EngineId, heartbeat_timeout_seconds: Option<u32>) {
        if let Some(engine) = self.lock().get_mut(&engine_id).filter(|engine| !engine.has_worked()) {
            engine.called_at = None;
        }
        self.written(engine_id, heartbeat_timeout_seconds);
    }

    /// The engine was found to be silent: its next call is news.
    pub fn is_unresponsive(&self, engine_id: EngineId) {
        if let Some(engine) = self.lock().get_mut(&engine_id) {
            engine.rests_until = None;
        }
    }

    /// An engine's call is in the database.
    pub fn written(&self, engine_id: EngineId, heartbeat_timeout_seconds: Option<u32>) {
        if let Some(engine) = self.lock().get_mut(&engine_id) {
            // Without a timeout nobody is judged by it; it is only shown.
            let timeout = Duration::from_secs(heartbeat_timeout_seconds.unwrap_or(45).into());
            engine.rests_until = Some(Instant::now() + timeout / PART_OF_TIMEOUT);
        }
    }
}

/// Notes a call, unless too many engines are known.
fn noted(engines: &mut HashMap<EngineId, Engine>, engine_id: EngineId, has_polled: bool) -> Option<&mut Engine> {
    if engines.len() >= MAX_ENGINES && !engines.contains_key(&engine_id) {
        return None;
    }
    let (engine, now) = (engines.entry(engine_id).or_default(), Instant::now());
    if let (None, Some(until)) = (engine.called_at, &mut engine.rests_until) {
        *until = (*until).max(now + HEARTBEAT_WRITTEN_WITHIN);
    }
    engine.called_at = Some(now);
    engine.has_polled |= has_polled;
    Some(engine)
}

impl Engine {
    const fn has_worked(&self) -> bool {
        self.has_polled || self.has_settled
    }

    /// It polled or settled something, and that was not written for some time.
    fn has_work_to_tell(&self, now: Instant) -> bool {
        self.has_worked() && self.work_taken_at.is_none_or(|at| now >= at + WORK_WRITTEN_WITHIN)
    }

    const fn waiting(&mut self, is_poll: bool) -> &mut u32 {
        if is_poll { &mut self.waiting_polls } else { &mut self.waiting_calls }
    }
}

/// A call that waits for its answer.
#[derive(Debug)]
pub struct WaitingCall<'a> {
    liveness: &'a Liveness,
    engine_id: EngineId,
    is_poll: bool,
    /// False where too many engines are known.
    is_counted: bool,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        if self.is_counted
            && let Some(engine) = self.liveness.lock().get_mut(&self.engine_id)
        {
            *engine.waiting(self.is_poll) -= 1;
            engine.called_at = Some(Instant::now());
            engine.has_polled |= self.is_poll;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ENGINE: EngineId = EngineId(Uuid::from_u128(1));

    #[test]
    fn an_engine_that_was_just_written_is_kept_for_later_unless_all_is_wanted() {
        let liveness = Liveness::default();
        liveness.note(ENGINE, true);
        assert_eq!(liveness.take(false).len(), 1);
        liveness.written(ENGINE, Some(45));
        liveness.note(ENGINE, true);
        assert!(liveness.take(false).is_empty());
        let kept = liveness.take(true);
        assert!(kept[0].has_polled);
        assert!(liveness.take(true).is_empty());
    }

    #[test]
    fn a_call_waits_for_the_heartbeat_it_may_be_unless_the_engine_was_silent() {
        let liveness = Liveness::default();
        liveness.note(ENGINE, false);
        assert_eq!(liveness.take(false).len(), 1, "it was never written");
        liveness.written(ENGINE, Some(0));
        liveness.note(ENGINE, false);
        assert!(liveness.take(false).is_empty(), "a heartbeat's batch may be about to write it");
        liveness.beaten(ENGINE, Some(0));
        assert!(liveness.take(true).is_empty(), "the heartbeat was written");
        liveness.note(ENGINE, false);
        let rests_until = || liveness.lock()[&ENGINE].rests_until;
        let until = rests_until();
        liveness.note(ENGINE, false);
        assert_eq!(rests_until(), until, "calls without end do not put it off");
        liveness.is_unresponsive(ENGINE);
        liveness.note(ENGINE, false);
        assert_eq!(liveness.take(false).len(), 1, "it was silent");
    }

    #[test]
    fn work_is_written_however_often_heartbeats_are_and_however_long_the_timeout_is() {
        let liveness = Liveness::default();
        liveness.note(ENGINE, true);
        assert!(liveness.take(false)[0].has_polled);
        liveness.written(ENGINE, Some(86_400));
        liveness.note_settlement(ENGINE);
        liveness.beaten(ENGINE, Some(86_400));
        assert!(liveness.take(false).is_empty(), "work was written just now");
        let long_ago = Instant::now().checked_sub(WORK_WRITTEN_WITHIN);
        liveness.lock().get_mut(&ENGINE).expect("known").work_taken_at = long_ago;
        let signs = liveness.take(false);
        assert!(signs.len() == 1 && signs[0].has_settled && !signs[0].has_polled, "{signs:?}");
        liveness.put_back(signs[0]);
        assert!(liveness.take(false)[0].has_settled, "it was not written");
    }

    #[test]
    fn an_engine_is_alive_while_a_call_of_it_waits() {
        let liveness = Liveness::default();
        let (poll, call) = (liveness.waiting(ENGINE, true), liveness.waiting(ENGINE, false));
        for _ in 0..2 {
            assert!(liveness.take(true)[0].has_polled);
        }
        drop(poll);
        assert!(liveness.take(true)[0].has_polled, "until now");
        assert!(!liveness.take(true)[0].has_polled, "the other call still waits");
        drop(call);
        assert_eq!(liveness.take(true).len(), 1);
        assert!(liveness.take(true).is_empty());
        assert!(liveness.lock().is_empty(), "an engine that is not known to the database is forgotten");
    }

    #[test]
    fn what_could_not_be_written_is_not_lost() {
        let liveness = Liveness::default();
        liveness.note(ENGINE, true);
        for sign in liveness.take(false) {
            liveness.put_back(sign);
        }
        assert!(liveness.take(false)[0].has_polled);
    }
}
