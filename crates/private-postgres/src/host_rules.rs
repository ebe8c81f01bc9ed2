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
    // No text: a comment may be in any encoding.
    let mut rules = Vec::new();
    (&mut file).take(MAX_BYTES + 1).read_to_end(&mut rules)?;
    if rules.len() as u64 > MAX_BYTES {
        let problem = format!("it is longer than {} MiB, and stays as it is; shorten it", MAX_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    let corrected = rejecting(&rules);
    if corrected == rules {
        return Ok(());
    }
    let unfinished = cluster.join("pg_hba.conf.unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    fchown(&new, Some(metadata.uid()), Some(metadata.gid()))?;
    new.write_all(&corrected)?;
    new.sync_all()?;
    fs::rename(&unfinished, &path)?;
    File::open(cluster)?.sync_all()
}

fn rejecting(rules: &[u8]) -> Vec<u8> {
    rules.split_inclusive(|byte| *byte == b'\n').flat_map(corrected).collect()
}

/// A rule is a kind, databases, users, an address, perhaps with a mask of its own, and a method, perhaps with options.
fn corrected(line: &[u8]) -> Vec<u8> {
    const METHOD: &[u8] = b"trust";
    let is_of_hosts = words(line).next().is_some_and(|kind| KINDS.iter().any(|known| known.as_bytes() == kind));
    let is_method = |start: usize| {
        let (before, after) = (&line[..start], &line[start + METHOD.len()..]);
        matches!(words(before).count(), 4 | 5)
            && before.last().is_some_and(u8::is_ascii_whitespace)
            && after.first().is_none_or(u8::is_ascii_whitespace)
    };
    let starts = line.windows(METHOD.len()).enumerate().filter(|(_, found)| *found == METHOD).map(|(start, _)| start);
    match starts.into_iter().find(|start| is_method(*start)) {
        Some(start) if is_of_hosts => [&line[..start], b"reject", &line[start + METHOD.len()..]].concat(),
        Some(_) | None => line.to_vec(),
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use uuid::Uuid;

    use super::{MAX_BYTES, refuse_trusted_hosts, rejecting};

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
        assert_eq!(rejecting(text.as_bytes()), expected.as_bytes());
        assert_eq!(rejecting(expected.as_bytes()), expected.as_bytes());
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let rule = b"# f\xfcr uns\nhost all \xc3\xa0 ::1 ffff:: trust # \xe4\n";
        assert_eq!(rejecting(rule), b"# f\xfcr uns\nhost all \xc3\xa0 ::1 ffff:: reject # \xe4\n");
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_and_stays_as_it_is() {
        let folder = env::temp_dir().join(format!("eventlease-host-rules-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).expect("a folder");
        let path = folder.join("pg_hba.conf");
        let mut rules = b"host all all ::1/128 trust\n".to_vec();
        rules.resize(usize::try_from(MAX_BYTES).expect("it fits"), b'#');
        fs::write(&path, &rules).expect("written");
        refuse_trusted_hosts(&folder).expect("it is just short enough");
        assert_eq!(fs::read(&path).expect("read"), rejecting(&rules));

        rules.push(b'\n');
        fs::write(&path, &rules).expect("written");
        let error = refuse_trusted_hosts(&folder).expect_err("it is too long").to_string();
        assert!(error.contains("longer than 1 MiB"), "{error}");
        assert!(fs::read(&path).expect("read") == rules, "it was changed");
        fs::remove_dir_all(&folder).expect("it is there");
    }
}
