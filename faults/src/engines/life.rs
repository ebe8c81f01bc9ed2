//! One engine, from one registration to the next: it polls, works for a moment, reports, and sends heartbeats.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::words::{self, Fate, Held};
use crate::caller::{Call, Caller, Fronts, micros, number, text};
use crate::history::{Answer, At, Entry, Lease, Poll, Register, Report, ReportItem, SECOND, Span, Word};
use crate::pending::{Pending, given_up, span_from};
use crate::queues::{HEARTBEAT_TIMEOUT_SECONDS, Queue};
use crate::recorder::Recorder;

const CALL_LIMIT: Duration = Duration::from_secs(5);
/// A heartbeat must leave time for another one.
const HEARTBEAT_LIMIT: Duration = Duration::from_millis(1500);
const HEARTBEAT_EVERY: Duration = Duration::from_millis(1300);
const LIMIT: usize = 10;
const MAX_CONCURRENT: usize = 20;
const BREATH: Duration = Duration::from_millis(50);

/// What all engines have in common, and lose when the faults are over.
#[derive(Debug, Default)]
pub struct Temper {
    /// Everything is completed at once, and reported.
    pub is_calm: AtomicBool,
}

#[derive(Debug)]
pub struct Settings {
    pub recorder: Arc<Recorder>,
    pub fronts: Fronts,
    pub home: usize,
    pub id: Uuid,
    pub queue: Queue,
    pub temper: Arc<Temper>,
    pub seed: u64,
}

#[derive(Debug)]
pub struct Life {
    settings: Settings,
    pub id: Uuid,
    name: String,
    held: Mutex<Vec<Held>>,
    pub is_hung: watch::Sender<bool>,
    pub is_to_be_late: AtomicBool,
    pub repeats: AtomicBool,
}

impl Life {
    pub fn new(settings: Settings) -> Self {
        let (is_hung, _) = watch::channel(false);
        Self {
            id: settings.id,
            name: settings.id.to_string(),
            settings,
            held: Mutex::default(),
            is_hung,
            is_to_be_late: AtomicBool::new(false),
            repeats: AtomicBool::new(false),
        }
    }

    fn recorder(&self) -> &Recorder {
        &self.settings.recorder
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().expect("nothing panics while it holds this lock")
    }

    fn is_calm(&self) -> bool {
        self.settings.temper.is_calm.load(Ordering::Relaxed)
    }

    /// Each place of the fleet has one of its own, so that a quarantine is for its engine alone.
    fn version(&self) -> String {
        format!("1.0.{}", self.settings.home)
    }

    /// Has its version quarantined, and lifts that after some time; if a call comes late that was given up, it ends by itself. From the reply that said so to the call that lifted it.
    pub async fn be_quarantined(&self, lasts: Duration) -> (At, At) {
        let mut caller = Caller::new(self.settings.fronts, self.settings.home);
        let path = format!("/api/v1/queues/{}/quarantines", self.settings.queue.name);
        let body = json!({"engine_software_version": self.version(), "reason": "faults", "lift_after_seconds": 30})
            .to_string();
        loop {
            let call = Call { method: "POST", path: &path, engine: None, body: body.clone(), limit: CALL_LIMIT };
            if caller.call(self.recorder(), &call).await.1.done().is_some() {
                break;
            }
            sleep(BREATH).await;
        }
        let from = self.recorder().now();
        sleep(lasts).await;
        let to = self.recorder().now();
        let path = format!("{path}?engine_software_version={}", self.version());
        loop {
            let call = Call { method: "DELETE", path: &path, engine: None, body: String::new(), limit: CALL_LIMIT };
            match caller.call(self.recorder(), &call).await.1 {
                // A call without a reply may have lifted it.
                Answer::Done(_) | Answer::Refused(_) => return (from, to),
                Answer::Unsure(_) | Answer::Unsent => sleep(BREATH).await,
            }
        }
    }

    /// While it hangs, it says nothing.
    async fn breathe(&self) {
        self.is_hung.subscribe().wait_for(|is_hung| !is_hung).await.ok();
    }

    pub async fn register(&self, caller: &mut Caller) {
        let body = json!({
            "engine_id": self.id, "engine_type": self.settings.queue.name,
            "heartbeat_timeout_seconds": HEARTBEAT_TIMEOUT_SECONDS,
            "metadata": {"static_config": {"capabilities": ["faults"], "engine_software_version": self.version(),
                "resource_limits": {"max_concurrent_events": MAX_CONCURRENT}}},
        });
        let body = body.to_string();
        loop {
            let call =
                Call { method: "POST", path: "/api/v1/engines", engine: None, body: body.clone(), limit: CALL_LIMIT };
            let span = span_from(caller.replica(), self.recorder().now());
            let entry = Register { span, engine: self.id, answer: given_up() };
            let pending = Pending::new(self.recorder(), Entry::Register(entry));
            let (span, answer) = caller.call(self.recorder(), &call).await;
            let answer = answer.map(|reply| number(&reply["incarnation"]));
            let is_done = answer.done().is_some();
            pending.ended(Entry::Register(Register { span, engine: self.id, answer }));
            if is_done {
                return;
            }
            sleep(BREATH).await;
        }
    }

