//! Operators: each has a queue of its own whose events die, redrives them by jobs, and completes what is redriven.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::caller::{Call, Caller, Fronts, number, text};
use crate::history::{Answer, Entry, RedriveJobs, Redriven};
use crate::queues::HEARTBEAT_TIMEOUT_SECONDS;
use crate::recorder::Recorder;

const CALL_LIMIT: Duration = Duration::from_secs(5);
const AGAIN_AFTER: Duration = Duration::from_millis(150);
/// Of a job: so many that at its rate it takes some seconds, and many steps.
const DEAD_LETTERS: std::ops::Range<usize> = 40..80;
const CANARY: usize = 10;

pub struct Operator {
    recorder: Arc<Recorder>,
    caller: Caller,
    random: StdRng,
    queue: String,
    engine: Option<String>,
    runs: usize,
}

impl Operator {
    pub fn new(recorder: Arc<Recorder>, fronts: Fronts, number: usize, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed.wrapping_add(1_000_000 + number as u64));
        let caller = Caller::new(fronts, number);
        Self { recorder, caller, random, queue: format!("doomed-{number}"), engine: None, runs: 0 }
    }

    /// One job after the other; the last one is brought to its end.
    pub async fn work(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let run = self.redrive().await;
            self.recorder.add(Entry::RedriveJobs(run));
        }
    }

    /// Makes dead letters of one run, redrives them, and completes what comes back.
    async fn redrive(&mut self) -> RedriveJobs {
        self.runs += 1;
        let label = format!("{}-{}", self.queue, self.runs);
        let size = self.random.random_range(DEAD_LETTERS);
        self.enqueue(&label, size).await;
        while self.events(&format!("/api/v1/dead-letters?scenario_run_id={label}")).await.len() < size {
            self.settle_leased(&json!({
                "status": "failed", "retryable": false, "error": {"type": "Doomed", "message": "so the run wants it"},
            }))
            .await;
        }
        let mut jobs = self.create(&label, size).await;
        let is_cancelled = self.see_to(&jobs[0].clone()).await;
        // A call without a reply may have made another one.
        for job in self.jobs_of(&label).await {
            if !jobs.contains(&job) {
                self.see_to(&job).await;
                jobs.push(job);
            }
        }
        let events = self.drain(&label).await;
        let mut redriven = 0;
        for job in &jobs {
            redriven += number(&self.get(&format!("/api/v1/redrive-jobs/{job}")).await["redriven"]);
        }
        RedriveJobs { label, size, is_cancelled, jobs, redriven, events }
    }

    async fn enqueue(&mut self, label: &str, size: usize) {
        let event = |number| {
            json!({
                "engine_type": self.queue, "event_type": "faults.doomed", "payload": {"number": number}, "scenario_run_id": label,
                "idempotency_key": format!("{label}-{number}"),
            })
        };
        let body = json!({"atomic": true, "events": (0..size).map(event).collect::<Vec<_>>()});
        self.until_done("POST", "/api/v1/events/batch", &body).await;
    }

    /// Makes a job for the dead letters of a run. Where a reply is lost, it looks whether the job was made.
    async fn create(&mut self, label: &str, size: usize) -> Vec<Uuid> {
        let mut body = json!({
            "filter": {"scenario_run_id": label}, "events_per_second": self.random.random_range(8..40),
        });
        if self.random.random_bool(0.5) {
            body["canary"] = json!({"count": CANARY, "continue_at_success_ratio": 0.9, "wait_seconds": 600});
        }
        if self.random.random_bool(0.3) {
            body["payload_patch"] = json!({"patched": true});
        }
        if self.random.random_bool(0.5) {
            body["expected_count"] = json!(size);
        }
        loop {
            let call = call("POST", "/api/v1/redrive-jobs", &body);
            let (_, answer) = self.caller.call(&self.recorder, &call).await;
            let made = answer.done().and_then(|reply| reply["job"]["job_id"].as_str()?.parse().ok());
            let jobs = made.map_or_else(Vec::new, |job| vec![job]);
            let jobs = if jobs.is_empty() { self.jobs_of(label).await } else { jobs };
            if !jobs.is_empty() {
                return jobs;
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    async fn jobs_of(&mut self, label: &str) -> Vec<Uuid> {
        let page = self.get("/api/v1/redrive-jobs?limit=100").await;
        let jobs = page["items"].as_array().into_iter().flatten();
        let of_label = jobs.filter(|job| job["filter"]["scenario_run_id"] == label);
        of_label.filter_map(|job| job["job_id"].as_str()?.parse().ok()).collect()
    }

    /// Completes what a job redrives until it is over; pauses and continues it meanwhile, or cancels it. Answers whether it did.
    async fn see_to(&mut self, job: &Uuid) -> bool {
        let path = format!("/api/v1/redrive-jobs/{job}");
        let (pauses_at, cancels_at) = (self.random.random_range(0..60), self.random.random_range(0..150));
        let mut is_cancelled = false;
        for turn in 0_u32.. {
            let state = text(&self.get(&path).await["state"]);
            if ["finished", "cancelled", "stopped"].contains(&state.as_str()) {
                break;
            }
            if turn == pauses_at {
                self.until_done("POST", &format!("{path}/pause"), &json!({})).await;
            } else if state == "paused" {
                self.until_done("POST", &format!("{path}/continue"), &json!({})).await;
            }
            if turn == cancels_at {
                is_cancelled = true;
                self.until_done("POST", &format!("{path}/cancel"), &json!({})).await;
            }
            self.settle_leased(&json!({"status": "completed"})).await;
        }
        is_cancelled
    }

    /// Completes all that is open of a run; how its events stand then.
    async fn drain(&mut self, label: &str) -> Vec<Redriven> {
        let path = format!("/api/v1/events?engine_type={}&scenario_run_id={label}", self.queue);
        let listed = loop {
            let listed = self.events(&path).await;
            let is_open = |event: &Value| event["status"] == "queued" || event["status"] == "processing";
            if !listed.iter().any(is_open) {
                break listed;
            }
            self.settle_leased(&json!({"status": "completed"})).await;
        };
        let mut events = Vec::with_capacity(listed.len());
        for event in listed {
            let event = self.get(&format!("/api/v1/events/{}", text(&event["event_id"]))).await;
            events.push(Redriven {
                event: event["event_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default(),
                status: text(&event["status"]),
                redrives: number(&event["redrives"]),
                redriven_from: event["redriven_from"].as_str().and_then(|id| id.parse().ok()),
            });
        }
        events
    }

    /// Leases what is due in the operator's queue, and says the same of each event.
    async fn settle_leased(&mut self, settlement: &Value) {
        let Some(engine) = self.engine().await else { return };
        let path = format!("/api/v1/events/queue/{}?limit=50&wait_seconds=1", self.queue);
        let call = Call { method: "GET", path: &path, engine: Some(&engine), body: String::new(), limit: CALL_LIMIT };
        let (_, answer) = self.caller.call(&self.recorder, &call).await;
        let events = match answer {
            Answer::Done(reply) => reply["events"].as_array().cloned().unwrap_or_default(),
            // What it may have been given, or said, comes back when it is taken for dead: it goes on as another one.
            Answer::Refused(_) | Answer::Unsure(_) => {
                self.engine = None;
                return sleep(AGAIN_AFTER).await;
            }
            Answer::Unsent => return sleep(AGAIN_AFTER).await,
        };
        if events.is_empty() {
            return;
        }
        let item = |event: &Value| {
            let mut item = settlement.clone();
            item["event_id"] = event["event_id"].clone();
            item["lease_token"] = event["lease"]["lease_token"].clone();
            item
        };
        let body = json!({"settlements": events.iter().map(item).collect::<Vec<_>>()}).to_string();
        let call =
            Call { method: "PUT", path: "/api/v1/events/status", engine: Some(&engine), body, limit: CALL_LIMIT };
        if self.caller.call(&self.recorder, &call).await.1.done().is_none() {
            self.engine = None;
        }
    }

    async fn engine(&mut self) -> Option<String> {
        if self.engine.is_none() {
            let engine = Uuid::new_v4().to_string();
            let body = json!({
                "engine_id": engine, "engine_type": self.queue, "heartbeat_timeout_seconds": HEARTBEAT_TIMEOUT_SECONDS,
            });
            let call = call("POST", "/api/v1/engines", &body);
            let (_, answer) = self.caller.call(&self.recorder, &call).await;
            match answer {
                Answer::Done(_) => self.engine = Some(engine),
                _ => sleep(AGAIN_AFTER).await,
            }
        }
        self.engine.clone()
    }

    /// All items of a list.
    async fn events(&mut self, path: &str) -> Vec<Value> {
        let (mut items, mut seen, mut cursor) = (Vec::new(), HashSet::new(), String::new());
        loop {
            let page = self.get(&format!("{path}&limit=200{cursor}")).await;
            let found = page["items"].as_array().into_iter().flatten();
            items.extend(found.filter(|item| seen.insert(text(&item["event_id"]))).cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    async fn get(&mut self, path: &str) -> Value {
        self.until_done("GET", path, &Value::Null).await
    }

    /// Sends a call until there is a reply. Refused, it is done already: a job that is over is neither paused nor cancelled.
    async fn until_done(&mut self, method: &'static str, path: &str, body: &Value) -> Value {
        loop {
            let call = call(method, path, body);
            match self.caller.call(&self.recorder, &call).await.1 {
                Answer::Done(reply) => return reply,
                Answer::Refused(refusal) if refusal.status == 409 => return Value::Null,
                _ => sleep(AGAIN_AFTER).await,
            }
        }
    }
}

fn call<'a>(method: &'static str, path: &'a str, body: &Value) -> Call<'a> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Call { method, path, engine: None, body, limit: CALL_LIMIT }
}
