//! Waiting for the ends of several events with one request.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, sleep_until};

use super::end_waits::EndWait;
use super::state::Broker;
use super::waiting_reads::Counted;
use crate::domain::event::BriefEvent;
use crate::domain::ids::{EngineId, EventId};
use crate::error::{Error, Result};
use crate::store;

/// What ends a wait for several events before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// The end of one of them.
    Any,
    /// The end of the last of them.
    All,
}

/// How several events stand. Each is in one of the lists, which are in the order in which the events were asked for.
#[derive(Debug, Default)]
pub struct Awaited {
    /// Those that have ended.
    pub ended: Vec<BriefEvent>,
    /// Those that are open.
    pub open: Vec<EventId>,
    /// Those that are not known, or hidden from the caller.
    pub unknown: Vec<EventId>,
}

impl Broker {
    /// Reads events when one of them, or all, are final, or when `wait` is over or the service stops. An event may occur once. Those
    /// for which `is_visible` is false are as if they were not known. While parked it asks the database nothing; an engine
    /// that calls is alive.
    pub async fn wait_for_events(
        &self,
        event_ids: &[EventId],
        until: Until,
        wait: Duration,
        caller: Option<EngineId>,
        is_visible: impl Fn(&BriefEvent) -> bool,
    ) -> Result<Awaited> {
        let _alive = caller.map(|engine_id| self.liveness.waiting(engine_id, false));
        let deadline = Instant::now() + wait;
        let mut known: HashMap<EventId, BriefEvent> = HashMap::new();
        let mut ends: Vec<End<'_>> = Vec::new();
        let mut to_read: Vec<EventId> = event_ids.to_vec();
        loop {
            // The waits begin first, so that no end is missed between the read and the wait.
            ends.extend(to_read.iter().map(|event_id| End::of(self.event_waits.begin(*event_id))));
            let read = self.within_reads(async {
                let mut connection = self.connection().await?;
                Ok(store::events::read_brief(&mut connection, &to_read).await?)
            });
            known.extend(read.await?.into_iter().filter(&is_visible).map(|event| (event.event_id, event)));
            let open: HashSet<EventId> =
                known.values().filter(|event| !event.status.is_final()).map(|event| event.event_id).collect();
            let is_over = open.is_empty() || until == Until::Any && open.len() < known.len();
            if is_over || self.stopping.is_cancelled() || Instant::now() >= deadline {
                return Ok(sorted(event_ids, known));
            }
            ends.retain(|end| open.contains(&end.event_id()));
            let Ok(_place) = self.places_to_wait.try_acquire() else {
                return Err(Error::TooManyWaiting { limit: self.settings.dispatch.max_waiting });
            };
            let _waiting = Counted::by(&self.metrics.event_waits_parked);
            to_read.clear();
            tokio::select! {
                () = poll_fn(|context| poll_ends(&mut ends, &mut to_read, until, context)) => {}
                // What stands open is read once more.
                () = self.stopping.cancelled() => to_read = open.into_iter().collect(),
                () = sleep_until(deadline) => to_read = open.into_iter().collect(),
            }
        }
    }
}

/// A wait for one event's end.
struct End<'a> {
    wait: EndWait<'a, EventId>,
    ended: Pin<Box<OwnedNotified>>,
}

impl<'a> End<'a> {
    fn of(wait: EndWait<'a, EventId>) -> Self {
        let mut ended = Box::pin(Arc::clone(&wait.ended).notified_owned());
        ended.as_mut().enable();
        Self { wait, ended }
    }

    const fn event_id(&self) -> EventId {
        self.wait.of
    }
}

/// Moves those that may have ended from `ends` to `to_read`; ready when that is one of them, or all.
fn poll_ends(ends: &mut Vec<End<'_>>, to_read: &mut Vec<EventId>, until: Until, context: &mut Context<'_>) -> Poll<()> {
    ends.retain_mut(|end| {
        let has_ended = end.ended.as_mut().poll(context).is_ready();
        if has_ended {
            to_read.push(end.event_id());
        }
        !has_ended
    });
    let is_over = match until {
        Until::Any => !to_read.is_empty(),
        Until::All => ends.is_empty(),
    };
    if is_over { Poll::Ready(()) } else { Poll::Pending }
}

fn sorted(event_ids: &[EventId], mut known: HashMap<EventId, BriefEvent>) -> Awaited {
    let mut awaited = Awaited::default();
    for &event_id in event_ids {
        match known.remove(&event_id) {
            Some(event) if event.status.is_final() => awaited.ended.push(event),
            Some(_) => awaited.open.push(event_id),
            None => awaited.unknown.push(event_id),
        }
    }
    awaited
}
