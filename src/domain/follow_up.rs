//! Follow-up events: an engine enqueues them with the completion of another event, in its transaction.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::EventId;
use super::names::ScenarioRunId;
use super::new_event::{DuplicateOf, NewEvent};
use super::tokens::ENGINES_CALLER_PREFIX;

/// What became of one follow-up event. It is kept with the attempt, so that a repeated settlement is answered like the first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FollowUp {
    /// One of its keys stands for this event.
    Duplicate {
        /// The event that was there before.
        event_id: Uuid,
        /// Which of its keys.
        duplicate_of: DuplicateOf,
    },
    /// It is a new event.
    Made {
        /// The new event.
        event_id: Uuid,
    },
    /// Its run takes no more events.
    RunCancelled {
        /// The run.
        run_cancelled: String,
    },
}

/// What is kept with the attempt.
#[must_use]
pub fn to_json(follow_ups: &[FollowUp]) -> String {
    serde_json::to_string(follow_ups).expect("ids and truth values can be written as JSON")
}

/// What a follow-up event has from the event that was completed.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The completed event.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<ScenarioRunId>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// W3C trace context.
    pub tracestate: Option<String>,
}

impl Cause {
    /// The follow-up event with what it inherits. A trace state belongs to its trace, and is never inherited without it.
    #[must_use]
    pub fn complete(&self, sent: &NewEvent) -> NewEvent {
        let mut event = sent.clone();
        event.caused_by = Some(self.event_id);
        event.enqueued_by = Some(format!("{ENGINES_CALLER_PREFIX}{}", self.engine_type).into());
        if event.scenario_run_id.is_none() {
            event.scenario_run_id.clone_from(&self.scenario_run_id);
        }
        if event.traceparent.is_none() {
            event.traceparent.clone_from(&self.traceparent);
            event.tracestate.clone_from(&self.tracestate);
        }
        event
    }
}

/// The queues into which an engine may enqueue.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The queue it leases from.
    pub engine_type: String,
    /// As its registration said.
    pub may_enqueue: Vec<String>,
}

impl Reach {
    /// Whether the engine may enqueue into that queue.
    #[must_use]
    pub fn includes(&self, engine_type: &str) -> bool {
        self.engine_type == engine_type || self.may_enqueue.iter().any(|allowed| allowed == engine_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause() -> Cause {
        Cause {
            event_id: EventId(Uuid::from_u128(7)),
            engine_type: "dialogue".to_owned(),
            scenario_run_id: Some(ScenarioRunId::parse("run-1").expect("an id")),
            traceparent: Some("parent".to_owned()),
            tracestate: Some("state".to_owned()),
        }
    }

    #[test]
    fn what_is_not_given_is_inherited() {
        let event = cause().complete(&NewEvent::plain("speech"));
        assert_eq!(event.scenario_run_id.map(|run| run.to_string()).as_deref(), Some("run-1"));
        assert_eq!((event.traceparent.as_deref(), event.tracestate.as_deref()), (Some("parent"), Some("state")));
        assert_eq!(event.enqueued_by.as_deref(), Some("engine:dialogue"));
        assert_eq!(event.caused_by, Some(EventId(Uuid::from_u128(7))));
    }

    #[test]
    fn what_is_given_stands_and_a_trace_keeps_its_own_state() {
        let own = NewEvent {
            scenario_run_id: Some(ScenarioRunId::parse("other").expect("an id")),
            traceparent: Some("own".to_owned()),
            ..NewEvent::plain("speech")
        };
        let event = cause().complete(&own);
        assert_eq!(event.scenario_run_id.map(|run| run.to_string()).as_deref(), Some("other"));
        assert_eq!((event.traceparent.as_deref(), event.tracestate), (Some("own"), None));
    }

    #[test]
    fn an_engine_reaches_its_own_queue_and_those_it_registered() {
        let reach = Reach { engine_type: "dialogue".to_owned(), may_enqueue: vec!["speech".to_owned()] };
        assert!(reach.includes("dialogue") && reach.includes("speech") && !reach.includes("trend"));
    }

    #[test]
    fn what_is_kept_with_the_attempt_is_read_back() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let kept = [
            FollowUp::Made { event_id: one },
            FollowUp::Duplicate { event_id: two, duplicate_of: DuplicateOf::UniqueKey },
            FollowUp::RunCancelled { run_cancelled: "run-1".to_owned() },
        ];
        let text = to_json(&kept);
        assert_eq!(serde_json::from_str::<Vec<FollowUp>>(&text).expect("follow-ups"), kept);
        assert_eq!(text.matches("unique_key").count(), 1, "{text}");
    }
}
