//! The characters of a body: UTF-8, without a byte order mark (RFC 8259, section 8.1).

use axum::body::Bytes;
use bytestring::ByteString;

use crate::http::errors::{Code, Problem};

/// The text of a body. Other encodings of Unicode are recognized by their marks, and by where the first character, which
/// is ASCII in JSON, has its zeros.
pub fn decode(bytes: Bytes) -> Result<ByteString, Problem> {
    let zeros = [0, 1, 2, 3].map(|place| bytes.get(place).map(|byte| *byte == 0));
    let other = match (&*bytes, zeros) {
        ([0xef, 0xbb, 0xbf, ..], _) => "the body begins with a byte order mark; JSON is sent in UTF-8 without one",
        ([0, 0, 0xfe, 0xff, ..] | [0xff, 0xfe, 0, 0, ..], _)
        | (_, [Some(true), Some(true), Some(true), Some(false)] | [Some(false), Some(true), Some(true), Some(true)]) => {
            "the body is in UTF-32; JSON must be sent in UTF-8"
        }
        ([0xfe, 0xff, ..] | [0xff, 0xfe, ..], _)
        | (_, [Some(true), Some(false), ..] | [Some(false), Some(true), ..]) => {
            "the body is in UTF-16; JSON must be sent in UTF-8"
        }
        _ => {
            return ByteString::try_from(bytes).map_err(|error| {
                let place = error.valid_up_to() + 1;
                Problem::new(
                    Code::MalformedJson,
                    format!("the body is not UTF-8: its byte {place} begins no character"),
                )
            });
        }
    };
    Err(Problem::new(Code::UnsupportedMediaType, other))
}
