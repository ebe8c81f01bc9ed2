//! What an engine means to say of a lease, and what it hears.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::caller::{number, refusal, text};
use crate::history::{Accepted, Answer, At, Lease, ReportItem, Word};
use crate::queues::QUEUES;
use crate::recorder::Clock;

/// What will become of a lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Complete,
    Fail,
    Refuse,
    Release,
    /// Forgotten: it runs out.
    Vanish,
    /// Completed after it has run out.
    Late,
}

impl Fate {
    pub fn at_random(random: &mut StdRng) -> Self {
        match random.random_range(0..1000) {
            0..55 => Self::Fail,
            55..60 => Self::Refuse,
            60..80 => Self::Release,
            80..82 => Self::Vanish,
            82..84 => Self::Late,
            _ => Self::Complete,
        }
    }

    pub const fn word(self) -> Word {
        match self {
            Self::Complete | Self::Late | Self::Vanish => Word::Completed,
            Self::Fail => Word::Failed,
            Self::Refuse => Word::Refused,
            Self::Release => Word::Released,
        }
    }
}

/// A lease in hand.
#[derive(Clone, Debug)]
pub struct Held {
    pub lease: Lease,
    pub fate: Fate,
    /// When it is reported.
    pub due: At,
    /// How long after its end it is reported late, or forgotten.
    lateness: At,
}

impl Held {
    pub fn new(lease: Lease, fate: Fate, due: At, lateness: At) -> Self {
        let mut held = Self { lease, fate, due, lateness };
        if fate == Fate::Late {
            held.due = held.lease.expires_at + lateness;
        }
        held
    }

    /// From now on it is not renewed, and reported when it has run out. One that lasts long already, as it was.
    pub fn be_late(&mut self, now: At) {
        if self.fate != Fate::Vanish && self.lease.expires_at - now < 10_000_000 {
            self.fate = Fate::Late;
            self.due = self.lease.expires_at.max(now) + self.lateness;
        }
    }

    pub const fn is_renewed(&self) -> bool {
        !matches!(self.fate, Fate::Vanish | Fate::Late)
    }

    pub fn is_due(&self, now: At) -> bool {
        self.fate != Fate::Vanish && self.due <= now
    }

    pub fn is_given_up(&self, now: At) -> bool {
        self.fate == Fate::Vanish && self.lease.expires_at + self.lateness < now
    }

    pub fn item(&self, word: Word, answer: Answer<Accepted>) -> ReportItem {
        let Lease { event, ref token, attempt, .. } = self.lease;
        ReportItem { event, token: token.clone(), attempt, word, follow_up: self.follow_up(word), answer }
    }

    /// Every eighth completion brings an event. Decided by the token, so that what is said again is the same.
    fn follow_up(&self, word: Word) -> Option<String> {
        let Lease { event, token, .. } = &self.lease;
        let is_chosen = word == Word::Completed && token.bytes().map(u32::from).sum::<u32>() % 8 == 0;
        is_chosen.then(|| format!("f-{event}-{}", &token[token.len() - 8..]))
    }

    /// The body of a report, alone or in a list.
    pub fn settlement(&self, word: Word, in_list: bool) -> Value {
        let mut body = json!({"status": word.status(), "lease_token": self.lease.token});
        if matches!(word, Word::Failed | Word::Refused) {
            body["error"] = json!("so the run wants it");
            body["retryable"] = json!(word == Word::Failed);
        }
        if let Some(label) = self.follow_up(word) {
            let queue = QUEUES[usize::from(label.as_bytes()[label.len() - 1]) % QUEUES.len()].name;
            let mut event = json!({
                "engine_type": queue, "event_type": "faults.follow_up", "payload": {"after": self.lease.event},
                "scenario_run_id": label,
            });
            // With a key, or with the transaction alone.
            if label.ends_with(|digit: char| digit.is_ascii_digit()) {
                event["idempotency_key"] = json!(label);
            }
            body["enqueue"] = json!([event]);
        }
        if in_list {
            body["event_id"] = json!(self.lease.event);
        }
        body
    }
}

/// The items with what a reply says of each: in its list of that name, or, without a name, of the only one.
pub fn answered(items: Vec<ReportItem>, answer: &Answer<Value>, list: &str, clock: &Clock) -> Vec<ReportItem> {
    let of_one = |place: usize| match answer {
        Answer::Done(reply) if list.is_empty() => accepted(reply, clock),
        Answer::Done(reply) => match &reply[list][place] {
            Value::Null => Answer::Unsure("not in the reply".to_owned()),
            result => accepted(result, clock),
        },
        Answer::Refused(refusal) => Answer::Refused(refusal.clone()),
        Answer::Unsure(why) => Answer::Unsure(why.clone()),
        Answer::Unsent => Answer::Unsent,
    };
    let heard = |(place, item)| ReportItem { answer: of_one(place), ..item };
    items.into_iter().enumerate().map(heard).collect()
}

fn accepted(result: &Value, clock: &Clock) -> Answer<Accepted> {
    let problem = &result["error"];
    if problem.is_object() {
        let status = u16::try_from(number(&problem["status"])).unwrap_or(0);
        let refusal = refusal(status, problem);
        return if status < 500 {
            Answer::Refused(refusal)
        } else {
            Answer::Unsure(format!("{status} {}", refusal.code))
        };
    }
    let outcome = text(&result["outcome"]);
    if outcome == "lost" {
        return Answer::Refused(refusal(409, &json!({"code": "lost", "lease_ended_by": result["reason"]})));
    }
    let attempt = result["attempt"].as_u64().and_then(|attempt| u32::try_from(attempt).ok());
    let expires_at = result["expires_at"].as_str().and_then(|at| clock.of_service(at));
    let enqueued = result["enqueued"].as_array().into_iter().flatten();
    let enqueued = enqueued.filter_map(|event| event["event_id"].as_str()?.parse().ok()).collect();
    Answer::Done(Accepted { outcome, attempt, expires_at, enqueued })
}
