//! Versions of engines that are given nothing.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::queue;
use crate::support::{Lab, Reply};

const PATH: &str = "/api/v1/queues/dialogue/quarantines";

/// Of a poll that is to wait out its time.
const SHORT_WAIT: Duration = Duration::from_secs(20);

async fn register(lab: &Lab, version: Option<&str>) -> String {
    let mut config = json!({"resource_limits": {"max_concurrent_events": 4}});
    if let Some(version) = version {
        config["engine_software_version"] = json!(version);
    }
    lab.register("dialogue", json!({"metadata": {"static_config": config}})).await
}

async fn quarantine(lab: &Lab, at: &str, version: Value) -> Value {
    let body = json!({"engine_software_version": version, "reason": "answers in the wrong language"});
    lab.post(&format!("{at}{PATH}"), &body).await.expect(200).body
}

fn start_poll(lab: &Lab, at: &str, engine: &str, wait: u64) -> JoinHandle<Reply> {
    let request = lab.request("GET", &format!("{at}/api/v1/events/queue/dialogue?wait_seconds={wait}&limit=1"));
    tokio::spawn(Reply::of(request.header("x-engine-id", engine)))
}

async fn notice(lab: &Lab, engine: &str) -> Value {
    let reply = lab.poll("dialogue", engine, "").await.expect(200).body;
    assert_eq!(reply["events"], json!([]), "{reply}");
    reply["notice"]["code"].clone()
}

