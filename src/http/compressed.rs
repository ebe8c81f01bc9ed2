//! Texts, smaller for the way.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The text in gzip: `Compression::fast` where it is sent a few times, `default` where it is sent ever again.
pub fn gzip(text: &[u8], effort: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), effort);
    let written = encoder.write_all(text).and_then(|()| encoder.finish());
    written.expect("memory takes all")
}
