//! Where a PostgreSQL may be installed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where systems put PostgreSQL: parent folder, how the folder of a version begins, and what follows it.
const INSTALL_FOLDERS: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // RPMs of the PostgreSQL project
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/usr/local", "pgsql", "bin"),             // built from source
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on ARM
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/Library/PostgreSQL", "", "bin"),         // EDB's installer
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Folders that hold a `postgres`, in the order of preference among equals.
pub(super) fn present() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    dirs.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    for (parent, prefix, rest) in INSTALL_FOLDERS {
        dirs.extend(folders_with_prefix(Path::new(parent), prefix).map(|dir| dir.join(rest)));
    }
    dirs.retain(|dir| dir.is_absolute() && dir.join("postgres").exists());
    dirs
}

fn folders_with_prefix(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let starts_right = move |name: &OsStr| name.as_encoded_bytes().starts_with(prefix.as_bytes());
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(move |entry| starts_right(&entry.file_name())).map(|entry| entry.path())
}
