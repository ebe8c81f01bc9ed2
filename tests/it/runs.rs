//! Scenario runs: how they stand, and waiting until nothing is open of one; below, cancelling and reopening them.

mod cancel;
mod concurrent;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

async fn run(lab: &Lab, run: &str) -> Value {
    lab.get(&format!("/api/v1/scenario-runs/{run}")).await.expect(200).body
}

async fn counts(lab: &Lab, name: &str) -> Value {
    run(lab, name).await["counts"].clone()
}

async fn of_run(lab: &Lab, name: &str, more: Value) -> String {
    let mut body = json!({"scenario_run_id": name});
    crate::support::merge(&mut body, more);
    lab.enqueue("dialogue", body).await
}

async fn change(lab: &Lab, name: &str, verb: &str) -> Reply {
    Reply::of(lab.request("POST", &format!("/api/v1/scenario-runs/{name}/{verb}"))).await
}

fn counted(queued: u32, processing: u32, completed: u32, failed: u32, cancelled: u32) -> Value {
    json!({"queued": queued, "processing": processing, "completed": completed, "failed": failed, "cancelled": cancelled})
}

#[tokio::test]
async fn a_run_is_counted_by_the_status_of_its_events() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let unknown = run(&lab, "run-1").await;
    assert_eq!((&unknown["status"], &unknown["counts"]), (&json!("idle"), &counted(0, 0, 0, 0, 0)));
    assert_eq!((&unknown["first_created_at"], &unknown["last_ended_at"]), (&Value::Null, &Value::Null));

    let first = of_run(&lab, "run-1", json!({})).await;
    of_run(&lab, "run-2", json!({"delay_seconds": 60})).await;
    let completed = lab.lease_one("dialogue", &engine).await;
    assert_eq!(counts(&lab, "run-1").await, counted(0, 1, 0, 0, 0));
    assert_eq!(run(&lab, "run-1").await["status"], "active");
    lab.settle(&completed, "completed", json!({})).await.expect(200);
    for _ in 0..2 {
        of_run(&lab, "run-1", json!({})).await;
        let failed = lab.lease_one("dialogue", &engine).await;
        lab.settle(&failed, "failed", json!({"retryable": false})).await.expect(200);
    }
    let cancelled = of_run(&lab, "run-1", json!({})).await;
    lab.post(&format!("/api/v1/events/{cancelled}/cancel"), &json!({})).await.expect(200);
    let ended = run(&lab, "run-1").await;
    assert_eq!((&ended["status"], &ended["counts"]), (&json!("idle"), &counted(0, 0, 1, 2, 1)));
    assert_eq!(ended["is_approximate"], false);
    assert_eq!(ended["first_created_at"], lab.event(&first).await["created_at"]);
    assert_eq!(ended["last_ended_at"], lab.event(&cancelled).await["finished_at"]);

    // What is open again is not counted as ended, and a dead letter without its history still is.
    let letters = lab.get("/api/v1/dead-letters?scenario_run_id=run-1").await.expect(200).body["items"].clone();
    let letter = letters[0]["event_id"].as_str().expect("an id").to_owned();
    lab.post(&format!("/api/v1/dead-letters/{letter}/redrive"), &json!({"delay_seconds": 60})).await.expect(200);
    assert_eq!(counts(&lab, "run-1").await, counted(1, 0, 1, 1, 1));
    let other = letters[1]["event_id"].as_str().expect("an id");
    lab.sql(&format!("delete from eventlease.events where event_id = '{other}'")).await;
    assert_eq!(counts(&lab, "run-1").await, counted(1, 0, 1, 1, 1));
}

#[tokio::test]
async fn whole_numbers_are_runs_as_well_and_what_cannot_be_one_is_refused() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({"scenario_run_id": 7})).await;
    assert_eq!(counts(&lab, "7").await["queued"], 1);
    assert_eq!(change(&lab, "7", "cancel").await.expect(200).body["cancelled"], 1);
    for (path, method) in [("", "GET"), ("/cancel", "POST"), ("/reopen", "POST")] {
        let reply = Reply::of(lab.request(method, &format!("/api/v1/scenario-runs/{}{path}", "x".repeat(65)))).await;
        assert_eq!(reply.problem(422, "invalid_input").places(), ["scenario_run_id"]);
    }
    lab.get("/api/v1/scenario-runs/7?wait_seconds=31").await.problem(422, "invalid_input");
    lab.get("/api/v1/scenario-runs?limit=0&cursor=").await.problem(422, "invalid_input");
}