#[tokio::test]
async fn engines_of_a_quarantined_version_get_nothing_however_often_they_restart() {
    let lab = Lab::start().await;
    let (old, new) = (register(&lab, Some("1.0")).await, register(&lab, Some("1.1")).await);
    lab.enqueue("dialogue", json!({})).await;
    let held = lab.lease_one("dialogue", &old).await;
    let made = quarantine(&lab, "", json!("1.0")).await;
    assert_eq!(made["engine_software_version"], "1.0");
    assert_eq!((&made["by"], &made["lift_at"]), (&Value::Null, &Value::Null));
    assert!(made["since"].is_string(), "{made}");

    let event_id = lab.enqueue("dialogue", json!({})).await;
    let refused = lab.poll("dialogue", &old, "wait_seconds=1").await.expect(200).body;
    assert_eq!((&refused["events"], &refused["notice"]["code"]), (&json!([]), &json!("version_quarantined")));
    assert!(refused["notice"]["retry_after_seconds"].as_u64() > Some(0), "{refused}");
    let told = &refused["notice"];
    assert_eq!(
        (&told["engine_software_version"], &told["reason"]),
        (&json!("1.0"), &json!("answers in the wrong language"))
    );
    assert_eq!(told.get("until"), None, "it is to be lifted");
    // What it holds goes on: it is heard, renews, and settles.
    let lease = json!({"leases": [{"event_id": held["event_id"], "lease_token": held["lease"]["lease_token"]}]});
    let beaten = lab.heartbeat(&old, lease).await.expect(200).body;
    assert_eq!((&beaten["command"], &beaten["leases"][0]["outcome"]), (&json!("continue"), &json!("renewed")));
    lab.settle(&held, "completed", json!({})).await.expect(200);

    let config = json!({"static_config": {"engine_software_version": "1.0"}});
    let again = json!({"engine_id": old, "engine_type": "dialogue", "metadata": config});
    lab.post("/api/v1/engines", &again).await.expect(200);
    assert_eq!(notice(&lab, &old).await, "version_quarantined");
    let late = register(&lab, Some("1.0")).await;
    assert_eq!(notice(&lab, &late).await, "version_quarantined");
    let shown = lab.get(&format!("/api/v1/engines/{late}")).await.expect(200).body;
    assert_eq!((&shown["status"], &shown["is_quarantined"]), (&json!("active"), &json!(true)));
    assert_eq!(lab.lease_one("dialogue", &new).await["event_id"], json!(event_id));
    // Another queue has nothing to do with it, and neither do anonymous polls.
    lab.enqueue("vision", json!({})).await;
    let of_vision = lab.register("vision", json!({"metadata": config})).await;
    lab.lease_one("vision", &of_vision).await;
    lab.enqueue("dialogue", json!({})).await;
    let anonymous = lab.get("/api/v1/events/queue/dialogue").await.expect(200).body;
    assert_eq!(anonymous["events"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn they_count_neither_as_active_nor_as_slots() {
    let lab = Lab::start().await;
    let (old, _new) = (register(&lab, Some("1.0")).await, register(&lab, Some("1.1")).await);
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &old).await;
    quarantine(&lab, "", json!("1.0")).await;
    let report = queue(&lab).await;
    assert_eq!(
        report["engines"],
        json!({"active": 1, "draining": 0, "unresponsive": 0, "quarantined": 1, "holding_off": 0})
    );
    assert_eq!(report["slots"], json!({"total": 4, "busy": 0, "unlimited_engines": 0}));
    assert_eq!(report["quarantines"][0]["engine_software_version"], "1.0");
    lab.broker().measure().await.expect("measured");
    for (status, engines) in [("active", 1.0), ("quarantined", 1.0), ("draining", 0.0)] {
        let name = format!("eventlease_engines{{engine_type=\"dialogue\",status=\"{status}\"}}");
        let shown = lab.metric(&name).await;
        assert!((shown - engines).abs() < f64::EPSILON, "{status}: {shown}");
    }
}

#[tokio::test]
async fn polls_that_wait_on_two_replicas_get_their_notice_and_wait_on() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    lab.wait_until_well().await;
    let (old, other) = (register(&lab, Some("1.0")).await, register(&lab, None).await);
    let url = lab.url.clone();
    let started = Instant::now();
    let polls = [start_poll(&lab, &url, &old, 30), start_poll(&lab, &url, &other, SHORT_WAIT.as_secs())];
    lab.wait_for_parked_polls(2).await;
    quarantine(&lab, &replica, json!("1.0")).await;
    quarantine(&lab, &replica, Value::Null).await;
    // None of them is given this one, and none is answered by it.
    let event_id = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(notice(&lab, &old).await, "version_quarantined");
    assert_eq!(lab.event(&event_id).await["status"], "queued");
    let lifted = lab.delete(&format!("{replica}{PATH}?engine_software_version=1.0")).await;
    lifted.expect(204);
    let [of_old, of_other] = polls;
    let served = of_old.await.expect("a reply").expect(200).body;
    assert_eq!(served["events"][0]["event_id"], json!(event_id));
    assert!(started.elapsed() < Duration::from_secs(30));
    let empty = of_other.await.expect("a reply").expect(200).body;
    assert_eq!((&empty["events"], &empty["notice"]["code"]), (&json!([]), &json!("version_quarantined")));
    assert!(started.elapsed() >= SHORT_WAIT, "it waits on until its deadline");
}

#[tokio::test]
async fn a_quarantine_is_lifted_by_time() {
    let lab = Lab::start().await;
    let old = register(&lab, Some("1.0")).await;
    let body = json!({"engine_software_version": "1.0", "reason": "for now", "lift_after_seconds": 600});
    let made = lab.post(PATH, &body).await.expect(200).body;
    assert!(made["lift_at"].is_string(), "{made}");
    let poll = start_poll(&lab, &lab.url, &old, 30);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let told = lab.poll("dialogue", &old, "").await.expect(200).body["notice"].clone();
    assert_eq!((&told["code"], &told["until"]), (&json!("version_quarantined"), &made["lift_at"]));
    lab.sql(
        r"update eventlease.queues
           set quarantines = jsonb_set(quarantines, '{0,lift_at}', to_jsonb(statement_timestamp() - interval '1 s'))",
    )
    .await;
    // The poll that waits is served by the next recheck.
    let served = poll.await.expect("a reply").expect(200).body;
    assert_eq!(served["events"][0]["event_id"], json!(event_id));
    assert_eq!(lab.get(PATH).await.expect(200).body["items"], json!([]));
    lab.delete(&format!("{PATH}?engine_software_version=1.0")).await.problem(404, "not_found");
    assert_eq!(queue(&lab).await["engines"]["active"], 1);
}

#[tokio::test]
async fn quarantines_are_listed_changed_and_lifted_one_by_one() {
    let lab = Lab::start().await;
    let first = quarantine(&lab, "", json!("1.0")).await;
    quarantine(&lab, "", Value::Null).await;
    let body = json!({"engine_software_version": "1.0", "reason": "another", "lift_after_seconds": 60});
    let changed = lab.post(PATH, &body).await.expect(200).body;
    assert_eq!((&changed["reason"], &changed["since"]), (&json!("another"), &first["since"]));
    let listed = lab.get(PATH).await.expect(200).body;
    assert_eq!(listed["next_cursor"], Value::Null);
    let items = listed["items"].as_array().expect("a list");
    assert_eq!(items[0]["engine_software_version"], Value::Null);
    assert_eq!(items[1], changed);

    let without = register(&lab, None).await;
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(notice(&lab, &without).await, "version_quarantined");
    lab.delete(&format!("{PATH}?without_version=true")).await.expect(204);
    lab.lease_one("dialogue", &without).await;
    assert_eq!(lab.get(PATH).await.expect(200).body["items"], json!([changed]));
    lab.delete(&format!("{PATH}?engine_software_version=1.0")).await.expect(204);
    assert_eq!(queue(&lab).await["quarantines"], json!([]));
}

#[tokio::test]
async fn a_quarantine_goes_with_its_queue() {
    let lab = Lab::start().await;
    quarantine(&lab, "", json!("1.0")).await;
    lab.delete("/api/v1/queues/dialogue").await.expect(204);
    lab.get(PATH).await.problem(404, "queue_not_found");
    let engine = register(&lab, Some("1.0")).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
}

#[tokio::test]
async fn what_cannot_be_read_or_is_not_there_is_refused() {
    let lab = Lab::start().await;
    let refused = lab.post(PATH, &json!({"version": "1.0"})).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/engine_software_version", "/reason", "/version"]);
    let long = json!({"engine_software_version": "x".repeat(65), "reason": "x".repeat(501), "lift_after_seconds": 0});
    let refused = lab.post(PATH, &long).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/engine_software_version", "/lift_after_seconds", "/reason"]);
    lab.get(PATH).await.problem(404, "queue_not_found");
    lab.delete(&format!("{PATH}?engine_software_version=1.0")).await.problem(404, "queue_not_found");
    lab.enqueue("dialogue", json!({})).await;
    lab.delete(&format!("{PATH}?without_version=true")).await.problem(404, "not_found");
    for query in ["", "?engine_software_version=1.0&without_version=true"] {
        let refused = lab.delete(&format!("{PATH}{query}")).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), ["engine_software_version"]);
    }
    let refused = lab.delete(&format!("{PATH}?without_version=yes")).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["without_version"]);
}

#[tokio::test]
async fn a_queue_has_a_hundred_quarantines_and_no_more() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.sql(
        "update eventlease.queues set quarantines = (
            select jsonb_agg(jsonb_build_object('engine_software_version', number::text, 'reason', 'x', 'by', null,
                'since', statement_timestamp(), 'lift_at', null))
            from generate_series(1, 100) as number)",
    )
    .await;
    let body = json!({"engine_software_version": "1.0", "reason": "x"});
    let refused = lab.post(PATH, &body).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/engine_software_version"]);
    let refusals = lab.metric("eventlease_limit_refusals_total{limit=\"quarantines\"}").await;
    assert!((refusals - 1.0).abs() < f64::EPSILON, "{refusals}");
    // One that is there can be changed all the same.
    lab.post(PATH, &json!({"engine_software_version": "7", "reason": "y"})).await.expect(200);
}
