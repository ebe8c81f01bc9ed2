//! `/audit`: what operators and admins changed.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use crate::domain::access::{Operation, Role};
use crate::domain::audit::{Entry, Filter};
use crate::domain::json::RawJson;
use crate::domain::limits::{MAX_SUBJECT_CHARS, MAX_TOKEN_NAME_CHARS};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::pages::{self, Page, PageParameters};
use crate::http::requests::Input;
use crate::http::requests::texts::{parse_uuid, text_up_to, time};
use crate::http::shown::shown;

/// Lists what was changed, the newest first: by whom, when, what, and from where.
#[utoipa::path(
    get, path = "/audit", operation_id = "list_audit", tag = "audit",
    params(
        ("actor" = Option<String>, Query, description = "Only of that name: a token's, or anonymous, database, first start, after-restore"),
        ("action" = Option<Operation>, Query, description = "Only that operation, by its operationId"),
        ("subject" = Option<String>, Query, description = "Only what was done to that: the id or name of an event, engine, queue, event type, run or token"),
        ("recorded_after" = Option<DateTime<Utc>>, Query, description = "Only from then on"),
        ("recorded_before" = Option<DateTime<Utc>>, Query, description = "Only before then"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of the audit trail", body = Page<AuditEntryReply>),
    )
)]
pub async fn list(State(api): State<Api>, input: Input) -> Result<Json<Page<AuditEntryReply>>, Problem> {
    let reader = input.reader();
    reader.caller();
    let filter = Filter {
        actor: reader.query("actor", text_up_to(MAX_TOKEN_NAME_CHARS)),
        action: reader.query("action", |text| {
            Operation::parse(text).map(|operation| operation.id().to_owned()).ok_or("is no operationId of this service")
        }),
        subject: reader.query("subject", text_up_to(MAX_SUBJECT_CHARS)),
        recorded_after: reader.query("recorded_after", time),
        recorded_before: reader.query("recorded_before", time),
    };
    let limit = pages::limit(&reader);
    // Ids are in the order of time: place enough.
    let behind = reader.query("cursor", |text| parse_uuid(text).map_err(|_| pages::BAD_CURSOR));
    reader.finish(|| Some(()))?;
    let found = api.broker.list_audit(&filter, behind, limit).await?;
    Ok(Json(Page::of_read(found, |entry| entry.audit_id.to_string(), AuditEntryReply::of)))
}

/// What was changed, and to what: members by action.
#[derive(ToSchema)]
#[schema(as = AuditDetails, value_type = Object)]
#[expect(dead_code, reason = "describes the reply to OpenAPI")]
pub struct AuditDetailsBody(serde_json::Value);

shown! {
    /// A change.
    #[schema(as = AuditEntry)]
    pub struct AuditEntryReply of entry: Entry {
        audit_id: uuid::Uuid,
        recorded_at: DateTime<Utc>,
        /// The name of the token that was shown; `anonymous` where none had to be.
        actor: String,
        token_id: Option<uuid::Uuid>,
        #[schema(value_type = Option<Role>)]
        role: Option<String>,
        /// The address that it came from; null for what the server or somebody at the database did.
        address: Option<String>,
        /// The reply's X-Request-Id.
        request_id: Option<String>,
        /// `dashboard` for what the dashboard asked for, by the request's own word; null for all else.
        via: Option<String>,
        /// By its operationId.
        #[schema(value_type = Operation)]
        action: String,
        /// The id or name of what it was done to.
        subject: String,
        #[schema(value_type = AuditDetailsBody)]
        details: RawJson,
    }
}
