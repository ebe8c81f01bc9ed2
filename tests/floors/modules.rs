//! The crates of the workspace, their modules, and the order in which each file declares its own: the reading order.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens::{Token, tokens, tokens_and_doc_comments};

/// A file of a crate that is not for tests only.
pub struct Module {
    /// `["store", "lease"]` for `store/lease.rs`; empty for the root.
    pub path: Vec<String>,
    /// From the root of the repository: `src/store/lease.rs`.
    pub file: String,
    /// The modules it declares, in its order.
    pub children: Vec<String>,
    pub tokens: Vec<Token>,
    pub tokens_and_doc_comments: Vec<Token>,
}

impl Module {
    /// The module of the first level: `store` for `store/lease.rs`; empty for the root.
    pub fn first(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

pub struct Crate {
    /// Its sources, from the root of the repository: `src`, `crates/private-postgres/src`.
    pub folder: String,
    /// From the root on, each before those that it declares.
    pub modules: Vec<Module>,
}

impl Crate {
    /// Reads what `lib.rs` (or `main.rs`, if that is all there is) declares, and what those files declare.
    pub fn read(repository: &Path, folder: &str) -> Self {
        let text = |file: &str| fs::read_to_string(repository.join(folder).join(file)).ok();
        let root = if text("lib.rs").is_some() { "lib.rs" } else { "main.rs" };
        Self::read_with(folder, root, &text)
    }

    #[cfg(test)]
    pub fn invented(files: &[(&str, &str)]) -> Self {
        let text = |file: &str| files.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned());
        Self::read_with("src", "lib.rs", &text)
    }

    fn read_with(folder: &str, root: &str, text: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut modules = Vec::new();
        read_module(folder, &[], root, text, &mut modules);
        Self { folder: folder.to_owned(), modules }
    }

    pub fn module(&self, path: &[String]) -> Option<&Module> {
        self.modules.iter().find(|module| module.path == path)
    }

    /// The name of the folder that the children of a module stand in: `src/store`.
    pub fn folder_of(&self, path: &[String]) -> String {
        [std::slice::from_ref(&self.folder), path].concat().join("/")
    }
}

fn read_module(
    folder: &str,
    path: &[String],
    file: &str,
    text: &dyn Fn(&str) -> Option<String>,
    modules: &mut Vec<Module>,
) {
    // Only tests invent crates with files left out.
    let text_of_file = text(file).unwrap_or_default();
    let (tokens, tokens_and_doc_comments) = (tokens(&text_of_file), tokens_and_doc_comments(&text_of_file));
    let children = declared(&tokens);
    modules.push(Module {
        path: path.to_vec(),
        file: format!("{folder}/{file}"),
        children: children.clone(),
        tokens,
        tokens_and_doc_comments,
    });
    for child in children {
        let path = [path, &[child]].concat();
        read_module(folder, &path, &format!("{}.rs", path.join("/")), text, modules);
    }
}

/// The names in `mod name;`.
fn declared(tokens: &[Token]) -> Vec<String> {
    let is_declaration = |place: &&[Token]| place[0].text == "mod" && place[1].is_word() && place[2].text == ";";
    tokens.windows(3).filter(is_declaration).map(|place| place[1].text.clone()).collect()
}

/// The folders of sources of the service and of the workspace's other crates.
pub fn source_folders(repository: &Path) -> Vec<String> {
    let mut found = vec!["src".to_owned(), "bench/src".to_owned(), "faults/src".to_owned()];
    let crates = fs::read_dir(repository.join("crates")).into_iter().flatten();
    found.extend(crates.flatten().map(|entry| format!("crates/{}/src", entry.file_name().to_string_lossy())));
    found[3..].sort();
    found
}

pub fn crates(repository: &Path) -> Vec<Crate> {
    source_folders(repository).iter().map(|folder| Crate::read(repository, folder)).collect()
}

/// All files below a folder whose names end so.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}
