//! Retention: partitions are made ahead, and removed with all that ended long ago; nothing waits for it.

use std::sync::Arc;

use serde_json::json;
use sqlx::Acquire;

use crate::support::Lab;

const OLD_DAYS: i32 = 40;

/// The two partitions of a day, that are there.
pub async fn partitions_of(lab: &Lab, days_ago: i32) -> Vec<String> {
    sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'eventlease'::regnamespace and c.relkind = 'r'
            and c.relname ~ ('^(events|event_attempts)_'
                || to_char((statement_timestamp() at time zone 'UTC')::date - $1, 'YYYYMMDD') || '$')
         order by 1",
    )
    .bind(days_ago)
    .fetch_all(&lab.db)
    .await
    .expect("names")
}

/// A lab whose own first round is over, so that no other comes in between.
async fn start() -> Lab {
    let lab = Lab::start().await;
    let rounds = "eventlease_task_runs_total{outcome=\"ok\",task=\"partitions\"}";
    lab.wait_for("the first round", async || (lab.metric(rounds).await >= 1.0).then_some(())).await;
    lab
}

async fn make_old_day(lab: &Lab) {
    lab.sql(&format!(
        "select eventlease.ensure_partitions_of_day((statement_timestamp() at time zone 'UTC')::date - {OLD_DAYS})"
    ))
    .await;
    assert_eq!(partitions_of(lab, OLD_DAYS).await.len(), 2);
}

/// An event of the old day: still queued, or completed on that day.
async fn old_event(lab: &Lab, is_open: bool) -> String {
    let event_id: String = sqlx::query_scalar(
        "insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority, created_at)
         select eventlease.new_event_id(at, 0), 'dialogue', 'test.happened', '{\"line\": \"old\"}', 15, 5, at
         from (select statement_timestamp() - make_interval(days => $1) as at) long_ago
         returning event_id::text",
    )
    .bind(OLD_DAYS)
    .fetch_one(&lab.db)
    .await
    .expect("an id");
    let rest = if is_open {
        "insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
         select event_id, engine_type, event_type, priority, created_at, payload_bytes"
    } else {
        "insert into eventlease.event_attempts (event_id, engine_type, attempt, leased_at, ended_at, outcome, answer, final_status)
         select event_id, engine_type, 1, created_at, created_at, 'completed', 'completed', 'completed'"
    };
    lab.sql(&format!("{rest} from eventlease.events where event_id = '{event_id}'")).await;
    event_id
}

/// Tends the partitions until the old day is gone.
async fn remove_old_day(lab: &Lab) {
    lab.wait_for("the old day to be removed", async || {
        lab.broker().tend_partitions().await.expect("a round");
        partitions_of(lab, OLD_DAYS).await.is_empty().then_some(())
    })
    .await;
}

/// An old dead letter: its event is of the old day.
async fn old_dead_letter(lab: &Lab, engine: &str) -> String {
    let event_id = old_event(lab, true).await;
    let leased = lab.lease_one("dialogue", engine).await;
    assert_eq!(leased["event_id"], event_id);
    let settled = lab.settle(&leased, "failed", json!({"error": {"type": "Old", "message": "no"}, "retryable": false}));
    assert_eq!(settled.await.expect(200).body["outcome"], "dead_lettered");
    event_id
}

