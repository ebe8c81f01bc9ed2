//! Fewer connections than the pool would open.

use std::time::Duration;

use eventlease::app::Server;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Caller, OwnRole};
use crate::support::{Reply, config};

/// How long a call waits for a connection: far longer than any of these takes, however busy the machine is.
const ACQUIRE_TIMEOUT_SECONDS: &str = "30";
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn calls_share_the_connections_that_the_role_may_have() {
    let own = OwnRole::create().await;
    own.administrate(&format!("alter role {} connection limit 4", own.name)).await;
    let flags = ["--max-connections", "10", "--acquire-timeout-seconds", ACQUIRE_TIMEOUT_SECONDS];
    let server = Server::start(&config(&own.url, &flags)).await.expect("the server starts");
    let caller = Caller::of(&server);
    let engine = caller.call("POST", "/api/v1/engines", json!({"engine_type": "dialogue"})).await.expect(201);
    let heartbeat = format!("/api/v1/engines/{}/heartbeat", engine.text("engine_id"));
    let patch = format!("/api/v1/engines/{}", engine.text("engine_id"));
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let mut slowest = Duration::ZERO;
    for _ in 0..4 {
        let mut calls = Vec::new();
        for _ in 0..10 {
            calls.push(caller.request("POST", "/api/v1/events", &event));
            calls.push(caller.request("GET", "/api/v1/queues", &Value::Null));
            calls.push(caller.request("GET", "/api/v1/events?engine_type=dialogue", &Value::Null));
            calls.push(caller.request("GET", "/api/v1/engines", &Value::Null));
            calls.push(caller.request("POST", &heartbeat, &json!({})));
            calls.push(caller.request("PATCH", &patch, &json!({"metadata": {"static_config": {"a": 1}}})));
        }
        let calls: Vec<_> = calls
            .into_iter()
            .map(|call| {
                let started = Instant::now();
                tokio::spawn(async move { (Reply::of(call).await, started.elapsed()) })
            })
            .collect();
        for call in calls {
            let (reply, took) = call.await.expect("a reply");
            assert!(reply.status < 300, "{reply:?}");
            assert!(took < SOON, "{took:?}");
            slowest = slowest.max(took);
        }
    }
    println!("the slowest call took {slowest:?}");
    // What has a connection of its own is heard of and answers too.
    while !caller.call("GET", "/metrics", Value::Null).await.expect(200).raw.contains("eventlease_listener_connected 1")
    {
        tokio::task::yield_now().await;
    }
    caller.call("GET", "/api/v1/health/database", Value::Null).await.expect(200);
    caller.call("GET", "/readyz", Value::Null).await.expect(200);

    // With more room again, more are opened.
    own.administrate(&format!("alter role {} connection limit -1", own.name)).await;
    for _ in 0..20 {
        caller.enqueue().await.expect(201);
    }
    server.stop().await.expect("the server stops in order");
    own.remove().await;
}
