//! The command line of `eventlease-bench`: which modes, and the conditions that they are measured under.

use std::path::PathBuf;

use clap::{Parser, ValueEnum as _};

use crate::conditions::Conditions;
use crate::modes::Mode;

/// Measures `EventLease` over HTTP beside raw SQL on the same `PostgreSQL`.
#[derive(Parser, Clone, Debug)]
#[command(name = "eventlease-bench", max_term_width = 100)]
pub struct Arguments {
    /// The modes to run, several with commas. [default: the main ones]
    #[arg(long = "mode", value_enum, value_delimiter = ',')]
    pub modes: Vec<Mode>,

    /// Run all modes.
    #[arg(long, conflicts_with = "modes")]
    pub full: bool,

    /// Leave raw SQL out: no ratios, but half the time.
    #[arg(long)]
    pub no_raw: bool,

    /// Write the results to this file too. [default: docs/benchmarks.md]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "docs/benchmarks.md")]
    pub write: Option<PathBuf>,

    #[command(flatten)]
    pub conditions: Conditions,
}

impl Arguments {
    /// The modes to run, in their order.
    pub fn chosen_modes(&self) -> &[Mode] {
        if self.full {
            Mode::value_variants()
        } else if self.modes.is_empty() {
            &Mode::MAIN
        } else {
            &self.modes
        }
    }
}
