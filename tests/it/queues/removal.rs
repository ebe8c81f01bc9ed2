//! Queues are removed when nothing needs them, and come back with what does.

use eventlease::store::notices::{self, Notice};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use tokio::time::timeout;

use super::patch;
use crate::support::{Lab, PATIENCE, Reply, pool_of};
use crate::trust::Guarded;

const QUEUE: &str = "/api/v1/queues/dialogue";

async fn has_row(lab: &Lab) -> bool {
    sqlx::query_scalar("select exists (select from eventlease.queues where engine_type = 'dialogue')")
        .fetch_one(&lab.db)
        .await
        .expect("an answer")
}

async fn work_off(lab: &Lab) {
    let leased =
        lab.get("/api/v1/events/queue/dialogue?limit=1&wait_seconds=10").await.expect(200).body["events"][0].clone();
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[track_caller]
fn is_in_use(reply: Reply, uses: [bool; 3]) {
    let body = reply.problem(409, "queue_in_use").body;
    let told = ["has_open_events", "has_engines", "has_dead_letters"].map(|member| body[member] == json!(true));
    assert_eq!(told, uses, "{body}");
}

#[tokio::test]
async fn a_queue_is_removed_when_nothing_needs_it_and_its_settings_go_with_it() {
    let lab = Lab::start().await;
    lab.delete(QUEUE).await.problem(404, "queue_not_found");
    patch(&lab, "dialogue", &json!({"max_processing": 7})).await.expect(200);
    lab.enqueue("dialogue", json!({})).await;
    is_in_use(lab.delete(QUEUE).await, [true, false, false]);
    let leased = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body["events"][0].clone();
    is_in_use(lab.delete(QUEUE).await, [true, false, false]);
    let dead = leased["event_id"].as_str().expect("an id");
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    is_in_use(lab.delete(QUEUE).await, [false, false, true]);
    let engine = lab.register("dialogue", json!({})).await;
    is_in_use(lab.delete(QUEUE).await, [false, true, true]);
    lab.delete(&format!("/api/v1/dead-letters/{dead}")).await.expect(204);
    is_in_use(lab.delete(QUEUE).await, [false, true, false]);
    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    lab.enqueue("dialogue", json!({"delay_seconds": 1000})).await;
    is_in_use(lab.delete(QUEUE).await, [true, false, false]);
    lab.sql("update eventlease.event_queue set available_at = statement_timestamp()").await;
    work_off(&lab).await;

    let refused = Reply::of(lab.request("DELETE", QUEUE).json(&json!({"force": true}))).await;
    // Bodies of DELETE are not read.
    refused.expect(204);
    lab.get(QUEUE).await.problem(404, "queue_not_found");
    lab.delete(QUEUE).await.problem(404, "queue_not_found");
    assert!(!lab.get("/metrics").await.expect(200).raw.contains("engine_type=\"dialogue\""));
    lab.get(&format!("/api/v1/events/{dead}")).await.expect(200);
    let entry = lab.get("/api/v1/audit?action=delete_queue").await.expect(200).body["items"][0].clone();
    assert_eq!((&entry["subject"], &entry["details"]["settings"]["max_processing"]), (&json!("dialogue"), &json!(7)));

    // It comes back with the next event, as if it were new.
    lab.enqueue("dialogue", json!({})).await;
    let again = lab.get(QUEUE).await.expect(200).body;
    assert_eq!(again["settings"]["max_processing"]["value"], Value::Null);
    work_off(&lab).await;
}

#[tokio::test]
async fn replicas_forget_a_queue_that_was_removed() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    // Known to be there, and not looked for any more.
    for url in [&lab.url, &replica] {
        lab.post(&format!("{url}/api/v1/events"), &event).await.expect(201);
        work_off(&lab).await;
    }
    lab.delete(QUEUE).await.expect(204);
    lab.wait_for("the replica to make the queue again", async || {
        lab.post(&format!("{replica}/api/v1/events"), &event).await.expect(201);
        work_off(&lab).await;
        has_row(&lab).await.then_some(())
    })
    .await;
}

