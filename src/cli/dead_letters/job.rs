//! `redrive` by a job of the server: counted first, then asked about, then made for as many as were shown.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::bulk::{Overrides, RedriveArguments};
use super::job_flags::JobFlags;
use crate::cli::asking::print_answer;
use crate::cli::client::Client;
use crate::cli::outcome::{Outcome, UsageError, only_counted};
use crate::cli::redrive_jobs::follow;
use crate::cli::text::plain;
use crate::domain::limits::{DEFAULT_CANARY_WAIT_SECONDS, DEFAULT_CONTINUE_AT_SUCCESS_RATIO};
use crate::output;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<Canary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_at_failure_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_patch: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_count: Option<u64>,
    dry_run: bool,
}

#[derive(Serialize)]
struct Canary {
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_at_success_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct Created {
    matched: u64,
    job: Option<CreatedJob>,
}

#[derive(Deserialize)]
struct CreatedJob {
    job_id: String,
}

impl<'a> Body<'a> {
    fn of(RedriveArguments { which, overrides, job, .. }: &'a RedriveArguments) -> Self {
        let (all, filter) = if which.all { (Some(true), None) } else { (None, Some(which.filter.body())) };
        let JobFlags { continue_at, canary_seconds, rate, stop_at, ref payload_patch, .. } = *job;
        let canary = job.canary.map(|count| Canary {
            count,
            continue_at_success_ratio: continue_at,
            wait_seconds: canary_seconds,
        });
        let Overrides { priority, visibility_timeout_seconds, ref retry_policy, .. } = *overrides;
        Self {
            all,
            filter,
            canary,
            events_per_second: rate,
            stop_at_failure_ratio: stop_at,
            priority,
            visibility_timeout_seconds,
            retry_policy: retry_policy.as_deref(),
            payload_patch: payload_patch.as_deref(),
            expected_count: which.expected_count,
            dry_run: true,
        }
    }

    /// How the job goes about it, behind the question whether to make it: a sentence for each flag.
    fn in_words(&self) -> String {
        let canary = self.canary.as_ref().map(|canary| {
            let ratio = canary.continue_at_success_ratio.unwrap_or(DEFAULT_CONTINUE_AT_SUCCESS_RATIO);
            let seconds = canary.wait_seconds.unwrap_or(DEFAULT_CANARY_WAIT_SECONDS);
            let count = canary.count;
            format!("First {count} of them: the others follow if {ratio} of these complete within {seconds} s.")
        });
        let rate = self.events_per_second.map(|rate| format!("{rate} events a second at most."));
        let stop = self.stop_at_failure_ratio.map(|ratio| format!("Stops where {ratio} died again."));
        let patch = self.payload_patch.map(|_| "Changes their payloads.".to_owned());
        [Some(String::new()), canary, rate, stop, patch].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Makes a job for all that match, and follows it where that is asked for.
pub async fn redrive(arguments: &RedriveArguments) -> Outcome {
    let RedriveArguments { which, overrides, spread_seconds, payload, job, asking } = arguments;
    let is_for_no_job = which.are_named()
        || which.limit.is_some()
        || overrides.delay_seconds > 0
        || *spread_seconds > 0
        || payload.is_some();
    if is_for_no_job {
        let detail = "a job takes no event ids, --payload, --limit, --delay-seconds or --spread-seconds; --rate spreads, and --canary \
                      tries some first";
        return Err(UsageError(detail.to_owned()).into());
    }
    which.check()?;
    let client = Client::new(&asking.server)?;
    let mut body = Body::of(arguments);
    let dry_run = client.post(&["redrive-jobs"], &body).await?;
    let Created { matched, .. } = dry_run.read()?;
    if which.dry_run || matched == 0 {
        return print_answer(&dry_run, asking.json, |_| Ok(output::line(only_counted(matched, "dead letter"))?));
    }
    let question = format!("Make a job that redrives {}?{}", which.in_words(matched, matched), body.in_words());
    if !which.consent.to(&question)? {
        output::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    (body.dry_run, body.expected_count) = (false, Some(matched));
    let answer = client.post(&["redrive-jobs"], &body).await?;
    let created: Created = answer.read()?;
    match created.job {
        Some(CreatedJob { job_id }) if job.wait => follow(&client, &job_id, asking.json).await,
        made => print_answer(&answer, asking.json, |_| {
            let job_id = made.map(|job| job.job_id).unwrap_or_default();
            output::line(format_args!("job {} redrives {matched}", plain(&job_id)))?;
            Ok(output::line(format_args!("how far it is: eventlease redrive-jobs {}", plain(&job_id)))?)
        }),
    }
}
