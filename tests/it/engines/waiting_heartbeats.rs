//! Heartbeats that wait until there is something to tell.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::listed;
use super::orders::with_limit;
use crate::support::{Lab, Reply, merge};

/// Long enough that nothing but news ends a wait within it.
const WAIT: Duration = Duration::from_secs(45);

/// With a heartbeat interval of a minute.
async fn register(lab: &Lab) -> String {
    let mut members = with_limit(5);
    merge(&mut members, json!({"heartbeat_timeout_seconds": 180}));
    lab.register("dialogue", members).await
}

fn wait_with(lab: &Lab, url: &str, engine: &str, more: Value) -> JoinHandle<Reply> {
    let mut body = json!({"wait_seconds": WAIT.as_secs()});
    merge(&mut body, more);
    tokio::spawn(Reply::of(lab.request("POST", &format!("{url}/api/v1/engines/{engine}/heartbeat")).json(&body)))
}

fn wait(lab: &Lab, url: &str, engine: &str) -> JoinHandle<Reply> {
    wait_with(lab, url, engine, json!({}))
}

async fn wait_until_parked(lab: &Lab, url: &str, count: u32) {
    lab.wait_for(&format!("{count} waiting heartbeats"), async || {
        let text = lab.get(&format!("{url}/metrics")).await.expect(200).raw;
        text.lines().any(|line| line == format!("eventlease_heartbeats_parked {count}")).then_some(())
    })
    .await;
}

async fn answer(heartbeat: JoinHandle<Reply>) -> Value {
    heartbeat.await.expect("a reply").expect(200).body
}

#[tokio::test]
async fn a_command_a_cancel_and_a_limit_end_the_wait_on_another_replica() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    lab.wait_until_well().await;
    let engine = register(&lab).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let url = lab.url.clone();
    let started = Instant::now();
    let after = async |method: &str, path: String, body: Value| {
        let heartbeat = wait(&lab, &url, &engine);
        wait_until_parked(&lab, &url, 1).await;
        let reply = Reply::of(lab.request(method, &format!("{replica}/api/v1/{path}")).json(&body)).await;
        assert!(reply.status < 300, "{reply:?}");
        answer(heartbeat).await
    };

    let told = after("POST", format!("events/{event_id}/cancel"), json!({})).await;
    assert_eq!((&told["events_to_cancel"], &told["command"]), (&json!([event_id]), &json!("continue")));
    let limit = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 2}}}});
    let told = after("PATCH", format!("engines/{engine}"), limit).await;
    assert_eq!((&told["max_concurrent_events"], &told["leases_held"]), (&json!(2), &json!(1)));
    let told = after("POST", format!("engines/{engine}/drain"), json!({"reason": "old", "then": "stay"})).await;
    assert_eq!((&told["command"], &told["drain"]["reason"]), (&json!("drain"), &json!("old")));
    let told = after("POST", format!("engines/{engine}/resume"), json!({})).await;
    assert_eq!((&told["command"], told.get("drain")), (&json!("continue"), None));
    lab.settle(&leased, "queued", json!({})).await.expect(200);
    let many = json!({"filter": {"engine_type": "dialogue"}});
    let told = after("POST", "engines/drain".to_owned(), many).await;
    assert_eq!((&told["command"], &told["leases_held"]), (&json!("stop"), &json!(0)));
    assert!(started.elapsed() < WAIT, "one of them waited in vain");
}

#[tokio::test]
async fn a_scenario_run_that_is_cancelled_ends_the_wait_of_those_that_work_on_it() {
    let lab = Lab::start().await;
    let engine = register(&lab).await;
    let event_id = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let started = Instant::now();
    // A lease that is listed says so as well.
    let heartbeat = wait_with(&lab, &lab.url, &engine, listed(&leased, json!({})));
    wait_until_parked(&lab, &lab.url, 1).await;
    lab.post("/api/v1/scenario-runs/run-1/cancel", &json!({})).await.expect(200);
    let told = answer(heartbeat).await;
    assert_eq!(told["events_to_cancel"], json!([event_id]));
    let lease = &told["leases"][0];
    assert_eq!((&lease["outcome"], &lease["cancel_requested"]), (&json!("renewed"), &json!(true)));
    assert!(started.elapsed() < WAIT);
}

#[tokio::test]
async fn what_an_engine_was_told_it_is_not_told_again_by_ending_the_wait() {
    let lab = Lab::start().await;
    let engine = register(&lab).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.post(&format!("/api/v1/events/{event_id}/cancel"), &json!({})).await.expect(202);
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    let started = Instant::now();
    // There is something to tell: this one is answered at once.
    let told = answer(wait(&lab, &lab.url, &engine)).await;
    assert_eq!((&told["command"], &told["events_to_cancel"]), (&json!("drain"), &json!([event_id])));
    // The next one waits, and a newer one ends that; also one that does not wait itself.
    let first = wait(&lab, &lab.url, &engine);
    wait_until_parked(&lab, &lab.url, 1).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    assert_eq!(answer(first).await["command"], "drain");
    let second = wait(&lab, &lab.url, &engine);
    wait_until_parked(&lab, &lab.url, 1).await;
    // What concerns another engine of the type is no news to this one.
    let other = register(&lab).await;
    lab.post(&format!("/api/v1/engines/{other}/drain"), &json!({})).await.expect(200);
    let third = wait(&lab, &lab.url, &engine);
    assert_eq!(answer(second).await["command"], "drain");
    wait_until_parked(&lab, &lab.url, 1).await;
    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    third.await.expect("a reply").problem(404, "engine_not_found");
    wait_until_parked(&lab, &lab.url, 0).await;
    assert!(started.elapsed() < WAIT);
}