    /// Heartbeats, that renew most of what is held.
    pub async fn beat(self: Arc<Self>) {
        let mut caller = Caller::new(self.settings.fronts, self.settings.home);
        let path = format!("/api/v1/engines/{}/heartbeat", self.id);
        loop {
            self.breathe().await;
            let renewed: Vec<Held> = self.held().iter().filter(|held| held.is_renewed()).cloned().collect();
            let leases: Vec<Value> = renewed
                .iter()
                .map(|held| json!({"event_id": held.lease.event, "lease_token": held.lease.token}))
                .collect();
            let body = json!({"current_workload": leases.len(), "leases": leases}).to_string();
            let call = Call { method: "POST", path: &path, engine: Some(&self.name), body, limit: HEARTBEAT_LIMIT };
            let items = renewed.iter().map(|held| held.item(Word::Renew, given_up())).collect();
            let reply = self.report(&mut caller, &call, items, "leases").await;
            let pause = if reply.is_some() { HEARTBEAT_EVERY } else { BREATH };
            sleep(pause).await;
        }
    }

    /// Makes a call with words on leases, notes what is said of each in the list of that name, and keeps the words that
    /// have no answer for the next time.
    async fn report(
        &self,
        caller: &mut Caller,
        call: &Call<'_>,
        items: Vec<ReportItem>,
        list: &str,
    ) -> Option<(Span, Value)> {
        let span = span_from(caller.replica(), self.recorder().now());
        let entry = Report { span, engine: self.id, items: items.clone() };
        let pending = Pending::new(self.recorder(), Entry::Report(entry));
        let (span, answer) = caller.call(self.recorder(), call).await;
        let items = words::answered(items, &answer, list, &self.recorder().clock);
        self.keep_unanswered(&items);
        pending.ended(Entry::Report(Report { span, engine: self.id, items }));
        if !matches!(answer, Answer::Done(_) | Answer::Refused(_)) {
            sleep(BREATH).await;
        }
        answer.into_done().map(|reply| (span, reply))
    }

    /// What was sent and has an answer is done with; the rest is said again.
    fn keep_unanswered(&self, items: &[ReportItem]) {
        let now = self.recorder().now();
        let mut held = self.held();
        for item in items.iter().filter(|item| item.word != Word::Renew) {
            let Some(place) = held.iter().position(|held| held.lease.token == item.token) else { continue };
            if matches!(item.answer, Answer::Done(_) | Answer::Refused(_)) {
                held.swap_remove(place);
            } else {
                held[place].due = now + SECOND / 10;
            }
        }
    }

    pub async fn work(self: Arc<Self>) {
        let mut caller = Caller::new(self.settings.fronts, self.settings.home);
        let mut random = StdRng::seed_from_u64(self.settings.seed);
        let mut lost_poll = None;
        loop {
            self.breathe().await;
            let now = self.recorder().now();
            if self.is_to_be_late.swap(false, Ordering::Relaxed) {
                self.held().iter_mut().for_each(|held| held.be_late(now));
            }
            self.held().retain(|held| !held.is_given_up(now));
            let due: Vec<Held> = self.held().iter().filter(|held| held.is_due(now)).take(LIMIT).cloned().collect();
            let (count, next) = {
                let held = self.held();
                (held.len(), held.iter().filter(|held| held.is_renewed()).map(|held| held.due).min())
            };
            if !due.is_empty() && random.random_bool(0.6) {
                self.say(&mut caller, &due, &mut random).await;
            } else if due.is_empty() && next.is_some() {
                let pause = u64::try_from(next.unwrap_or(now) - now).unwrap_or(0);
                sleep(Duration::from_micros(pause).min(BREATH)).await;
            } else {
                let wait_seconds = u32::from(count == 0);
                let (got, lost) = self.poll(&mut caller, lost_poll.take(), &due, wait_seconds, &mut random).await;
                lost_poll = lost.filter(|_| random.random_bool(0.8));
                if lost.is_some() || !got && count > 0 {
                    sleep(BREATH).await;
                }
            }
        }
    }

