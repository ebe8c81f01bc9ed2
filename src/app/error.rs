//! Why a server cannot be started, or ends.

use std::net::SocketAddr;

use crate::broker;
use crate::config::SecretFileError;
use crate::store;

/// Why a server did not start, or did not end in order.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum Error {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the private PostgreSQL could not be started")]
    Embedded(#[from] private_postgres::Error),
    #[error("the database cannot be used")]
    Store(#[from] store::Error),
    #[error(
        "EVENTLEASE_LISTEN_DATABASE_URL (--listen-database-url) is set without DATABASE_URL, and a private database needs none; \
         set both or neither"
    )]
    ListenUrlAlone,
    #[error(transparent)]
    SecretFile(#[from] SecretFileError),
    #[error("the first admin's token cannot be written to {path}, so that none was made (--admin-token-file)")]
    AdminToken { path: String, source: std::io::Error },
    #[error("a part of the server failed")]
    Join(#[from] tokio::task::JoinError),
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
    #[error("the server failed")]
    Serve(#[source] std::io::Error),
}

/// The error of a use-case that runs while the server starts, and can fail in the store only.
pub fn of_store(error: broker::Error) -> Error {
    match error {
        broker::Error::Store(error) => Error::Store(error),
        other => unreachable!("nothing else can go wrong with it than in the store: {other}"),
    }
}
