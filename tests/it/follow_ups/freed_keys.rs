//! Producers who wait for a unique key that a completion with follow-ups is just freeing.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::concurrent::settle_at;
use super::{count_events, first_enqueued, follow_up};
use crate::support::{Holder, Lab, Reply};

const PRODUCERS: usize = 20;

fn with_key(engine_type: &str) -> Value {
    follow_up(json!({"engine_type": engine_type, "unique_key": "k"}))
}

/// Enqueues in SQL, in a transaction of its own.
fn enqueue_in_sql(db: &PgPool) -> JoinHandle<Uuid> {
    let db = db.clone();
    tokio::spawn(async move {
        sqlx::query_scalar("select eventlease.enqueue('dialogue', 'e', '1', unique_key => 'k')")
            .fetch_one(&db)
            .await
            .expect("an event")
    })
}

/// Completes the event that has the key, with a follow-up. The completion is held up when it has freed the key, until producers
/// on two replicas and in SQL wait for the key. Answers which events have the key for them, how many were new, and the follow-up.
async fn complete_amid_producers(lab: &mut Lab, enqueue: Value) -> (HashSet<String>, usize, String) {
    let replica = lab.start_replica(&[]).await;
    let urls = [lab.url.clone(), replica];
    let engine = lab.register("dialogue", json!({})).await;
    let first = lab.post("/api/v1/events", &with_key("dialogue")).await.expect(201).text("event_id");
    let leased = lab.lease_one("dialogue", &engine).await;
    // Ending an event writes an attempt, which comes last.
    let holder = Holder::of(&lab.db, "lock table eventlease.event_attempts in share mode").await;
    let completion = tokio::spawn(Reply::of(settle_at(lab, &urls[0], &leased, &json!([enqueue]))));
    holder.wait_for_a_patient_statement(&lab.db).await;
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|number| {
            let url = format!("{}/api/v1/events", urls[number % 2]);
            tokio::spawn(Reply::of(lab.request("POST", &url).json(&with_key("dialogue"))))
        })
        .collect();
    let in_sql = enqueue_in_sql(&lab.db);
    // The completion, one batch of each replica, and the one in SQL.
    holder.wait_for_statements_behind(&lab.db, 4).await;
    holder.release().await;

    let follow_up = first_enqueued(&completion.await.expect("a reply").expect(200).body);
    let (mut holders, mut new) = (HashSet::from([in_sql.await.expect("an event").to_string()]), 0);
    for producer in producers {
        let reply = producer.await.expect("a reply");
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
        new += usize::from(reply.status == 201);
        holders.insert(reply.text("event_id"));
    }
    assert_eq!(lab.event(&first).await["status"], "completed");
    assert!(!holders.contains(&first), "the completed event has no key any more");
    (holders, new, follow_up)
}

#[tokio::test]
async fn a_follow_up_takes_the_key_of_its_completed_event_before_the_producers_who_wait_for_it() {
    let mut lab = Lab::start().await;
    let (holders, new, follow_up) = complete_amid_producers(&mut lab, with_key("dialogue")).await;
    assert_eq!((holders, new), (HashSet::from([follow_up]), 0));
    assert_eq!(count_events(&lab, "dialogue").await, 2);
}

#[tokio::test]
async fn one_of_the_producers_who_wait_for_a_key_takes_it_when_a_completion_frees_it() {
    let mut lab = Lab::start().await;
    let (holders, new, follow_up) = complete_amid_producers(&mut lab, with_key("speech")).await;
    assert_eq!(holders.len(), 1, "{holders:?}");
    assert!(new <= 1, "{new}");
    assert!(!holders.contains(&follow_up));
    assert_eq!((count_events(&lab, "dialogue").await, count_events(&lab, "speech").await), (2, 1));
}
