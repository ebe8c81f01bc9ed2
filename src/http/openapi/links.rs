//! Where one call's reply leads to the next call: for people who read the document, and for tools
//! that test sequences of calls.

use serde_json::{Value, json};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::{OpenApi, RefOr};

use super::walk::operations;

/// From an operation's replies of success to operations, with their parameters.
struct Lead {
    from: &'static str,
    to: &'static [&'static str],
    parameters: &'static [(&'static str, &'static str)],
}

const ENGINE: (&str, &str) = ("engine_id", "$response.body#/engine_id");
const EVENT: (&str, &str) = ("event_id", "$response.body#/event_id");
const QUEUE: (&str, &str) = ("engine_type", "$response.body#/engine_type");
const SAME_EVENT_TYPE: (&str, &str) = ("event_type", "$request.path.event_type");

const LEADS: [Lead; 15] = [
    Lead {
        from: "register_engine",
        to: &[
            "send_heartbeat",
            "read_engine",
            "list_engine_leases",
            "drain_engine",
            "resume_engine",
            "renew_engine_token",
            "deregister_engine",
        ],
        parameters: &[ENGINE],
    },
    Lead { from: "register_engine", to: &["lease_events", "exchange_leases"], parameters: &[QUEUE, ENGINE] },
    Lead {
        from: "list_engines",
        to: &["read_engine"],
        parameters: &[("engine_id", "$response.body#/items/0/engine_id")],
    },
    Lead {
        from: "enqueue_event",
        to: &["read_event", "explain_event", "read_event_payload", "list_attempts", "change_event", "cancel_event"],
        parameters: &[EVENT],
    },
    Lead {
        from: "enqueue_event",
        to: &[
            "lease_events",
            "exchange_leases",
            "read_queue",
            "explain_queue",
            "peek_queue",
            "pause_queue",
            "resume_queue",
            "change_queue",
            "list_quarantines",
        ],
        parameters: &[QUEUE],
    },
    Lead {
        from: "lease_events",
        to: &["settle_event"],
        parameters: &[("event_id", "$response.body#/events/0/event_id")],
    },
    Lead {
        from: "exchange_leases",
        to: &["settle_event"],
        parameters: &[("event_id", "$response.body#/events/0/event_id")],
    },
    Lead { from: "settle_event", to: &["read_event", "list_attempts", "read_dead_letter"], parameters: &[EVENT] },
    Lead { from: "cancel_event", to: &["read_event"], parameters: &[EVENT] },
    Lead {
        from: "list_dead_letters",
        to: &["read_dead_letter", "redrive_dead_letter", "discard_dead_letter"],
        parameters: &[("event_id", "$response.body#/items/0/event_id")],
    },
    Lead { from: "redrive_dead_letter", to: &["read_event"], parameters: &[EVENT] },
    Lead {
        from: "list_redrive_jobs",
        to: &["read_redrive_job", "pause_redrive_job", "continue_redrive_job", "cancel_redrive_job"],
        parameters: &[("job_id", "$response.body#/items/0/job_id")],
    },
    Lead { from: "pause_queue", to: &["resume_queue", "read_queue"], parameters: &[QUEUE] },
    Lead {
        from: "list_queues",
        to: &["read_queue"],
        parameters: &[("engine_type", "$response.body#/items/0/engine_type")],
    },
    Lead {
        from: "set_retry_policy",
        to: &["read_retry_policy", "remove_retry_policy"],
        parameters: &[SAME_EVENT_TYPE],
    },
];

/// Adds the links to the replies of success.
pub fn add(document: &mut OpenApi) {
    for (_, _, operation) in operations(document) {
        let Some(id) = operation.operation_id.as_deref() else { continue };
        for lead in LEADS.iter().filter(|lead| lead.from == id) {
            let successes = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
            for (_, response) in successes {
                let RefOr::T(response) = response else { continue };
                for to in lead.to {
                    response.links.insert((*to).to_owned(), RefOr::T(lead.to(to)));
                }
            }
        }
    }
}

impl Lead {
    fn to(&self, to: &str) -> utoipa::openapi::link::Link {
        let link = LinkBuilder::new().operation_id(to).request_body(body(to));
        self.parameters.iter().fold(link, |link, (name, expression)| link.parameter(*name, *expression)).build()
    }
}

/// What the next call sends, where it needs something of this reply.
fn body(to: &str) -> Option<Value> {
    (to == "settle_event")
        .then(|| json!({"status": "completed", "lease_token": "$response.body#/events/0/lease/lease_token"}))
}
