//! The flags that have a redrive done by a job of the server.

use clap::Args;
use serde_json::value::RawValue;

/// The flags of a job. One of them asks for a job.
#[derive(Args, Debug)]
pub struct JobFlags {
    /// Have the server do it in steps, as a job that goes on without this command. The flags below ask for one, too.
    #[arg(long)]
    job: bool,

    /// First so many, the oldest ones; the others if enough of these complete.
    #[arg(long)]
    pub canary: Option<u32>,

    /// The part of the canary that has to complete. [default: 0.9]
    #[arg(long, requires = "canary")]
    pub continue_at: Option<f64>,

    /// Pause where some of the canary are open after so many seconds. [default: 600]
    #[arg(long, requires = "canary")]
    pub canary_seconds: Option<u32>,

    /// Events a second at most, like 0.5.
    #[arg(long)]
    pub rate: Option<f64>,

    /// Stop where that part of those that ended died again, like 0.2; judged after 20.
    #[arg(long)]
    pub stop_at: Option<f64>,

    /// Change the payloads by that JSON merge patch, like `{"model": "b"}`; this makes new events.
    #[arg(long, value_parser = json_text)]
    pub payload_patch: Option<Box<RawValue>>,

    /// Wait until the job is over, or paused.
    #[arg(long)]
    pub wait: bool,
}

impl JobFlags {
    /// Whether a job is to be made.
    pub const fn is_asked_for(&self) -> bool {
        self.job
            || self.canary.is_some()
            || self.rate.is_some()
            || self.stop_at.is_some()
            || self.payload_patch.is_some()
            || self.wait
    }
}

/// JSON as it was typed: it is sent like that.
pub fn json_text(text: &str) -> serde_json::Result<Box<RawValue>> {
    serde_json::from_str(text)
}
