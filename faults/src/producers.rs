//! Those who enqueue: single events and batches, with and without idempotency keys and unique keys.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::caller::{Call, Caller, Fronts};
use crate::history::{Answer, Enqueue, Entry};
use crate::pending::{Pending, given_up, span_from};
use crate::queues::QUEUES;
use crate::recorder::Recorder;

const CALL_LIMIT: Duration = Duration::from_secs(5);
/// Before a call without a reply is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(150);
const MAX_BATCH: usize = 20;
/// Of each queue: few, so that most are held by an open event when they are wanted.
const UNIQUE_KEYS: usize = 4;

pub struct Producer {
    recorder: Arc<Recorder>,
    caller: Caller,
    random: StdRng,
    number: usize,
    calls: usize,
}

impl Producer {
    pub fn new(recorder: Arc<Recorder>, fronts: Fronts, number: usize, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        Self { recorder, caller: Caller::new(fronts, number), random, number, calls: 0 }
    }

    /// Enqueues at a rate, until told to stop.
    pub async fn work(mut self, events_per_second: f64, stop: CancellationToken) {
        while !stop.is_cancelled() {
            #[expect(clippy::cast_precision_loss, reason = "at most a batch")]
            let pause = self.enqueue(&stop).await as f64 / events_per_second;
            sleep(Duration::from_secs_f64(pause * self.random.random_range(0.5..1.5))).await;
        }
    }

    async fn enqueue(&mut self, stop: &CancellationToken) -> usize {
        self.calls += 1;
        let label = format!("p{}-{}", self.number, self.calls);
        let queue = QUEUES[self.random.random_range(0..QUEUES.len())].name;
        let mut event = json!({
            "engine_type": queue, "event_type": "faults.event", "payload": {"call": label}, "scenario_run_id": label,
            "priority": self.random.random_range(0..=9),
        });
        let is_single = self.random.random_bool(0.3);
        let is_keyed = is_single && self.random.random_bool(0.7);
        let unique_key = (is_single && self.random.random_bool(0.4))
            .then(|| format!("unique-{}", self.random.random_range(0..UNIQUE_KEYS)));
        let is_atomic = !is_single && self.random.random_bool(0.5);
        let size = if is_single { 1 } else { self.random.random_range(2..=MAX_BATCH) };
        if is_keyed {
            event["idempotency_key"] = json!(label);
        }
        if let Some(unique_key) = &unique_key {
            event["unique_key"] = json!(unique_key);
        }
        let (path, body) = if is_single {
            ("/api/v1/events", event)
        } else {
            ("/api/v1/events/batch", json!({"atomic": is_atomic, "events": vec![event; size]}))
        };
        let body = body.to_string();
        loop {
            let call = Call { method: "POST", path, engine: None, body: body.clone(), limit: CALL_LIMIT };
            let entry = Enqueue {
                span: span_from(self.caller.replica(), self.recorder.now()),
                label: label.clone(),
                size,
                is_atomic,
                is_keyed,
                unique_key: unique_key.clone(),
                answer: given_up(),
            };
            let pending = Pending::new(&self.recorder, Entry::Enqueue(entry.clone()));
            let (span, answer) = self.caller.call(&self.recorder, &call).await;
            let answer = read(answer, size);
            let is_answered = matches!(answer, Answer::Done(_) | Answer::Refused(_));
            pending.ended(Entry::Enqueue(Enqueue { span, answer, ..entry }));
            if is_answered || !is_keyed || stop.is_cancelled() {
                return size;
            }
            sleep(AGAIN_AFTER).await;
        }
    }
}

/// A reply that does not name as many events as were sent says nothing that could be relied on.
fn read(answer: Answer<Value>, size: usize) -> Answer<Vec<Uuid>> {
    match answer {
        Answer::Done(reply) => {
            let id = |event: &Value| event["event_id"].as_str().and_then(|id| id.parse().ok());
            let ids: Vec<Uuid> = match reply["results"].as_array() {
                Some(results) => results.iter().filter(|result| result["error"].is_null()).filter_map(id).collect(),
                None => id(&reply).into_iter().collect(),
            };
            if ids.len() == size { Answer::Done(ids) } else { Answer::Unsure(format!("a reply like {reply}")) }
        }
        Answer::Refused(refusal) => Answer::Refused(refusal),
        Answer::Unsure(why) => Answer::Unsure(why),
        Answer::Unsent => Answer::Unsent,
    }
}
