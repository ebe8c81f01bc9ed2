//! One engine of the model test: does what its random numbers say, and tells the ledger.

use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ledger::{Ledger, Policy};
use crate::support::{Lab, Reply};

pub const MAX_CONCURRENT: usize = 3;

/// An engine, its replicas, and what it was given and has not ended.
pub struct RandomEngine {
    pub lab: Arc<Lab>,
    pub ledger: Arc<Mutex<Ledger>>,
    pub random: StdRng,
    pub replicas: Vec<String>,
    pub engine_type: &'static str,
    pub engine_id: String,
    pub is_draining: bool,
    pub held: Vec<String>,
}

impl RandomEngine {
    pub fn new(lab: &Arc<Lab>, ledger: &Arc<Mutex<Ledger>>, replicas: &[String], seed: u64, number: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(number));
        Self {
            lab: Arc::clone(lab),
            ledger: Arc::clone(ledger),
            replicas: replicas.to_vec(),
            engine_type: if number.is_multiple_of(2) { "dialogue" } else { "physics" },
            engine_id: Uuid::from_u128(random.random()).to_string(),
            random,
            is_draining: false,
            held: Vec::new(),
        }
    }

    pub async fn run(mut self, verbs: u32) {
        self.register().await;
        for _ in 0..verbs {
            match self.random.random_range(0..100) {
                0..16 => self.enqueue().await,
                16..44 => self.poll().await,
                44..57 => self.settle_held("completed", json!({"result": {"by": self.engine_id}})).await,
                57..65 => self.settle_held("failed", json!({"error": {"type": "Test", "message": "no"}})).await,
                65..67 => self.settle_held("failed", json!({"error": "hopeless", "retryable": false})).await,
                67..71 => self.settle_held("queued", json!({})).await,
                71..74 => self.settle_held("processing", json!({"progress": 0.5})).await,
                74..80 => self.settle_any().await,
                80..83 => self.heartbeat().await,
                83..85 => self.drain_or_resume().await,
                85..86 => self.register_again().await,
                86..87 => self.deregister().await,
                87..91 => self.expire().await,
                91..92 => self.fall_silent().await,
                92..95 => self.make_due().await,
                95..98 => self.redrive().await,
                _ => self.discard().await,
            }
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no engine has failed")
    }

    fn count(&self, verb: &'static str) {
        self.ledger().count(verb);
    }

    async fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let replica = self.replicas.choose(&mut self.random).expect("two");
        let mut request = self.lab.request(method, &format!("{replica}/api/v1{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        Reply::of(request).await
    }

    async fn register(&mut self) -> Reply {
        let limits = json!({"static_config": {"resource_limits": {"max_concurrent_events": MAX_CONCURRENT}}});
        let body = json!({"engine_id": self.engine_id, "engine_type": self.engine_type, "metadata": limits,
            "heartbeat_timeout_seconds": 600});
        let reply = self.call("POST", "/engines", Some(&body)).await;
        assert_eq!((&reply.body["leases_held"], &reply.body["status"]), (&json!(0), &json!("active")), "{reply:?}");
        self.is_draining = false;
        reply
    }

    async fn enqueue(&mut self) {
        self.count("enqueue");
        let policy = Policy {
            max_retries: self.random.random_range(0..=3),
            dead_letter_threshold: self.random.random_range(1..=3),
        };
        let initial = *[0, 30].choose(&mut self.random).expect("two");
        let engine_type = *["dialogue", "physics"].choose(&mut self.random).expect("two");
        let mut event = json!({
            "engine_type": engine_type, "event_type": "model.ran",
            "payload": {"n": self.random.random::<u64>()}, "priority": self.random.random_range(0..=9),
            "retry_policy": {"max_retries": policy.max_retries, "dead_letter_threshold": policy.dead_letter_threshold,
                "retry_delay": {"initial": initial}},
        });
        if self.random.random_ratio(1, 4) {
            event["delay_seconds"] = json!(self.random.random_range(0..=1000));
        }
        let ids = if self.random.random_ratio(1, 3) {
            let events = vec![event; self.random.random_range(1..=4)];
            let reply = self.call("POST", "/events/batch", Some(&json!({"events": events}))).await.expect(201);
            reply.body["results"].as_array().expect("results").clone()
        } else {
            vec![self.call("POST", "/events", Some(&event)).await.expect(201).body]
        };
        for id in ids {
            self.ledger().enqueued(id["event_id"].as_str().expect("an id"), policy);
        }
    }

    async fn poll(&mut self) {
        self.count("poll");
        let path = format!("/events/queue/{}?limit={}", self.engine_type, self.random.random_range(1..=4));
        let replica = self.replicas.choose(&mut self.random).expect("two");
        let request =
            self.lab.request("GET", &format!("{replica}/api/v1{path}")).header("x-engine-id", &self.engine_id);
        let reply = Reply::of(request).await.expect(200);
        let events = reply.body["events"].as_array().expect("events");
        assert!(!self.is_draining || events.is_empty(), "a draining engine was given {reply:?}");
        self.ledger().leased(&self.engine_id, MAX_CONCURRENT, events);
        let tokens = events.iter().map(|event| event["lease"]["lease_token"].as_str().expect("a token").to_owned());
        self.held.extend(tokens);
    }

    /// Reports on a lease of its own, sometimes twice.
    async fn settle_held(&mut self, status: &'static str, more: Value) {
        let Some(token) = self.held.choose(&mut self.random).cloned() else { return };
        self.count(status);
        for _ in 0..if self.random.random_ratio(1, 6) { 2 } else { 1 } {
            self.settle(&token, status, more.clone(), None).await;
        }
        if status != "processing" {
            self.held.retain(|held| *held != token);
        }
    }

    /// Reports on any lease there ever was: with its token alone, or in its own name.
    async fn settle_any(&mut self) {
        let newest: Vec<String> = self.ledger().tokens.iter().rev().take(40).cloned().collect();
        let Some(token) = newest.choose(&mut self.random).cloned() else { return };
        self.count("settle any");
        let statuses = ["completed", "failed", "queued", "processing"];
        let status = statuses.choose(&mut self.random).expect("four");
        let caller = self.random.random_ratio(1, 2).then(|| self.engine_id.clone());
        self.settle(&token, status, if *status == "failed" { json!({"error": "any"}) } else { json!({}) }, caller)
            .await;
    }

    async fn settle(&mut self, token: &str, status: &'static str, more: Value, caller: Option<String>) {
        let sent = self.ledger().sending(token, status, caller.as_deref());
        let event_id = self.ledger().leases[token].event_id.clone();
        let mut body = json!({"status": status, "lease_token": token});
        crate::support::merge(&mut body, more);
        let query = caller.map(|caller| format!("?engine_id={caller}")).unwrap_or_default();
        let reply = self.call("PUT", &format!("/events/{event_id}/status{query}"), Some(&body)).await;
        self.ledger().answered(&sent, reply.status, &reply.body);
    }

    async fn heartbeat(&mut self) {
        self.count("heartbeat");
        let mut listed = Vec::new();
        for token in &self.held {
            let ledger = self.ledger();
            listed.push((token.clone(), ledger.leases[token].event_id.clone(), ledger.is_superseded(token)));
        }
        // An event that was lost and leased again may be held twice; a heartbeat names it once.
        listed.sort_by(|one, other| one.1.cmp(&other.1));
        listed.dedup_by(|one, other| one.1 == other.1);
        let leases: Vec<Value> =
            listed.iter().map(|(token, event_id, _)| json!({"event_id": event_id, "lease_token": token})).collect();
        let path = format!("/engines/{}/heartbeat", self.engine_id);
        let reply = self.call("POST", &path, Some(&json!({"current_workload": 1, "leases": leases}))).await.expect(200);
        for ((token, ..), answer) in listed.iter().zip(reply.body["leases"].as_array().expect("answers")) {
            let was_superseded = listed.iter().any(|(listed, _, was)| listed == token && *was);
            self.ledger().heard(token, &answer["outcome"], &answer["reason"], was_superseded);
        }
    }

    async fn drain_or_resume(&mut self) {
        self.count("drain or resume");
        let verb = if self.is_draining { "resume" } else { "drain" };
        self.call("POST", &format!("/engines/{}/{verb}", self.engine_id), None).await.expect(200);
        self.is_draining = !self.is_draining;
    }

    /// Restarts: what it held is lost at once.
    async fn register_again(&mut self) {
        self.count("register again");
        self.ledger().doubt(&self.held);
        self.register().await.expect(200);
        self.held.clear();
    }

    /// Leaves, by itself or thrown out, and comes back.
    async fn deregister(&mut self) {
        self.count("deregister");
        self.ledger().doubt(&self.held);
        let query = if self.random.random() { format!("?engine_id={}", self.engine_id) } else { String::new() };
        self.call("DELETE", &format!("/engines/{}{query}", self.engine_id), None).await.expect(204);
        self.register().await.expect(201);
        self.held.clear();
    }

    /// One of its leases runs out. It remembers it, for a late report.
    async fn expire(&mut self) {
        let Some(token) = self.held.choose(&mut self.random).cloned() else { return };
        self.count("expire");
        self.ledger().doubt([&token]);
        let token = Uuid::parse_str(&token).expect("128 bits");
        let ran_out = "set lease_expires_at = statement_timestamp() - interval '1 minute'";
        self.lab.sql(&format!("update eventlease.event_leases {ran_out} where lease_token = '{token}'")).await;
        self.lab.broker().reap().await.expect("the reaper runs");
    }

    /// Says nothing for an hour after its last heartbeat.
    async fn fall_silent(&mut self) {
        self.count("fall silent");
        self.ledger().doubt(&self.held);
        let ago = "statement_timestamp() - interval '1 hour'";
        let id = &self.engine_id;
        self.lab.sql(&format!("update eventlease.engine_states set last_heartbeat = {ago}, last_seen_at = {ago} where engine_id = '{id}'")).await;
        self.lab.broker().reap().await.expect("the reaper runs");
    }

    async fn make_due(&mut self) {
        self.count("make due");
        let engine_type = self.engine_type;
        self.lab
            .sql(&format!(
                "update eventlease.event_queue q set available_at = statement_timestamp() from (
            select event_id from eventlease.event_queue where engine_type = '{engine_type}'
                and available_at > statement_timestamp() order by event_id limit 20 for update skip locked) delayed
            where q.event_id = delayed.event_id"
            ))
            .await;
    }

    async fn any_dead_letter(&mut self) -> Option<String> {
        let page = self.call("GET", "/dead-letters?limit=20", None).await.expect(200);
        Some(page.body["items"].as_array()?.choose(&mut self.random)?["event_id"].as_str()?.to_owned())
    }

    async fn redrive(&mut self) {
        let Some(event_id) = self.any_dead_letter().await else { return };
        self.count("redrive");
        let reply = self.call("POST", &format!("/dead-letters/{event_id}/redrive"), None).await;
        assert!(reply.status == 200 || reply.body["code"] == "not_a_dead_letter", "{reply:?}");
    }

    async fn discard(&mut self) {
        let Some(event_id) = self.any_dead_letter().await else { return };
        self.count("discard");
        let reply = self.call("DELETE", &format!("/dead-letters/{event_id}"), None).await;
        assert!(reply.status == 204 || reply.body["code"] == "not_a_dead_letter", "{reply:?}");
        if reply.status == 204 {
            self.ledger().events.get_mut(&event_id).expect("a known event").is_discarded = true;
        }
    }
}
