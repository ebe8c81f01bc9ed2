//! The floors of the crate: imports go only downward, SQL stays in `store`, HTTP in `http`. Reads the sources as
//! text: a rough reader, but one that nobody can satisfy by accident.

use std::fs;
use std::path::Path;

/// From the bottom up. Modules of one floor do not import each other.
const FLOORS: [&[&str]; 15] = [
    &["output"],
    &["config", "embedded_postgres"],
    &["logs"],
    &["domain"],
    &["metrics"],
    &["supervisor"],
    &["store"],
    &["error"],
    &["troubles"],
    &["dispatch"],
    &["broker"],
    &["http", "tasks"],
    &["app"],
    &["cli"],
    &["main"],
];

/// The defaults in `config` come from `domain::limits`; what it imports beside that is upward.
const CONFIG_MAY_IMPORT: &str = "domain::limits";
/// The private PostgreSQL is below everything, but is the business of one module only.
const USER_OF_EMBEDDED_POSTGRES: &str = "app";

const MAX_LINES: usize = 400;

/// A source file: its path below `src`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The module of the first level it belongs to: `store` for `store/lease.rs`, `app` for `app.rs`.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().expect("a path");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The lines without comments, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or("")))
            .filter(|(_, line)| !line.is_empty())
    }

    /// What it imports of this crate, as paths like `domain::limits`.
    fn imports(&self) -> Vec<(usize, String)> {
        let own_name = if self.module() == "main" { "eventlease::" } else { "crate::" };
        let mut found = Vec::new();
        for (number, line) in self.code() {
            for (start, _) in line.match_indices(own_name) {
                let path: String = line[start + own_name.len()..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
                    .collect();
                found.push((number, path));
            }
        }
        found
    }
}

fn sources(folder: &Path, extension: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder of the crate") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(folder).expect("below it").to_str().expect("UTF-8").to_owned();
                found.push(Source { path: name, text: fs::read_to_string(&path).expect("a text") });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn rust_sources() -> Vec<Source> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs")
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Imports that do not go downward.
fn upward_imports(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.module() != "lib") {
        let module = source.module();
        // A way out of the module that names no floor.
        let escapes = source.code().filter(|(_, line)| line.contains("super::super"));
        wrong.extend(escapes.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())));
        let own = floor(module).unwrap_or_else(|| panic!("{} is on no floor", source.path));
        for (number, path) in source.imports() {
            let imported = path.split("::").next().expect("a path");
            let below =
                floor(imported).unwrap_or_else(|| panic!("{}:{number}: {imported} is on no floor", source.path));
            let is_allowed = if imported == module {
                true
            } else if imported == "embedded_postgres" {
                module == USER_OF_EMBEDDED_POSTGRES
            } else if module == "config" {
                path.starts_with(CONFIG_MAY_IMPORT) || below < own
            } else {
                below < own
            };
            if !is_allowed {
                wrong.push(format!("{}:{number}: {module} imports {path}", source.path));
            }
        }
    }
    wrong
}

/// Mentions of a crate outside the modules that may know it.
fn strangers_to(word: &str, modules: &[&str], sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !modules.contains(&source.module()) && !is_unit_tests(source)) {
        for (number, line) in source.code().filter(|(_, line)| has_word(line, word)) {
            wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
        }
    }
    wrong
}

/// The tests of a module in a file of their own may use what they like.
fn is_unit_tests(source: &Source) -> bool {
    source.path.ends_with("/tests.rs")
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_inside(line[..start].chars().next_back()) && !is_inside(line[start + word.len()..].chars().next())
    })
}

/// Beginnings of statements, as they stand in the first words of a text.
const STATEMENTS: [&str; 12] = [
    "select ",
    "insert into ",
    "update ",
    "delete from ",
    "with ",
    "create ",
    "alter ",
    "drop ",
    "truncate ",
    "set local ",
    "listen ",
    "notify ",
];

