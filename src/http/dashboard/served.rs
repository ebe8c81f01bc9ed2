//! Where the dashboard's files come from: out of the program, or out of the repository while the program is a debug build.

#[cfg(dashboard_from_disk)]
use std::{fs, path::Path};

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use parking_lot::RwLock;

use super::files::Files;
#[cfg(dashboard_from_disk)]
use super::listing;

/// What the page that was opened last names: its files stay the same while it is loaded, although somebody writes them.
static FILES: LazyLock<RwLock<Arc<Files>>> = LazyLock::new(|| RwLock::new(Arc::new(read())));

/// The files for a page that is opened now.
pub fn newest() -> Arc<Files> {
    if cfg!(dashboard_from_disk) {
        *FILES.write() = Arc::new(read());
    }
    current()
}

/// The files of the page that was opened last.
pub fn current() -> Arc<Files> {
    FILES.read().clone()
}

#[cfg(not(dashboard_from_disk))]
fn read() -> Files {
    const EMBEDDED: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
    Files::new(EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes))))
}

#[cfg(dashboard_from_disk)]
fn read() -> Files {
    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/dashboard");
    Files::new(listing::names(Path::new(FOLDER)).unwrap_or_default().into_iter().filter_map(|name| {
        let bytes = fs::read(Path::new(FOLDER).join(&name)).ok()?;
        Some((name, Bytes::from(bytes)))
    }))
}
