//! What a renewed lease is answered, whichever call renewed it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::settlement::Renewal;

/// A lease after its renewal; all members are left out where it was not renewed.
#[derive(Default, Serialize, ToSchema)]
pub struct RenewalReply {
    /// The renewed lease's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_in_seconds: Option<f64>,
    /// Somebody wants the event cancelled: stop working on it, and report as you see fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancel_requested: Option<bool>,
}

impl RenewalReply {
    /// How the lease stands after it was renewed.
    pub fn of(renewal: Renewal) -> Self {
        Self {
            expires_at: Some(renewal.expires_at),
            expires_in_seconds: Some(renewal.expires_in_seconds),
            cancel_requested: renewal.is_cancel_requested.then_some(true),
        }
    }
}
