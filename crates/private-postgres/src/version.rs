//! PostgreSQL versions, as `postgres --version` and the file `PG_VERSION` tell them.

use std::fmt;

/// A PostgreSQL version such as 17.2. A beta or release candidate counts as minor version 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Binaries of one major version cannot read the data of another.
    pub major: u32,
    /// Releases of one major version differ by fixes only.
    pub minor: u32,
}

impl Version {
    /// The oldest major version that the SQL of this project runs on.
    pub const OLDEST_MAJOR: u32 = 15;

    /// Reads the output of `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) fn from_output(output: &str) -> Option<Self> {
        let (_, version) = output.split_once("(PostgreSQL) ")?;
        let (major, rest) = split_number(version)?;
        let minor = rest.strip_prefix('.').and_then(split_number);
        Some(Self { major, minor: minor.map_or(0, |(minor, _)| minor) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

fn split_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn parsed(output: &str) -> Option<(u32, u32)> {
        Version::from_output(output).map(|version| (version.major, version.minor))
    }

    #[test]
    fn a_version_is_read_from_every_kind_of_build() {
        assert_eq!(parsed("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, 18)));
        assert_eq!(parsed("postgres (PostgreSQL) 17.2\n"), Some((17, 2)));
        assert_eq!(parsed("postgres (PostgreSQL) 18beta1\n"), Some((18, 0)));
        assert_eq!(parsed("postgres (PostgreSQL) 19devel"), Some((19, 0)));
        assert_eq!(parsed("postgres (PostgreSQL) 9.6.24"), Some((9, 6)));
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        assert_eq!(parsed(""), None);
        assert_eq!(parsed("postgres (EnterpriseDB) 15.1"), None);
        assert_eq!(parsed("postgres (PostgreSQL) next"), None);
    }

    #[test]
    fn newer_versions_compare_as_greater() {
        let newer = Version::from_output("(PostgreSQL) 17.10");
        assert!(newer > Version::from_output("(PostgreSQL) 17.9"));
        assert!(newer > Version::from_output("(PostgreSQL) 16.11"));
    }
}
