//! The user that PostgreSQL runs as: it refuses to run as root, so root hands it to somebody else.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User, geteuid};

use super::error::Error;

/// Whose processes are nobody's in particular: other daemons, containers and NFS use it too, and could read the data.
const SHARED_ACCOUNT: &str = "nobody";

/// Whom root runs PostgreSQL as.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The user's name.
    pub name: String,
    /// The user's id.
    pub uid: u32,
    gid: u32,
}

fn is_shared(uid: u32) -> bool {
    User::from_name(SHARED_ACCOUNT).ok().flatten().is_some_and(|user| user.uid.as_raw() == uid)
}

impl Account {
    /// The account for the cluster that lies (or will lie) in `cluster`; none unless we are root.
    ///
    /// An existing cluster stays with its owner: a container's next image may number its users differently, and
    /// somebody may try with `sudo` what ran without. One of `nobody` is given to an account of its own.
    pub fn for_cluster(cluster: &Path) -> Result<Option<Self>, Error> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        if let Ok(metadata) = fs::symlink_metadata(cluster)
            && metadata.uid() != 0
            && !is_shared(metadata.uid())
        {
            return Ok(Some(Self::of_owner(&metadata)));
        }
        Self::by_name(|name| User::from_name(name).ok().flatten()).map(Some)
    }

    fn by_name(find: impl Fn(&str) -> Option<User>) -> Result<Self, Error> {
        ["postgres", "eventlease"].into_iter().find_map(find).map(Self::of_user).ok_or(Error::NoAccount)
    }

    fn of_owner(metadata: &fs::Metadata) -> Self {
        let user = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
        let name = user.map_or_else(|| metadata.uid().to_string(), |user| user.name);
        Self { name, uid: metadata.uid(), gid: metadata.gid() }
    }

    fn of_user(user: User) -> Self {
        Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }
    }

    /// Makes `command` run as this account. With `uid` set, the standard library also drops root's supplementary
    /// groups, so PostgreSQL has the rights of its one group only.
    pub fn lower(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives `path`, and what is in it, to this account. Links are given away themselves, not what they point at.
    pub fn take_over(&self, path: &Path) -> io::Result<()> {
        lchown(path, Some(self.uid), Some(self.gid))?;
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.take_over(&entry?.path())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_not_an_account_for_data() {
        let root = User::from_uid(Uid::from_raw(0)).expect("it is read").expect("every machine has one");
        let among = |names: &'static [&'static str]| {
            let user = root.clone();
            Account::by_name(move |name| names.contains(&name).then(|| User { name: name.to_owned(), ..user.clone() }))
        };
        let refused = among(&["nobody", "daemon"]).expect_err("neither is an account of its own").to_string();
        assert!(refused.contains("useradd --system") && refused.contains("DATABASE_URL"), "{refused}");
        let chosen = |names| among(names).expect("an account").name;
        assert_eq!(chosen(&["nobody", "postgres", "eventlease"]), "postgres");
        assert_eq!(chosen(&["nobody", "eventlease"]), "eventlease");
    }
}