    /// Reports what is due, one by one or together; and again, if it repeats itself.
    async fn say(&self, caller: &mut Caller, due: &[Held], random: &mut StdRng) {
        let word = |held: &Held| held.fate.word();
        let rounds = if self.repeats.swap(false, Ordering::Relaxed) { 3 } else { 1 };
        for round in 0..rounds {
            // The third time, it contradicts itself.
            let word = |held: &Held| if round < 2 { word(held) } else { Word::Released };
            if random.random_bool(0.5) {
                let settlements: Vec<Value> = due.iter().map(|held| held.settlement(word(held), true)).collect();
                let body = json!({"settlements": settlements}).to_string();
                let (path, engine) = ("/api/v1/events/status", Some(self.name.as_str()));
                let call = Call { method: "PUT", path, engine, body, limit: CALL_LIMIT };
                let items = due.iter().map(|held| held.item(word(held), given_up())).collect();
                self.report(caller, &call, items, "results").await;
            } else {
                for held in due {
                    self.breathe().await;
                    let path = format!("/api/v1/events/{}/status", held.lease.event);
                    let body = held.settlement(word(held), false).to_string();
                    let call = Call { method: "PUT", path: &path, engine: Some(&self.name), body, limit: CALL_LIMIT };
                    self.report(caller, &call, vec![held.item(word(held), given_up())], "").await;
                }
            }
        }
    }

    /// Polls, in one call with the words on what is due. Whether events came, and the poll's id if its reply was lost.
    async fn poll(
        &self,
        caller: &mut Caller,
        lost_poll: Option<Uuid>,
        due: &[Held],
        wait_seconds: u32,
        random: &mut StdRng,
    ) -> (bool, Option<Uuid>) {
        let poll_id = lost_poll.unwrap_or_else(Uuid::new_v4);
        let queue = self.settings.queue.name;
        let is_get = due.is_empty() && random.random_bool(0.4);
        let settlements: Vec<Value> = due.iter().map(|held| held.settlement(held.fate.word(), true)).collect();
        let get = format!("/api/v1/events/queue/{queue}?limit={LIMIT}&wait_seconds={wait_seconds}&poll_id={poll_id}");
        let post = format!("/api/v1/events/queue/{queue}/lease");
        let body = json!({
            "limit": LIMIT, "wait_seconds": wait_seconds, "poll_id": poll_id, "settlements": settlements,
        });
        let limit = CALL_LIMIT + Duration::from_secs(wait_seconds.into());
        let call = if is_get {
            Call { method: "GET", path: &get, engine: Some(&self.name), body: String::new(), limit }
        } else {
            Call { method: "POST", path: &post, engine: Some(&self.name), body: body.to_string(), limit }
        };
        let span = span_from(caller.replica(), self.recorder().now());
        let entry = Poll { span, engine: self.id, poll_id, answer: given_up() };
        let pending = Pending::new(self.recorder(), Entry::Poll(entry));
        let items: Vec<ReportItem> = due.iter().map(|held| held.item(held.fate.word(), given_up())).collect();
        let said = (!items.is_empty()).then(|| {
            Pending::new(self.recorder(), Entry::Report(Report { span, engine: self.id, items: items.clone() }))
        });
        let (span, answer) = caller.call(self.recorder(), &call).await;
        if let Some(said) = said {
            let items = words::answered(items, &answer, "results", &self.recorder().clock);
            self.keep_unanswered(&items);
            said.ended(Entry::Report(Report { span, engine: self.id, items }));
        }
        let answer = answer.map(|reply| self.read_leases(&reply));
        let leases = answer.done().cloned().unwrap_or_default();
        let lost = (!matches!(answer, Answer::Done(_) | Answer::Refused(_))).then_some(poll_id);
        pending.ended(Entry::Poll(Poll { span, engine: self.id, poll_id, answer }));
        let has_events = !leases.is_empty();
        self.take(leases, random);
        (has_events, lost)
    }

    fn read_leases(&self, reply: &Value) -> Vec<Lease> {
        let clock = self.recorder().clock;
        let time = |value: &Value| clock.of_service(value.as_str().unwrap_or_default()).unwrap_or(0);
        let read = |event: &Value| {
            let lease = &event["lease"];
            Some(Lease {
                event: event["event_id"].as_str()?.parse().ok()?,
                token: text(&lease["lease_token"]),
                attempt: number(&event["attempt"]),
                retries_left: number(&event["retries_left"]),
                losses_left: number(&event["losses_left"]),
                leased_at: time(&lease["leased_at"]),
                expires_at: time(&lease["expires_at"]),
                expires_in: micros(&lease["expires_in_seconds"]),
            })
        };
        reply["events"].as_array().into_iter().flatten().filter_map(read).collect()
    }

    /// Decides what will become of what came.
    fn take(&self, leases: Vec<Lease>, random: &mut StdRng) {
        let now: At = self.recorder().now();
        let mut held = self.held();
        for lease in leases {
            // A repeated poll brings the same leases again.
            if held.iter().any(|held| held.lease.token == lease.token) {
                continue;
            }
            let fate = if self.is_calm() { Fate::Complete } else { Fate::at_random(random) };
            let due = now + random.random_range(SECOND / 20..SECOND * 4 / 5);
            held.push(Held::new(lease, fate, due, random.random_range(SECOND / 5..2 * SECOND)));
        }
    }
}
