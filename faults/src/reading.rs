//! Reads over HTTP how all events stand at the end.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use crate::caller::{Call, Caller, Fronts, micros, number, text};
use crate::history::{Answer, Attempt, Entry, Event};
use crate::queues::QUEUES;
use crate::recorder::Recorder;

const CALL_LIMIT: Duration = Duration::from_secs(20);
const TRIES: usize = 20;
const READERS: usize = 8;
/// One of so many events to which nothing happened is read whole all the same.
const SAMPLE: usize = 10;

/// All events of the queues; those with more than one attempt, or with a word whose reply was lost, with their attempts.
pub async fn read_all(recorder: &Arc<Recorder>, fronts: Fronts, history: &[Entry]) -> Result<Vec<Event>> {
    let unsure = unsure_events(history);
    let mut caller = Caller::new(fronts, 0);
    let mut listed = Vec::new();
    for queue in QUEUES {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/events?engine_type={}&limit=200{cursor}", queue.name);
            let page = get(&mut caller, recorder, &path).await?.context("a list of events")?;
            listed.extend(page["items"].as_array().into_iter().flatten().map(|item| read_event(recorder, item)));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    let mut listed = listed.into_iter().collect::<Option<Vec<Event>>>().context("a list with something else in it")?;
    // What was acknowledged and is in no list is asked for by its id: it is lost if it is not there either.
    let there: HashSet<Uuid> = listed.iter().map(|event| event.event).collect();
    for event in acknowledged(history).filter(|event| !there.contains(event)) {
        if let Some(reply) = get(&mut caller, recorder, &format!("/api/v1/events/{event}")).await? {
            listed.push(read_event(recorder, &reply).context("an event that cannot be read")?);
        }
    }
    let is_whole = |(place, event): &(usize, Event)| {
        let is_plain = event.status == "completed" && event.attempt == 1 && event.failures + event.lease_losses == 0;
        !is_plain || unsure.contains(&event.event) || place % SAMPLE == 0
    };
    let (whole, plain): (Vec<_>, Vec<_>) = listed.into_iter().enumerate().partition(is_whole);
    let share = whole.len().div_ceil(READERS).max(1);
    let shares: Vec<Vec<Event>> =
        whole.chunks(share).map(|share| share.iter().map(|(_, event)| event.clone()).collect()).collect();
    let read: Vec<Vec<Event>> = stream::iter(shares.into_iter().enumerate())
        .map(|(reader, events)| read_whole(recorder, Caller::new(fronts, reader), events))
        .buffer_unordered(READERS)
        .try_collect()
        .await?;
    Ok(read.into_iter().flatten().chain(plain.into_iter().map(|(_, event)| event)).collect())
}

async fn read_whole(recorder: &Recorder, mut caller: Caller, events: Vec<Event>) -> Result<Vec<Event>> {
    let mut whole = Vec::with_capacity(events.len());
    for event in events {
        let path = format!("/api/v1/events/{}", event.event);
        // Listed, and not there: the checker says so.
        let Some(reply) = get(&mut caller, recorder, &path).await? else { continue };
        let mut event = read_event(recorder, &reply).context("an event that cannot be read")?;
        let page = get(&mut caller, recorder, &format!("{path}/attempts?limit=200")).await?.context("its attempts")?;
        let attempts = page["items"].as_array().into_iter().flatten().map(|item| read_attempt(recorder, item));
        let mut attempts = attempts.collect::<Option<Vec<Attempt>>>().context("an attempt that cannot be read")?;
        attempts.reverse();
        event.attempts = Some(attempts);
        whole.push(event);
    }
    Ok(whole)
}

/// A reply; `None`: 404.
async fn get(caller: &mut Caller, recorder: &Recorder, path: &str) -> Result<Option<Value>> {
    let call = Call { method: "GET", path, engine: None, body: String::new(), limit: CALL_LIMIT };
    let mut last = String::new();
    for _ in 0..TRIES {
        match caller.call(recorder, &call).await.1 {
            Answer::Done(reply) => return Ok(Some(reply)),
            Answer::Refused(refusal) if refusal.status == 404 => return Ok(None),
            other => last = format!("{other:?}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("GET {path}: {last}")
}

fn read_event(recorder: &Recorder, item: &Value) -> Option<Event> {
    Some(Event {
        event: item["event_id"].as_str()?.parse().ok()?,
        label: text(&item["scenario_run_id"]),
        status: text(&item["status"]),
        attempt: number(&item["attempt"]),
        failures: number(&item["failures"]),
        lease_losses: number(&item["lease_losses"]),
        reason: item["dead_letter_reason"].as_str().map(str::to_owned),
        available_at: item["available_at"].as_str().and_then(|at| recorder.clock.of_service(at)),
        unique_key: item["unique_key"].as_str().map(|key| (text(&item["engine_type"]), key.to_owned())),
        created_at: item["created_at"].as_str().and_then(|at| recorder.clock.of_service(at)),
        finished_at: item["finished_at"].as_str().and_then(|at| recorder.clock.of_service(at)),
        attempts: None,
    })
}

fn read_attempt(recorder: &Recorder, item: &Value) -> Option<Attempt> {
    Some(Attempt {
        attempt: number(&item["attempt"]),
        engine: item["engine_id"].as_str().and_then(|id| id.parse().ok()),
        outcome: text(&item["outcome"]),
        late_by: item["late_by_seconds"].is_number().then(|| micros(&item["late_by_seconds"])),
        leased_at: item["leased_at"].as_str().and_then(|at| recorder.clock.of_service(at)),
        ended_at: recorder.clock.of_service(item["ended_at"].as_str()?)?,
        final_status: item["final_status"].as_str().map(str::to_owned),
    })
}

fn acknowledged(history: &[Entry]) -> impl Iterator<Item = Uuid> {
    let done =
        history.iter().filter_map(|entry| if let Entry::Enqueue(call) = entry { call.answer.done() } else { None });
    done.flatten().copied()
}

fn unsure_events(history: &[Entry]) -> HashSet<Uuid> {
    let reports =
        history.iter().filter_map(|entry| if let Entry::Report(report) = entry { Some(report) } else { None });
    let items = reports.flat_map(|report| &report.items).filter(|item| item.answer.done().is_none());
    items.map(|item| item.event).collect()
}