/// Texts that read like SQL outside `store`.
fn sql_outside_store(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.module() != "store" && !is_unit_tests(source)) {
        for (number, line) in source.code() {
            let texts = line.split('"').skip(1).step_by(2).map(|text| text.trim_start().to_lowercase());
            for text in texts.filter(|text| STATEMENTS.iter().any(|begin| text.starts_with(begin))) {
                wrong.push(format!("{}:{number}: {text}", source.path));
            }
            if has_word(line, "eventlease.event_queue") || has_word(line, "eventlease.events") {
                wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    wrong
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn imports_go_only_downward() {
    assert_none(&upward_imports(&rust_sources()), "not downward");
}

#[test]
fn only_the_store_knows_sqlx() {
    assert_none(&strangers_to("sqlx", &["store"], &rust_sources()), "sqlx outside src/store");
}

#[test]
fn only_http_and_app_know_axum() {
    assert_none(&strangers_to("axum", &["http", "app"], &rust_sources()), "axum outside src/http and src/app");
}

/// What talks to a server from outside, and to people, is of no use to the service itself.
#[test]
fn only_the_command_line_is_a_client() {
    for word in ["reqwest", "rustls", "comfy_table", "console"] {
        assert_none(&strangers_to(word, &["cli"], &rust_sources()), &format!("{word} outside src/cli"));
    }
}

/// Everything else makes spans of `tracing`, so that a build without the feature `otel` needs nothing for it.
#[test]
fn only_the_command_line_and_http_know_opentelemetry() {
    for word in ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "tracing_opentelemetry"] {
        assert_none(
            &strangers_to(word, &["cli", "http"], &rust_sources()),
            &format!("{word} outside src/cli and src/http"),
        );
    }
}

/// What is spawned elsewhere is neither started again after a panic, nor waited for when the server stops.
#[test]
fn only_the_supervisor_spawns_tasks() {
    for word in ["tokio::spawn", "task::spawn", "JoinSet"] {
        assert_none(
            &strangers_to(word, &["supervisor"], &rust_sources()),
            &format!("{word} outside src/supervisor.rs"),
        );
    }
}

/// A panic while a lock of the standard library is held makes each later request fail that takes it.
#[test]
fn no_lock_is_poisoned_by_a_panic() {
    let poisoned = |source: &Source| {
        let uses = source
            .code()
            .filter(|(_, line)| line.contains("std::sync") && (has_word(line, "Mutex") || has_word(line, "RwLock")));
        uses.map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim())).collect::<Vec<_>>()
    };
    // The private PostgreSQL's locks go on after a panic by themselves.
    let sources = rust_sources();
    let others = sources.iter().filter(|source| source.module() != "embedded_postgres");
    assert_none(&others.flat_map(poisoned).collect::<Vec<_>>(), "a lock that a panic poisons: use parking_lot");
}

#[test]
fn only_the_store_has_sql() {
    assert_none(&sql_outside_store(&rust_sources()), "SQL outside src/store");
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "sql");
    assert!(!files.is_empty() && files.iter().all(|file| file.path.starts_with("store/sql/")));
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let long: Vec<String> = rust_sources()
        .iter()
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_none(&long, "longer than 400 lines");
}

#[test]
fn every_module_is_on_a_floor() {
    for source in rust_sources().iter().filter(|source| source.module() != "lib") {
        assert!(floor(source.module()).is_some(), "{} is on no floor", source.path);
    }
}

/// The reader itself must see what it is there to see.
#[test]
fn invented_violations_are_found() {
    let invented = |path: &str, text: &str| [Source { path: path.to_owned(), text: text.to_owned() }];
    let upward = |path, text| upward_imports(&invented(path, text)).len();
    assert_eq!(upward("store/lease.rs", "use crate::broker::Broker;"), 1);
    assert_eq!(upward("domain/event.rs", "fn f() { crate::store::read() }"), 1);
    assert_eq!(upward("tasks/reaper.rs", "use crate::http::Api;"), 1);
    assert_eq!(upward("http.rs", "use crate::tasks::start;"), 1);
    assert_eq!(upward("config.rs", "use crate::domain::event;"), 1);
    assert_eq!(upward("cli.rs", "use crate::embedded_postgres::Options;"), 1);
    assert_eq!(upward("embedded_postgres.rs", "use crate::metrics::Metrics;"), 1);
    assert_eq!(upward("store/lease.rs", "use super::super::http;"), 1);
    assert_eq!(upward("app/database.rs", "use crate::cli::Cli;"), 1);
    assert_eq!(upward("broker.rs", "use crate::store;\nuse crate::broker::hub; // not crate::http"), 0);
    assert_eq!(upward("config.rs", "use crate::domain::limits;"), 0);
    assert_eq!(upward("config.rs", "use crate::output;"), 0);
    assert_eq!(upward("output.rs", "use crate::config;"), 1);

    let knows = |word, modules: &[&str], path, text| strangers_to(word, modules, &invented(path, text)).len();
    assert_eq!(knows("sqlx", &["store"], "broker/effects.rs", "use sqlx::PgConnection;"), 1);
    assert_eq!(knows("sqlx", &["store"], "store/lease.rs", "use sqlx::PgConnection;"), 0);
    assert_eq!(knows("axum", &["http"], "broker.rs", "let taxum = 1; // axum"), 0);
    assert_eq!(knows("reqwest", &["cli"], "broker.rs", "reqwest::get(url)"), 1);
    assert_eq!(knows("reqwest", &["cli"], "cli/client.rs", "reqwest::get(url)"), 0);

    let sql = |path, text| sql_outside_store(&invented(path, text)).len();
    assert_eq!(sql("broker.rs", r#"query("select 1")"#), 1);
    assert_eq!(sql("broker.rs", r#"query("Update eventlease.events set a = 1")"#), 2);
    assert_eq!(sql("broker.rs", r#"panic!("the select failed")"#), 0);
    assert_eq!(sql("store/pool.rs", r#"query("select 1")"#), 0);
}
