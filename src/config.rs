//! Everything an operator can set: flag, variable, unit and default in one place.
//! `.env.example` lists the same in the same order.

mod client;
mod connections;
mod dashboard;
mod database;
mod direct_database;
mod database_url;
mod hidden_value;
mod hosts;
mod listen;
mod networks;
pub mod secret_file;

use std::path::PathBuf;

use clap::builder::{FalseyValueParser, RangedU64ValueParser};
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use crate::domain::limits;

pub use client::{ClientConfig, ServerUrl};
pub use connections::ConnectionConfig;
pub use dashboard::DashboardConfig;
pub use database::DatabaseConfig;
pub use database_url::DatabaseUrl;
pub use direct_database::DirectDatabase;
use hosts::host_name_if_any;
pub use listen::ListenAddress;
pub use networks::ForwardedHeader;
use networks::network_if_any;
pub use secret_file::SecretFileError;

/// What `serve` takes.
#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// The database it keeps everything in.
    #[command(flatten)]
    pub database: DatabaseConfig,

    /// Address or host name, and port, to listen on; port 0 picks a free one. With a host name, on all of its addresses.
    #[arg(long, env = "EVENTLEASE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: ListenAddress,

    /// After a first signal, seconds in which requests are answered as before while /readyz is red, so that load balancers
    /// send their requests elsewhere; then the server stops. 5 suits Kubernetes.
    #[arg(long, env = "EVENTLEASE_SHUTDOWN_DELAY_SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub shutdown_delay_seconds: u64,

    /// After that delay, seconds that requests and tasks have to finish; then they are cut off.
    #[arg(long, env = "EVENTLEASE_SHUTDOWN_TIMEOUT_SECONDS", default_value_t = 30)]
    pub shutdown_timeout_seconds: u64,

    /// Who may call it.
    #[command(flatten)]
    pub access: AccessConfig,

    /// The page for operators.
    #[command(flatten)]
    pub dashboard: DashboardConfig,

    /// Its clients' connections.
    #[command(flatten)]
    pub connections: ConnectionConfig,

    /// The sizes of what it takes in.
    #[command(flatten)]
    pub limits: LimitsConfig,

    /// Leases, and the engines that hold them.
    #[command(flatten)]
    pub leases: LeaseConfig,

    /// How requests share a commit.
    #[command(flatten)]
    pub batches: BatchConfig,

    /// Background work, and what it removes.
    #[command(flatten)]
    pub tasks: TaskConfig,

    /// What it writes to its log.
    #[command(flatten)]
    pub logs: LogConfig,
}

/// Who gets in.
#[derive(Args, Clone, Debug)]
pub struct AccessConfig {
    /// Whether callers must show a token. [default: required, where --listen is beyond loopback; else off]
    #[arg(long, env = "EVENTLEASE_AUTH", value_enum)]
    pub auth: Option<Auth>,

    /// The file that the first admin's token is written to, at the first start with authentication. [default:
    /// /var/lib/eventlease/admin-token for root, else ~/.local/share/eventlease/admin-token]
    #[arg(long, env = "EVENTLEASE_ADMIN_TOKEN_FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// A file with a token that becomes the first admin's, instead of one that the server makes and writes to
    /// --admin-token-file: `el_` and 64 hexadecimal digits.
    #[arg(long, env = "EVENTLEASE_ADMIN_TOKEN_FROM_FILE", value_name = "PATH")]
    pub admin_token_from_file: Option<PathBuf>,

    /// Let /metrics be read without a token.
    #[arg(long, env = "EVENTLEASE_OPEN_METRICS", value_parser = FalseyValueParser::new(), num_args = 0..=1, default_value = "false", default_missing_value = "true")]
    pub open_metrics: bool,

    /// Let /docs and the OpenAPI document be read without a token.
    #[arg(long, env = "EVENTLEASE_OPEN_DOCS", value_parser = FalseyValueParser::new(), num_args = 0..=1, default_value = "false", default_missing_value = "true")]
    pub open_docs: bool,

    /// Proxy networks whose forwarded-address header is trusted, like 10.0.0.0/8; several with commas.
    #[arg(long, env = "EVENTLEASE_TRUSTED_PROXY", value_delimiter = ',', value_parser = network_if_any)]
    trusted_proxy: Vec<Option<IpNet>>,

    /// The header in which these proxies name the client's address. The other one is ignored: any client can send it.
    #[arg(long, env = "EVENTLEASE_FORWARDED_HEADER", value_enum, default_value_t = ForwardedHeader::XForwardedFor)]
    pub forwarded_header: ForwardedHeader,

    /// Requests with a token that does not exist that one address may send in a minute; beyond it the address is answered
    /// 429.
    #[arg(long, env = "EVENTLEASE_MAX_FAILED_ATTEMPTS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_failed_attempts: u32,

