//! Which router answers: the one for the start until the service is ready, on connections that are open already too.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Request;

use crate::http;

/// The router for the start, and the one that replaces it.
#[derive(Debug)]
pub struct Routes {
    first: Router,
    ready: OnceLock<Router>,
    are_below_any_path: bool,
}

impl Routes {
    /// Answers with `first` until [`switch_to`](Self::switch_to) is called. `are_below_any_path`: whatever path a proxy put
    /// before them and left there.
    pub fn new(first: Router, are_below_any_path: bool) -> Arc<Self> {
        Arc::new(Self { first, ready: OnceLock::new(), are_below_any_path })
    }

    /// The router for a request, whose path is then one of its own.
    pub fn of<B>(&self, request: &mut Request<B>) -> Router {
        if self.are_below_any_path {
            http::take_prefix_away(request);
        }
        self.current()
    }

    /// The router for the next request.
    pub fn current(&self) -> Router {
        self.ready.get().unwrap_or(&self.first).clone()
    }

    /// From the next request on. Only the first call has an effect: a service is started once.
    pub fn switch_to(&self, router: Router) {
        self.ready.set(router).ok();
    }
}
