//! What all rounds brought, and what failed in them.

use anyhow::{Result, ensure};

use crate::figures::Figures;
use crate::outcome::Outcome;

#[derive(Default)]
pub struct Results {
    rounds: u32,
    pub figures: Figures,
    pub failures: Vec<String>,
}

impl Results {
    pub fn new(rounds: u32) -> Self {
        Self { rounds, ..Self::default() }
    }

    /// Shows what one turn brought, and keeps it. One that failed leaves the others to go on.
    pub fn note(&mut self, round: u32, step: &str, outcome: Result<Outcome>) {
        let turn = format!("[{round}/{}] {step:<15}", self.rounds);
        match outcome {
            Ok(outcome) => {
                println!("{turn} {outcome}");
                self.figures.add_all(round, &outcome.figures);
                self.figures.add(round, "others", outcome.usage.others / outcome.usage.seconds);
            }
            Err(error) => {
                println!("{turn} FAILED: {error:#}");
                self.failures.push(format!("{step}, round {round}: {error:#}"));
            }
        }
    }

    pub fn verdict(&self) -> Result<()> {
        ensure!(self.failures.is_empty(), "failed:\n  {}", self.failures.join("\n  "));
        Ok(())
    }
}
