//! Makes a new cluster, whole or not at all: it is made under another name and gets its own when it is complete.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use tracing::info;

use super::account::Account;
use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::error::Error;
use super::options::{Durability, Options};
use super::process::{self, Process};

/// Makes the cluster in `data_dir`; it belongs to the account, if there is one.
pub(super) fn make_cluster(
    binaries: &Binaries,
    data_dir: &DataDir,
    options: &Options,
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

    let log_start = data_dir.rotate_log()?;
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
        .stdout(Stdio::null())
        .stderr(data_dir.open_log()?);
    if options.durability == Durability::Off {
        command.arg("--no-sync");
    }
    let process = Process::spawn(command, Some(Signal::SIGKILL))
        .map_err(|source| Error::spawn(&binaries.initdb_path(), source))?;
    process::poll(Duration::MAX, || process.exit_status().is_some() || options.stop.is_cancelled());
    let Some(status) = process.exit_status() else {
        info!(pid = process.pid(), "initdb is stopped before it is done");
        // It removes what it has made. It does not hear SIGINT while it waits for a program that it has started.
        process.stop(Signal::SIGTERM)?;
        return Err(Error::Interrupted);
    };
    if !status.success() {
        return Err(Error::InitFailed { status, output: data_dir.log_tail(log_start) });
    }

    fs::rename(&unfinished, data_dir.cluster())
        .and_then(|()| File::open(data_dir.path())?.sync_all())
        .map_err(|source| Error::file("rename", &unfinished, source))
}
