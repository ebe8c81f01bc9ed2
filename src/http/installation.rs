//! What people are told of the installation that they look at.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::limits::MAX_PAGE;

/// What an operator decided of it.
#[derive(Clone, Debug)]
pub struct InstallationSettings {
    /// `/dashboard/` is there.
    pub is_dashboard_served: bool,
    /// What people call it.
    pub name: Option<String>,
    /// Days for which ended events are kept.
    pub retention_days: i32,
    /// Days for which the audit trail is kept.
    pub audit_retention_days: i32,
    /// Hours for which the history of queues is kept.
    pub history_hours: i32,
}

/// The installation as people see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Installation, example = json!({
    "name": "Games, production", "retention_days": 30, "audit_retention_days": 365, "history_hours": 48, "max_page_items": 200
}))]
pub struct InstallationReply {
    /// What people call it, to tell it from others. Null: nobody has named it.
    name: Option<String>,
    /// Days for which ended events are kept.
    retention_days: i32,
    /// Days for which the audit trail is kept.
    audit_retention_days: i32,
    /// Hours for which the history of queues is kept; 0: none is.
    history_hours: i32,
    /// Items on one page of a list, at most.
    max_page_items: u32,
}

impl From<&InstallationSettings> for InstallationReply {
    fn from(settings: &InstallationSettings) -> Self {
        Self {
            name: settings.name.clone(),
            retention_days: settings.retention_days,
            audit_retention_days: settings.audit_retention_days,
            history_hours: settings.history_hours,
            max_page_items: MAX_PAGE,
        }
    }
}
