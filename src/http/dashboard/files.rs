//! The dashboard's files as they are served: under an address that has a hash of all of them, so that a browser never mixes
//! those of two versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Bytes;
use flate2::Compression;
use sha2::{Digest, Sha256};

use super::listing::PAGE;
use crate::http::compressed::gzip;

/// Of the hash, in hexadecimal digits.
const HASH_CHARS: usize = 16;

/// A file, ready to be sent either way.
#[derive(PartialEq, Eq, Debug)]
pub struct File {
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// As it is.
    pub bytes: Bytes,
    /// Compressed once, for all who ask: all of them are texts.
    pub gzip: Bytes,
}

impl File {
    fn new(name: &str, bytes: Bytes) -> Self {
        let gzip = gzip(&bytes, Compression::default()).into();
        Self { content_type: content_type(name), bytes, gzip }
    }
}

/// All files of one version.
#[derive(Debug)]
pub struct Files {
    hash: String,
    page: Option<File>,
    by_name: BTreeMap<String, File>,
}

impl Files {
    /// Takes the files, the page among them.
    pub fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut by_name: BTreeMap<String, Bytes> = files.into_iter().collect();
        let hash = hash(&by_name);
        let page = by_name.remove(PAGE).map(|page| complete(&page, &hash));
        let by_name = by_name.into_iter().map(|(name, bytes)| (name.clone(), File::new(&name, bytes))).collect();
        Self { hash, page: page.map(|page| File::new(PAGE, page)), by_name }
    }

    /// The page, which names the files.
    pub fn page(&self) -> Option<&File> {
        self.page.as_ref()
    }

    /// The file of an address like `a/0123456789abcdef/main.js`; none of another version.
    pub fn file(&self, address: &str) -> Option<&File> {
        let name = address.strip_prefix("a/")?.strip_prefix(&self.hash)?.strip_prefix('/')?;
        self.by_name.get(name)
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

/// In the repository the page names the files beside it. Here they are below the hash.
fn complete(page: &[u8], hash: &str) -> Bytes {
    let mut page = String::from_utf8_lossy(page).into_owned();
    for attribute in ["href", "src"] {
        page = page.replace(&format!(" {attribute}=\""), &format!(" {attribute}=\"./a/{hash}/"));
    }
    page.into()
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

fn content_type(name: &str) -> &'static str {
    match ending(name) {
        Some("html") => "text/html; charset=utf-8",
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
        let page = "  <head>\n    <link rel=\"icon\" href=\"icon.svg\" />\n    <link rel=\"modulepreload\" href=\"parts/a.js\" />\n  </head>\n  \
             <script src=\"main.js\"></script>";
        let files = files(&[(PAGE, page), ("main.js", "1"), ("parts/a.js", "2"), ("style.css", "3")]);
        let hash = files.hash.clone();
        let told = format!(
            "  <head>\n    <link rel=\"icon\" href=\"./a/{hash}/icon.svg\" />\n    \
             <link rel=\"modulepreload\" href=\"./a/{hash}/parts/a.js\" />\n  </head>\n  \
             <script src=\"./a/{hash}/main.js\"></script>"
        );
        assert_eq!(files.page(), Some(&File::new(PAGE, told.into())));
        assert_eq!(hash.len(), HASH_CHARS);
        let file = files.file(&format!("a/{hash}/parts/a.js")).expect("the file");
        assert_eq!((file.content_type, &file.bytes), ("text/javascript; charset=utf-8", &Bytes::from("2")));
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
