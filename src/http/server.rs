//! `GET /server`: what a client has to know of the server before it sends anything large.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::limits::{MAX_BATCH_EVENTS, MAX_PAGE};
use crate::http::api::{Api, ApiParts};
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Its route.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(read))
}

/// Returns the server's version, its limits on requests, and what it asks callers to show.
#[utoipa::path(
    get, path = "/server", operation_id = "read_server", tag = "operations",
    responses((status = 200, description = "What the server is", body = ServerReply))
)]
pub async fn read(State(api): State<Api>, input: Input) -> Result<Json<ServerReply>, Problem> {
    input.read_nothing()?;
    Ok(Json(ServerReply::of(&api)))
}

/// Whether a settlement must carry the token of its lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaseTokens {
    /// The holder of a lease may settle it without its token.
    Optional,
    /// Without a lease token nothing is settled.
    Required,
}

/// What the server says of itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Server, example = json!({
    "version": "0.1.0", "lease_tokens": "required", "auth": true,
    "limits": {
        "max_payload_bytes": 1_048_576, "max_detail_bytes": 262_144, "max_body_bytes": 16_777_216, "max_json_depth": 64,
        "max_batch_events": 1000, "max_page_items": 200
    },
    "installation_name": "Games, production", "retention_days": 7, "audit_retention_days": 90, "history_hours": 48
}))]
pub struct ServerReply {
    /// The version of the program. Replicas may have different ones while a new version is rolled out.
    version: &'static str,
    limits: ServerLimitsReply,
    lease_tokens: LeaseTokens,
    /// True: every call must show a bearer token, apart from those that the document marks as open.
    auth: bool,
    /// What people call this installation, to tell it from others. Null: nobody has named it.
    installation_name: Option<String>,
    /// Days for which ended events are kept.
    retention_days: i32,
    /// Days for which the audit trail is kept.
    audit_retention_days: i32,
    /// Hours for which the history of queues is kept; 0: none is.
    history_hours: i32,
}

/// What the server says of itself beside limits and access.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// `/dashboard/` is there.
    pub is_dashboard_served: bool,
    /// What people call this installation.
    pub installation_name: Option<String>,
    /// Days for which ended events are kept.
    pub retention_days: i32,
    /// Days for which the audit trail is kept.
    pub audit_retention_days: i32,
    /// Hours for which the history of queues is kept.
    pub history_hours: i32,
}

/// The limits on requests that a client can keep to before it sends anything.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerLimits)]
#[expect(clippy::struct_field_names, reason = "as the flags that set them")]
pub struct ServerLimitsReply {
    /// Bytes of one event's payload.
    max_payload_bytes: usize,
    /// Bytes of a result, of an error's details, of progress and of an engine's metadata, each.
    max_detail_bytes: usize,
    /// Bytes of a request's body, decompressed.
    max_body_bytes: usize,
    /// How deep arrays and objects may be nested.
    max_json_depth: usize,
    /// Events or settlements in one request.
    max_batch_events: usize,
    /// Items on one page of a list.
    max_page_items: u32,
}

impl ServerReply {
    /// As this server is configured.
    pub fn of(api: &ApiParts) -> Self {
        let limits = &api.limits;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            limits: ServerLimitsReply {
                max_payload_bytes: limits.max_payload_bytes,
                max_detail_bytes: limits.max_detail_bytes,
                max_body_bytes: limits.max_body_bytes,
                max_json_depth: limits.max_json_depth,
                max_batch_events: MAX_BATCH_EVENTS,
                max_page_items: MAX_PAGE,
            },
            lease_tokens: if limits.are_lease_tokens_optional { LeaseTokens::Optional } else { LeaseTokens::Required },
            auth: api.access.settings.is_auth_required,
            installation_name: api.server.installation_name.clone(),
            retention_days: api.server.retention_days,
            audit_retention_days: api.server.audit_retention_days,
            history_hours: api.server.history_hours,
        }
    }
}
