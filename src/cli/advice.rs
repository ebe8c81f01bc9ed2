//! Each command that advice and documentation name is one that this program understands, as it stands there.

use std::collections::BTreeSet;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Cli;
use crate::domain::explain::every_sentence::{items, reasons};

/// Names that are no trouble, and such as begin like a flag or are named like a command.
const QUEUES: [&str; 4] = ["dialogue", "-v", "set", "--help"];

/// The arguments of the commands in a text: each from its name to a `;` or to the end, as a shell takes it apart.
fn commands_in(text: &str) -> Vec<Vec<String>> {
    let begins = text.match_indices("eventlease ").map(|(at, _)| at);
    let at_a_word =
        begins.filter(|at| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '_')));
    at_a_word.map(|at| arguments(&text[at..])).collect()
}

/// The words of a shell's command, up to a `;`, a `>` or a comment that is not quoted.
fn arguments(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, ';' | '>' | '\n') => break,
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (Some(_) | None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Why the program does not understand a command; asking for help is understood.
fn misunderstood(command: &[String]) -> Option<String> {
    let error = Cli::try_parse_from(command).err()?;
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    (!is_help).then(|| format!("{command:?}: {}", error.to_string().lines().next().unwrap_or_default()))
}

fn all_understood(commands: impl IntoIterator<Item = Vec<String>>, at_least: usize) {
    let commands: BTreeSet<Vec<String>> = commands.into_iter().collect();
    assert!(commands.len() >= at_least, "{} commands", commands.len());
    let wrong: Vec<String> = commands.iter().filter_map(|command| misunderstood(command)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_are_taken_apart_as_by_a_shell() {
    let found = commands_in(
        "see: eventlease queues lift x --engine-software-version='-1; it'\\''s new'; or: eventlease doctor # all",
    );
    assert_eq!(
        found,
        [
            vec!["eventlease", "queues", "lift", "x", "--engine-software-version=-1; it's new"],
            vec!["eventlease", "doctor"],
        ]
    );
    assert!(misunderstood(&arguments("eventlease queues lift x")).is_some());
    assert!(misunderstood(&arguments("eventlease queues set x --max-processing")).is_some());
}

#[test]
fn what_explanations_and_attention_advise_is_understood() {
    let mut commands = Vec::new();
    for name in QUEUES {
        for number in [0, 1, 2] {
            let reasons =
                reasons(name, number).into_iter().flat_map(|reason| [Some(reason.message), reason.what_to_do]);
            let items = items(name, number).into_iter().flat_map(|item| [Some(item.message), Some(item.what_to_do)]);
            commands.extend(reasons.chain(items).flatten().flat_map(|text| commands_in(&text)));
        }
    }
    all_understood(commands, 60);
}

/// What stands for something else in documentation.
const PLACEHOLDERS: [(&str, &str); 8] = [
    ("NAME", "dialogue"),
    ("QUEUE", "dialogue"),
    ("ID", "01a20093-1ca2-7da5-8000-86c2b092a5fc"),
    ("N", "5"),
    ("SECONDS", "60"),
    ("V", "1.4.0"),
    ("TIME", "2026-05-04T12:30:00Z"),
    ("…", "x"),
];

/// The commands of a page: the lines of its examples, and what stands between two backticks.
fn commands_of_page(page: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut is_example = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_example = !is_example;
        } else if is_example {
            let line = line.trim_start();
            let line = line.strip_prefix("$ ").unwrap_or(line);
            if line.starts_with("eventlease ") {
                commands.push(arguments(line));
            }
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            commands.extend(spans.filter(|span| span.starts_with("eventlease ")).map(arguments));
        }
    }
    for word in commands.iter_mut().flatten() {
        if let Some((_, value)) = PLACEHOLDERS.iter().find(|(name, _)| name == word) {
            (*value).clone_into(word);
        }
    }
    commands
}

#[test]
fn what_the_documentation_shows_is_understood() {
    let pages = [
        include_str!("../../README.md"),
        include_str!("../../docs/operators.md"),
        include_str!("../../docs/autoscaling.md"),
        include_str!("../../docs/backup.md"),
        include_str!("../../docs/dashboard.md"),
        include_str!("../../docs/dead-letters.md"),
        include_str!("../../docs/engines.md"),
        include_str!("../../docs/explain.md"),
        include_str!("../../docs/faults.md"),
        include_str!("../../docs/guarantees.md"),
        include_str!("../../docs/install.md"),
        include_str!("../../docs/limits.md"),
        include_str!("../../docs/metrics.md"),
        include_str!("../../docs/recipes.md"),
        include_str!("../../docs/runbook.md"),
        include_str!("../../docs/scaling.md"),
        include_str!("../../docs/security.md"),
        include_str!("../../docs/sql.md"),
        include_str!("../../docs/upgrade.md"),
    ];
    all_understood(pages.into_iter().flat_map(commands_of_page), 80);
}

fn examples(command: &clap::Command) -> Vec<Vec<String>> {
    let own = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let own = own.lines().flat_map(commands_in);
    own.chain(command.get_subcommands().flat_map(examples)).collect()
}

#[test]
fn what_the_help_shows_is_understood() {
    all_understood(examples(&Cli::command()), 30);
}