    /// Host names that a server without authentication answers to, like queue.example.com; several with commas. It always
    /// answers to addresses, to names of one label, and to names below .localhost, .local, .internal and .svc.
    #[arg(long, env = "EVENTLEASE_ALLOWED_HOSTS", value_delimiter = ',', value_parser = host_name_if_any)]
    allowed_hosts: Vec<Option<String>>,
}

impl AccessConfig {
    /// Networks whose forwarded-address header is trusted; empty items of the list are left out.
    #[must_use]
    pub fn trusted_proxies(&self) -> Vec<IpNet> {
        self.trusted_proxy.iter().flatten().copied().collect()
    }

    /// Further host names that a server without authentication answers to; empty items of the list are left out.
    #[must_use]
    pub fn allowed_hosts(&self) -> Vec<String> {
        self.allowed_hosts.iter().flatten().cloned().collect()
    }
}

impl ServeConfig {
    /// Whether callers must show a token.
    #[must_use]
    pub fn is_auth_required(&self) -> bool {
        self.access.auth.map_or(!self.listen.is_loopback(), |auth| auth == Auth::Required)
    }

    /// Whether a lease can be settled without its token.
    #[must_use]
    pub fn are_lease_tokens_optional(&self) -> bool {
        self.leases.lease_tokens.map_or(!self.is_auth_required(), |tokens| tokens == LeaseTokens::Optional)
    }
}

/// What callers must show.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the help would show them, and become twice as long")]
pub enum Auth {
    // Every call shows a token, health checks excepted.
    Required,
    // Calls need no token.
    Off,
}

/// Limits on the size of requests, and on the number of queues, engines and event types.
#[derive(Args, Clone, Debug)]
pub struct LimitsConfig {
    /// Bytes of one request body.
    #[arg(long, env = "EVENTLEASE_MAX_BODY_BYTES", default_value_t = limits::DEFAULT_MAX_BODY_BYTES)]
    pub max_body_bytes: usize,

    /// Bytes of one event's payload.
    #[arg(long, env = "EVENTLEASE_MAX_PAYLOAD_BYTES", default_value_t = limits::DEFAULT_MAX_PAYLOAD_BYTES)]
    pub max_payload_bytes: usize,

    /// Bytes of a result, of an error's details, of progress, of an engine's metadata, each.
    #[arg(long, env = "EVENTLEASE_MAX_DETAIL_BYTES", default_value_t = limits::DEFAULT_MAX_DETAIL_BYTES)]
    pub max_detail_bytes: usize,

    /// How deep arrays and objects may be nested in a payload and in every other JSON that is kept as it was sent.
    #[arg(long, env = "EVENTLEASE_MAX_JSON_DEPTH", default_value_t = limits::DEFAULT_MAX_JSON_DEPTH,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub max_json_depth: usize,

    /// Queues that may exist; an event or an engine that would make one more is refused.
    #[arg(long, env = "EVENTLEASE_MAX_QUEUES", default_value_t = limits::DEFAULT_MAX_QUEUES,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_queues: u32,

    /// Queues that one caller may make in an hour. A caller is a token or, without authentication, an address.
    #[arg(long, env = "EVENTLEASE_MAX_NEW_QUEUES_PER_HOUR", default_value_t = limits::DEFAULT_MAX_NEW_QUEUES_PER_HOUR,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_new_queues_per_hour: u32,

    /// New engines that one token may register in an hour; registering a known one again does not count.
    #[arg(long, env = "EVENTLEASE_MAX_NEW_ENGINES_PER_HOUR", default_value_t = limits::DEFAULT_MAX_NEW_ENGINES_PER_HOUR,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_new_engines_per_hour: u32,

    /// Event types that may have a retry policy of their own; one more is refused.
    #[arg(long, env = "EVENTLEASE_MAX_EVENT_TYPES", default_value_t = limits::DEFAULT_MAX_EVENT_TYPES,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_event_types: u32,

    /// Queues with metrics of their own; all others are counted together, as `other`.
    #[arg(long, env = "EVENTLEASE_MAX_METRIC_QUEUES", default_value_t = 1000,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub max_metric_queues: usize,
}

/// How long leases and silence may last.
#[derive(Args, Clone, Debug)]
pub struct LeaseConfig {
    /// Seconds a lease lasts where neither poll, event nor queue says otherwise.
    #[arg(long, env = "EVENTLEASE_VISIBILITY_TIMEOUT_SECONDS", default_value_t = limits::DEFAULT_VISIBILITY_TIMEOUT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub visibility_timeout_seconds: u32,