async fn complete_one(lab: &Lab, engine: &str) {
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", engine).await;
    assert_eq!(leased["event_id"], event_id);
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_week_of_partitions_is_made_ahead() {
    let lab = start().await;
    for ahead in -1..=7 {
        assert_eq!(partitions_of(&lab, -ahead).await.len(), 2, "{ahead} days ahead");
    }
    for table in partitions_of(&lab, -7).await {
        lab.sql(&format!("drop table eventlease.{table}")).await;
    }
    lab.wait_for("the seventh day", async || {
        lab.broker().tend_partitions().await.expect("a round");
        (partitions_of(&lab, -7).await.len() == 2).then_some(())
    })
    .await;
    assert!(lab.metric("eventlease_partitions_ahead_seconds").await >= 7.0 * 86_400.0);
}

#[tokio::test]
async fn a_server_starts_also_while_another_makes_partitions() {
    let mut lab = start().await;
    for table in partitions_of(&lab, -7).await {
        lab.sql(&format!("drop table eventlease.{table}")).await;
    }
    let db = lab.db.clone();
    let mut session = db.acquire().await.expect("a session");
    let mut other = session.begin().await.expect("a transaction");
    let lock = "select pg_advisory_xact_lock(hashtextextended('eventlease.partitions', 0))";
    sqlx::query(lock).execute(&mut *other).await.expect("the lock");
    let waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())";
    let give_way = async {
        // Seen waiting, and then no more: its time was up.
        for is_waiting in [true, false] {
            loop {
                let count: i64 = sqlx::query_scalar(waiting).fetch_one(&db).await.expect("a count");
                if (count > 0) == is_waiting {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        other.rollback().await.expect("the end");
    };
    let (replica, ()) = tokio::join!(lab.start_replica(&[]), give_way);
    lab.get(&format!("{replica}/readyz")).await.expect(200);
    assert_eq!(partitions_of(&lab, -7).await.len(), 2);
}

#[tokio::test]
async fn an_old_day_goes_when_nothing_of_it_is_open() {
    let lab = start().await;
    let engine = lab.register("dialogue", json!({})).await;
    make_old_day(&lab).await;
    let completed = old_event(&lab, false).await;
    let open = old_event(&lab, true).await;
    assert_eq!(lab.event(&completed).await["status"], "completed");

    for _ in 0..3 {
        lab.broker().tend_partitions().await.expect("a round");
    }
    assert_eq!(partitions_of(&lab, OLD_DAYS).await.len(), 2, "an open event holds its day");

    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], open);
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    remove_old_day(&lab).await;
    lab.get(&format!("/api/v1/events/{completed}")).await.problem(404, "event_not_found");
}

#[tokio::test]
async fn a_dead_letter_survives_its_history() {
    let lab = start().await;
    let engine = lab.register("dialogue", json!({})).await;
    make_old_day(&lab).await;
    let event_id = old_dead_letter(&lab, &engine).await;
    remove_old_day(&lab).await;

    let event = lab.event(&event_id).await;
    assert_eq!((&event["status"], &event["attempt"]), (&json!("failed"), &json!(1)));
    let listed = lab.get("/api/v1/dead-letters?include=payload").await.expect(200).body;
    assert_eq!(listed["items"][0]["event_id"], event_id);
    assert_eq!(listed["items"][0]["payload"], json!({"line": "old"}));
    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    assert_eq!(letter["attempts"][0]["error"]["type"], "Old");
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "failed");

    let redriven = lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_eq!((&redriven.body["status"], &redriven.body["redrives"]), (&json!("queued"), &json!(1)));
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["event_id"], &leased["attempt"]), (&json!(event_id), &json!(2)));
    assert_eq!(leased["payload"], json!({"line": "old"}));
    assert_eq!(leased["previous"]["error"]["type"], "Old");
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(lab.event(&event_id).await["status"], "completed");
    assert_eq!(lab.attempts(&event_id).await.len(), 2);
}

