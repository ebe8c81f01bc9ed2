//! Lists and reports have database connections of their own: however slow they are, engines do not wait for them.

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use super::refusals;
use crate::support::{Lab, Reply};

/// A list that waits while its table is locked.
const AUDIT: &str = "/api/v1/audit";

async fn lock(lab: &Lab, table: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = lab.db.begin().await.expect("a transaction");
    let statement = format!("lock table eventlease.{table} in access exclusive mode");
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *holder).await.expect("locked");
    holder
}

fn read(lab: &Lab, path: &str) -> JoinHandle<Reply> {
    tokio::spawn(Reply::of(lab.request("GET", path)))
}

/// Waits until so many statements of the server wait for a lock.
async fn wait_for_blocked(lab: &Lab, count: i64) {
    lab.wait_for(&format!("{count} blocked statements"), async || {
        let blocked: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database()
                and application_name = 'eventlease' and wait_event_type = 'Lock'",
        )
        .fetch_one(&lab.db)
        .await
        .expect("a count");
        (blocked >= count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn while_every_reader_hangs_engines_and_producers_go_on() {
    let flags = ["--acquire-timeout-seconds", "1", "--statement-timeout-seconds", "60"];
    let lab = Lab::start_with(&[&flags[..], &["--reading-statement-timeout-seconds", "60"]].concat()).await;
    let engine = lab.register("dialogue", json!({})).await;
    let holder = lock(&lab, "audit").await;
    // More than there are connections of both kinds.
    let hanging: Vec<_> = (0..20).map(|_| read(&lab, AUDIT)).collect();
    wait_for_blocked(&lab, 3).await;
    // Each other reader is told what there is not.
    let paths = [AUDIT, "/api/v1/engines", "/api/v1/events", "/api/v1/queues", "/api/v1/dead-letters"];
    for refused in join_all(paths.map(|path| lab.get(path))).await {
        let refused = refused.problem(503, "database_unavailable");
        assert!(refused.text("detail").contains("for lists and reports"), "{refused:?}");
        assert!((1..=5).contains(&refused.retry_after()), "{refused:?}");
    }
    for _ in 0..5 {
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.heartbeat(&engine, json!({})).await.expect(200);
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        assert_eq!(lab.event(&event_id).await["status"], "completed");
    }
    assert!(refusals(&lab, "reading_connections").await >= 5.0);
    holder.rollback().await.expect("released");
    let mut answers = Vec::new();
    for call in hanging {
        answers.push(call.await.expect("a reply").status);
    }
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 3, "{answers:?}");
}

#[tokio::test]
async fn a_read_is_given_up_sooner_than_other_calls() {
    let flags = ["--statement-timeout-seconds", "60", "--reading-statement-timeout-seconds", "1"];
    let lab = Lab::start_with(&flags).await;
    let holder = lock(&lab, "audit").await;
    let reading = read(&lab, AUDIT);
    wait_for_blocked(&lab, 1).await;
    drop(reading.await.expect("a reply").problem(504, "database_timeout"));
    holder.rollback().await.expect("released");
    lab.get(AUDIT).await.expect(200);
}

#[tokio::test]
async fn many_readers_of_single_events_leave_connections_to_engines() {
    let flags = ["--acquire-timeout-seconds", "1", "--statement-timeout-seconds", "60"];
    let lab = Lab::start_with(&flags).await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    // Reading an event looks among the dead letters too; taking one in and completing it does not.
    let holder = lock(&lab, "dead_letters").await;
    let hanging: Vec<_> = (0..20).map(|_| read(&lab, &format!("/api/v1/events/{event_id}"))).collect();
    wait_for_blocked(&lab, 1).await;
    for _ in 0..5 {
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        lab.enqueue("dialogue", json!({})).await;
    }
    holder.rollback().await.expect("released");
    for call in hanging {
        call.await.expect("a reply").expect(200);
    }
}

#[tokio::test]
async fn both_pools_are_shown() {
    let lab = Lab::start().await;
    lab.get("/api/v1/engines").await.expect(200);
    let replica = lab.get("/api/v1/health/database").await.expect(200).body["replica"].clone();
    assert_eq!((&replica["pool"]["max"], &replica["reading_pool"]["max"]), (&json!(5), &json!(3)));
    assert!(replica["reading_pool"]["size"].as_u64() >= Some(1), "{replica}");
}
