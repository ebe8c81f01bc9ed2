//! Every metric: name, labels, meaning. Units stand in the names; a doc comment is a metric's help text as well.

use super::buckets;
use super::kinds::DatabaseGauge;
use super::labels::Label;
use prometheus::{HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

metrics! {
    /// Whether this server has written to the database within the last 5 seconds: 1 or 0. While it is 0, the gauges that every
    /// server reads from the database are missing.
    database_up: IntGauge = "eventlease_database_up", [];
    /// Events that an engine could lease now, counted up to 10000. Every server reads it: take `max by (engine_type)`.
    queue_due: DatabaseGauge = "eventlease_queue_due_events", [Label::QUEUE];
    /// Events queued for later, counted up to 10000. Every server reads it: take `max by (engine_type)`.
    queue_delayed: DatabaseGauge = "eventlease_queue_delayed_events", [Label::QUEUE];
    /// Events in engines' hands, counted up to 10000. Every server reads it: take `max by (engine_type)`.
    queue_in_flight: DatabaseGauge = "eventlease_queue_in_flight_events", [Label::QUEUE];
    /// Dead letters, counted up to 10000. Every server reads it: take `max by (engine_type)`.
    queue_dead_letters: DatabaseGauge = "eventlease_queue_dead_letters", [Label::QUEUE];
    /// How long the oldest due event has been due; 0 where none is due. Every server reads it: take `max by (engine_type)`.
    queue_oldest_due_age: DatabaseGauge = "eventlease_queue_oldest_due_age_seconds", [Label::QUEUE];
    /// Whether the queue is paused: 1 or 0. Every server reads it: take `max by (engine_type)`.
    queue_paused: DatabaseGauge = "eventlease_queue_paused", [Label::QUEUE];
    /// Queues that exist. Every server reads it: take max.
    queues: DatabaseGauge = "eventlease_queues", [];
    /// Event types that have a retry policy of their own. Every server reads it: take max.
    event_types: DatabaseGauge = "eventlease_event_types", [];
    /// Registered engines by status; active ones whose version is quarantined have the status `quarantined`, active ones that hold off have `holding_off`. Every server reads it: take `max by (engine_type, status)`.
    engines: DatabaseGauge = "eventlease_engines", [Label::QUEUE, Label::of_owner("status")];
    /// Engines that live, hold nothing and have not asked for work for a minute, though their queue has had due events for half
    /// a minute. Every server reads it: take `max by (engine_type)`.
    zombies: DatabaseGauge = "eventlease_engines_zombie", [Label::QUEUE];
    /// Connections of clients that are open.
    connections: IntGauge = "eventlease_client_connections", [];
    /// Connections of clients that this server ended or did not take, by the limit they met, or as malformed.
    connections_refused: IntCounterVec = "eventlease_client_connections_refused_total", [Label::of_owner("limit")];
    /// Requests and parts of batches refused, by the limit they met.
    limits_met: IntCounterVec = "eventlease_limit_refusals_total", [Label::of_owner("limit")];
    /// Bytes of the bodies of requests that are under way.
    body_bytes: IntGauge = "eventlease_request_body_bytes", [];
    /// Bytes of replies of 64 KiB and more that clients have not taken yet, to reading calls and to all others.
    reply_bytes: IntGaugeVec = "eventlease_reply_bytes", [Label::of_owner("kind")];
    /// Polls of this server that wait for an event.
    polls_parked: IntGauge = "eventlease_polls_parked", [];
    /// Heartbeats of this server that wait until there is something to tell their engines.
    heartbeats_parked: IntGauge = "eventlease_heartbeats_parked", [];
    /// Reads of this server that wait for the end of an event, or of all events of a scenario run.
    event_waits_parked: IntGauge = "eventlease_event_waits_parked", [];
    /// 1 while this server listens for events that come by SQL or through other servers; else 0, and the recheck finds them.
    listener_connected: IntGauge = "eventlease_listener_connected", [];
    /// Events taken in.
    events_enqueued: IntCounterVec = "eventlease_events_enqueued_total", [Label::QUEUE];
    /// Leases given to engines.
    leases_granted: IntCounterVec = "eventlease_leases_granted_total", [Label::QUEUE];
    /// Leases that ran out: in `eventlease_leases_lost_total`, those with the causes `expired` and `max_lease`.
    leases_expired: IntCounterVec = "eventlease_leases_expired_total", [Label::QUEUE];
    /// Leases that ended without a report and counted as a loss of their event, by cause, which is named as in `lease_ended_by`.
    /// Leases handed back by an engine that leaves in order are not among them.
    leases_lost: IntCounterVec = "eventlease_leases_lost_total", [Label::QUEUE, Label::LOSS];
    /// Settlements accepted, by outcome; renewals among them, but not those by heartbeats.
    settlements: IntCounterVec = "eventlease_settlements_total", [Label::QUEUE, Label::SETTLEMENT];
    /// Settlements refused, by problem code.
    settlements_refused: IntCounterVec = "eventlease_settlements_refused_total", [Label::of_owner("code")];
    /// Reports accepted after their lease had ended.
    settlements_late: IntCounterVec = "eventlease_settlements_late_total", [Label::QUEUE];
    /// Requests that shared a commit, by kind, for each batch.
    batch_requests: HistogramVec = "eventlease_batch_requests", [Label::of_owner("kind")], buckets::BATCH;
    /// Transactions of several requests that failed as a whole, so that each request was carried out in one of its own, by kind.
    batch_fallbacks: IntCounterVec = "eventlease_batch_fallbacks_total", [Label::of_owner("kind")];
    /// Requests answered 429, since too much was waiting already, by kind.
    requests_overloaded: IntCounterVec = "eventlease_requests_overloaded_total", [Label::of_owner("kind")];
    /// Settlements without a lease token.
    settlements_unfenced: IntCounter = "eventlease_settlements_unfenced_total", [];
    /// Events that became dead letters, by reason.
    events_dead_lettered: IntCounterVec = "eventlease_events_dead_lettered_total", [Label::QUEUE, Label::DEAD_LETTER_REASON];
    /// Events cancelled, by reason.
    events_cancelled: IntCounterVec = "eventlease_events_cancelled_total", [Label::QUEUE, Label::CANCEL_REASON];
    /// Dead letters put back into their queue.
    dead_letters_redriven: IntCounterVec = "eventlease_dead_letters_redriven_total", [Label::QUEUE];
    /// Dead letters discarded.
    dead_letters_discarded: IntCounter = "eventlease_dead_letters_discarded_total", [];
    /// Registrations of engines, new or restarted.
    registrations: IntCounterVec = "eventlease_engine_registrations_total", [Label::QUEUE, Label::REGISTRATION];
    /// Engines that fell silent for their heartbeat timeout.
    engines_marked_unresponsive: IntCounterVec = "eventlease_engines_marked_unresponsive_total", [Label::QUEUE];
    /// Time from a request to its reply; long polls wait in it.
    request_seconds: HistogramVec = "eventlease_http_request_duration_seconds", [Label::of_owner("method"), Label::of_owner("route"), Label::of_owner("status")], buckets::REQUEST;
    /// Time an event was due before an engine got it.
    wait_seconds: HistogramVec = "eventlease_event_wait_seconds", [Label::QUEUE], buckets::WAIT;
    /// Time from a lease to its settlement.
    attempt_seconds: HistogramVec = "eventlease_attempt_duration_seconds", [Label::QUEUE], buckets::ATTEMPT;
    /// Tokens that this server knows, including those that ended recently.
    tokens_known: IntGauge = "eventlease_tokens_known", [];
    /// Refreshes of the tokens that this server knows.
    token_readings: IntCounter = "eventlease_token_readings_total", [];
    /// Requests that failed authentication, by reason.
    authentication_failures: IntCounterVec = "eventlease_authentication_failures_total", [Label::of_owner("reason")];
    /// Requests that the caller's token does not allow, by its role.
    access_refusals: IntCounterVec = "eventlease_access_refusals_total", [Label::ROLE];
    /// Requests refused because a page of another site, or a browser that leases, may have sent them, by the problem's code.
    browser_refusals: IntCounterVec = "eventlease_browser_refusals_total", [Label::of_owner("code")];
    /// Runs of the background tasks, by outcome.
    task_runs: IntCounterVec = "eventlease_task_runs_total", [Label::of_owner("task"), Label::of_owner("outcome")];
    /// Panics, by the task, piece of work or request. A task starts again; at its fourth panic within a minute the server stops.
    task_panics: IntCounterVec = "eventlease_task_panics_total", [Label::of_owner("task")];
    /// Seconds ahead, in whole days, for which partitions exist; without one for its day, no event is taken in. Every server
    /// reads it: take min.
    partitions_ahead_seconds: DatabaseGauge = "eventlease_partitions_ahead_seconds", [];
    /// Age of the oldest snapshot that a session or prepared transaction holds in the database; missing where the service's role
    /// may not see those of other users. Every server reads it: take max.
    oldest_snapshot_age: DatabaseGauge = "eventlease_database_oldest_snapshot_age_seconds", [];
    /// Connections to the database that are open, by pool.
    pool_connections: IntGaugeVec = "eventlease_database_pool_connections", [Label::of_owner("pool")];
    /// Open connections to the database that no call uses, by pool.
    pool_idle_connections: IntGaugeVec = "eventlease_database_pool_idle_connections", [Label::of_owner("pool")];
    /// Connections to the database that a pool opens at most.
    pool_max_connections: IntGaugeVec = "eventlease_database_pool_max_connections", [Label::of_owner("pool")];
    /// Time that calls waited for a connection to the database, by pool.
    pool_wait_seconds: HistogramVec = "eventlease_database_pool_wait_seconds", [Label::of_owner("pool")], buckets::POOL_WAIT;
    /// The version of this server, as a label; always 1.
    build_info: IntGaugeVec = "eventlease_build_info", [Label::of_owner("version")];
}
