//! Leasing for a caller that may lose its token or its place meanwhile.

use std::sync::Arc;

use crate::broker::lease::{Poll, Polled};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::replies;
use crate::http::requests::Caller;
use crate::supervisor::Work;

/// A poll may be parked for longer than its token is good, and its reply may be one too many: then what it got goes back.
pub async fn lease_while_good(api: &Api, caller: &Caller, poll: Poll) -> Result<Polled, Problem> {
    let polled = api.broker.lease(poll).await?;
    if let Err(problem) = caller.check_still_good(api).and_then(|()| replies::have_room_for(&polled.events, api)) {
        let broker = Arc::clone(&api.broker);
        // Also when the caller hangs up meanwhile. That the work panicked changes nothing for it.
        api.supervisor.finish(Work::HandBack, async move { broker.hand_back(&polled.events).await }).await.ok();
        return Err(problem);
    }
    Ok(polled)
}
