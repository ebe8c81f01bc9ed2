//! Which router answers: the one for the start until the service is ready, on connections that are open already too.

use std::sync::{Arc, OnceLock};

use axum::Router;

/// The router for the start, and the one that replaces it.
#[derive(Debug)]
pub struct Routes {
    first: Router,
    ready: OnceLock<Router>,
}

impl Routes {
    /// Answers with `first` until [`switch_to`](Self::switch_to) is called.
    pub fn new(first: Router) -> Arc<Self> {
        Arc::new(Self { first, ready: OnceLock::new() })
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
