//! `--write`: the results as a page of documentation, with all that is needed to measure them again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

use crate::postgres::Postgres;

/// What was measured, where and with what.
pub struct Document<'a> {
    pub title: &'a str,
    /// How it came about: the programs' names without their folders.
    pub command: String,
    pub table: String,
    /// What went wrong.
    pub failures: &'a [String],
    /// How to read it.
    pub method: &'a str,
}

impl Document<'_> {
    pub async fn write(&self, path: &Path, postgres: &Postgres) -> Result<()> {
        let text = self.text(postgres).await?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }

    async fn text(&self, postgres: &Postgres) -> Result<String> {
        let facts = [
            ("measured on", postgres.today().await?),
            ("command", format!("`{}`", self.command)),
            ("commit", said_by("git", &["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])),
            ("machine", machine()),
            ("PostgreSQL", postgres.setting("server_version").await?),
            ("rustc", said_by("rustc", &["--version"]).trim_start_matches("rustc ").to_owned()),
        ];
        let facts: Vec<String> = facts.iter().map(|(name, value)| format!("| {name} | {value} |")).collect();
        let settings = postgres.settings().await?;
        let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let failures = match self.failures {
            [] => String::new(),
            failures => format!("**Failed:**\n\n- {}\n\n", failures.join("\n- ")),
        };
        Ok(format!(
            "# {}\n\n| | |\n|---|---|\n{}\n\n{failures}{}\n\n## Settings of PostgreSQL\n\n```ini\n{}\n```\n\n{}",
            self.title,
            facts.join("\n"),
            self.table,
            settings.join("\n"),
            self.method
        ))
    }
}

/// The command line as it can be typed elsewhere: of paths the last part.
pub fn command_line() -> String {
    let last_part = |argument: String| match argument.rsplit_once('/') {
        Some((start, last)) => {
            let flag = start.split_once('=').map(|(flag, _)| format!("{flag}=")).unwrap_or_default();
            format!("{flag}{last}")
        }
        None => argument,
    };
    std::env::args().map(last_part).collect::<Vec<_>>().join(" ")
}

fn machine() -> String {
    let line_of = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = available_parallelism().map_or(0, usize::from);
    let processor = line_of("/proc/cpuinfo", "model name");
    let kib: f64 = line_of("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{cores} cores of {processor}, {:.0} GiB of memory", kib / f64::from(1 << 20))
}

/// The first line that a program says.
fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("not known").to_owned()
}
