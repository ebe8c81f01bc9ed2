//! Makes a new cluster, whole or not at all: it is made under another name and gets its own when it is complete.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::process::Stdio;

use nix::sys::signal::Signal;
use tracing::info;

use super::account::Account;
use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::error::Error;
use super::process;
use super::settings::Durability;

pub(super) fn make_cluster(
    binaries: &Binaries,
    data_dir: &DataDir,
    durability: Durability,
    account: Option<&Account>,
) -> Result<(), Error> {
    let unfinished = data_dir.path().join("cluster.unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::file("clear", &unfinished, source));
        }
        _ => {}
    }
    info!(version = %binaries.version(), path = %data_dir.cluster().display(), "making a new postgres cluster");
    DirBuilder::new()
        .mode(0o700)
        .create(&unfinished)
        .and_then(|()| account.map_or(Ok(()), |account| account.take_over(&unfinished)))
        .map_err(|source| Error::file("create", &unfinished, source))?;

    let mut command = binaries.initdb(account);
    command
        .arg("-D")
        .arg(&unfinished)
        // Only who can enter the socket's folder reaches the server, so no password guards it. It does not listen on TCP;
        // if somebody starts it by hand so that it does, nobody gets in there.
        .args([
            "--username=postgres",
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if durability == Durability::Off {
        command.arg("--no-sync");
    }
    process::end_with_this_thread(&mut command, Signal::SIGKILL);
    let output = command.output().map_err(|source| Error::spawn(&binaries.initdb_path(), source))?;
    if !output.status.success() {
        return Err(Error::InitFailed {
            status: output.status,
            output: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
        });
    }

    fs::rename(&unfinished, data_dir.cluster())
        .and_then(|()| File::open(data_dir.path())?.sync_all())
        .map_err(|source| Error::file("rename", &unfinished, source))
}
