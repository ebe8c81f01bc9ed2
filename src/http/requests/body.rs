//! A request's body, read within its limits: its own size, its time, and the bytes of all bodies that are held here.

mod gzip;
mod format;
mod characters;
mod held;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, header};
use bytestring::ByteString;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::domain::counted::counted;
use crate::http::api::Api;
use crate::http::errors::{Code, Limit, Problem};
use format::Coding;
use held::{Counted, Held, check_size, fitted};

/// A whole body. It counts among those held until the last part of it is dropped, also where parts outlive the request.
#[derive(Debug, Default)]
pub struct HeldBody(ByteString);

impl HeldBody {
    /// What was sent, decoded.
    pub const fn text(&self) -> &ByteString {
        &self.0
    }

    /// Reads all of it. The headers are checked before anything is read, since hyper sends `100 Continue` with the first
    /// read: a client that waits for it gets the refusal instead. A body without a declared length may be empty, and
    /// needs no headers then: it is read first.
    pub async fn read(body: Body, headers: &HeaderMap, api: &Api) -> Result<Self, Problem> {
        let mut coding = format::declared(headers);
        let declared_bytes = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        // A chunked body may turn out to be empty, and then needs no headers; a client that waits for leave has something.
        let is_announced = declared_bytes > 0 || (headers.contains_key(header::EXPECT) && !body.is_end_stream());
        if is_announced {
            coding = Ok(coding?);
            check_size(declared_bytes, "", api)?;
        }
        let whole = async {
            let mut held = Held::nothing(api);
            let mut bytes = collect(body, &mut held, api).await?;
            if bytes.is_empty() {
                return Ok(Self::default());
            }
            if coding? == Coding::Gzip {
                let expanded = gzip::expand(&bytes, &mut held, api).await?;
                held.shrink(bytes.len());
                bytes = expanded;
            }
            let text = characters::decode(Bytes::from_owner(Counted { bytes, _held: held }))?;
            Ok(Self(text))
        };
        timeout(api.limits.body_timeout, whole).await.unwrap_or_else(|_| {
            let detail = format!("a body may take {} to come", counted(api.limits.body_timeout.as_secs(), "second"));
            Err(Problem::new(Code::RequestTimeout, detail).of_limit(Limit::BodyTime))
        })
    }
}

/// Reads what was sent. Memory is taken for what came, not for what a header promises.
async fn collect(mut body: Body, held: &mut Held, api: &Api) -> Result<Bytes, Problem> {
    let (mut first, mut whole) = (Bytes::new(), Vec::new());
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(Code::MalformedJson, "the body ended before it was complete"))?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        check_size(size, "", api)?;
        held.grow(data.len(), api)?;
        if first.is_empty() {
            // Most bodies come in one piece, which needs no copy.
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { fitted(whole) })
}
