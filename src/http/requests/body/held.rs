//! The bytes of bodies that are held in memory, counted together.

use axum::body::Bytes;
use prometheus::IntGauge;

use crate::domain::numbers::to_i64;
use crate::http::api::Api;
use crate::http::errors::{Code, Limit, Problem};

/// The bytes of a body, with their share of all bytes held.
pub struct Counted {
    /// The body.
    pub bytes: Bytes,
    /// Its bytes count until this is dropped.
    pub _held: Held,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A part of the bytes of all bodies that are held.
#[derive(Debug)]
pub struct Held {
    of_all: IntGauge,
    size: usize,
}

impl Held {
    /// Holds no byte yet.
    pub fn nothing(api: &Api) -> Self {
        Self { of_all: api.metrics.body_bytes.clone(), size: 0 }
    }

    /// Counts more bytes, and refuses them where all bodies together become too large.
    pub fn grow(&mut self, bytes: usize, api: &Api) -> Result<(), Problem> {
        self.of_all.add(to_i64(bytes));
        self.size += bytes;
        // A body that is alone here is never one too many.
        let of_all = self.of_all.get();
        if of_all > to_i64(api.limits.max_bodies_bytes) && of_all > to_i64(self.size) {
            return Err(Problem::overloaded("the bodies of requests fill the memory there is for them")
                .of_limit(Limit::BodiesBytes));
        }
        Ok(())
    }

    /// Stops counting bytes that were dropped.
    pub fn shrink(&mut self, bytes: usize) {
        self.of_all.sub(to_i64(bytes));
        self.size -= bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(self.size);
    }
}

/// Refuses a body of that many bytes where it is too large. `state` is what it is when it has them.
pub fn check_size(bytes: usize, state: &str, api: &Api) -> Result<(), Problem> {
    let limit = api.limits.max_body_bytes;
    if bytes <= limit {
        return Ok(());
    }
    let detail = format!("a body may have {limit} bytes{state}");
    Err(Problem::new(Code::PayloadTooLarge, detail).of_limit(Limit::BodyBytes))
}

/// A buffer that grew as it was filled may be twice as large as what it holds, and only that is counted.
pub fn fitted(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}
