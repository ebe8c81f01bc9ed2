//! A request's body, read within its limits: its own size, its time, and the bytes of all bodies that are held here.

use std::ops::Deref;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use prometheus::IntGauge;
use tokio::time::timeout;

use super::Api;
use super::limit::Limit;
use super::problem::{Code, Problem};

/// A whole body, which counts among those held until it is dropped.
#[derive(Debug)]
pub struct HeldBody {
    bytes: Bytes,
    _held: Held,
}

impl Deref for HeldBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HeldBody {
    pub fn none(api: &Api) -> Self {
        Self { bytes: Bytes::new(), _held: Held::nothing(api) }
    }

    /// Reads all of it.
    pub async fn read(body: Body, api: &Api) -> Result<Self, Problem> {
        timeout(api.limits.body_timeout, collect(body, api)).await.unwrap_or_else(|_| {
            let detail = format!("a body may take {} seconds to come", api.limits.body_timeout.as_secs());
            Err(Problem::new(Code::RequestTimeout, detail).of_limit(Limit::BodyTime))
        })
    }
}

/// A part of the bytes of all bodies that are held.
#[derive(Debug)]
struct Held {
    of_all: IntGauge,
    size: usize,
}

impl Held {
    fn nothing(api: &Api) -> Self {
        Self { of_all: api.metrics.body_bytes.clone(), size: 0 }
    }

    /// Counts so many bytes more. The memory of what has been told apart as too much is given back at once.
    fn grow(&mut self, bytes: usize, api: &Api) -> Result<(), Problem> {
        self.of_all.add(number(bytes));
        self.size += bytes;
        let limits = api.limits;
        if self.size > limits.max_body_bytes {
            let detail = format!("a body may have {} bytes", limits.max_body_bytes);
            return Err(Problem::new(Code::PayloadTooLarge, detail).of_limit(Limit::BodyBytes));
        }
        // A body that is alone here is never one too many.
        let of_all = self.of_all.get();
        if of_all > number(limits.max_bodies_bytes) && of_all > number(self.size) {
            return Err(Problem::overloaded("the bodies of requests fill the memory there is for them")
                .of_limit(Limit::BodiesBytes));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.size > 0 {
            self.of_all.sub(number(self.size));
        }
    }
}

fn number(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Memory is taken for what came, not for what a header promises.
async fn collect(mut body: Body, api: &Api) -> Result<HeldBody, Problem> {
    let mut held = Held::nothing(api);
    let (mut first, mut whole) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(Code::MalformedJson, "the body ended before it was complete"))?;
        let Ok(data) = frame.into_data() else { continue };
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
    let bytes = if whole.is_empty() { first } else { whole.into() };
    Ok(HeldBody { bytes, _held: held })
}
