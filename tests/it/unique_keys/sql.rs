//! `eventlease.enqueue(…, unique_key => …)`: the same rules, in a transaction of the caller's own.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{EVENTS, assert_held_by, body, count};
use crate::support::Lab;

async fn enqueue(connection: &mut PgConnection, key: &str, idempotency_key: Option<&str>) -> Uuid {
    try_enqueue(connection, key, idempotency_key).await.expect("an event")
}

async fn try_enqueue(connection: &mut PgConnection, key: &str, idempotency_key: Option<&str>) -> sqlx::Result<Uuid> {
    sqlx::query_scalar("select eventlease.enqueue('dialogue', 'e', '1', unique_key => $1, idempotency_key => $2)")
        .bind(key)
        .bind(idempotency_key)
        .fetch_one(connection)
        .await
}

#[tokio::test]
async fn sql_and_http_hold_the_same_keys() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut session = lab.db.acquire().await.expect("a connection");
    let by_sql = enqueue(&mut session, "k", None).await;
    assert_eq!(lab.event(&by_sql.to_string()).await["unique_key"], "k");
    assert_held_by(lab.post(EVENTS, &body("k", json!({}))).await, &by_sql.to_string());
    assert_eq!(enqueue(&mut session, "k", None).await, by_sql);
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let by_http = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    assert_eq!(enqueue(&mut session, "k", None).await.to_string(), by_http);
    // Twice in one transaction.
    let mut transaction = session.begin().await.expect("a transaction");
    let first = enqueue(&mut transaction, "k2", None).await;
    assert_eq!(enqueue(&mut transaction, "k2", None).await, first);
    transaction.rollback().await.expect("a rollback");
    assert_eq!(count(&lab, "open_keys").await, 1);
}

#[tokio::test]
async fn an_idempotency_key_beside_it_is_the_same_over_both() {
    let lab = Lab::start().await;
    let mut session = lab.db.acquire().await.expect("a connection");
    let holder = enqueue(&mut session, "k", None).await;
    assert_eq!(enqueue(&mut session, "k", Some("i")).await, holder);
    let over_http = lab.post(EVENTS, &body("k", json!({"idempotency_key": "i"}))).await.expect(200);
    assert_eq!(over_http.body["duplicate_of"], "idempotency_key");
    let other = try_enqueue(&mut session, "other", Some("i")).await.expect_err("another unique key is another body");
    assert!(other.to_string().contains("idempotency_key: stands for another body"), "{other}");

    let free = lab.post(EVENTS, &body("free", json!({"idempotency_key": "j"}))).await.expect(201).text("event_id");
    assert_eq!(enqueue(&mut session, "free", Some("j")).await.to_string(), free);
    // 1.0 is 1, where the event that was answered has that payload.
    let by_value = sqlx::query_scalar::<_, Uuid>(
        "select eventlease.enqueue('dialogue', 'e', '1.0', unique_key => 'k', idempotency_key => 'i')",
    );
    assert_eq!(by_value.fetch_one(&mut *session).await.expect("an event"), holder);
}

#[tokio::test]
async fn another_waits_for_the_transaction_that_takes_the_key() {
    let lab = Lab::start().await;
    for is_kept in [true, false] {
        let mut session = lab.db.acquire().await.expect("a connection");
        let mut transaction = session.begin().await.expect("a transaction");
        let key = format!("k-{is_kept}");
        let first = enqueue(&mut transaction, &key, None).await.to_string();
        let request = lab.request("POST", EVENTS).json(&body(&key, json!({})));
        let waiting = tokio::spawn(crate::support::Reply::of(request));
        lab.wait_for_a_blocked_server().await;
        assert!(!waiting.is_finished());
        if is_kept {
            transaction.commit().await.expect("a commit");
            assert_held_by(waiting.await.expect("a reply"), &first);
        } else {
            transaction.rollback().await.expect("a rollback");
            assert_ne!(waiting.await.expect("a reply").expect(201).text("event_id"), first);
        }
    }
}

/// A caller's transaction that was told of an open event must not keep that event from ending.
#[tokio::test]
async fn nobody_who_finds_a_key_held_holds_up_its_event() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let holder = lab.enqueue("dialogue", json!({"unique_key": "k"})).await;
    let mut session = lab.db.acquire().await.expect("a connection");
    let mut transaction = session.begin().await.expect("a transaction");
    assert_eq!(enqueue(&mut transaction, "k", None).await.to_string(), holder);
    let leased = lab.lease_one("dialogue", &engine).await;
    let settled = tokio::time::timeout(Duration::from_secs(20), lab.settle(&leased, "completed", json!({}))).await;
    settled.expect("nothing holds it up").expect(200);
    // And it may have the key itself now.
    assert_ne!(enqueue(&mut transaction, "k", None).await.to_string(), holder);
    transaction.commit().await.expect("a commit");
}

#[tokio::test]
async fn a_key_is_checked_and_rights_stay_given() {
    let lab = Lab::start().await;
    let mut session = lab.db.acquire().await.expect("a connection");
    for bad in ["", "a\nb", &"x".repeat(257)] {
        let refused = try_enqueue(&mut session, bad, None).await.expect_err("it is refused");
        assert!(refused.to_string().contains("unique_key: "), "{refused}");
    }
    let may = "select has_function_privilege('eventlease_producer', 'eventlease.enqueue', 'execute')
            and not has_function_privilege('public', 'eventlease.enqueue', 'execute')";
    let may = may.replace("'eventlease.enqueue'", "'eventlease.enqueue'::regproc::oid");
    let may: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(may)).fetch_one(&mut *session).await.expect("an answer");
    assert!(may);
}
