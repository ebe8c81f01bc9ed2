//! The rule for imports. A file declares its modules from the top to the ground. Each imports only siblings that stand
//! after it, with what is inside them, and nothing from the file that declares it; so no circle can arise.

use std::fmt;

use crate::modules::{Crate, Module};
use crate::tokens::Token;

/// One file imports another.
#[derive(Clone)]
pub struct Import {
    pub file: String,
    pub imported_file: String,
    /// Whose order of modules says if it runs upward: `src/store`.
    pub folder: String,
    pub line: usize,
    pub path: String,
    pub is_upward: bool,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} (in {})", self.file, self.line, self.path, self.folder)
    }
}

pub fn upward(read: &Crate) -> Vec<Import> {
    imports(read).into_iter().filter(|import| import.is_upward).collect()
}

/// What the modules of a crate import of each other.
pub fn imports(read: &Crate) -> Vec<Import> {
    let mut found = Vec::new();
    for module in &read.modules {
        for (line, path) in paths(&module.tokens) {
            let Some(imported) = resolve(read, module, &path) else { continue };
            let shared = module.path.iter().zip(&imported.path).take_while(|(one, other)| one == other).count();
            let folder = &module.path[..shared];
            let is_upward = match (module.path.get(shared), imported.path.get(shared)) {
                // Itself.
                (None, None) => continue,
                // What it declares.
                (None, Some(_)) => false,
                // A file that declares it.
                (Some(_), None) => true,
                (Some(own), Some(other)) => {
                    let siblings = &read.module(folder).expect("it declares both").children;
                    let place = |name| siblings.iter().position(|sibling| sibling == name);
                    place(own) > place(other)
                }
            };
            found.push(Import {
                file: module.file.clone(),
                imported_file: imported.file.clone(),
                folder: read.folder_of(folder),
                line,
                path: path.join("::"),
                is_upward,
            });
        }
    }
    found
}

/// The module of the crate that a path leads to, or leads into.
fn resolve<'a>(read: &'a Crate, module: &Module, path: &[String]) -> Option<&'a Module> {
    let mut names = path.iter().map(String::as_str).peekable();
    let mut reached: Vec<String> = module.path.clone();
    match *names.peek()? {
        "crate" => reached.clear(),
        "self" | "super" => {}
        first => {
            module.children.iter().find(|child| *child == first)?;
        }
    }
    for name in names {
        match name {
            "crate" | "self" => {}
            "super" => {
                reached.pop()?;
            }
            _ => {
                reached.push(name.to_owned());
                if read.module(&reached).is_none() {
                    reached.pop();
                    break;
                }
            }
        }
    }
    read.module(&reached)
}

/// Every path of at least two names that stands in a crate: file, line, path.
pub fn paths_in(read: &Crate) -> impl Iterator<Item = (&str, usize, String)> {
    read.modules.iter().flat_map(|module| {
        paths(&module.tokens).into_iter().map(|(line, path)| (module.file.as_str(), line, path.join("::")))
    })
}

/// The paths of at least two names, those in the braces of `use` one by one.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_visibility = at >= 3 && text(at - 1) == "in" && text(at - 3) == "pub";
        if tokens[at].is_word() && text(at + 1) == "::" && !is_visibility {
            at = read_tree(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads a path, and what it branches into; returns where it ends.
fn read_tree(tokens: &[Token], start: usize, before: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut path = before.to_vec();
    let mut at = start;
    while at < tokens.len() && (tokens[at].is_word() || text(at) == "*") {
        path.push(text(at).to_owned());
        if text(at + 1) != "::" {
            at += 1;
            break;
        }
        at += 2;
    }
    if text(at) != "{" || text(at - 1) != "::" {
        found.push((tokens[start].line, path));
        return at.max(start + 1);
    }
    at += 1;
    while at < tokens.len() && text(at) != "}" {
        // A comma, or a name behind `as`, is no branch.
        let is_branch = tokens[at].is_word() && text(at) != "as" && text(at - 1) != "as" || text(at) == "*";
        at = if is_branch { read_tree(tokens, at, &path, found) } else { at + 1 };
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "pub use lease::Lease; mod events; mod lease; mod pool;";

    fn found(file: &str, text: &str) -> Vec<String> {
        let files = [
            ("lib.rs", "mod http; mod broker; mod store;"),
            ("store.rs", STORE),
            ("store/lease.rs", "mod rows; mod token;"),
        ];
        let (mut files, invented) = (files.to_vec(), (file, text));
        match files.iter_mut().find(|(name, _)| *name == file) {
            Some(same) => *same = invented,
            None => files.push(invented),
        }
        upward(&Crate::invented(&files)).iter().map(Import::to_string).collect()
    }

    #[test]
    fn what_runs_upward_is_found() {
        for (file, text) in [
            ("store.rs", "use crate::broker::Broker; mod events;"),
            ("broker.rs", "fn f() { crate::http::read() }"),
            ("store/lease.rs", "use super::events::{self as other};"),
            ("store/pool.rs", "use super::lease::token::Token;"),
            ("store/pool.rs", "use crate::{http::Api, store::pool};"),
            ("store/lease/token.rs", "use super::rows;"),
            ("store/lease/token.rs", "pub(super) use super::super::events::{\n    Event,\n};"),
            // From the file that declares it, however the name came there.
            ("store/pool.rs", "use super::Lease;"),
            ("store/pool.rs", "use super::*;"),
            ("store/pool.rs", "use crate::store::{self};"),
            ("store/lease/token.rs", "fn f() -> crate::store::Lease {}"),
            ("store/lease/token.rs", "use crate::VERSION;"),
        ] {
            assert_eq!(found(file, text).len(), 1, "{file}: {text}");
        }
    }

    #[test]
    fn what_runs_downward_is_left_alone() {
        for (file, text) in [
            ("broker.rs", "use crate::store;\nuse crate::broker::queues; // not crate::http"),
            ("store.rs", "mod events; mod lease; mod pool; pub use lease::Lease; fn f() { self::pool::open() }"),
            ("store/events.rs", "use super::{lease::{self, token::Token}, pool};"),
            ("store/events.rs", "pub(in crate::store) fn f() -> super::pool::Pool {}"),
            ("store/lease/rows.rs", "use super::token; use super::super::pool; use std::{fmt::{self, Debug}, io};"),
            ("store/pool.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::http::Api; }"),
            ("store/pool.rs", "pub(super) fn f() { \"crate::http::Api\" }"),
        ] {
            assert_eq!(found(file, text), [""; 0], "{file}: {text}");
        }
    }
}
