//! All pairs of what can keep a queued event waiting at once: the one that the service meets first is the verdict, the other stands behind
//! it, and decides once the first is lifted.

use serde_json::{Value, json};

use super::{codes, explained, in_an_hour, reason, verdict};
use crate::support::{Lab, Reply};

/// What keeps the event waiting, in the order in which the service meets it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Blocker {
    NotDue,
    Paused,
    Capped,
    NoEngine,
    Draining,
    Quarantined,
    HoldingOff,
    DoesNotAsk,
    Full,
    TravelsAlone,
    BehindOthers,
}

use Blocker::*;

const BLOCKERS: [Blocker; 11] =
    [NotDue, Paused, Capped, NoEngine, Draining, Quarantined, HoldingOff, DoesNotAsk, Full, TravelsAlone, BehindOthers];

/// Pairs that cannot hold at once, or of which one is not one beside the other.
fn exclude_each_other(first: Blocker, second: Blocker) -> bool {
    match (first, second) {
        // All of these need an engine; one that is to get nothing, or has no room, need not ask; an event is in one lane.
        // What caps a queue without engines is held by callers that do their work.
        (Capped, NoEngine)
        | (NoEngine, Draining | Quarantined | HoldingOff | DoesNotAsk | Full)
        | (Paused | Capped | Draining | Quarantined | HoldingOff, DoesNotAsk)
        | (DoesNotAsk, Full)
        | (TravelsAlone, BehindOthers) => true,
        _ => false,
    }
}

impl Blocker {
    /// The code that decides while it is the first, a code that shows it, and what the sentence of the first code says.
    fn shown_as(self) -> (&'static str, &'static str, &'static str) {
        match self {
            NotDue => ("not_due_yet", "not_due_yet", "it becomes due in"),
            Paused => ("queue_paused", "queue_paused", "has been paused"),
            Capped => ("queue_capped", "queue_capped", "no more than 1 may be"),
            NoEngine => ("no_engine_registered", "no_engine_registered", "no engine is registered"),
            Draining => ("none_active", "none_active", "it is draining"),
            Quarantined => ("none_active", "version_quarantined", "it is quarantined"),
            HoldingOff => ("none_active", "engines_holding_off", "it is holding off"),
            DoesNotAsk => ("engines_do_not_ask", "engines_do_not_ask", "has not asked for work"),
            Full => ("engines_full", "engines_full", "it holds 1 event"),
            TravelsAlone => ("travels_alone", "travels_alone", "lost 2 times"),
            BehindOthers => ("behind_others", "behind_others", "1 event is before it"),
        }
    }
}

/// An event in a queue of its own, with an engine for one event at a time.
struct Scene<'a> {
    lab: &'a Lab,
    queue: String,
    engine: Option<String>,
    event: String,
    /// What its engine holds.
    held: Option<Value>,
    /// What stands before it.
    other: Option<String>,
}

impl<'a> Scene<'a> {
    async fn of(lab: &'a Lab, blockers: [Blocker; 2]) -> Self {
        let queue = format!("{:?}-{:?}", blockers[0], blockers[1]);
        let mut scene = Self { lab, queue, engine: None, event: String::new(), held: None, other: None };
        if !blockers.contains(&NoEngine) {
            scene.register().await;
        }
        // What is leased is leased before the event is there.
        if blockers.contains(&Full) {
            lab.enqueue(&scene.queue, json!({})).await;
            scene.held = Some(lab.lease_one(&scene.queue, scene.engine.as_ref().expect("an engine")).await);
        }
        if blockers.contains(&Capped) {
            lab.enqueue(&scene.queue, json!({})).await;
            let poll = lab.request("GET", &format!("/api/v1/events/queue/{}?limit=1", scene.queue));
            let leased = Reply::of(poll).await.expect(200);
            assert_eq!(leased.body["events"].as_array().map(Vec::len), Some(1), "{leased:?}");
        }
        scene.event = lab.enqueue(&scene.queue, json!({})).await;
        for blocker in blockers {
            scene.block(blocker).await;
        }
        scene
    }

    async fn register(&mut self) {
        let config = json!({"engine_software_version": "2.4.1", "resource_limits": {"max_concurrent_events": 1}});
        let more = json!({"metadata": {"static_config": config}, "heartbeat_timeout_seconds": 3600});
        self.engine = Some(self.lab.register(&self.queue, more).await);
    }

    fn engine(&self) -> &str {
        self.engine.as_ref().expect("an engine")
    }

    async fn post(&self, path: &str, body: Value) {
        let reply = self.lab.post(&format!("/api/v1/{path}"), &body).await;
        assert_eq!(reply.status, 200, "{}: {path}: {reply:?}", self.queue);
    }

    async fn patch(&self, path: &str, body: Value) {
        let request = self.lab.request("PATCH", &format!("/api/v1/{path}")).json(&body);
        Reply::of(request).await.expect(200);
    }

    async fn change_engine(&self, change: &str) {
        self.lab.broker().flush_liveness().await.expect("written");
        let engine = self.engine();
        self.lab.sql(&format!("update eventlease.engine_states set {change} where engine_id = '{engine}'")).await;
    }

