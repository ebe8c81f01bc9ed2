//! Where the dashboard's files come from: out of the program, or out of the repository while the program is a debug build.

use std::sync::Arc;

use super::files::Files;

#[cfg(not(dashboard_from_disk))]
mod source {
    use std::sync::{Arc, LazyLock};

    use axum::body::Bytes;

    use super::Files;

    const EMBEDDED: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

    static FILES: LazyLock<Arc<Files>> = LazyLock::new(|| {
        Arc::new(Files::new(EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes)))))
    });

    /// As the module above says.
    pub fn newest() -> Arc<Files> {
        Arc::clone(&FILES)
    }

    /// As the module above says.
    pub fn current() -> Arc<Files> {
        newest()
    }
}

#[cfg(dashboard_from_disk)]
mod source {
    use std::path::Path;
    use std::sync::{Arc, LazyLock};
    use std::{fs, io};

    use axum::body::Bytes;
    use parking_lot::RwLock;

    use super::super::listing;
    use super::Files;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/dashboard");

    /// What the page that was opened last names: its files stay the same while it is loaded, although somebody writes them.
    static FILES: LazyLock<RwLock<Arc<Files>>> = LazyLock::new(|| RwLock::new(Arc::new(read())));

    fn read() -> Files {
        Files::new(listing::names(Path::new(FOLDER)).unwrap_or_default().into_iter().filter_map(|name| {
            let bytes: io::Result<Vec<u8>> = fs::read(Path::new(FOLDER).join(&name));
            Some((name, Bytes::from(bytes.ok()?)))
        }))
    }

    /// As the module above says.
    pub fn newest() -> Arc<Files> {
        let files = Arc::new(read());
        *FILES.write() = Arc::clone(&files);
        files
    }

    /// As the module above says.
    pub fn current() -> Arc<Files> {
        FILES.read().clone()
    }
}

/// The files for a page that is opened now.
pub fn newest() -> Arc<Files> {
    source::newest()
}

/// The files of the page that was opened last.
pub fn current() -> Arc<Files> {
    source::current()
}