/// Without being told, replicas would find out with their next round of housekeeping.
#[tokio::test]
async fn replicas_are_told_of_a_removal_with_its_commit() {
    let lab = Lab::start().await;
    patch(&lab, "dialogue", &json!({"default_limit": 2})).await.expect(200);
    let pool = pool_of(lab.db.connect_options().to_url_lossy().as_str());
    let mut notices = notices::listen(&pool, uuid::Uuid::new_v4()).await.expect("a connection");
    lab.delete(QUEUE).await.expect(204);
    let removed = Notice::QueueRemoved { engine_type: "dialogue".to_owned() };
    let heard =
        timeout(PATIENCE, async { while notices.next().await.expect("a connection").expect("a notice") != removed {} });
    heard.await.expect("the removal is told");
}

/// As after a removal by another replica that went unheard.
#[tokio::test]
async fn housekeeping_forgets_a_queue_whose_row_was_deleted() {
    let lab = Lab::start().await;
    // A queue that is known gets no row with its next event.
    lab.wait_for("the queue to be known", async || {
        lab.sql("delete from eventlease.queues").await;
        lab.enqueue("dialogue", json!({})).await;
        work_off(&lab).await;
        (!has_row(&lab).await).then_some(())
    })
    .await;
    lab.broker().tend_queues().await.expect("a round");
    lab.enqueue("dialogue", json!({})).await;
    assert!(has_row(&lab).await);
    work_off(&lab).await;
}

/// The worst that can happen: what comes is not seen by the removal, and takes the queue for known.
#[tokio::test]
async fn what_comes_while_its_queue_is_removed_is_kept_and_gets_its_queue_back() {
    let lab = Lab::start().await;
    patch(&lab, "dialogue", &json!({"default_limit": 2})).await.expect(200);
    let mut producer = lab.db.begin().await.expect("a transaction");
    let event_id: uuid::Uuid = sqlx::query_scalar("select eventlease.enqueue('dialogue', 'e', '1')")
        .fetch_one(&mut *producer)
        .await
        .expect("taken in");
    lab.delete(QUEUE).await.expect(204);
    producer.commit().await.expect("committed");
    assert!(!has_row(&lab).await);
    lab.broker().tend_queues().await.expect("a round");
    assert_eq!(lab.get(QUEUE).await.expect(200).body["due"], 1);
    assert_eq!(lab.event(&event_id.to_string()).await["status"], "queued");

    // Of an event in somebody's hands, of an engine, and of a dead letter alike.
    let leased = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body["events"][0].clone();
    let lose_row = async || {
        lab.sql("delete from eventlease.queues").await;
        assert!(lab.broker().tend_queues().await.expect("a round").restored <= 1);
        assert!(has_row(&lab).await);
    };
    lose_row().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    lose_row().await;
    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    lose_row().await;
}

#[tokio::test]
async fn no_removal_loses_what_comes_at_the_same_moment() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    for round in 0..30 {
        let url = if round % 2 == 0 { &replica } else { &lab.url };
        let enqueue = format!("{url}/api/v1/events");
        let (taken, removed) = tokio::join!(lab.post(&enqueue, &event), lab.delete(QUEUE));
        taken.expect(201);
        assert!([204, 404, 409].contains(&removed.status), "{removed:?}");
        work_off(&lab).await;
    }
    lab.enqueue("dialogue", json!({})).await;
    lab.broker().tend_queues().await.expect("a round");
    assert!(has_row(&lab).await);
    work_off(&lab).await;
}

#[tokio::test]
async fn a_setting_that_comes_while_its_queue_is_removed_is_kept() {
    let lab = Lab::start().await;
    patch(&lab, "dialogue", &json!({"default_limit": 2})).await.expect(200);
    let mut removal = lab.db.begin().await.expect("a transaction");
    sqlx::query("delete from eventlease.queues").execute(&mut *removal).await.expect("removed");
    let url = lab.url.clone();
    let request = lab.request("PATCH", &format!("{url}{QUEUE}")).json(&json!({"max_processing": 3}));
    let setting = tokio::spawn(Reply::of(request));
    lab.wait_for_a_blocked_server().await;
    removal.commit().await.expect("committed");
    let told = setting.await.expect("a reply").expect(200).body["settings"].clone();
    assert_eq!((&told["max_processing"]["value"], &told["default_limit"]["source"]), (&json!(3), &json!("server")));
}

