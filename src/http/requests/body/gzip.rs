//! Decompresses a body, step by step, and no further than its limits allow.

use std::io::{ErrorKind, Read};

use axum::body::Bytes;
use flate2::bufread::GzDecoder;
use tokio::task::yield_now;

use super::held::{Held, check_size, fitted};
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};

/// How much is decompressed before other tasks may run.
const STEP_BYTES: usize = 64 << 10;
/// The most members that one body may have. Members without content would take time without ever reaching a limit on bytes.
const MAX_MEMBERS: usize = 1000;

/// Decompresses all members of a gzip body. `held` counts what comes of it as well.
pub async fn expand(compressed: &[u8], held: &mut Held, api: &Api) -> Result<Bytes, Problem> {
    let (mut rest, mut whole, mut members) = (compressed, Vec::new(), 0);
    while !rest.is_empty() {
        members += 1;
        if members > MAX_MEMBERS {
            return Err(malformed(format!("the gzip body has more than {MAX_MEMBERS} members")));
        }
        let mut member = GzDecoder::new(rest);
        loop {
            let start = whole.len();
            whole.resize(start + STEP_BYTES, 0);
            let read = member.read(&mut whole[start..]).map_err(|error| {
                let is_behind_the_end = members > 1 && member.header().is_none();
                malformed(match error.kind() {
                    _ if is_behind_the_end => "more follows the end of the gzip body".to_owned(),
                    ErrorKind::UnexpectedEof => "the gzip body ended before it was complete".to_owned(),
                    _ => format!("the body cannot be read as gzip: {error}"),
                })
            })?;
            whole.truncate(start + read);
            if read == 0 {
                break;
            }
            check_size(whole.len(), " when it is decompressed", api)?;
            held.grow(read, api)?;
            yield_now().await;
        }
        rest = member.into_inner();
        yield_now().await;
    }
    Ok(fitted(whole))
}

fn malformed(detail: String) -> Problem {
    Problem::new(Code::MalformedJson, detail)
}