#[tokio::test]
async fn counts_end_at_their_bound() {
    let lab = Lab::start().await;
    of_run(&lab, "run-1", json!({"delay_seconds": 60})).await;
    lab.sql(
        "with made as (select eventlease.new_event_id(statement_timestamp(), n) as event_id from generate_series(1, 10000) n),
         facts as (
            insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
                scenario_run_id, created_at)
            select event_id, 'dialogue', 'e', '1', 1, 5, 'run-1', statement_timestamp() from made
         )
         insert into eventlease.event_attempts (event_id, engine_type, attempt, ended_at, outcome, answer, final_status)
         select event_id, 'dialogue', 1, statement_timestamp(), 'completed', 'completed', 'completed' from made",
    )
    .await;
    let counted = run(&lab, "run-1").await;
    assert_eq!((&counted["is_approximate"], &counted["status"]), (&json!(true), &json!("active")), "{counted}");
    assert_eq!(counted["counts"]["queued"], 1);
}

#[tokio::test]
async fn a_wait_ends_when_nothing_of_the_run_is_open_whoever_ended_it() {
    let mut lab = Lab::start_with(&["--recheck-interval-ms", "200"]).await;
    let replica = lab.start_replica(&[]).await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..2 {
        of_run(&lab, "run-1", json!({})).await;
    }
    let started = Instant::now();
    let wait = tokio::spawn(Reply::of(lab.request("GET", "/api/v1/scenario-runs/run-1?wait_seconds=30")));
    lab.wait_for("a parked wait", async || (lab.metric("eventlease_event_waits_parked").await > 0.5).then_some(()))
        .await;
    for _ in 0..2 {
        assert!(!wait.is_finished());
        let leased = lab.poll_at(&replica, "dialogue", &engine, "limit=1").await.expect(200).body["events"][0].clone();
        lab.settle(&leased, "completed", json!({})).await.expect(200);
    }
    let reply = wait.await.expect("a reply").expect(200);
    assert_eq!((&reply.body["status"], &reply.body["counts"]["completed"]), (&json!("idle"), &json!(2)));
    assert!(started.elapsed() < Duration::from_secs(25), "it ended by its deadline");

    // A run that is idle already, one that does not become so, and one whose wait is cut short by a stop.
    assert_eq!(lab.get("/api/v1/scenario-runs/run-1?wait_seconds=30").await.expect(200).body["status"], "idle");
    of_run(&lab, "run-2", json!({})).await;
    let reply = lab.get("/api/v1/scenario-runs/run-2?wait_seconds=1").await.expect(200);
    assert_eq!(reply.body["status"], "active");
}

#[tokio::test]
async fn runs_with_open_events_and_cancelled_ones_are_listed_by_name() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    assert_eq!(lab.get("/api/v1/scenario-runs").await.expect(200).body, json!({"items": [], "next_cursor": null}));
    for name in ["done", "a", "held", "b 2", "b 2", "c"] {
        of_run(&lab, name, json!({})).await;
    }
    lab.enqueue("chess", json!({})).await;
    let held = json!({"priority": 9});
    for name in ["done", "held"] {
        let event_id =
            lab.get(&format!("/api/v1/events?scenario_run_id={name}")).await.expect(200).body["items"][0]["event_id"]
                .as_str()
                .expect("an id")
                .to_owned();
        lab.sql(&format!(
            "update eventlease.event_queue set priority = {} where event_id = '{event_id}'",
            held["priority"]
        ))
        .await;
        let leased = lab.lease_one("dialogue", &engine).await;
        if name == "done" {
            lab.settle(&leased, "completed", json!({})).await.expect(200);
        }
    }
    change(&lab, "c", "cancel").await.expect(200);
    change(&lab, "never seen", "cancel").await.expect(200);

    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = lab.get(&format!("/api/v1/scenario-runs?limit=2{cursor}")).await.expect(200).body;
        for item in page["items"].as_array().expect("items") {
            assert_eq!(item["status"] == "cancelled", item["cancelled_at"].is_string(), "{item}");
            found.push(format!(
                "{} {} {}",
                item["scenario_run_id"].as_str().expect("a name"),
                item["status"].as_str().expect("a status"),
                item["has_open_events"]
            ));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert_eq!(
        found,
        ["a active true", "b 2 active true", "c cancelled false", "held active true", "never seen cancelled false"]
    );
}
