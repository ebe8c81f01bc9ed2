//! Logs on standard error, as text for people or as JSON for machines.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{LogConfig, LogFormat};
use crate::output;
use crate::store::pool::{NOTICES, QUIET};

/// Of spans that are made to be sent elsewhere, and only repeat what the log says.
pub const TRACES: &str = "eventlease::traces";

/// What sees the spans beside the log.
pub type Spans = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the log, and hands spans on.
pub fn start(config: &LogConfig, spans: Option<Spans>) {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log)).unwrap_or_else(|error| {
        let filter = &config.log;
        output::say(format_args!("eventlease: the log filter {filter:?} is not understood ({error}); logging at info"));
        EnvFilter::new(format!("{QUIET},info"))
    });
    // What PostgreSQL says beside its replies, like that there was no transaction to roll back.
    let filter = filter.add_directive(format!("{NOTICES}=error").parse().expect("a target and a level"));
    // This is the default. Otherwise a line that cannot be written would be reported with `eprintln!`, which panics then.
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    match spans {
        // The filter for all is faster than one for each reader.
        None => tracing_subscriber::registry().with(lines).with(filter).init(),
        Some(spans) => {
            let filter = filter.and(filter_fn(|metadata| metadata.target() != TRACES));
            tracing_subscriber::registry().with(vec![spans, lines.with_filter(filter).boxed()]).init();
        }
    }
}
