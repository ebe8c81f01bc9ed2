//! Finds the programs `postgres` and `initdb`. Not every build has more, such as `pg_ctl` or `psql`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tracing::debug;

use super::account::Account;
use super::data_dir;
use super::error::Error;
use super::install_folders;
use super::version::Version;

/// What the programs may see of our environment. Variables such as `PGDATA` or `PGPORT` would change what they do.
const KEPT_VARIABLES: &[&str] = &["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"];

/// A folder with `postgres` and `initdb` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    version: Version,
}

impl Binaries {
    /// The binaries for the cluster in `data_dir`: those of its major version, or for a new one the newest. With
    /// `bin_dir` or `PG_BIN_DIR` given, these and no others.
    pub fn find(bin_dir: Option<&Path>, data_dir: &Path, account: Option<&Account>) -> Result<Self, Error> {
        let given = bin_dir
            .map(Path::to_owned)
            .or_else(|| env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from));
        let found = match given {
            Some(dir) => vec![Self::given(&dir, account)?],
            None => Self::search(account)?,
        };
        match data_dir::major_of_cluster(data_dir)? {
            Some(major) => choose_major(found, &major, data_dir),
            None => choose_newest(found),
        }
    }

    /// The version of both programs.
    pub fn version(&self) -> Version {
        self.version
    }

    fn postgres_path(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// The path of `initdb`.
    pub fn initdb_path(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// A command for `postgres`, run as the account if there is one.
    pub fn postgres(&self, account: Option<&Account>) -> Command {
        command(&self.postgres_path(), account)
    }

    /// A command for `initdb`, run as the account if there is one.
    pub fn initdb(&self, account: Option<&Account>) -> Command {
        command(&self.initdb_path(), account)
    }

    /// Whether the account can enter `dir`. Only trying tells: rights come from modes, lists and mount options alike.
    pub fn check_reach(&self, dir: &Path, account: Option<&Account>) -> Result<(), Error> {
        let Some(user) = account else { return Ok(()) };
        let entered = self.postgres(account).arg("--version").current_dir(dir).stdout(Stdio::null()).status();
        match entered {
            Ok(_) => Ok(()),
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(Error::OutOfReach { path: dir.to_owned(), user: user.name.clone() })
            }
            Err(source) => Err(Error::spawn(&self.postgres_path(), source)),
        }
    }

    fn given(dir: &Path, account: Option<&Account>) -> Result<Self, Error> {
        let unusable = |problem: String| Error::UnusableBinDir { path: dir.to_owned(), problem };
        let binaries = Self::probe(dir, account).map_err(|source| match account {
            Some(user) if source.kind() == io::ErrorKind::PermissionDenied => {
                Error::OutOfReach { path: dir.join("postgres"), user: user.name.clone() }
            }
            _ => unusable(source.to_string()),
        })?;
        if binaries.version.major < Version::OLDEST_MAJOR {
            return Err(unusable(format!(
                "it holds PostgreSQL {}, which is older than {}",
                binaries.version,
                Version::OLDEST_MAJOR
            )));
        }
        Ok(binaries)
    }

    /// All that can be found; an error only if the sole ones found are out of the account's reach.
    fn search(account: Option<&Account>) -> Result<Vec<Self>, Error> {
        let mut found = Vec::<Self>::new();
        let mut out_of_reach = None;
        for dir in install_folders::present() {
            match Self::probe(&dir, account) {
                Ok(binaries) if found.contains(&binaries) => {}
                Ok(binaries) => found.push(binaries),
                Err(error) => {
                    debug!(dir = %dir.display(), %error, "no usable postgres binaries here");
                    if error.kind() == io::ErrorKind::PermissionDenied {
                        out_of_reach = Some(dir.join("postgres"));
                    }
                }
            }
        }
        match (out_of_reach, account) {
            (Some(path), Some(user)) if found.is_empty() => Err(Error::OutOfReach { path, user: user.name.clone() }),
            _ => Ok(found),
        }
    }

    fn probe(dir: &Path, account: Option<&Account>) -> io::Result<Self> {
        // Links lead to the real folder, where each program finds its own files.
        let program = fs::canonicalize(dir.join("postgres"))
            .map_err(|error| io::Error::new(error.kind(), format!("it holds no `postgres` ({error})")))?;
        let dir = program.parent().unwrap_or(dir).to_owned();
        fs::metadata(dir.join("initdb"))
            .map_err(|error| io::Error::new(error.kind(), format!("it holds no `initdb` ({error})")))?;
        let output = command(&program, account).arg("--version").stdout(Stdio::piped()).output()?;
        let version = Version::from_output(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| io::Error::other("its `postgres` does not tell a version"))?;
        Ok(Self { dir, version })
    }
}

fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    for name in KEPT_VARIABLES {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    // The account may not be allowed where we are, and the programs look at where they are.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(account) = account {
        account.lower(&mut command);
    }
    command
}

fn choose_newest(found: Vec<Binaries>) -> Result<Binaries, Error> {
    let listed = list(&found);
    found
        .into_iter()
        .rev() // of equals, `max_by_key` takes the last: so the first found
        .filter(|binaries| binaries.version.major >= Version::OLDEST_MAJOR)
        .max_by_key(|binaries| binaries.version)
        .ok_or(Error::NoBinaries { found: if listed.is_empty() { listed } else { format!(", only {listed}") } })
}

fn choose_major(found: Vec<Binaries>, major: &str, data_dir: &Path) -> Result<Binaries, Error> {
    let listed = list(&found);
    found
        .into_iter()
        .filter(|binaries| binaries.version.major.to_string() == major)
        .max_by_key(|binaries| binaries.version)
        .ok_or_else(|| Error::WrongMajor {
            path: data_dir.to_owned(),
            major: major.to_owned(),
            found: if listed.is_empty() {
                "no PostgreSQL is installed".to_owned()
            } else {
                format!("there is only {listed}")
            },
        })
}

fn list(found: &[Binaries]) -> String {
    let each = found.iter().map(|binaries| format!("{} in {}", binaries.version, binaries.dir.display()));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(versions: &[(u32, u32)]) -> Vec<Binaries> {
        let binaries = |&(major, minor)| Binaries {
            dir: PathBuf::from(format!("/opt/pg-{major}.{minor}/bin")),
            version: Version { major, minor },
        };
        versions.iter().map(binaries).collect()
    }

    #[test]
    fn the_newest_version_is_chosen_for_a_new_cluster() {
        let chosen = choose_newest(some(&[(15, 18), (18, 1), (18, 0), (17, 9)])).unwrap();
        assert_eq!(chosen.version, Version { major: 18, minor: 1 });
    }

    #[test]
    fn an_old_version_is_refused_by_name() {
        let error = choose_newest(some(&[(14, 11)])).unwrap_err().to_string();
        assert!(error.contains("only 14.11 in /opt/pg-14.11/bin"), "{error}");
        let error = choose_newest(Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("no PostgreSQL 15 or newer found; install one:\n"), "{error}");
    }

    #[test]
    fn an_existing_cluster_keeps_its_major_version() {
        let path = Path::new("/data");
        let chosen = choose_major(some(&[(18, 1), (16, 3), (16, 4)]), "16", path).unwrap();
        assert_eq!(chosen.version, Version { major: 16, minor: 4 });
        let error = choose_major(some(&[(18, 1)]), "16", path).unwrap_err().to_string();
        assert!(error.contains("of PostgreSQL 16, but there is only 18.1 in"), "{error}");
    }

    #[test]
    fn a_given_folder_without_programs_is_refused() {
        let dir = env::temp_dir();
        let error = Binaries::find(Some(&dir), &dir.join("none"), None).unwrap_err();
        assert!(matches!(&error, Error::UnusableBinDir { path, .. } if *path == dir), "{error}");
    }
}
