//! What the replies say must be so: the small model beside the service.
//!
//! The ledger notes each call twice: before it is sent, what it may end; when it was answered, what it did.
//! Between the two nothing is known of the leases it names, and nothing wrong is claimed about them.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// One lease, by its token.
#[derive(Debug)]
pub struct Lease {
    pub event_id: String,
    pub attempt: i64,
    pub engine: String,
    /// The event had had a silent loss.
    pub is_of_suspect: bool,
    /// Something may have ended it without its engine's word.
    pub is_doubtful: bool,
    /// Reports (not renewals) sent with its token by those who may settle it.
    pub reports_sent: u32,
    /// The accepted report: its status, and what it was answered.
    pub settled: Option<(String, Value)>,
}

impl Lease {
    /// Nobody can have ended it yet.
    fn is_surely_live(&self) -> bool {
        !self.is_doubtful && self.reports_sent == 0
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub max_retries: i64,
    pub dead_letter_threshold: i64,
}

/// One event, and its leases by the number of the attempt.
#[derive(Debug, Default)]
pub struct Event {
    /// Known from the reply to its producer, which an engine's lease may overtake.
    pub policy: Option<Policy>,
    pub is_discarded: bool,
    pub leases: BTreeMap<i64, String>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub events: HashMap<String, Event>,
    pub leases: HashMap<String, Lease>,
    /// Tokens in the order in which they were handed out.
    pub tokens: Vec<String>,
    /// How often each verb was tried, and each kind of answer came.
    pub counts: BTreeMap<String, u32>,
}

/// What was known when a report was sent.
pub struct Sent {
    pub token: String,
    pub status: &'static str,
    /// Whether the caller named another engine than the holder.
    pub is_stranger: bool,
    was_superseded: bool,
}

impl Ledger {
    pub fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    pub fn enqueued(&mut self, event_id: &str, policy: Policy) {
        let before = self.events.entry(event_id.to_owned()).or_default().policy.replace(policy);
        assert!(before.is_none(), "{event_id} was given twice");
    }

    /// The reply to a poll of `engine`, which may hold `max_concurrent` at a time.
    pub fn leased(&mut self, engine: &str, max_concurrent: usize, reply: &[Value]) {
        let live = |lease: &&Lease| lease.engine == engine && lease.is_surely_live();
        let held = self.leases.values().filter(live).count();
        let mut suspects = self.leases.values().filter(live).filter(|lease| lease.is_of_suspect).count();
        assert!(held + reply.len() <= max_concurrent, "{engine} holds {held} and got {}", reply.len());
        for leased in reply {
            let Some(policy) = self.lease_one(engine, leased) else { continue };
            let losses_left = leased["losses_left"].as_i64().expect("a number");
            let lease_losses = policy.dead_letter_threshold - losses_left;
            if lease_losses == 0 {
                continue;
            }
            suspects += 1;
            assert_eq!(suspects, 1, "{engine} has two suspects: {reply:?}");
            if lease_losses == 1 && losses_left > 1 {
                self.count("suspect leased beside others");
            } else {
                self.count("suspect leased alone");
                assert!(held == 0 && reply.len() == 1, "an isolated suspect has company: {reply:?}");
            }
        }
    }

    fn lease_one(&mut self, engine: &str, leased: &Value) -> Option<Policy> {
        let event_id = leased["event_id"].as_str().expect("an id");
        let token = leased["lease"]["lease_token"].as_str().expect("a token").to_owned();
        let attempt = leased["attempt"].as_i64().expect("a number");
        assert_eq!(leased["lease"]["leased_by"], engine, "{leased}");
        let event = self.events.entry(event_id.to_owned()).or_default();
        assert!(!event.is_discarded, "a discarded dead letter was leased: {leased}");
        for (number, earlier) in &event.leases {
            let earlier = &self.leases[earlier];
            assert!(*number < attempt, "attempt {attempt} after {earlier:?}");
            assert!(!earlier.is_surely_live(), "two live leases: {earlier:?}, and now {leased}");
            let status = earlier.settled.as_ref().map(|(status, _)| status.as_str());
            assert!(status != Some("completed"), "leased after it was completed: {leased}");
        }
        event.leases.insert(attempt, token.clone());
        let policy = event.policy;
        let lease = Lease {
            event_id: event_id.to_owned(),
            attempt,
            engine: engine.to_owned(),
            is_of_suspect: policy.is_some_and(|policy| leased["losses_left"] != policy.dead_letter_threshold),
            is_doubtful: false,
            reports_sent: 0,
            settled: None,
        };
        assert!(self.leases.insert(token.clone(), lease).is_none(), "a token was given twice: {leased}");
        self.tokens.push(token);
        policy
    }

