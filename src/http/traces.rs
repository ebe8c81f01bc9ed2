//! The span of a request, for OTLP: with the attributes that OpenTelemetry has agreed on for HTTP, below the caller's own.
//! Without the feature `otel` there is none.

use axum::extract::Request;
use axum::http::StatusCode;
use tracing::Span;

/// The span of a request, below the caller's own if `traceparent` names one.
#[cfg(feature = "otel")]
pub fn begin(request: &Request) -> Span {
    use crate::domain::log_text::escaped;
    use axum::extract::MatchedPath;
    use axum::http::Method;
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_http::HeaderExtractor;
    use tracing::field::Empty;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    let (name, method) = match *request.method() {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS
        | Method::TRACE
        | Method::CONNECT => (request.method().as_str(), request.method().as_str()),
        _ => ("HTTP", "_OTHER"),
    };
    let span = tracing::info_span!(
        target: "eventlease::traces",
        parent: None,
        "request",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = Empty,
        error.r#type = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
        http.route = Empty,
        url.path = escaped(request.uri().path()),
        url.scheme = "http",
    );
    if span.is_disabled() {
        return span;
    }
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        span.record("otel.name", format!("{name} {}", route.as_str()));
        span.record("http.route", route.as_str());
    }
    let caller = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&HeaderExtractor(request.headers()))
    });
    if caller.span().span_context().is_valid() {
        // Fails only for a span that has begun.
        span.set_parent(caller).ok();
    }
    span
}

/// Records in the span how the request ended.
#[cfg(feature = "otel")]
pub fn end(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
    }
}

/// Without the feature `otel`, there is no span.
#[cfg(not(feature = "otel"))]
pub fn begin(_: &Request) -> Span {
    Span::none()
}

/// Without the feature `otel`, nothing is recorded.
#[cfg(not(feature = "otel"))]
pub fn end(_: &Span, _: StatusCode) {}
