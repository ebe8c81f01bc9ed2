//! The rules in `pg_hba.conf` by which a program could connect by network. Ours listens on no network, but a cluster that
//! an earlier version made lets every local user in as superuser once somebody starts it by hand.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use nix::libc::O_NOFOLLOW;

const KINDS: [&str; 5] = ["host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"];
/// Of a file that somebody has written rules into, too.
const MAX_BYTES: u64 = 1 << 20;

/// Has the rules reject what they let in without a password. A new file takes the place of the old one: root must not
/// write by way of a link that somebody else has put there.
pub(super) fn refuse_trusted_hosts(cluster: &Path) -> io::Result<()> {
    let path = cluster.join("pg_hba.conf");
    let mut file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(&path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    (&mut file).take(MAX_BYTES).read_to_string(&mut text)?;
    let corrected = rejecting(&text);
    if corrected == text {
        return Ok(());
    }
    let unfinished = cluster.join("pg_hba.conf.unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    fchown(&new, Some(metadata.uid()), Some(metadata.gid()))?;
    new.write_all(corrected.as_bytes())?;
    new.sync_all()?;
    fs::rename(&unfinished, &path)?;
    File::open(cluster)?.sync_all()
}

fn rejecting(text: &str) -> String {
    text.split_inclusive('\n').map(corrected).collect()
}

/// A rule is a kind, databases, users, an address, perhaps with a mask of its own, and a method, perhaps with options.
fn corrected(line: &str) -> String {
    const METHOD: &str = "trust";
    let is_of_hosts = line.split_whitespace().next().is_some_and(|kind| KINDS.contains(&kind));
    let is_method = |start: usize| {
        let (before, after) = (&line[..start], &line[start + METHOD.len()..]);
        matches!(before.split_whitespace().count(), 4 | 5)
            && before.ends_with(char::is_whitespace)
            && (after.is_empty() || after.starts_with(char::is_whitespace))
    };
    match line.match_indices(METHOD).map(|(start, _)| start).find(|start| is_method(*start)) {
        Some(start) if is_of_hosts => format!("{}reject{}", &line[..start], &line[start + METHOD.len()..]),
        Some(_) | None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::rejecting;

    #[test]
    fn only_hosts_that_are_trusted_are_rejected() {
        let text = "# host trust\nlocal   all             all                                     trust\n\
            host    all             all             127.0.0.1/32            trust\n\
            host    replication     all             ::1/128                 trust # as we trust them\n\
            host    all             all             127.0.0.1  255.255.255.255  trust\n\
            host    trust           trust           10.0.0.0/8              scram-sha-256\n";
        let expected = "# host trust\nlocal   all             all                                     trust\n\
            host    all             all             127.0.0.1/32            reject\n\
            host    replication     all             ::1/128                 reject # as we trust them\n\
            host    all             all             127.0.0.1  255.255.255.255  reject\n\
            host    trust           trust           10.0.0.0/8              scram-sha-256\n";
        assert_eq!(rejecting(text), expected);
        assert_eq!(rejecting(expected), expected);
    }
}