    /// Something is about to happen that may end these leases in silence.
    pub fn doubt<'a>(&mut self, tokens: impl IntoIterator<Item = &'a String>) {
        for token in tokens {
            self.leases.get_mut(token).expect("a known lease").is_doubtful = true;
        }
    }

    /// A report on a lease is about to be sent, in the name of `caller`.
    pub fn sending(&mut self, token: &str, status: &'static str, caller: Option<&str>) -> Sent {
        let lease = self.leases.get_mut(token).expect("a known lease");
        let is_stranger = caller.is_some_and(|caller| caller != lease.engine);
        if status != "processing" && !is_stranger {
            lease.reports_sent += 1;
        }
        let last = self.events[&lease.event_id].leases.keys().last();
        Sent { token: token.to_owned(), status, is_stranger, was_superseded: last > Some(&lease.attempt) }
    }

    /// The reply to a report.
    pub fn answered(&mut self, sent: &Sent, http_status: u16, body: &Value) {
        let lease = self.leases.get_mut(&sent.token).expect("a known lease");
        let said = |member: &str| body[member].as_str().unwrap_or("nothing").to_owned();
        let kind = match (http_status, &lease.settled) {
            (200, Some(_)) if sent.status != "processing" => "answered as before".to_owned(),
            (200, None) if lease.is_doubtful => format!("late and {}", said("outcome")),
            (200, _) => format!("in time and {}", said("outcome")),
            _ => format!("refused as {}", said("code")),
        };
        *self.counts.entry(kind).or_default() += 1;
        let is_report = sent.status != "processing";
        let of_rivals = lease.reports_sent - u32::from(is_report && !sent.is_stranger);
        match (http_status, body["code"].as_str()) {
            (200, None) if is_report => {
                assert_eq!(body["attempt"], lease.attempt, "{body}");
                if let Some((status, first)) = &lease.settled {
                    assert_eq!((status.as_str(), first), (sent.status, body), "another answer to the same report");
                } else {
                    assert!(!sent.was_superseded, "a stale report was accepted: {lease:?} {body}");
                    assert!(!sent.is_stranger || of_rivals > 0, "a stranger settled {lease:?}");
                    lease.settled = Some((sent.status.to_owned(), body.clone()));
                }
            }
            (200, None) => {
                assert_eq!((&body["outcome"], &body["attempt"]), (&"renewed".into(), &lease.attempt.into()));
                assert!(!sent.was_superseded && !sent.is_stranger, "renewed: {lease:?}");
            }
            (409, Some("already_settled")) => {
                assert!(of_rivals > 0, "nobody settled {lease:?}: {body}");
                if let Some((status, _)) = &lease.settled {
                    assert_eq!(&body["settled_as"], status);
                }
                assert_ne!(body["settled_as"], sent.status, "the same word again is answered as before");
            }
            (409, Some("lease_lost")) => {
                assert!(lease.is_doubtful, "nothing ended {lease:?}: {body}");
                assert!(body["lease_ended_by"].is_string(), "it does not say how: {body}");
            }
            (403, Some("forbidden")) => assert!(sent.is_stranger, "{lease:?} belongs to the caller: {body}"),
            _ => panic!("{} of {lease:?} was answered {http_status}: {body}", sent.status),
        }
    }

    /// One lease in the reply to a heartbeat of its engine.
    pub fn heard(&self, token: &str, outcome: &Value, reason: &Value, was_superseded: bool) {
        let lease = &self.leases[token];
        if outcome == "renewed" {
            assert!(!was_superseded, "a stale lease was renewed: {lease:?}");
        } else {
            assert!(!lease.is_surely_live(), "nothing ended {lease:?}");
            assert!(reason.is_string(), "it does not say how {lease:?} ended");
        }
    }

    pub fn is_superseded(&self, token: &str) -> bool {
        let lease = &self.leases[token];
        self.events[&lease.event_id].leases.keys().last() > Some(&lease.attempt)
    }
}
