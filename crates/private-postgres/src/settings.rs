//! The settings the cluster runs with. They are given on the command line, so no file in the data directory holds
//! an older version's idea of them.

use super::options::{Durability, Options};
use super::socket::{self, SocketDir};

/// What makes this cluster private, and what suits a table that many short transactions change all the time.
const SETTINGS: &[(&str, &str)] = &[
    // Its own log, no time zone from outside.
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_timezone", "UTC"),
    ("timezone", "UTC"),
    ("cluster_name", "eventlease"),
    // The queue's hot rows fit well into this; pages never touched are never allocated.
    ("shared_buffers", "256MB"),
    ("max_connections", "100"),
    // Fewer checkpoints, so fewer full page images; at most this much disk beside the data.
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "15min"),
    ("wal_compression", "on"),
    // The log has no rotation of its own while it runs, so no line for each routine checkpoint.
    ("log_checkpoints", "off"),
    // Statements are short: compiling them costs more than it gains, and the disk is not a spinning one.
    ("jit", "off"),
    ("random_page_cost", "1.1"),
];

/// Said even where they are the defaults, so that an edited `postgresql.conf` cannot weaken them.
const DURABLE: &[(&str, &str)] = &[("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")];

const NOT_DURABLE: &[(&str, &str)] = &[("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// The arguments of `postgres`. Of several for one setting the last one wins: so nobody opens what must stay private.
pub(super) fn arguments(options: &Options, socket: &SocketDir) -> Vec<String> {
    let durability = match options.durability {
        Durability::Full => DURABLE,
        Durability::Off => NOT_DURABLE,
    };
    let fixed = SETTINGS.iter().chain(durability);
    let given = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let socket_dir = socket.as_setting();
    let place = [("listen_addresses", ""), ("port", socket::PORT), ("unix_socket_directories", socket_dir.as_str())];
    fixed
        .copied()
        .chain(given)
        .chain(place)
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
        .collect()
}
