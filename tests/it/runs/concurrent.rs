//! A run that is cancelled while producers and engines are at work on two replicas.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Lab, Reply};

const ENQUEUES: usize = 200;

/// Posts to one of the replicas.
async fn post(client: &reqwest::Client, url: &str, path: &str, body: &Value) -> Reply {
    Reply::of(client.post(format!("{url}{path}")).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_amid_enqueues_and_completions_has_nothing_open_and_has_lost_nothing() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let (client, urls) = (crate::support::client(), [lab.url.clone(), replica]);
    let engine = lab.register("dialogue", json!({})).await;
    let mut leased = Vec::new();
    for n in 0..40 {
        lab.enqueue("dialogue", json!({"scenario_run_id": "run-1", "payload": n})).await;
        leased.push(lab.lease_one("dialogue", &engine).await);
    }
    let (done, is_halfway) = (AtomicUsize::new(0), Notify::new());
    let enqueues = (0..ENQUEUES).map(|n| {
        let (client, url, done, is_halfway) = (&client, &urls[n % 2], &done, &is_halfway);
        async move {
            // Plain ones, delayed ones, those with keys, and batches: each way in.
            let mut event =
                json!({"engine_type": "dialogue", "event_type": "e", "payload": n, "scenario_run_id": "run-1"});
            let more = match n % 4 {
                1 => json!({"delay_seconds": 60}),
                2 => json!({"idempotency_key": format!("key {n}")}),
                _ => json!({}),
            };
            crate::support::merge(&mut event, more);
            let reply = post(client, url, "/api/v1/events", &event).await;
            if done.fetch_add(1, Ordering::Relaxed) == ENQUEUES / 3 {
                is_halfway.notify_one();
            }
            if reply.status == 201 {
                return Some(reply.text("event_id"));
            }
            reply.problem(409, "run_cancelled");
            None
        }
    });
    let completions = join_all(leased.iter().map(|event| {
        let lab = &lab;
        async move { lab.settle(event, "completed", json!({})).await.expect(200) }
    }));
    let cancel = async {
        is_halfway.notified().await;
        let reply = post(&client, &urls[1], "/api/v1/scenario-runs/run-1/cancel", &json!({})).await.expect(200);
        // From the reply on there is nothing open, whatever is still under way: all leases are being completed.
        let open: i64 =
            sqlx::query_scalar("select count(*) from eventlease.event_queue where scenario_run_id = 'run-1'")
                .fetch_one(&lab.db)
                .await
                .expect("a count");
        (reply, open)
    };
    let (taken, completed, (cancelled, open)) = tokio::join!(join_all(enqueues), completions, cancel);
    assert_eq!(open, 0, "after the reply");
    assert_eq!(completed.len(), 40);

    let taken: HashSet<String> = taken.into_iter().flatten().collect();
    let run = lab.get("/api/v1/scenario-runs/run-1").await.expect(200).body;
    let count = |status: &str| run["counts"][status].as_u64().expect("a count");
    assert_eq!((count("queued"), count("processing"), count("completed")), (0, 0, 40), "{run}");
    assert_eq!(count("cancelled"), taken.len() as u64, "{run}");
    assert_eq!(cancelled.body["cancelled"].as_u64().expect("a count"), taken.len() as u64);
    assert!(taken.len() > ENQUEUES / 3, "what was acknowledged before the cancel began");
    for event_id in &taken {
        assert_eq!(lab.event(event_id).await["status"], "cancelled", "what was acknowledged exists");
    }
}
