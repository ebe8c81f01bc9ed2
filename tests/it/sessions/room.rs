//! Fewer connections than the pool would open.

use std::time::Duration;

use eventlease::app::Server;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::OwnRole;
use crate::support::{Caller, Reply, config, wait_for};

/// A call may wait for a connection for this long, and that is far longer than any of these takes, however busy the machine
/// is.
const FLAGS: [&str; 4] = ["--max-connections", "10", "--acquire-timeout-seconds", "30"];
const SOON: Duration = Duration::from_secs(10);

/// Many calls at once, of all kinds, for each engine its own: heartbeats of one engine wait for each other.
async fn crowd(caller: &Caller, engines: &[String]) -> Vec<(Reply, Duration)> {
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let mut calls = Vec::new();
    for engine in engines {
        calls.push(caller.request("POST", "/api/v1/events", &event));
        calls.push(caller.request("GET", "/api/v1/queues", &Value::Null));
        calls.push(caller.request("GET", "/api/v1/events?engine_type=dialogue", &Value::Null));
        calls.push(caller.request("GET", "/api/v1/engines", &Value::Null));
        calls.push(caller.request("POST", &format!("/api/v1/engines/{engine}/heartbeat"), &json!({})));
        let patch = json!({"metadata": {"static_config": {"a": 1}}});
        calls.push(caller.request("PATCH", &format!("/api/v1/engines/{engine}"), &patch));
    }
    let started = |call| {
        let started = Instant::now();
        tokio::spawn(async move { (Reply::of(call).await, started.elapsed()) })
    };
    let calls: Vec<_> = calls.into_iter().map(started).collect();
    let mut answered = Vec::new();
    for call in calls {
        answered.push(call.await.expect("a reply"));
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_share_the_connections_that_the_role_may_have() {
    let own = OwnRole::create().await;
    own.administrate(&format!("alter role {} connection limit 4", own.name)).await;
    let server = Server::start(&config(&own.url, &FLAGS)).await.expect("the server starts");
    let caller = Caller::of(&server);
    let mut engines = Vec::new();
    for _ in 0..10 {
        let engine = caller.call("POST", "/api/v1/engines", json!({"engine_type": "dialogue"})).await.expect(201);
        engines.push(engine.text("engine_id"));
    }
    for _ in 0..4 {
        for (reply, took) in crowd(&caller, &engines).await {
            assert!(reply.status < 300, "{reply:?}");
            assert!(took < SOON, "{took:?}");
        }
    }
    // Where all sessions end at once, whoever opens one first leaves room for the others.
    for _ in 0..2 {
        own.administrate(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}'",
            own.name
        ))
        .await;
        crowd(&caller, &engines).await;
        for (reply, took) in crowd(&caller, &engines).await {
            assert!(reply.status < 300 && took < SOON, "{took:?}: {reply:?}");
        }
    }
    // What has a connection of its own finds room for it.
    caller.wait_for_metric("eventlease_listener_connected 1").await;
    caller.call("GET", "/api/v1/health/database", Value::Null).await.expect(200);
    caller.call("GET", "/readyz", Value::Null).await.expect(200);

    // Where there is more room again, more are opened.
    own.administrate(&format!("alter role {} connection limit -1", own.name)).await;
    wait_for("further connections to be opened", async || {
        crowd(&caller, &engines).await;
        let health = caller.call("GET", "/api/v1/health/database", Value::Null).await.expect(200);
        (health.body["replica"]["pool"]["size"].as_u64() > Some(4)).then_some(())
    })
    .await;
    server.stop().await.expect("the server stops in order");
    own.remove().await;
}
