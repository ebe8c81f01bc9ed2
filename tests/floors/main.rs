//! What each part of the code may use. Imports go only downward, between folders and inside each of them; SQL stays in
//! `store`, HTTP in `http`. Read from the text of the sources: roughly, but nobody passes by accident.
//!
//! `cargo test --test floors -- --nocapture folder_by_folder` prints the folders; with `EVENTLEASE_FLOORS_ROOT` those
//! of another checkout.

/// The folders as a table.
mod table;
/// The rule for imports: only downward.
mod imports;
/// The rule for doc comments: what is public has one.
mod documented;
/// The files of a crate, and which of them declares which.
mod modules;
/// What stands in a source file beside comments and tests.
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use documented::undocumented;
use imports::{Import, upward};
use modules::{Crate, crates};
use tokens::{Token, tokens};

/// The defaults in `config` are `domain::limits`: the one import that may run upward.
const MAY_RUN_UPWARD: (&str, &str) = ("src/config.rs", "src/domain/limits.rs");

const MAX_LINES: usize = 400;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The service itself.
static SERVICE: LazyLock<Crate> = LazyLock::new(|| Crate::read(&repository(), "src"));

/// A program that drives the service, not a part of it.
fn is_harness(read: &Crate) -> bool {
    ["bench/src", "faults/src"].contains(&read.folder.as_str())
}

/// The imports of all crates that run upward, without the permitted one.
fn imports_upward(root: &Path) -> Vec<Import> {
    let found = crates(root).into_iter().flat_map(|read| upward(&read));
    found.filter(|import| (import.file.as_str(), import.imported_file.as_str()) != MAY_RUN_UPWARD).collect()
}

/// Where the words (`tokio::spawn`) stand in the service outside the modules of the first level that may know them.
fn strangers_to(words: &str, may_know: &[&str], service: &Crate) -> Vec<String> {
    let words: Vec<String> = tokens(words).into_iter().map(|token| token.text).collect();
    let mut wrong = Vec::new();
    for module in service.modules.iter().filter(|module| !may_know.contains(&module.first())) {
        let places = module.tokens.windows(words.len());
        let found = places.filter(|place| place.iter().map(|token| &token.text).eq(&words));
        wrong.extend(found.map(|place| format!("{}:{}", module.file, place[0].line)));
    }
    wrong
}

/// Beginnings of statements, as they stand in the first words of a text.
const STATEMENTS: [&str; 11] = [
    "select ",
    "insert into ",
    "update ",
    "delete from ",
    "create ",
    "alter ",
    "drop ",
    "truncate ",
    "set local ",
    "listen ",
    "notify ",
];

/// Texts that read like SQL outside `store`.
fn sql_outside_store(service: &Crate) -> Vec<String> {
    let reads_like_sql = |token: &&Token| {
        token.inside_quotes().is_some_and(|text| {
            let text = text.trim_start().to_lowercase();
            let is_query = text.starts_with("with ") && text.contains(" as (");
            is_query || STATEMENTS.iter().any(|begin| text.starts_with(begin)) || text.contains("eventlease.event")
        })
    };
    let outside = service.modules.iter().filter(|module| module.first() != "store");
    let found =
        outside.flat_map(|module| module.tokens.iter().filter(reads_like_sql).map(move |token| (module, token)));
    found.map(|(module, token)| format!("{}:{}: {}", module.file, token.line, token.text)).collect()
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn imports_go_only_downward() {
    let wrong: Vec<String> = imports_upward(&repository()).iter().map(Import::to_string).collect();
    assert_none(&wrong, "not downward");
}

#[test]
fn folder_by_folder() {
    let root = std::env::var_os("EVENTLEASE_FLOORS_ROOT").map_or_else(repository, PathBuf::from);
    let table = table::table(&crates(&root), &imports_upward(&root));
    println!("{table}");
    assert!(table.contains("src/http "), "{table}");
}

/// `rustc` asks for doc comments (`missing_docs`) only where other crates can reach. The model is tests from end to end.
#[test]
fn what_is_public_has_a_doc_comment() {
    let mut crates = crates(&repository());
    crates.retain(|read| !is_harness(read) && read.folder != "crates/protocol-model/src");
    let wrong: Vec<String> = crates.iter().flat_map(undocumented).collect();
    assert_none(&wrong, "public without a doc comment");
}

/// `http` and `tasks` stand side by side; and which database there is, is the business of the start and the end.
#[test]
fn only_app_knows_tasks_and_the_private_postgres() {
    for words in ["crate::tasks", "private_postgres"] {
        assert_none(&strangers_to(words, &["app"], &SERVICE), &format!("{words} outside src/app"));
    }
}

/// A handler reaches the database through a use-case of the broker.
#[test]
fn http_imports_nothing_of_the_store() {
    let may_know = ["app", "cli", "tasks", "broker", "dispatch", "error", "troubles", "store"];
    assert_none(&strangers_to("crate::store", &may_know, &SERVICE), "crate::store in a module that must not know it");
}

/// What is batched, and the statement that carries it out, are given to it.
#[test]
fn batching_knows_neither_the_broker_nor_the_store() {
    for words in ["crate::broker", "crate::store", "crate::dispatch"] {
        let wrong = strangers_to(words, &[], &SERVICE);
        let wrong: Vec<String> = wrong.into_iter().filter(|place| place.starts_with("src/batching")).collect();
        assert_none(&wrong, &format!("{words} in src/batching"));
    }
}

#[test]
fn only_the_store_knows_sqlx() {
    for word in ["sqlx", "sqlx_macros"] {
        assert_none(&strangers_to(word, &["store"], &SERVICE), &format!("{word} outside src/store"));
    }
}

#[test]
fn only_http_and_app_know_axum() {
    assert_none(&strangers_to("axum", &["http", "app"], &SERVICE), "axum outside src/http and src/app");
}

/// What talks to a server from outside, and to people, is of no use to the service itself.
#[test]
fn only_the_command_line_is_a_client() {
    for word in ["reqwest", "rustls", "comfy_table", "console"] {
        assert_none(&strangers_to(word, &["cli"], &SERVICE), &format!("{word} outside src/cli"));
    }
}

/// Everything else makes spans of `tracing`, so that a build without the feature `otel` needs nothing for it.
#[test]
fn only_the_command_line_and_http_know_opentelemetry() {
    for word in ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "tracing_opentelemetry"] {
        let wrong = strangers_to(word, &["cli", "http"], &SERVICE);
        assert_none(&wrong, &format!("{word} outside src/cli and src/http"));
    }
}

