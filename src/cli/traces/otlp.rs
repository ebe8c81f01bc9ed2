//! Spans by OTLP: taken from `tracing`, batched on a thread of its own, sent as protobuf over HTTP. The variables
//! `OTEL_*` are read by the SDK.

use std::error::Error;
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{self as sdk, SdkTracerProvider, SpanData};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

use crate::cli::logs::{Spans, TRACES};
use crate::logs::Outage;

/// The last spans are worth no longer a wait.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Sends spans in batches, from a thread of its own.
pub struct Sender(SdkTracerProvider);

impl Sender {
    /// As the environment says.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        // For an endpoint with TLS. Fails where it was chosen before, which is as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let exporter = SpanExporter::builder().with_http().build()?;
        let outage = Outage::new("spans cannot be sent by OTLP, and are dropped", "spans are sent by OTLP again");
        let exporter = Reported { exporter, outage };
        global::set_text_map_propagator(TraceContextPropagator::new());
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        Ok(Self(provider))
    }

    /// What hands it the spans.
    pub fn layer(&self) -> Spans {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("eventlease"))
            // Source location and thread say nothing to readers of spans.
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == TRACES))
            .boxed()
    }

    /// Sends the last spans, within 3 seconds.
    pub fn flush(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

/// Who sends: what the environment says, else the program.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let said = Resource::builder().build();
    let is_named = said
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().is_empty() && !name.as_str().starts_with("unknown_service"));
    let is_versioned = said.get(&Key::from_static_str("service.version")).is_some();
    let mut resource = Resource::builder();
    if !is_named {
        resource = resource.with_service_name("eventlease");
    }
    if !is_versioned {
        resource = resource.with_attribute(version);
    }
    resource.build()
}

/// Says once that spans cannot be sent, and once that they can again. They are lost meanwhile; nothing waits for them.
#[derive(Debug)]
struct Reported<E> {
    exporter: E,
    outage: Outage,
}

impl<E: sdk::SpanExporter> sdk::SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        match &outcome {
            Ok(()) => self.outage.note_success(),
            Err(error) => self.outage.note_failure(error),
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
