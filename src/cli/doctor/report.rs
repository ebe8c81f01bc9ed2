//! What the checks found: a line each.

use std::process::ExitCode;

use console::style;
use serde::Serialize;

use crate::cli::client::Error;
use crate::cli::text::{cut, plain, plain_json};
use crate::output;

/// Of a message, part of which may be what some server sent.
const MAX_CHARS: usize = 4000;

/// From the best to the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It works.
    Ok,
    /// It could not be checked.
    Unknown,
    /// It works, slower or at a risk, or somebody has to do something.
    Warning,
    /// It does not work.
    Failed,
}

impl Standing {
    /// What the program ends with. What could not be checked is no failure, and no all-clear; 2 is for flags that are not
    /// understood.
    const fn exit_code(self) -> u8 {
        match self {
            Self::Ok | Self::Unknown => 0,
            Self::Failed => 1,
            Self::Warning => 3,
        }
    }
}

#[derive(Debug, Serialize)]
struct Line {
    check: String,
    standing: Standing,
    message: String,
}

/// The report as JSON.
#[derive(Serialize)]
struct Printed<'a> {
    standing: Standing,
    exit_code: u8,
    checks: &'a [Line],
}

/// The lines of all checks, in their order.
#[derive(Debug, Default)]
pub struct Report {
    checks: Vec<Line>,
}

impl Report {
    /// Adds a line.
    pub fn add(&mut self, check: impl Into<String>, standing: Standing, message: impl Into<String>) {
        // A check is one line; an error of the server may have more.
        let message = message.into().replace("\n  ", "; ");
        self.checks.push(Line { check: check.into(), standing, message: cut(&message, MAX_CHARS) });
    }

    /// The worst of its lines.
    fn standing(&self) -> Standing {
        self.checks.iter().map(|line| line.standing).max().unwrap_or(Standing::Ok)
    }

    /// Adds a call that failed: unknown if the token does not allow it, else a failed check.
    pub fn add_error(&mut self, check: &str, error: &Error) {
        let is_forbidden = matches!(error, Error::Problem(problem) if problem.is_forbidden());
        self.add(check, if is_forbidden { Standing::Unknown } else { Standing::Failed }, error.to_string());
    }

    /// Check, standing and message of each line.
    #[cfg(test)]
    pub fn lines(&self) -> impl Iterator<Item = (&str, Standing, &str)> {
        self.checks.iter().map(|line| (line.check.as_str(), line.standing, line.message.as_str()))
    }

    /// As the worst of the lines has it.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.standing().exit_code())
    }

    /// Prints the report, for people or as JSON.
    pub fn print(&self, is_json: bool) -> output::Result {
        if is_json {
            let standing = self.standing();
            let report = Printed { standing, exit_code: standing.exit_code(), checks: &self.checks };
            let json = serde_json::to_string(&report).expect("texts and numbers can be written as JSON");
            return output::line(plain_json(&json));
        }
        let width = self.checks.iter().map(|line| line.check.chars().count()).max().unwrap_or(0);
        for Line { check, standing, message } in &self.checks {
            // Padded before it is coloured: colours have no width.
            let standing = match standing {
                Standing::Ok => style("ok     ").green(),
                Standing::Warning => style("warning").yellow(),
                Standing::Unknown => style("unknown").yellow(),
                Standing::Failed => style("failed ").red(),
            };
            output::line(format_args!("{standing}  {:width$}  {}", plain(check), plain(message)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_line_decides() {
        use Standing::{Failed, Ok, Unknown, Warning};
        for (lines, exit_code) in [
            (&[][..], 0),
            (&[Ok, Ok], 0),
            (&[Ok, Unknown], 0),
            (&[Warning, Ok, Unknown], 3),
            (&[Ok, Failed, Warning], 1),
        ] {
            let mut report = Report::default();
            for standing in lines {
                report.add("check", *standing, "message");
            }
            assert_eq!(report.standing().exit_code(), exit_code, "{lines:?}");
        }
    }
}