/// What is spawned elsewhere is neither started again after a panic, nor waited for when the server stops.
#[test]
fn only_the_supervisor_spawns_tasks() {
    for read in crates(&repository()).iter().filter(|read| !is_harness(read)) {
        for words in ["tokio::spawn", "task::spawn", "JoinSet"] {
            assert_none(&strangers_to(words, &["supervisor"], read), &format!("{words} outside src/supervisor.rs"));
        }
    }
}

/// A panic while a lock of the standard library is held makes each later request fail that takes it.
#[test]
fn no_lock_is_poisoned_by_a_panic() {
    let wrong = imports::paths_in(&SERVICE).filter(|(_, _, path)| {
        path.starts_with("std::sync::") && ["Mutex", "RwLock"].iter().any(|lock| path.ends_with(lock))
    });
    let wrong: Vec<String> = wrong.map(|(file, line, path)| format!("{file}:{line}: {path}")).collect();
    assert_none(&wrong, "a lock that a panic poisons: use parking_lot");
}

#[test]
fn only_the_store_has_sql() {
    assert_none(&sql_outside_store(&SERVICE), "SQL outside src/store");
    let files = modules::files(&repository().join("src"), "sql");
    assert!(!files.is_empty() && files.iter().all(|file| file.starts_with(repository().join("src/store/sql"))));
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let folders = modules::source_folders(&repository());
    let files = folders.iter().flat_map(|folder| modules::files(&repository().join(folder), "rs"));
    let lines = files.map(|file| (fs::read_to_string(&file).expect("a text").lines().count(), file));
    let long: Vec<String> = lines
        .filter(|(lines, _)| *lines > MAX_LINES)
        .map(|(lines, file)| format!("{}: {lines}", file.display()))
        .collect();
    assert_none(&long, "longer than 400 lines");
}

/// The reader itself must see what it is there to see.
#[test]
fn invented_violations_are_found() {
    let invented =
        |file: &str, text: &str| Crate::invented(&[("lib.rs", "mod cli; mod broker; mod store;"), (file, text)]);
    let knows = |words, may_know: &[&str], file, text| strangers_to(words, may_know, &invented(file, text)).len();
    assert_eq!(knows("sqlx", &["store"], "broker.rs", "use sqlx::PgConnection;"), 1);
    assert_eq!(knows("sqlx", &["store"], "store.rs", "use sqlx::PgConnection;"), 0);
    assert_eq!(knows("axum", &["http"], "broker.rs", "let taxum = \"axum\"; // axum"), 0);
    assert_eq!(knows("reqwest", &["cli"], "broker.rs", "reqwest::get(url)"), 1);
    assert_eq!(knows("reqwest", &["cli"], "cli.rs", "reqwest::get(url)"), 0);
    assert_eq!(knows("tokio::spawn", &[], "broker.rs", "let task = tokio::spawn(work);"), 1);
    assert_eq!(knows("sqlx", &[], "broker.rs", "#[cfg(test)] mod tests { use sqlx; } fn f() { sqlx() }"), 1);

    let sql = |file, text| sql_outside_store(&invented(file, text)).len();
    assert_eq!(sql("broker.rs", r#"query("select 1")"#), 1);
    assert_eq!(sql("broker.rs", r##"query(r#"Update eventlease.events set a = 1"#)"##), 1);
    assert_eq!(sql("broker.rs", r#"panic!("the select failed") // "select 1""#), 0);
    assert_eq!(sql("store.rs", r#"query("select 1")"#), 0);
}

/// A row's place (`ctid`) says nothing without its table, and a table that is spread over machines by queue is many: so each
/// statement that finds rows by their places names their queues, too.
#[test]
fn what_finds_rows_by_their_places_names_their_queues() {
    let folder = repository().join("src/store/sql");
    let mut found = 0;
    for entry in fs::read_dir(folder).expect("the statements") {
        let path = entry.expect("a file").path();
        let statement = fs::read_to_string(&path).expect("a text");
        for line in statement.lines().filter(|line| line.contains("ctid = ")) {
            assert!(line.contains("engine_type = "), "{}: {line}", path.display());
            found += 1;
        }
    }
    assert!(found >= 2, "{found}");
    let rust = SERVICE.modules.iter().filter(|module| module.tokens.iter().any(|token| token.text.contains("ctid =")));
    assert_eq!(rust.map(|module| module.file.clone()).collect::<Vec<_>>(), [""; 0]);
}
