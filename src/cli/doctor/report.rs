//! What the checks found: a line each.

use std::io::{self, Write};

use console::style;
use serde::Serialize;

use crate::cli::text::{cut, plain, plain_json};

/// Of a message, part of which may be what some server sent.
const MAX_CHARS: usize = 4000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Ok,
    /// It works, slower or at a risk.
    Warning,
    /// It could not be looked at.
    Unknown,
    Failed,
}

#[derive(Debug, Serialize)]
struct Line {
    check: String,
    standing: Standing,
    message: String,
}

#[derive(Debug, Default, Serialize)]
pub struct Report {
    checks: Vec<Line>,
}

impl Report {
    pub fn add(&mut self, check: impl Into<String>, standing: Standing, message: impl Into<String>) {
        self.checks.push(Line { check: check.into(), standing, message: cut(&message.into(), MAX_CHARS) });
    }

    pub fn has_failed(&self) -> bool {
        self.checks.iter().any(|line| line.standing == Standing::Failed)
    }

    pub fn print(&self, is_json: bool) -> io::Result<()> {
        let mut stdout = io::stdout();
        if is_json {
            return writeln!(stdout, "{}", plain_json(&serde_json::to_string(self)?));
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
            writeln!(stdout, "{standing}  {:width$}  {}", plain(check), plain(message))?;
        }
        Ok(())
    }
}
