//! What every reply says to browsers.

use serde_json::json;

use crate::support::{Lab, Reply};

#[tokio::test]
async fn every_reply_has_the_headers_that_keep_browsers_from_mischief() {
    let lab = Lab::start().await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let no_store = [
        (lab.get(&format!("/api/v1/events/{event_id}")).await, 200),
        (lab.get("/api/v1/events/queue/vision").await, 200),
        (lab.get("/api/v1/queues/none").await, 404),
        (lab.get("/nowhere").await, 404),
        (Reply::of(lab.request("TRACE", "/healthz")).await, 405),
        (lab.send_raw("POST", "/api/v1/events", "{").await, 400),
        (lab.get("/api/v1/openapi.json").await, 200),
        (lab.get("/metrics").await, 200),
        (lab.get("/healthz").await, 200),
    ];
    for (reply, status) in no_store {
        let reply = reply.expect(status);
        assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
    }
    for path in ["/docs", "/docs/redoc.standalone.js"] {
        let page = lab.get(path).await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-cache");
    }
}
