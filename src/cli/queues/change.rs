//! `queues set` and `queues delete`.

use super::queue::{facts, warn_if_new};
use crate::cli::asking::{Asking, print_answer};
use crate::cli::client::Client;
use crate::cli::outcome::{Outcome, UsageError};
use crate::cli::policy_flags::{Changes, PolicyFlags, RETRY_POLICY};
use crate::cli::table::Facts;
use clap::Args;

const EXAMPLES: &str = "Examples:
  eventlease queues set dialogue --max-processing 5 --visibility-timeout-seconds 600
  eventlease queues set dialogue --max-retries 1 --unset max-processing,jitter";

/// The flags of `queues set`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SetArguments {
    /// The queue. One that does not exist is made, with these settings.
    queue: String,

    /// Events in the reply to a poll without a limit.
    #[arg(long)]
    default_limit: Option<u32>,

    /// Seconds for which a lease lasts.
    #[arg(long)]
    visibility_timeout_seconds: Option<u32>,

    /// Seconds beyond which no renewal prolongs a lease.
    #[arg(long)]
    max_lease_seconds: Option<u32>,

    /// Events of the queue that may be processed at the same time.
    #[arg(long)]
    max_processing: Option<u32>,

    /// Seconds in which what is due is to be processed, for the slots that the queue wants.
    #[arg(long)]
    target_clear_seconds: Option<u32>,

    #[command(flatten)]
    policy: PolicyFlags,

    /// Settings to inherit again, by the names of their flags, separated by commas; `retry-policy` is all of it.
    #[arg(long, value_delimiter = ',', value_name = "SETTING")]
    unset: Vec<String>,

    #[command(flatten)]
    asking: Asking,
}

/// The flags of `queues delete`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  eventlease queues delete dialogue")]
pub struct DeleteArguments {
    /// The queue.
    queue: String,

    #[command(flatten)]
    asking: Asking,
}

impl SetArguments {
    /// As a merge patch of the queue's settings.
    fn changes(&self) -> Result<Changes, UsageError> {
        let mut changes = Changes::default();
        changes.set("default-limit", &["default_limit"], self.default_limit);
        changes.set("visibility-timeout-seconds", &["visibility_timeout_seconds"], self.visibility_timeout_seconds);
        changes.set("max-lease-seconds", &["max_lease_seconds"], self.max_lease_seconds);
        changes.set("max-processing", &["max_processing"], self.max_processing);
        changes.set("target-clear-seconds", &["target_clear_seconds"], self.target_clear_seconds);
        self.policy.add_to(&mut changes, &[RETRY_POLICY]);
        changes.set("retry-policy", &[RETRY_POLICY], None::<u32>);
        for name in &self.unset {
            changes.unset(name)?;
        }
        changes.checked()
    }
}

/// Sets and unsets what the flags say, and shows the queue.
pub async fn set(arguments: &SetArguments) -> Outcome {
    let SetArguments { queue, asking, .. } = arguments;
    let patch = arguments.changes()?.patch();
    let client = Client::new(&asking.server)?;
    warn_if_new(&client, queue).await?;
    let answer = client.patch(&["queues", queue], &patch).await?;
    print_answer(&answer, asking.json, |answer| facts(answer)?.print().map_err(Into::into))
}

/// Removes the queue with its settings.
pub async fn delete(arguments: &DeleteArguments) -> Outcome {
    let DeleteArguments { queue, asking } = arguments;
    let answer = Client::new(&asking.server)?.delete(&["queues", queue]).await?;
    print_answer(&answer, asking.json, |_| {
        let mut told = Facts::default();
        told.add("deleted", queue.clone());
        Ok(told.print()?)
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        arguments: SetArguments,
    }

    fn changes(flags: &str) -> Result<serde_json::Value, String> {
        let flags = ["set", "dialogue"].into_iter().chain(flags.split_whitespace());
        let program = Program::try_parse_from(flags).map_err(|error| error.to_string())?;
        program.arguments.changes().map(|changes| changes.patch()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_set_and_unset_becomes_one_merge_patch() {
        let patch = changes("--max-processing 5 --max-retries 1 --retry-delay-max 60 --unset max-lease-seconds,jitter");
        let expected = json!({
            "max_lease_seconds": null, "max_processing": 5,
            "retry_policy": {"jitter": null, "max_retries": 1, "retry_delay": {"max": 60}}
        });
        assert_eq!(patch.expect("a patch"), expected);
        assert_eq!(changes("--unset retry-policy").expect("a patch"), json!({"retry_policy": null}));
        assert_eq!(changes("--unset max_processing").expect("a patch"), json!({"max_processing": null}));
        assert_eq!(
            changes("--retry-delay-multiplier 1.5").expect("a patch"),
            json!({"retry_policy": {"retry_delay": {"multiplier": 1.5}}})
        );
    }

    #[test]
    fn what_contradicts_itself_or_changes_nothing_is_refused() {
        for (flags, told) in [
            ("", "nothing to change"),
            ("--max-retries 1 --unset max-retries", "max-retries is both set and unset"),
            ("--max-retries 1 --unset retry-policy", "max-retries is set, and retry-policy is unset"),
            ("--unset speed", "speed is no setting that can be unset; there are default-limit,"),
        ] {
            let refused = changes(flags).expect_err(flags);
            assert!(refused.contains(told), "{flags}: {refused}");
        }
    }
}
