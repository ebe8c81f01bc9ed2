//! What the configuration means for each part: for the use-cases and dispatch, for access, for requests.

use std::time::Duration;

use crate::broker::{Coalescing, Settings, Size};
use crate::config::{self, ServeConfig};
use crate::dispatch;
use crate::domain::lane::SuspectIsolation;
use crate::http::{AccessSettings, InstallationSettings, Limits};
use crate::store::leases::LeaseDefaults;

/// Who may call, and how that is found out.
pub fn access(config: &ServeConfig) -> AccessSettings {
    let access = &config.access;
    AccessSettings {
        is_auth_required: config.is_auth_required(),
        are_metrics_open: access.open_metrics,
        are_docs_open: access.open_docs,
        trusted_proxies: access.trusted_proxies(),
        forwarded_header: access.forwarded_header,
        max_failed_attempts_per_minute: access.max_failed_attempts,
        allowed_hosts: access.allowed_hosts(),
    }
}

/// What the use-cases need.
pub fn of_broker(config: &ServeConfig) -> Settings {
    Settings {
        dispatch: dispatch::Settings {
            lease_defaults: LeaseDefaults {
                visibility_timeout_seconds: config.leases.visibility_timeout_seconds,
                max_lease_seconds: config.leases.max_lease_seconds,
            },
            default_limit: config.leases.default_limit,
            max_rows: config.batches.max_batch_rows,
            recheck: Duration::from_millis(config.tasks.recheck_interval_ms),
            max_polls_of_engine: config.connections.max_parked_polls_of_engine,
            max_waiting: config.connections.max_parked_requests,
            call_timeout: Duration::from_secs(call_timeout_seconds(config)),
        },
        grace_seconds: config.leases.heartbeat_timeout_seconds,
        suspect_isolation: match config.leases.suspect_isolation {
            config::SuspectIsolation::FirstLoss => SuspectIsolation::FirstLoss,
            config::SuspectIsolation::SecondLoss => SuspectIsolation::SecondLoss,
            config::SuspectIsolation::Never => SuspectIsolation::Never,
        },
        retention_days: config.tasks.retention_days,
        audit_retention_days: config.tasks.audit_retention_days,
        history_hours: config.tasks.history_hours,
        issues_engine_tokens: config.is_auth_required(),
        max_dynamic_state_bytes: config.limits.max_detail_bytes,
        max_payload_bytes: config.limits.max_payload_bytes,
        max_json_depth: config.limits.max_json_depth,
        coalescing: Coalescing {
            max_rows: config.batches.max_batch_rows,
            max_waiting: Size { rows: config.batches.max_waiting_rows, bytes: config.batches.max_waiting_bytes },
        },
        max_queues: config.limits.max_queues,
        max_new_queues_per_hour: config.limits.max_new_queues_per_hour,
        max_new_engines_per_hour: config.limits.max_new_engines_per_hour,
        max_event_types: config.limits.max_event_types,
    }
}

/// So that what is carried out for several is given up first, which tells each of them.
const CALL_MARGIN: Duration = Duration::from_secs(5);

/// What a use-case may take of the database's time: a connection, and two statements that are just not given up.
const fn call_timeout_seconds(config: &ServeConfig) -> u64 {
    config.database.acquire_timeout_seconds + 2 * config.database.statement_timeout_seconds
}

/// What people are told of the installation.
pub fn installation(config: &ServeConfig) -> InstallationSettings {
    InstallationSettings {
        is_dashboard_served: config.dashboard.is_on(),
        name: config.dashboard.installation_name().map(str::to_owned),
        retention_days: config.tasks.retention_days,
        audit_retention_days: config.tasks.audit_retention_days,
        history_hours: config.tasks.history_hours,
    }
}

/// What requests and replies may take.
pub fn limits(config: &ServeConfig) -> Limits {
    Limits {
        max_body_bytes: config.limits.max_body_bytes,
        max_payload_bytes: config.limits.max_payload_bytes,
        max_detail_bytes: config.limits.max_detail_bytes,
        max_json_depth: config.limits.max_json_depth,
        max_bodies_bytes: config.connections.max_bodies_bytes,
        max_replies_bytes: config.connections.max_replies_bytes,
        body_timeout: Duration::from_secs(config.connections.body_timeout_seconds),
        call_timeout: CALL_MARGIN + Duration::from_secs(call_timeout_seconds(config)),
        default_visibility_timeout_seconds: config.leases.visibility_timeout_seconds,
        default_max_lease_seconds: config.leases.max_lease_seconds,
        default_lease_limit: config.leases.default_limit,
        heartbeat_timeout_seconds: config.leases.heartbeat_timeout_seconds,
        are_lease_tokens_optional: config.are_lease_tokens_optional(),
    }
}