#[tokio::test]
async fn nothing_waits_for_a_reader_with_an_old_snapshot() {
    let lab = start().await;
    let engine = lab.register("dialogue", json!({})).await;
    make_old_day(&lab).await;
    let completed = old_event(&lab, false).await;
    let dead = old_dead_letter(&lab, &engine).await;

    let mut session = lab.db.acquire().await.expect("a session");
    let mut reader = session.begin().await.expect("a transaction");
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *reader).await.expect("set");
    let count = "select count(*) from eventlease.events";
    let seen: i64 = sqlx::query_scalar(count).fetch_one(&mut *reader).await.expect("a count");
    // The detaching begins, and is interrupted by its time limit.
    lab.wait_for("a removal to be postponed", async || {
        let (_, removal) = lab.broker().tend_partitions().await.expect("a round");
        (removal.postponed > 0).then_some(())
    })
    .await;
    assert!(!partitions_of(&lab, OLD_DAYS).await.is_empty());
    assert!(is_detach_pending(&lab).await, "a later run has something to finish");
    for _ in 0..3 {
        complete_one(&lab, &engine).await;
        lab.broker().tend_partitions().await.expect("a round");
    }
    // A dead letter of that day can be read, but not given back to a partition that is about to go.
    let letter = format!("/api/v1/dead-letters/{dead}");
    lab.get(&letter).await.expect(200);
    assert_eq!(lab.event(&dead).await["status"], "failed");
    let postponed = lab.post(&format!("{letter}/redrive"), &json!({})).await.problem(503, "database_unavailable");
    assert_eq!(postponed.header("retry-after"), "1");
    let seen_later: i64 = sqlx::query_scalar(count).fetch_one(&mut *reader).await.expect("a count");
    assert_eq!(seen_later, seen, "the reader's snapshot holds");
    reader.rollback().await.expect("the end");

    remove_old_day(&lab).await;
    assert!(!is_detach_pending(&lab).await);
    lab.get(&format!("/api/v1/events/{completed}")).await.problem(404, "event_not_found");
    lab.post(&format!("{letter}/redrive"), &json!({})).await.expect(200);
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], dead);
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    complete_one(&lab, &engine).await;
}

/// The two tables of a day go one after the other; a reader may hold up either of them.
#[tokio::test]
async fn a_dead_letter_that_has_lost_half_of_its_history_can_be_redriven() {
    for half in ["events", "event_attempts"] {
        let lab = start().await;
        let engine = lab.register("dialogue", json!({})).await;
        make_old_day(&lab).await;
        let event_id = old_dead_letter(&lab, &engine).await;
        for table in partitions_of(&lab, OLD_DAYS).await {
            if table.rsplit_once('_').is_some_and(|(parent, _)| parent == half) {
                lab.sql(&format!("drop table eventlease.{table}")).await;
            }
        }
        lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
        let leased = lab.lease_one("dialogue", &engine).await;
        assert_eq!((&leased["event_id"], &leased["attempt"]), (&json!(event_id), &json!(2)));
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        assert_eq!(lab.attempts(&event_id).await.len(), 2);
    }
}

async fn is_detach_pending(lab: &Lab) -> bool {
    sqlx::query_scalar("select exists (select from pg_inherits where inhdetachpending)")
        .fetch_one(&lab.db)
        .await
        .expect("an answer")
}

/// A server that is killed between detaching and dropping leaves a table that no longer is a partition.
#[tokio::test]
async fn a_partition_that_was_detached_and_not_dropped_is_dropped_later() {
    let lab = start().await;
    let engine = lab.register("dialogue", json!({})).await;
    make_old_day(&lab).await;
    let event_id = old_dead_letter(&lab, &engine).await;
    for table in partitions_of(&lab, OLD_DAYS).await {
        let parent = table.rsplit_once('_').expect("a day").0;
        lab.sql(&format!("alter table eventlease.{parent} detach partition eventlease.{table}")).await;
    }
    remove_old_day(&lab).await;
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], event_id);
}

#[tokio::test]
async fn a_removal_that_is_given_up_leaves_no_lock_behind() {
    let lab = start().await;
    lab.sql(
        "select eventlease.ensure_partitions_of_day((statement_timestamp() at time zone 'UTC')::date - ago)
         from generate_series(40, 55) as ago",
    )
    .await;
    let is_locked = async || {
        let is_locked = "select exists (select from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and l.granted)";
        sqlx::query_scalar::<_, bool>(is_locked).fetch_one(&lab.db).await.expect("an answer")
    };
    // Each partition is waited for in vain.
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = "lock table eventlease.events, eventlease.event_attempts in share row exclusive mode";
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    let broker = Arc::clone(lab.broker());
    let round = tokio::spawn(async move { broker.tend_partitions().await.map(|_| ()) });
    lab.wait_for("the removal to begin", async || is_locked().await.then_some(())).await;
    round.abort();
    assert!(round.await.is_err_and(|ended| ended.is_cancelled()));
    holder.rollback().await.expect("free again");
    lab.wait_for("the lock to be free", async || (!is_locked().await).then_some(())).await;
    remove_old_day(&lab).await;
}
