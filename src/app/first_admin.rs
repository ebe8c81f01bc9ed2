//! The first admin's token: made once for a database and written to a file that only its owner can read, or brought by the
//! deployment in a file. It is made again where `after-restore` has left no admin's token.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Error, of_store};
use crate::broker::Broker;
use crate::config::{AccessConfig, SecretFileError, secret_file};
use crate::domain::tokens::TokenSecret;

/// Makes it, where this is the first start with authentication on this database. Of replicas that start together, one does.
pub async fn make(broker: &Arc<Broker>, access: &AccessConfig) -> Result<(), Error> {
    if let Some(path) = &access.admin_token_from_file {
        return take(broker, path).await;
    }
    let path = access.admin_token_file.clone().unwrap_or_else(default_file);
    let made = broker.make_first_admin(|token| write(&path, token)).await.map_err(of_store)?;
    match made {
        None => Ok(()),
        Some(Ok(())) => {
            tracing::info!(path = %path.display(), "the first admin's token was made; it is in this file and nowhere else");
            Ok(())
        }
        Some(Err(source)) => Err(Error::AdminToken { path: path.display().to_string(), source }),
    }
}

/// Makes the token in a file the first admin's. The file is checked at every start, so that a bad one is found at once.
async fn take(broker: &Arc<Broker>, path: &Path) -> Result<(), Error> {
    let (variable, flag) = ("EVENTLEASE_ADMIN_TOKEN_FROM_FILE", "--admin-token-from-file");
    let text = secret_file::read(variable, flag, path)?;
    let token = TokenSecret::parse(&text).ok_or_else(|| {
        let problem = "is no token: `el_` and 64 hexadecimal digits in lower case are expected".to_owned();
        SecretFileError::content(variable, flag, path, problem)
    })?;
    if broker.take_first_admin(&token).await.map_err(of_store)? {
        tracing::info!(path = %path.display(), "the token in this file is the first admin's now");
        return Ok(());
    }
    // Another replica may just have taken it.
    broker.read_tokens().await.map_err(of_store)?;
    if !broker.is_good_token(&token) {
        tracing::warn!(
            path = %path.display(),
            "the token in this file is not used: it is unknown, revoked or expired, and this database has had its first admin's \
             token already; make another one with an admin's token or, if `eventlease after-restore` has revoked them all, put \
             a new token into the file"
        );
    }
    Ok(())
}

/// Beside the private database's data.
fn default_file() -> PathBuf {
    private_postgres::default_data_dir().with_file_name("admin-token")
}

/// Nobody else can read it at any instant. What is there already may be the token of another database, and the only one: it
/// is kept beside, and where one is kept beside already, nothing is written.
fn write(path: &Path, token: &TokenSecret) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = beside(path, &uuid::Uuid::new_v4().simple().to_string());
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).and_then(|mut file| {
        writeln!(file, "{}", token.reveal())?;
        file.sync_all()
    });
    let outcome = written
        .and_then(|()| keep_former(path))
        .and_then(|()| fs::rename(&unfinished, path))
        // Else the name may be gone after a power failure, and the token stays in the database.
        .and_then(|()| File::open(folder)?.sync_all());
    if outcome.is_err() {
        // It may not have come so far that there is one.
        fs::remove_file(&unfinished).ok();
    }
    outcome
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn keep_former(path: &Path) -> io::Result<()> {
    let old = beside(path, "old");
    match fs::hard_link(path, &old) {
        Ok(()) => {
            tracing::warn!(path = %old.display(), "there was an admin's token already, perhaps of another database; it is kept here");
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let detail = format!("there is one already, and so is {}; take away what is not needed", old.display());
            Err(io::Error::new(error.kind(), detail))
        }
        Err(error) => Err(error),
    }
}
