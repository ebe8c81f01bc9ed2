//! Who else may write where the data lies. PostgreSQL's own check is of the cluster alone, and only as it starts.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::Error;

const GROUP_MAY_WRITE: u32 = 0o020;
const OTHERS_MAY_WRITE: u32 = 0o002;
/// In such a folder, like /tmp, each may remove and rename only what is its own.
const STICKY: u32 = 0o1000;

/// Refuses a data directory that others than its owner may write, or whose way leads through a folder in which everybody
/// may put another one in its place.
pub(super) fn check(data_dir: &Path) -> Result<(), Error> {
    check_folder(data_dir)?;
    for parent in data_dir.ancestors().skip(1) {
        let mode = mode_of(parent)?;
        if mode & OTHERS_MAY_WRITE != 0 && mode & STICKY == 0 {
            return Err(Error::OpenToOthers { path: parent.to_owned(), mode: mode & 0o7777, remedy: "o-w" });
        }
    }
    Ok(())
}

/// Refuses a folder that others than its owner may write to.
pub(super) fn check_folder(path: &Path) -> Result<(), Error> {
    let mode = mode_of(path)?;
    if mode & (GROUP_MAY_WRITE | OTHERS_MAY_WRITE) != 0 {
        return Err(Error::OpenToOthers { path: path.to_owned(), mode: mode & 0o7777, remedy: "go-w" });
    }
    Ok(())
}

fn mode_of(path: &Path) -> Result<u32, Error> {
    Ok(fs::metadata(path).map_err(|source| Error::file("look at", path, source))?.mode())
}
