//! Files, lines of code, circles and imports that run upward: folder by folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::imports::{Import, imports};
use crate::modules::Crate;

/// How many pairs of files have imports that run upward by the order of this folder's modules.
pub fn arrows(upward: &[Import], folder: &str) -> usize {
    let found = upward.iter().filter(|import| import.folder == folder);
    found.map(|import| (&import.file, &import.imported_file)).collect::<BTreeSet<_>>().len()
}

pub fn table(crates: &[Crate], upward: &[Import]) -> String {
    let mut table = format!("{:<36} {:>5} {:>6} {:>7} {:>6}\n", "folder", "files", "lines", "circles", "upward");
    let mut row = |name: &str, figures: [usize; 4]| {
        let [files, lines, circles, upward] = figures;
        writeln!(table, "{name:<36} {files:>5} {lines:>6} {circles:>7} {upward:>6}").expect("a text takes all");
    };
    let mut sum = [0; 4];
    for read in crates {
        let circles = circles(read);
        for module in read.modules.iter().filter(|module| !module.children.is_empty()) {
            let inside = read.modules.iter().filter(|other| other.path.starts_with(&module.path));
            let lines =
                |tokens: &[crate::tokens::Token]| tokens.iter().map(|token| token.line).collect::<BTreeSet<_>>().len();
            let name = read.folder_of(&module.path);
            let figures = [
                inside.clone().count(),
                inside.map(|other| lines(&other.tokens)).sum(),
                circles.iter().filter(|circle| **circle == module.path).count(),
                arrows(upward, &name),
            ];
            row(&name, figures);
            // The files of a folder are among those of the folder above it.
            let is_root = module.path.is_empty();
            let counted = [is_root, is_root, true, true];
            sum.iter_mut()
                .zip(figures)
                .zip(counted)
                .for_each(|((sum, figure), counts)| *sum += figure * usize::from(counts));
        }
    }
    row("all", sum);
    table
}

/// For each group of files that import each other in a circle, the path of the module that has them all inside.
fn circles(read: &Crate) -> Vec<Vec<String>> {
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for import in imports(read) {
        direct.entry(import.file).or_default().insert(import.imported_file);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        direct.keys().map(|file| (file.as_str(), reached_from(file, &direct))).collect();
    let circles: BTreeSet<Vec<&str>> = reached
        .iter()
        .filter(|(file, ends)| ends.contains(**file))
        .map(|(file, ends)| {
            ends.iter().copied().filter(|end| reached.get(end).is_some_and(|back| back.contains(file))).collect()
        })
        .collect();
    circles.iter().map(|files| shared_path(read, files)).collect()
}

fn reached_from<'a>(file: &str, direct: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = direct.get(file).into_iter().flatten().map(String::as_str).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(direct.get(file).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

fn shared_path(read: &Crate, files: &[&str]) -> Vec<String> {
    let mut paths =
        read.modules.iter().filter(|module| files.contains(&module.file.as_str())).map(|module| &module.path);
    let first = paths.next().expect("a circle has files").clone();
    paths.fold(first, |shared, path| {
        shared.into_iter().zip(path).take_while(|(one, other)| one == *other).map(|(one, _)| one).collect()
    })
}

#[test]
fn a_circle_is_found() {
    let read = Crate::invented(&[
        ("lib.rs", "mod store;"),
        ("store.rs", "mod lease; mod pool; mod rows;"),
        ("store/lease.rs", "use super::pool::Pool;"),
        ("store/pool.rs", "use super::rows::Row;"),
        ("store/rows.rs", "use super::lease;"),
    ]);
    assert_eq!(circles(&read), [["store"]]);
    assert!(table(&[read], &[]).contains("src/store"));
}
