//! The dashboard's files as they are served: under an address that has a hash of all of them, so that a browser never mixes
//! those of two versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Bytes;
use sha2::{Digest, Sha256};

use super::listing::PAGE;

/// Of the hash, in hexadecimal digits.
const HASH_CHARS: usize = 16;

/// All files of one version.
#[derive(Debug)]
pub struct Files {
    hash: String,
    page: Option<Bytes>,
    by_name: BTreeMap<String, Bytes>,
}

impl Files {
    /// Takes the files, the page among them.
    pub fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut by_name: BTreeMap<String, Bytes> = files.into_iter().collect();
        let hash = hash(&by_name);
        let page = by_name.remove(PAGE).map(|page| complete(&page, &hash, by_name.keys()));
        Self { hash, page, by_name }
    }

    /// The page, which names the files.
    pub fn page(&self) -> Option<Bytes> {
        self.page.clone()
    }

    /// The file of an address like `a/0123456789abcdef/main.js`, with its type; none of another version.
    pub fn file(&self, address: &str) -> Option<(&'static str, Bytes)> {
        let name = address.strip_prefix("a/")?.strip_prefix(&self.hash)?.strip_prefix('/')?;
        Some((content_type(name), self.by_name.get(name)?.clone()))
    }
}

fn hash(files: &BTreeMap<String, Bytes>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in files {
        // With their lengths: else a byte could go from one to the next.
        hasher.update(name.len().to_be_bytes());
        hasher.update(name);
        hasher.update(bytes.len().to_be_bytes());
        hasher.update(bytes);
    }
    let digits = hasher.finalize().iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all");
        digits
    });
    digits[..HASH_CHARS].to_owned()
}

/// In the repository the page names the files beside it. Here they are below the hash; and each module has a link, so that a
/// browser asks for all of them at once and not level by level.
fn complete<'a>(page: &[u8], hash: &str, names: impl Iterator<Item = &'a String>) -> Bytes {
    let mut page = String::from_utf8_lossy(page).into_owned();
    for attribute in ["href", "src"] {
        page = page.replace(&format!(" {attribute}=\""), &format!(" {attribute}=\"./a/{hash}/"));
    }
    let mut links = String::new();
    for name in names.filter(|name| name.ends_with(".js")) {
        writeln!(links, r#"    <link rel="modulepreload" href="./a/{hash}/{name}" />"#).expect("a text takes all");
    }
    page.replace("  </head>", &format!("{links}  </head>")).into()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(given: &[(&str, &str)]) -> Files {
        Files::new(given.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from((*text).to_owned()))))
    }

    #[test]
    fn the_page_names_its_files_by_the_hash_of_all() {
        let page =
            "  <head>\n    <link rel=\"icon\" href=\"icon.svg\" />\n  </head>\n  <script src=\"main.js\"></script>";
        let files = files(&[(PAGE, page), ("main.js", "1"), ("parts/a.js", "2"), ("style.css", "3")]);
        let hash = files.hash.clone();
        let told = format!(
            "  <head>\n    <link rel=\"icon\" href=\"./a/{hash}/icon.svg\" />\n    \
             <link rel=\"modulepreload\" href=\"./a/{hash}/main.js\" />\n    \
             <link rel=\"modulepreload\" href=\"./a/{hash}/parts/a.js\" />\n  </head>\n  \
             <script src=\"./a/{hash}/main.js\"></script>"
        );
        assert_eq!(files.page().as_deref(), Some(told.as_bytes()));
        assert_eq!(hash.len(), HASH_CHARS);
        let file = files.file(&format!("a/{hash}/parts/a.js"));
        assert_eq!(file, Some(("text/javascript; charset=utf-8", Bytes::from("2"))));
        for other in [
            "a/0123456789abcdef/main.js",
            "main.js",
            "a/main.js",
            "",
            &format!("a/{hash}/"),
            &format!("a/{hash}main.js"),
        ] {
            assert_eq!(files.file(other), None, "{other}");
        }
        assert_eq!(files.file(&format!("a/{hash}/{PAGE}")), None);
    }

    #[test]
    fn any_change_of_any_file_changes_the_hash() {
        let of = |given: &[(&str, &str)]| files(given).hash;
        let hashes = [
            of(&[]),
            of(&[("a.js", "12"), ("b.js", "3")]),
            of(&[("a.js", "1"), ("b.js", "23")]),
            of(&[("a.js", "12"), ("c.js", "3")]),
            of(&[("a.js", "12"), ("b.js", "3"), ("c.js", "")]),
            of(&[("a.js", "12"), ("b.js", "3"), (PAGE, "")]),
            of(&[("a.js", "12"), ("b.js", "3"), (PAGE, " ")]),
        ];
        for (index, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..index].contains(hash), "{index}");
        }
    }
}