#[tokio::test]
async fn empty_queues_without_settings_go_after_the_retention() {
    let lab = Lab::start_with(&["--retention-days", "7"]).await;
    for queue in ["used", "unused", "by-engine"] {
        lab.enqueue(queue, json!({})).await;
    }
    lab.register("by-engine", json!({})).await;
    lab.sql("delete from eventlease.event_queue where engine_type <> 'used'").await;
    lab.sql("delete from eventlease.events where engine_type <> 'used'").await;
    patch(&lab, "with-settings", &json!({"retry_policy": {"max_retries": 1}})).await.expect(200);
    lab.post("/api/v1/queues/paused/pause", &json!({})).await.expect(200);
    let unused_since = async |queue: &str| -> Option<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select unused_since::text from eventlease.queues where engine_type = '{queue}'"
        )))
        .fetch_one(&lab.db)
        .await
        .expect("a row")
    };
    // What happened in the last minutes counts as well.
    lab.broker().write_activity().await.expect("a database");
    lab.broker().tend_queues().await.expect("a round");
    assert_eq!(unused_since("unused").await, None);
    lab.sql("delete from eventlease.queue_activity").await;
    lab.broker().tend_queues().await.expect("a round");
    assert_eq!((unused_since("used").await, unused_since("by-engine").await), (None, None));
    let since = unused_since("unused").await.expect("noted");
    lab.broker().tend_queues().await.expect("a round");
    assert_eq!(unused_since("unused").await.expect("noted"), since);

    let age = async |days: u32| {
        lab.sql(&format!(
            "update eventlease.queues set unused_since = statement_timestamp() - interval '{days} days'
             where unused_since is not null"
        ))
        .await;
        lab.broker().tend_queues().await.expect("a round");
        let listed = lab.get("/api/v1/queues").await.expect(200).body["items"].as_array().expect("a list").clone();
        listed.iter().map(|queue| queue["engine_type"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(age(6).await, ["by-engine", "paused", "unused", "used", "with-settings"]);
    // Used again, its time begins anew.
    lab.enqueue("unused", json!({})).await;
    assert_eq!(age(8).await, ["by-engine", "paused", "unused", "used", "with-settings"]);
    assert_eq!(unused_since("unused").await, None);
    lab.sql("delete from eventlease.event_queue where engine_type = 'unused'").await;
    lab.sql("delete from eventlease.events where engine_type = 'unused'").await;
    lab.broker().write_activity().await.expect("a database");
    lab.sql("delete from eventlease.queue_activity").await;
    lab.broker().tend_queues().await.expect("a round");
    assert_eq!(age(8).await, ["by-engine", "paused", "used", "with-settings"]);
    // And can be made again.
    lab.enqueue("unused", json!({})).await;
    assert_eq!(age(0).await, ["by-engine", "paused", "unused", "used", "with-settings"]);
}

#[tokio::test]
async fn a_queue_is_removed_by_operators_and_admins_within_reach() {
    let guarded = Guarded::start().await;
    for role in ["operator", "admin"] {
        patch_as_operator(&guarded).await;
        let token = if role == "admin" { guarded.admin.clone() } else { guarded.token(role, json!({})).await };
        guarded.ask(&token, "DELETE", QUEUE).await.expect(204);
    }
    let elsewhere = guarded.token("operator", json!({"engine_types": ["chess"]})).await;
    // Whether the queue is there or not.
    guarded.ask(&elsewhere, "DELETE", QUEUE).await.problem(403, "forbidden");
    patch_as_operator(&guarded).await;
    guarded.ask(&elsewhere, "DELETE", QUEUE).await.problem(403, "forbidden");
}

async fn patch_as_operator(guarded: &Guarded) {
    let operator = guarded.token("operator", json!({"name": "setter"})).await;
    guarded.send(&operator, "PATCH", QUEUE, &json!({"default_limit": 2})).await.expect(200);
}
