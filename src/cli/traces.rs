//! The server's own spans: sent by OTLP where the environment says so and the feature `otel` is compiled in.

#[cfg(feature = "otel")]
mod otlp;

use super::logs::Spans;

/// Where spans go to, as OpenTelemetry names it; nothing of this is on the command line.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// What became of it.
pub enum Traces {
    /// Nobody asked for them.
    Off,
    /// They are sent.
    #[cfg(feature = "otel")]
    On(otlp::Sender),
    /// They were asked for, and cannot be had.
    Refused(String),
}

impl Traces {
    /// Before the runtime is there: the sender has a thread and a runtime of its own.
    pub fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let is_off = variable("OTEL_SDK_DISABLED").eq_ignore_ascii_case("true")
            || variable("OTEL_TRACES_EXPORTER").eq_ignore_ascii_case("none");
        if is_off || ENDPOINTS.iter().all(|name| variable(name).is_empty()) {
            return Self::Off;
        }
        Self::asked_for()
    }

    #[cfg(feature = "otel")]
    fn asked_for() -> Self {
        match otlp::Sender::new() {
            Ok(sender) => Self::On(sender),
            Err(error) => Self::Refused(super::outcome::with_causes(error.as_ref())),
        }
    }

    #[cfg(not(feature = "otel"))]
    fn asked_for() -> Self {
        Self::Refused("this build has no OTLP: build it with `--features otel`".to_owned())
    }

    /// What is to see the spans.
    pub fn layer(&self) -> Option<Spans> {
        match self {
            Self::Off | Self::Refused(_) => None,
            #[cfg(feature = "otel")]
            Self::On(sender) => Some(sender.layer()),
        }
    }

    /// Says in the log how it stands.
    pub fn tell(&self) {
        match self {
            Self::Off => {}
            #[cfg(feature = "otel")]
            Self::On(_) => tracing::info!("spans are sent by OTLP"),
            Self::Refused(cause) => tracing::warn!(cause, "an endpoint for OTLP is set, but no spans are sent"),
        }
    }

    /// Sends what has not been sent yet.
    pub fn flush(self) {
        match self {
            Self::Off | Self::Refused(_) => {}
            #[cfg(feature = "otel")]
            Self::On(sender) => sender.flush(),
        }
    }
}
