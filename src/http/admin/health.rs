//! `/health/database`: how it stands, and what is to be done about it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::database_health::warnings::Warning;
use crate::domain::database_health::{DatabaseHealth, ReplicaHealth};
use crate::http::api::Api;
use crate::http::errors::Problem;
use crate::http::requests::Input;

/// Tells how the database stands, as far as the queue depends on it, and warns of what slows the queue down or
/// endangers it. Answers within seconds, also where all connections are in use.
#[utoipa::path(
    get, path = "/health/database", operation_id = "read_database_health", tag = "operations",
    responses(
        (status = 200, description = "How it stands", body = HealthReply, example = json!(example())),
        (status = 422, description = "It takes no parameters"),
    )
)]
pub async fn database(State(api): State<Api>, input: Input) -> Result<Json<HealthReply>, Problem> {
    {
        let reader = input.reader();
        reader.caller();
        reader.finish(|| Some(()))?;
    }
    let (database, replica, warnings) = api.broker.examine_database().await?;
    Ok(Json(HealthReply { warnings, database, replica }))
}

/// How the database stands.
#[derive(Serialize, ToSchema)]
#[schema(as = DatabaseHealthReport)]
pub struct HealthReply {
    /// The worst first; none: nothing is known to be wrong.
    warnings: Vec<Warning>,
    database: DatabaseHealth,
    /// The replica that answers.
    replica: ReplicaHealth,
}

fn example() -> Value {
    let at = "2030-01-31T12:00:00Z";
    json!({
        "warnings": [{
            "code": "old_snapshot",
            "message": "\"nightly report\" (pid 4711, user analyst, idle in transaction) has held a snapshot for 12 min, so that dead rows of the queue are not cleared away, and it gets slower; end its transaction, or: select pg_terminate_backend(4711);"
        }],
        "database": {
            "server_version": "17.2", "user": "eventlease", "sees_other_users": true,
            "server_encoding": "UTF8", "is_standby": false, "is_read_only": false, "pending_migrations": 0, "is_autovacuum_on": true,
            "snapshots": [{
                "held_by": "session", "name": null, "pid": 4711, "application_name": "nightly report",
                "user": "analyst", "state": "idle in transaction", "since": "2030-01-31T11:48:00Z",
                "age_seconds": 720.0, "transactions_behind": 51200
            }],
            "tables": [{
                "table": "event_queue", "live_rows": 1200, "dead_rows": 340, "last_vacuum_at": null,
                "last_autovacuum_at": at, "last_analyze_at": at, "vacuum_age_seconds": 31.5
            }],
            "partitions": [
                {"table": "events", "has_today": true, "days_ahead": 7},
                {"table": "event_attempts", "has_today": true, "days_ahead": 7}
            ],
            "durability": {
                "synchronous_commit": "on", "fsync": true, "full_page_writes": true,
                "synchronous_standby_names": "standby_1",
                "standbys": [{
                    "application_name": "standby_1", "state": "streaming", "sync_state": "sync",
                    "replay_lag_seconds": 0.002
                }]
            }
        },
        "replica": {
            "version": "0.1.0",
            "pool": {"size": 10, "idle": 8, "max": 10},
            "reading_pool": {"size": 1, "idle": 1, "max": 3},
            "listener": {"is_connected": true, "pid": 4690, "since": "2030-01-31T09:00:00Z", "interruptions": 0},
            "clock": {"database_time": at, "replica_time": at, "difference_ms": 0, "round_trip_ms": 0.4},
            "seconds_since_start": 86400.5,
            "seconds_since_write": 0.3
        }
    })
}
