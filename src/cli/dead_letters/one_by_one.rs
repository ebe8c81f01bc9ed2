//! `redrive` and `purge` of dead letters that are named. One that fails does not keep the others from being done.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::bulk::{PurgeArguments, RedriveArguments};
use crate::cli::client::Client;
use crate::cli::outcome::{Outcome, UsageError};
use crate::cli::tally::Tally;
use crate::cli::text::{plain, plain_json};
use crate::domain::counted::counted;
use crate::output;

#[derive(Serialize)]
struct Body<'a> {
    delay_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<&'a RawValue>,
}

impl<'a> Body<'a> {
    fn of(RedriveArguments { overrides, payload, .. }: &'a RedriveArguments) -> Self {
        Self {
            delay_seconds: overrides.delay_seconds,
            payload: payload.as_deref(),
            priority: overrides.priority,
            visibility_timeout_seconds: overrides.visibility_timeout_seconds,
            retry_policy: overrides.retry_policy.as_deref(),
        }
    }
}

/// Redrives those that are named, in the order of their ids on the command line.
pub async fn redrive(arguments: &RedriveArguments) -> Outcome {
    let event_ids = &arguments.which.event_ids;
    if arguments.payload.is_some() && event_ids.len() > 1 {
        return Err(UsageError("--payload is for one dead letter".to_owned()).into());
    }
    let client = Client::new(&arguments.asking.server)?;
    let body = Body::of(arguments);
    let mut tally = Tally::default();
    for event_id in event_ids {
        let outcome = client.post(&["dead-letters", event_id, "redrive"], &body).await;
        tally.add(event_id, outcome, |answer| {
            #[derive(Deserialize)]
            struct Redriven {
                event_id: String,
            }
            if arguments.asking.json {
                return Ok(plain_json(answer.json.get()).into_owned());
            }
            let redriven: Redriven = answer.read()?;
            Ok(if redriven.event_id == *event_id {
                format!("{event_id} redriven")
            } else {
                format!("{event_id} redriven as {}", plain(&redriven.event_id))
            })
        })?;
    }
    Ok(tally.exit_code())
}

/// Removes those that are named, once it is confirmed.
pub async fn purge(arguments: &PurgeArguments) -> Outcome {
    let event_ids = &arguments.which.event_ids;
    let question = match event_ids.as_slice() {
        [event_id] => format!("Remove dead letter {event_id} for good?"),
        several => format!("Remove {} for good?", counted(several.len(), "dead letter")),
    };
    if !arguments.which.consent.to(&question)? {
        output::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let client = Client::new(&arguments.asking.server)?;
    let mut tally = Tally::default();
    for event_id in event_ids {
        let outcome = client.delete(&["dead-letters", event_id]).await;
        tally.add(event_id, outcome, |_| {
            Ok(if arguments.asking.json {
                json!({"event_id": event_id, "outcome": "purged"}).to_string()
            } else {
                format!("{event_id} purged")
            })
        })?;
    }
    Ok(tally.exit_code())
}
