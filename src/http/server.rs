//! `GET /server`: what a client has to know of the server before it sends anything large.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::limits::MAX_BATCH_EVENTS;
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
        "max_batch_events": 1000
    }
}))]
pub struct ServerReply {
    /// The version of the program. Replicas may have different ones while a new version is rolled out.
    version: &'static str,
    limits: ServerLimitsReply,
    lease_tokens: LeaseTokens,
    /// True: every call must show a bearer token, apart from those that the document marks as open.
    auth: bool,
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
            },
            lease_tokens: if limits.are_lease_tokens_optional { LeaseTokens::Optional } else { LeaseTokens::Required },
            auth: api.access.settings.is_auth_required,
        }
    }
}
