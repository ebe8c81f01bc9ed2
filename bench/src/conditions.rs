//! What all programs here take: how often and how long to measure, which server, and where the database is kept.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// How and on what is measured.
#[derive(Args, Clone, Debug)]
pub struct Conditions {
    /// How often each mode is run; the modes take turns.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,

    /// Seconds to measure in each mode, instead of each mode's own.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: Option<u32>,

    /// Events that wait in the queues of `viewers`.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(i64).range(1000..=100_000_000))]
    pub open_events: i64,

    /// The program `eventlease` to measure. [default: that of the profile `dist`]
    #[arg(long)]
    pub server: Option<PathBuf>,

    /// A further argument of `eventlease serve`, like --server-arg=--max-connections=4; may be repeated.
    #[arg(long, allow_hyphen_values = true)]
    pub server_arg: Vec<String>,

    /// Print the statements that took the database most time, for each mode.
    #[arg(long)]
    pub statements: bool,

    /// Where the cluster is kept, warm, for the next run. [default: target/bench]
    #[arg(long)]
    pub data_dir: Option<PathBuf>,

    /// Make the cluster anew, and warm it.
    #[arg(long)]
    pub fresh: bool,
}

impl Conditions {
    pub fn server(&self) -> PathBuf {
        self.server.clone().unwrap_or_else(|| target_dir().join("dist/eventlease"))
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| target_dir().join("bench"))
    }

    /// How long a mode measures that would by itself do so for `seconds`.
    pub fn window(&self, seconds: u32) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(seconds).into())
    }
}

/// Cargo's folder, two above this program.
fn target_dir() -> PathBuf {
    let program = env::current_exe().ok();
    program.as_deref().and_then(|program| program.ancestors().nth(2)).map_or_else(|| "target".into(), Into::into)
}
