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
use crate::history::{Answer, Cancel, Enqueue, Entry};
use crate::pending::{Pending, given_up, span_from};
use crate::queues::QUEUES;
use crate::recorder::Recorder;

const CALL_LIMIT: Duration = Duration::from_secs(5);
/// Before a call without a reply is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(150);
const MAX_BATCH: usize = 20;
/// Of each queue: few, so that most are held by an open event when they are wanted.
const UNIQUE_KEYS: usize = 4;
/// Of all calls, those that begin a run which is then cancelled.
const CANCELLED_SHARE: f64 = 0.02;
/// Their events are due when the program has long ended.
const MUCH_LATER_SECONDS: u32 = 86_400;
/// A cancel without a reply is sent again, so often at most.
const MAX_CANCELS: u32 = 400;

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

    /// Enqueues into a run, cancels it, and enqueues into it again. No engine gets its events: they are due much later.
    async fn cancel_a_run(&mut self) -> usize {
        self.calls += 1;
        let label = format!("c{}-{}", self.number, self.calls);
        let queue = QUEUES[self.random.random_range(0..QUEUES.len())].name;
        let size = self.random.random_range(2..=MAX_BATCH);
        let event = json!({
            "engine_type": queue, "event_type": "faults.event", "payload": {"call": label}, "scenario_run_id": label,
            "delay_seconds": MUCH_LATER_SECONDS,
        });
        let batch = json!({"atomic": true, "events": vec![event.clone(); size]});
        if !self.send(&label, "/api/v1/events/batch", &batch, size).await {
            return size;
        }
        let path = format!("/api/v1/scenario-runs/{label}/cancel");
        // To its end, also while the fleet stops: else the events are left.
        for _ in 0..MAX_CANCELS {
            let call = Call { method: "POST", path: &path, engine: None, body: "{}".to_owned(), limit: CALL_LIMIT };
            let span = span_from(self.caller.replica(), self.recorder.now());
            let entry = Cancel { span, label: label.clone(), answer: given_up() };
            let pending = Pending::new(&self.recorder, Entry::Cancel(entry.clone()));
            let (span, answer) = self.caller.call(&self.recorder, &call).await;
            let answer = answer.map(|_| ());
            let is_done = matches!(answer, Answer::Done(()));
            pending.ended(Entry::Cancel(Cancel { span, answer, ..entry }));
            if is_done {
                self.send(&label, "/api/v1/events", &event, 1).await;
                break;
            }
            sleep(AGAIN_AFTER).await;
        }
        size
    }

    /// Sends events once; answers whether they were taken.
    async fn send(&mut self, label: &str, path: &str, body: &Value, size: usize) -> bool {
        let call = Call { method: "POST", path, engine: None, body: body.to_string(), limit: CALL_LIMIT };
        let entry = Enqueue {
            span: span_from(self.caller.replica(), self.recorder.now()),
            label: label.to_owned(),
            size,
            is_atomic: true,
            is_keyed: false,
            unique_key: None,
            answer: given_up(),
        };
        let pending = Pending::new(&self.recorder, Entry::Enqueue(entry.clone()));
        let (span, answer) = self.caller.call(&self.recorder, &call).await;
        let answer = read(answer, size);
        let is_done = matches!(answer, Answer::Done(_));
        pending.ended(Entry::Enqueue(Enqueue { span, answer, ..entry }));
        is_done
    }

    async fn enqueue(&mut self, stop: &CancellationToken) -> usize {
        if self.random.random_bool(CANCELLED_SHARE) {
            return self.cancel_a_run().await;
        }

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
