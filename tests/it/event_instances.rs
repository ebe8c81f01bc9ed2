//! The view that readers of the database were promised: the documented columns, in every state, and read-only.

use serde_json::json;
use sqlx::postgres::PgDatabaseError;

use crate::support::Lab;

const COLUMNS: [&str; 16] = [
    "event_id",
    "engine_type",
    "event_type",
    "status",
    "lock",
    "leased_by",
    "lease_expires_at",
    "attempt",
    "priority",
    "scenario_run_id",
    "payload",
    "result",
    "error",
    "created_at",
    "available_at",
    "finished_at",
];

type Row = (String, Option<String>, Option<String>, bool, i32, Option<String>, Option<String>, bool, bool);

/// Status, lock, holder, whether a lease's end is shown, attempt, result, error, whether it is due, and finished.
async fn instance(lab: &Lab, event_id: &str) -> Row {
    sqlx::query_as(
        "select status, lock, leased_by::text, lease_expires_at is not null, attempt, result::text, error ->> 'message',
            available_at is not null, finished_at is not null
         from eventlease.event_instances where event_id = $1::uuid",
    )
    .bind(event_id)
    .fetch_one(&lab.db)
    .await
    .expect("one row an event")
}

#[tokio::test]
async fn it_has_the_columns_that_were_promised() {
    let lab = Lab::start().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "select column_name::text from information_schema.columns
         where table_schema = 'eventlease' and table_name = 'event_instances' order by ordinal_position",
    )
    .fetch_all(&lab.db)
    .await
    .expect("columns");
    assert_eq!(columns, COLUMNS);
}

#[tokio::test]
async fn it_shows_an_event_in_every_state() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"priority": 7, "scenario_run_id": "run-1"})).await;
    let queued = |attempt, error: Option<&str>| {
        ("queued".to_owned(), None, None, false, attempt, None, error.map(str::to_owned), true, false)
    };
    assert_eq!(instance(&lab, &event_id).await, queued(0, None));

    let leased = lab.lease_one("dialogue", &engine).await;
    let lock = Some(format!("processing_by_{engine}"));
    let processing = |attempt, error: Option<&str>| {
        let error = error.map(str::to_owned);
        ("processing".to_owned(), lock.clone(), Some(engine.clone()), true, attempt, None, error, true, false)
    };
    assert_eq!(instance(&lab, &event_id).await, processing(1, None));

    lab.settle(&leased, "failed", json!({"error": "once"})).await.expect(200);
    assert_eq!(instance(&lab, &event_id).await, queued(1, Some("once")));

    lab.make_due(&event_id).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(instance(&lab, &event_id).await, processing(2, Some("once")));
    lab.settle(&leased, "failed", json!({"error": "twice", "retryable": false})).await.expect(200);
    let ended = |status: &str, attempt, result: Option<&str>, error: Option<&str>| {
        let (result, error) = (result.map(str::to_owned), error.map(str::to_owned));
        (status.to_owned(), None, None, false, attempt, result, error, false, true)
    };
    assert_eq!(instance(&lab, &event_id).await, ended("failed", 2, None, Some("twice")));

    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_eq!(instance(&lab, &event_id).await, queued(2, Some("twice")));
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({"result": {"answer": 42}})).await.expect(200);
    assert_eq!(instance(&lab, &event_id).await, ended("completed", 3, Some("{\"answer\":42}"), None));

    let facts: (String, String, i16, String, String) = sqlx::query_as(
        "select engine_type, event_type, priority, scenario_run_id, payload::text from eventlease.event_instances",
    )
    .fetch_one(&lab.db)
    .await
    .expect("one row");
    let expected = ("dialogue", "test.happened", 7, "run-1", "{\"n\":1}");
    assert_eq!((&*facts.0, &*facts.1, facts.2, &*facts.3, &*facts.4), expected);
}

#[tokio::test]
async fn a_discarded_dead_letter_stays_failed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    lab.delete(&format!("/api/v1/dead-letters/{event_id}")).await.expect(204);
    assert_eq!(instance(&lab, &event_id).await.0, "failed");
    assert_eq!(lab.event(&event_id).await["status"], "failed");
}

#[tokio::test]
async fn changing_it_is_refused_with_the_call_to_make_instead() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    for statement in [
        "update eventlease.event_instances set status = 'completed'",
        "delete from eventlease.event_instances",
        "insert into eventlease.event_instances (engine_type) values ('dialogue')",
    ] {
        let refused = sqlx::query(statement).execute(&lab.db).await.expect_err("it is read-only");
        let refused = refused.into_database_error().expect("PostgreSQL's own word");
        assert!(refused.message().contains("read-only"), "{refused}");
        let hint = refused.downcast_ref::<PgDatabaseError>().hint().unwrap_or_default();
        assert!(hint.contains("PUT /api/v1/events/{event_id}/status"), "{hint}");
    }
    let still_queued: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_instances where status = 'queued'")
            .fetch_one(&lab.db)
            .await
            .expect("a count");
    assert_eq!(still_queued, 1);
}