    async fn block(&mut self, blocker: Blocker) {
        let (queue, event) = (self.queue.clone(), self.event.clone());
        match blocker {
            NotDue => {
                let later = in_an_hour(self.lab).await;
                self.patch(&format!("events/{event}"), json!({"available_at": later})).await;
            }
            Paused => self.post(&format!("queues/{queue}/pause"), json!({})).await,
            Capped => self.patch(&format!("queues/{queue}"), json!({"max_processing": 1})).await,
            NoEngine | Full => {}
            Draining => self.post(&format!("engines/{}/drain", self.engine()), json!({})).await,
            Quarantined => {
                let body = json!({"engine_software_version": "2.4.1", "reason": "it crashes"});
                self.post(&format!("queues/{queue}/quarantines"), body).await;
            }
            HoldingOff => self.change_engine("holding_off_until = statement_timestamp() + interval '1 hour', holding_off_reason = 'the provider answers 429'").await,
            DoesNotAsk => {
                // Some event has been due for long enough, whatever becomes of the one that is explained.
                let oldest = self.lab.enqueue(&queue, json!({"priority": 0})).await;
                let since = "available_at = statement_timestamp() - interval '1 minute'";
                self.lab.sql(&format!("update eventlease.event_queue set {since} where event_id = '{oldest}'")).await;
                self.change_engine("registered_at = registered_at - interval '1 hour', last_poll_at = null").await;
                self.lab
                    .sql("update eventlease.service_signs set grace_since = grace_since - interval '2 hours'")
                    .await;
            }
            TravelsAlone => {
                let other = self.lab.enqueue(&queue, json!({"priority": 9})).await;
                let lost = "lane = 2, lease_losses = 2";
                let both = format!("('{event}', '{other}')");
                self.lab.sql(&format!("update eventlease.event_queue set {lost} where event_id in {both}")).await;
                self.other = Some(other);
            }
            BehindOthers => self.other = Some(self.lab.enqueue(&queue, json!({"priority": 9})).await),
        }
    }

    async fn lift(&mut self, blocker: Blocker) {
        let (queue, event) = (self.queue.clone(), self.event.clone());
        match blocker {
            NotDue => self.patch(&format!("events/{event}"), json!({"available_at": "2026-01-01T00:00:00Z"})).await,
            Paused => self.post(&format!("queues/{queue}/resume"), json!({})).await,
            Capped => self.patch(&format!("queues/{queue}"), json!({"max_processing": null})).await,
            NoEngine => self.register().await,
            Draining => self.post(&format!("engines/{}/resume", self.engine()), json!({})).await,
            Quarantined => {
                let path = format!("/api/v1/queues/{queue}/quarantines?engine_software_version=2.4.1");
                self.lab.delete(&path).await.expect(204);
            }
            HoldingOff => self.change_engine("holding_off_until = null, holding_off_reason = null").await,
            DoesNotAsk => self.change_engine("last_poll_at = statement_timestamp()").await,
            Full => {
                let held = self.held.take().expect("an event");
                self.lab.settle(&held, "completed", json!({})).await.expect(200);
            }
            TravelsAlone | BehindOthers => {
                let other = self.other.take().expect("an event");
                self.post(&format!("events/{other}/cancel"), json!({})).await;
            }
        }
    }

    /// Waits until an explanation is as it is to be. A round of the server's own that began earlier may end later than the test's.
    async fn expect(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        let mut explanation = Value::Null;
        for _ in 0..5 {
            explanation = explained(self.lab, &self.event).await;
            if is_so(&explanation) {
                return;
            }
        }
        panic!("{}: {what}: {explanation:#}", self.queue);
    }
}

fn decides(explanation: &Value, blocker: Blocker) -> bool {
    let (code, _, says) = blocker.shown_as();
    verdict(explanation) == code
        && reason(explanation, code)["message"].as_str().is_some_and(|message| message.contains(says))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_blockers_the_first_decides_and_the_second_once_that_is_lifted() {
    let lab = Lab::start().await;
    let mut pairs = 0;
    for (place, first) in BLOCKERS.into_iter().enumerate() {
        for second in BLOCKERS[place + 1..].iter().copied().filter(|second| !exclude_each_other(first, *second)) {
            pairs += 1;
            let mut scene = Scene::of(&lab, [first, second]).await;
            let of_second = second.shown_as().1;
            scene
                .expect("the first decides, and the second is shown behind it", |explanation| {
                    let codes = codes(explanation);
                    let place = |wanted| codes.iter().position(|code| *code == wanted);
                    decides(explanation, first) && place(first.shown_as().0) < place(of_second)
                })
                .await;
            scene.lift(first).await;
            scene.expect("the second decides", |explanation| decides(explanation, second)).await;
            scene.lift(second).await;
            scene.expect("nothing is in its way", |explanation| verdict(explanation) == "would_be_soon").await;
        }
    }
    assert_eq!(pairs, 42);
}
