//! What clients may do to connections and requests before anybody knows what they want.

use clap::Args;
use clap::builder::RangedU64ValueParser;

/// How many connections and requests clients may have, and how long they may take.
#[derive(Args, Clone, Debug)]
pub struct ConnectionConfig {
    /// Client connections at once. For one more, a connection without a call under way is closed; if there is none, the new
    /// one is answered 429 and closed. Health checks are answered all the same.
    #[arg(long, env = "EVENTLEASE_MAX_CLIENT_CONNECTIONS", default_value_t = 10_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub max_client_connections: usize,

    /// Connections at once from one address, or from one IPv6 network of 64 bits. For one more, another one of the same
    /// address is closed, or the new one is answered 429 and closed. Trusted proxies are exempt. [default: half of
    /// --max-client-connections]
    #[arg(long, env = "EVENTLEASE_MAX_CONNECTIONS_OF_ADDRESS", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub max_connections_of_address: Option<usize>,

    /// Headers of one request; beyond it the answer is 431.
    #[arg(long, env = "EVENTLEASE_MAX_REQUEST_HEADERS", default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(10..=1000))]
    pub max_request_headers: usize,

    /// Bytes of one request's first line and headers; beyond it the answer is 431.
    #[arg(long, env = "EVENTLEASE_MAX_HEADER_BYTES", default_value_t = 32 << 10, value_parser = RangedU64ValueParser::<usize>::new().range(8192..=131_072))]
    pub max_header_bytes: usize,

    /// Seconds from a request's first byte to the end of its headers; then the connection is closed.
    #[arg(long, env = "EVENTLEASE_HEADER_TIMEOUT_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub header_timeout_seconds: u64,

    /// Seconds for a request's body; then the answer is 408.
    #[arg(long, env = "EVENTLEASE_BODY_TIMEOUT_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_timeout_seconds: u64,

    /// Seconds a client may take to receive a reply; then the connection is closed.
    #[arg(long, env = "EVENTLEASE_REPLY_TIMEOUT_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub reply_timeout_seconds: u64,

    /// Seconds after which a connection without a request under way is closed. It should be longer than clients keep idle
    /// connections, so that they are the ones to close them.
    #[arg(long, env = "EVENTLEASE_IDLE_TIMEOUT_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub idle_timeout_seconds: u64,

    /// Bytes of the bodies of all requests under way; beyond it requests are answered 429.
    #[arg(long, env = "EVENTLEASE_MAX_BODIES_BYTES", default_value_t = 256 << 20)]
    pub max_bodies_bytes: usize,

    /// Bytes of replies that clients have not received yet, counted apart for reading calls and for all others; beyond it
    /// reading calls with large replies, and polls, are answered 429.
    #[arg(long, env = "EVENTLEASE_MAX_REPLIES_BYTES", default_value_t = 128 << 20)]
    pub max_replies_bytes: usize,

    /// Polls of one engine that may wait at once; a further one does not wait: it gets events if there are any, else 429.
    #[arg(long, env = "EVENTLEASE_MAX_PARKED_POLLS_OF_ENGINE", default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub max_parked_polls_of_engine: usize,

    /// Requests that may wait at once for events or for an event's end; a further one does not wait: it is answered 429 if
    /// there is nothing for it.
    #[arg(long, env = "EVENTLEASE_MAX_PARKED_REQUESTS", default_value_t = 10_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub max_parked_requests: usize,
}
