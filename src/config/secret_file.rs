//! Secrets that are given in files, as orchestrators mount them: unlike flags, other users of the machine cannot see them.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::output;

/// A secret is a line; a longer file is some other file.
const MAX_BYTES: u64 = 64 << 10;
const READABLE_BY_OTHERS: u32 = 0o004;

/// Why a secret's file is of no use. Never shows what is in it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum SecretFileError {
    #[error("{variable} ({flag}): {path} cannot be read")]
    Unreadable { variable: &'static str, flag: &'static str, path: PathBuf, source: io::Error },
    #[error("{variable} ({flag}): what is in {path} {problem}")]
    Content { variable: &'static str, flag: &'static str, path: PathBuf, problem: String },
    #[error("{variable} ({flag}) and {variable}_FILE ({flag}-file) are both set; leave one of them out")]
    Both { variable: &'static str, flag: &'static str },
}

impl SecretFileError {
    /// The secret is given twice, by its own variable or flag and in a file.
    pub(super) const fn both(variable: &'static str, flag: &'static str) -> Self {
        Self::Both { variable, flag }
    }

    /// `problem` continues a sentence that begins with the file.
    pub fn content(variable: &'static str, flag: &'static str, path: &Path, problem: String) -> Self {
        Self::Content { variable, flag, path: path.to_owned(), problem }
    }
}

/// In the log, or on standard error where the command keeps none.
fn warn_of_readers(path: &Path) {
    const WARNING: &str = "every user of this machine can read this file, which holds a secret: chmod o-r";
    if tracing::dispatcher::has_been_set() {
        tracing::warn!(path = %path.display(), "{WARNING}");
    } else {
        output::say(format_args!("eventlease: {}: {WARNING}", path.display()));
    }
}

/// The text in a file, without white space at its ends. `variable` and `flag` are what named the file.
pub fn read(variable: &'static str, flag: &'static str, path: &Path) -> Result<String, SecretFileError> {
    let unreadable = |source| SecretFileError::Unreadable { variable, flag, path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let content = |problem: &str| SecretFileError::content(variable, flag, path, problem.to_owned());
    if bytes.len() as u64 > MAX_BYTES {
        return Err(content("is longer than 64 KiB"));
    }
    if mode & READABLE_BY_OTHERS != 0 {
        warn_of_readers(path);
    }
    let text = String::from_utf8(bytes).map_err(|_| content("is not UTF-8"))?;
    Ok(text.trim().to_owned())
}
