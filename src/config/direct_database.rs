//! The database of a command that works without a server.

use std::path::{Path, PathBuf};

use clap::Args;

use super::database_url::DatabaseUrl;
use super::hidden_value::HiddenValue;
use super::secret_file::SecretFileError;

/// What the flag stands for without a value.
const FROM_ENVIRONMENT: &str = "$DATABASE_URL";

/// The database to work on instead of asking a server; without it, the command asks one.
#[derive(Args, Clone, Debug)]
pub struct DirectDatabase {
    /// Ask no server, but work on this database; without a value, on the one of `DATABASE_URL` or `DATABASE_URL_FILE`.
    /// Other users of this machine can see flags (`ps`).
    #[arg(long, num_args = 0..=1, value_name = "URL", default_missing_value = FROM_ENVIRONMENT, value_parser = HiddenValue(given))]
    database_url: Option<Given>,

    /// Ask no server, but work on the database whose URL this file holds.
    #[arg(long, value_name = "PATH")]
    database_url_file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
enum Given {
    Url(DatabaseUrl),
    InEnvironment,
}

/// Why no database can be named.
#[derive(Debug, thiserror::Error)]
pub enum DirectDatabaseError {
    #[error(transparent)]
    File(#[from] SecretFileError),
    #[error("DATABASE_URL {0}")]
    Variable(String),
    #[error("--database-url needs a URL, since DATABASE_URL is not set, and DATABASE_URL_FILE neither")]
    Missing,
}

fn given(text: &str) -> Result<Given, String> {
    if text == FROM_ENVIRONMENT { Ok(Given::InEnvironment) } else { DatabaseUrl::parse(text).map(Given::Url) }
}

impl DirectDatabase {
    /// The database to work on; `None`: a server is to be asked.
    pub fn url(&self) -> Result<Option<DatabaseUrl>, DirectDatabaseError> {
        match (&self.database_url, &self.database_url_file) {
            (Some(_), Some(_)) => Err(SecretFileError::both("DATABASE_URL", "--database-url").into()),
            (None, Some(path)) => Ok(Some(DatabaseUrl::read_file(path)?)),
            (Some(Given::Url(url)), None) => Ok(Some(url.clone())),
            (Some(Given::InEnvironment), None) => of_environment().map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn of_environment() -> Result<DatabaseUrl, DirectDatabaseError> {
    match (std::env::var_os("DATABASE_URL"), std::env::var_os("DATABASE_URL_FILE")) {
        (Some(_), Some(_)) => Err(SecretFileError::both("DATABASE_URL", "--database-url").into()),
        (Some(text), None) => {
            let text = text.to_str().ok_or_else(|| DirectDatabaseError::Variable("is not UTF-8".to_owned()))?;
            DatabaseUrl::parse(text).map_err(DirectDatabaseError::Variable)
        }
        (None, Some(path)) => Ok(DatabaseUrl::read_file(Path::new(&path))?),
        (None, None) => Err(DirectDatabaseError::Missing),
    }
}
