//! A run that is cancelled while completions with follow-ups arrive, on two replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::concurrent::{lease_many, settle_at};
use super::{count_events, follow_up};
use crate::support::{Holder, Lab, Reply};

const COMPLETIONS: usize = 200;

/// Counts the answers, and tells when there are enough.
#[derive(Default)]
struct Answers {
    count: AtomicUsize,
    are_enough: Notify,
}

fn complete(lab: &Lab, base: &str, leased: &Value, number: usize, answers: &Arc<Answers>) -> JoinHandle<Value> {
    // Each way in which a follow-up can have a key, and none.
    let more = match number % 4 {
        0 => json!({"idempotency_key": format!("key-{number}")}),
        1 => json!({"unique_key": format!("key-{number}")}),
        2 => json!({"delay_seconds": 60}),
        _ => json!({}),
    };
    let call = Reply::of(settle_at(lab, base, leased, &json!([follow_up(more)])));
    let answers = Arc::clone(answers);
    tokio::spawn(async move {
        let reply = call.await.expect(200);
        if answers.count.fetch_add(1, Ordering::Relaxed) + 1 == COMPLETIONS / 4 {
            answers.are_enough.notify_one();
        }
        reply.body
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_cancelled_amid_two_hundred_completions_has_nothing_open_and_each_follow_up_is_made_or_refused() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let urls = [lab.url.clone(), replica];
    let engine = lab.register("dialogue", json!({})).await;
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "scenario_run_id": "run-1"});
    lab.post("/api/v1/events/batch", &json!({"events": vec![event; COMPLETIONS]})).await.expect(201);
    let held = lease_many(&lab, &engine, COMPLETIONS).await;
    let answers = Arc::<Answers>::default();
    let send = |number: usize| complete(&lab, &urls[number % 2], &held[number], number, &answers);

    // The cancel, once it has marked the run, cannot end before the test lets go of one of the run's events.
    let delayed = lab.enqueue("song", json!({"scenario_run_id": "run-1", "delay_seconds": 60})).await;
    let row = format!("select from eventlease.event_queue where event_id = '{delayed}' for update");
    let somebody = Holder::of(&lab.db, &row).await;
    let mut calls: Vec<_> = (0..COMPLETIONS / 2).map(send).collect();
    answers.are_enough.notified().await;
    let cancel = lab.request("POST", &format!("{}/api/v1/scenario-runs/run-1/cancel", urls[1]));
    let cancel = tokio::spawn(Reply::of(cancel));
    somebody.wait_for_statements_behind(&lab.db, 1).await;
    calls.extend((COMPLETIONS / 2..COMPLETIONS).map(send));
    // Completions wait for the cancel as well, or go on beside it.
    lab.wait_for("completions amid the cancel", async || {
        let are_answered = answers.count.load(Ordering::Relaxed) > COMPLETIONS / 2;
        (are_answered || somebody.statements_behind(&lab.db).await >= 2).then_some(())
    })
    .await;
    assert!(!cancel.is_finished());
    somebody.release().await;

    cancel.await.expect("a reply").expect(200);
    let (mut made, mut refused) = (Vec::new(), 0);
    for call in calls {
        let body = call.await.expect("a reply");
        assert_eq!(body["status"], "completed", "{body}");
        let follow_up = &body["enqueued"][0];
        if let Some(event_id) = follow_up["event_id"].as_str() {
            made.push(event_id.to_owned());
        } else {
            assert_eq!(
                (&follow_up["error"]["code"], &follow_up["error"]["scenario_run_id"]),
                (&json!("run_cancelled"), &json!("run-1")),
                "{body}"
            );
            refused += 1;
        }
    }
    assert!(made.len() >= COMPLETIONS / 4, "{} were made", made.len());
    assert!(refused >= COMPLETIONS / 2, "{refused} were refused");

    let run = lab.get("/api/v1/scenario-runs/run-1").await.expect(200).body;
    let expected = json!({
        "queued": 0, "processing": 0, "completed": COMPLETIONS, "failed": 0, "cancelled": made.len() + 1,
    });
    assert_eq!(run["counts"], expected, "{run}");
    assert_eq!(count_events(&lab, "speech").await, i64::try_from(made.len()).expect("small"));
    for event_id in &made {
        assert_eq!(lab.event(event_id).await["status"], "cancelled", "what was acknowledged exists");
    }
    // What was refused has left no key behind: each of them is free once the run is open again.
    lab.post("/api/v1/scenario-runs/run-1/reopen", &json!({})).await.expect(200);
    let last = COMPLETIONS - 4;
    for key in [json!({"idempotency_key": format!("key-{last}")}), json!({"unique_key": format!("key-{}", last + 1)})] {
        let mut event = follow_up(json!({"scenario_run_id": "run-1"}));
        crate::support::merge(&mut event, key);
        lab.post("/api/v1/events", &event).await.expect(201);
    }
}
