//! Several things done one by one, each with a call of its own. One that is refused does not keep the others from being done.

use std::process::ExitCode;

use super::client::{Answer, Error, Result};
use super::text::{plain, plain_lines};
use crate::output;

/// Notes if anything that was asked for failed.
#[derive(Default)]
pub struct Tally {
    has_failed: bool,
}

impl Tally {
    /// Prints what became of one. Where the server cannot be asked at all, this is an error, which gives up the others.
    pub fn add(
        &mut self,
        id: &str,
        outcome: Result<Answer>,
        told: impl FnOnce(&Answer) -> Result<String>,
    ) -> std::result::Result<(), Box<dyn std::error::Error>> {
        match outcome {
            Ok(answer) => output::line(told(&answer)?)?,
            Err(Error::Problem(problem)) => {
                self.has_failed = true;
                let (id, problem) = (plain(id), plain_lines(&problem.to_string()));
                output::say(format_args!("eventlease: {id}: {problem}"));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A failure if one of them was refused.
    pub const fn exit_code(&self) -> ExitCode {
        if self.has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
