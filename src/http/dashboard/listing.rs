//! Which files of a folder belong to the page. The build script has this file too.

use std::fs;
use std::io;
use std::path::Path;

/// The page itself.
pub const PAGE: &str = "index.html";

/// Their names, relative to the folder and in order.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    gather(folder, "", &mut names)?;
    names.sort();
    Ok(names)
}

fn gather(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // What is no text has no name that an address could have.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &format!("{name}/"), names)?;
        } else if is_of_the_page(&name) {
            names.push(name);
        }
    }
    Ok(())
}

/// Declarations and settings are for the checker of types alone.
fn is_of_the_page(name: &str) -> bool {
    name == PAGE
        || name == "vendor/manifest.json"
        || [".js", ".css", ".svg", ".txt"].iter().any(|end| name.ends_with(end))
}
