//! Asking before something is done that cannot be undone.

use std::io::{self, IsTerminal};

use clap::Args;
use console::Term;

use super::text::plain;

/// The flag that answers the question in advance.
#[derive(Args, Debug)]
pub struct Consent {
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{0} Nobody can be asked here, so that nothing was done: add --yes, or run it on a terminal")]
    NoTerminal(String),
    #[error("the question could not be asked, so that nothing was done")]
    NoAnswer(#[from] io::Error),
}

impl Consent {
    /// Whether nobody has to be asked.
    pub const fn is_given(&self) -> bool {
        self.yes
    }

    /// Whether to go on. Asks on the terminal, unless that was answered by `--yes`.
    pub fn to(&self, question: &str) -> Result<bool, Refusal> {
        if self.yes {
            return Ok(true);
        }
        let terminal = Term::stderr();
        if !io::stdin().is_terminal() || !terminal.is_term() {
            return Err(Refusal::NoTerminal(question.to_owned()));
        }
        terminal.write_str(&format!("{} [y/N] ", plain(question)))?;
        let answer = terminal.read_line()?;
        Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }
}