    /// Seconds beyond which no renewal prolongs a lease.
    #[arg(long, env = "EVENTLEASE_MAX_LEASE_SECONDS", default_value_t = limits::DEFAULT_MAX_LEASE_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub max_lease_seconds: u32,

    /// Events that a poll without a limit gets, at most.
    #[arg(long, env = "EVENTLEASE_DEFAULT_LIMIT", default_value_t = limits::DEFAULT_LEASE_LIMIT,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub default_limit: u32,

    /// Whether the holder of a lease may settle without its token. `optional` is unfenced for those who do.
    /// [default: required with authentication, else optional]
    #[arg(long, env = "EVENTLEASE_LEASE_TOKENS", value_enum)]
    pub lease_tokens: Option<LeaseTokens>,

    /// From which silent loss on an event is leased alone, to an engine that holds nothing else: from the first, from the
    /// second (and from the first where the next one makes it a dead letter), or never. Otherwise an engine holds one event
    /// with a silent loss at a time, beside others.
    #[arg(long, env = "EVENTLEASE_SUSPECT_ISOLATION", value_enum, default_value_t = SuspectIsolation::SecondLoss)]
    pub suspect_isolation: SuspectIsolation,

    /// Seconds of silence after which an engine that registered without a timeout of its own is unresponsive; and how long,
    /// after an outage, no lease is ended.
    #[arg(long, env = "EVENTLEASE_HEARTBEAT_TIMEOUT_SECONDS", default_value_t = limits::DEFAULT_HEARTBEAT_TIMEOUT_SECONDS,
        value_parser = clap::value_parser!(u32).range(3..=86_400))]
    pub heartbeat_timeout_seconds: u32,
}

/// What the holder of a lease must show to settle it.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the help would show them, and become twice as long")]
pub enum LeaseTokens {
    // The holder may settle without its token, unfenced.
    Optional,
    // Every report shows the lease's token.
    Required,
}

/// From which silent loss on an event is leased alone, as `domain::lane` says.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the help would show them, and become twice as long")]
pub enum SuspectIsolation {
    FirstLoss,
    SecondLoss,
    Never,
}

/// Limits on a batch, and on what waits for one.
#[derive(Args, Clone, Debug)]
pub struct BatchConfig {
    /// Events, at most, for which concurrent requests of one kind share a commit; 1 gives every request a commit of its
    /// own.
    #[arg(long, env = "EVENTLEASE_MAX_BATCH_ROWS", default_value_t = 1024, value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    pub max_batch_rows: usize,

    /// Events in requests of one kind that may wait for a batch; while as many wait, requests are answered 429.
    #[arg(long, env = "EVENTLEASE_MAX_WAITING_ROWS", default_value_t = 20_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000_000))]
    pub max_waiting_rows: usize,

    /// Bytes of payloads and results that may wait for a batch; while as many wait, requests are answered 429.
    #[arg(long, env = "EVENTLEASE_MAX_WAITING_BYTES", default_value_t = 64 << 20)]
    pub max_waiting_bytes: usize,
}

/// How often background work runs, and how long what has ended is kept.
#[derive(Args, Clone, Debug)]
pub struct TaskConfig {
    /// Milliseconds between two runs of the reaper, which ends lost leases.
    #[arg(long, env = "EVENTLEASE_REAPER_INTERVAL_MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=1000))]
    pub reaper_interval_ms: u64,

    /// Milliseconds between two checks, for all waiting polls together, for events that no signal announced.
    #[arg(long, env = "EVENTLEASE_RECHECK_INTERVAL_MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=5000))]
    pub recheck_interval_ms: u64,

    /// Days for which ended events are kept.
    #[arg(long, env = "EVENTLEASE_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(i32).range(1..=3650))]
    pub retention_days: i32,

    /// Days for which the audit trail is kept.
    #[arg(long, env = "EVENTLEASE_AUDIT_RETENTION_DAYS", default_value_t = 365, value_parser = clap::value_parser!(i32).range(1..=36500))]
    pub audit_retention_days: i32,

    /// Hours for which the history of queues is kept, minute by minute; 0: none is written.
    #[arg(long, env = "EVENTLEASE_HISTORY_HOURS", default_value_t = 48, value_parser = clap::value_parser!(i32).range(0..=720))]
    pub history_hours: i32,
}

/// What is logged, and in which form.
#[derive(Args, Clone, Debug)]
pub struct LogConfig {
    /// What is logged: a level, or a filter as of the crate tracing-subscriber.
    #[arg(long, env = "EVENTLEASE_LOG", default_value = "info")]
    pub log: String,

    /// How it is logged, on standard error.
    #[arg(long, env = "EVENTLEASE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The form of a log line.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the help would show them, and become twice as long")]
pub enum LogFormat {
    // A line for people.
    Text,
    // One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests;
