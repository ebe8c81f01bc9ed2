//! The first admin's token, made once for a database and written to a file that only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Error;
use crate::broker::Broker;
use crate::domain::tokens::TokenSecret;
use crate::embedded_postgres;

/// Makes it, where this is the first start with authentication on this database. Of replicas that start together, one does.
pub async fn make(broker: &Broker, file: Option<&Path>) -> Result<(), Error> {
    let path = file.map_or_else(default_file, Path::to_owned);
    let made = broker.make_first_admin(|token| write(&path, token)).await.map_err(super::of_store)?;
    match made {
        None => Ok(()),
        Some(Ok(())) => {
            tracing::info!(path = %path.display(), "the first admin's token was made; it is in this file and nowhere else");
            Ok(())
        }
        Some(Err(source)) => Err(Error::AdminToken { path: path.display().to_string(), source }),
    }
}

/// Beside the private database's data.
fn default_file() -> PathBuf {
    embedded_postgres::default_data_dir().with_file_name("admin-token")
}

/// Nobody else can read it at any instant. What a database before this one has left there goes.
fn write(path: &Path, token: &TokenSecret) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let unfinished = PathBuf::from(unfinished);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).and_then(|mut file| {
        writeln!(file, "{}", token.reveal())?;
        file.sync_all()
    });
    let outcome = written.and_then(|()| fs::rename(&unfinished, path));
    if outcome.is_err() {
        // It may not have come so far that there is one.
        fs::remove_file(&unfinished).ok();
    }
    outcome
}