#[tokio::test]
async fn a_heartbeat_waits_for_its_time_and_no_longer_than_the_interval() {
    let lab = Lab::start().await;
    // An interval of one second.
    let engine = lab.register("dialogue", json!({"heartbeat_timeout_seconds": 3})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let started = Instant::now();
    let told = answer(wait_with(&lab, &lab.url, &engine, listed(&leased, json!({})))).await;
    assert!(started.elapsed() >= Duration::from_secs(1), "there was nothing to tell");
    assert!(started.elapsed() < WAIT, "its interval is shorter");
    assert_eq!((&told["command"], &told["leases_held"]), (&json!("continue"), &json!(1)));
    let left = told["leases"][0]["expires_in_seconds"].as_f64().expect("a number");
    assert!(left <= 299.0, "from the reply on: {left}");
}

#[tokio::test]
async fn only_the_coming_of_a_heartbeat_shows_that_its_engine_lives() {
    let lab = Lab::start().await;
    let engine = register(&lab).await;
    let heartbeat = wait(&lab, &lab.url, &engine);
    wait_until_parked(&lab, &lab.url, 1).await;
    // It would not become unresponsive while a waiting call kept it alive.
    lab.silence(&engine).await;
    lab.heartbeat(&engine, json!({})).await.expect(200);
    assert_eq!(answer(heartbeat).await["status"], "active");
}

#[tokio::test]
async fn a_heartbeat_is_answered_at_once_where_as_many_requests_wait_as_may() {
    let lab = Lab::start_with(&["--max-parked-requests", "1"]).await;
    let (engine, other) = (register(&lab).await, register(&lab).await);
    let waiting = wait(&lab, &lab.url, &engine);
    wait_until_parked(&lab, &lab.url, 1).await;
    let started = Instant::now();
    let answered = answer(wait(&lab, &lab.url, &other)).await;
    assert_eq!(answered["command"], "continue");
    assert!(started.elapsed() < WAIT);
    // A poll meets the same limit.
    lab.poll("dialogue", &other, "wait_seconds=30").await.problem(429, "overloaded");
    lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
    assert_eq!(answer(waiting).await["command"], "stop");
}

#[tokio::test]
async fn a_server_that_stops_answers_heartbeats_that_wait() {
    let mut lab = Lab::start().await;
    let engine = register(&lab).await;
    let url = lab.url.clone();
    let started = Instant::now();
    let heartbeat = wait(&lab, &url, &engine);
    wait_until_parked(&lab, &url, 1).await;
    lab.stop().await;
    assert_eq!(answer(heartbeat).await["command"], "continue");
    assert!(started.elapsed() < WAIT);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_no_heartbeat_waiting() {
    let lab = Lab::start().await;
    let engine = register(&lab).await;
    let heartbeat = wait(&lab, &lab.url, &engine);
    wait_until_parked(&lab, &lab.url, 1).await;
    heartbeat.abort();
    wait_until_parked(&lab, &lab.url, 0).await;
}

/// On its own server, and where the registration came in elsewhere.
#[tokio::test]
async fn the_wait_of_an_older_process_is_refused_when_its_engine_registers_again() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    lab.wait_until_well().await;
    let (url, started) = (lab.url.clone(), Instant::now());
    for at in [&url, &replica] {
        let engine = register(&lab).await;
        let request = lab.request("POST", &format!("{url}/api/v1/engines/{engine}/heartbeat"));
        let request = request.header("x-engine-incarnation", "1").json(&json!({"wait_seconds": WAIT.as_secs()}));
        let older = tokio::spawn(Reply::of(request));
        wait_until_parked(&lab, &url, 1).await;
        // That of another engine is no news.
        let other = register(&lab).await;
        let again = |engine_id: &str| json!({"engine_type": "dialogue", "engine_id": engine_id, "heartbeat_timeout_seconds": 180});
        lab.post(&format!("{at}/api/v1/engines"), &again(&other)).await.expect(200);
        wait_until_parked(&lab, &url, 1).await;
        let registered = lab.post(&format!("{at}/api/v1/engines"), &again(&engine)).await.expect(200);
        let refused = older.await.expect("a reply").problem(409, "engine_superseded");
        assert_eq!(refused.body["registered_at"], registered.body["registered_at"]);
        wait_until_parked(&lab, &url, 0).await;
    }
    assert!(started.elapsed() < WAIT, "one of them waited in vain");
}
