//! The stop: what happens from the first signal on.

use serde_json::json;
use sqlx::ConnectOptions;

use crate::cli::program::{Ended, Program, command_through};
use crate::support::{Lab, Reply};

/// A server of the program on the lab's database.
fn serve(lab: &Lab, flags: &[&str]) -> Program {
    let url = lab.db.connect_options().to_url_lossy().to_string();
    Program::serve(&[&["--listen", "127.0.0.1:0", "--database-url", &url], flags].concat())
}

async fn wait(program: Program) -> Ended {
    tokio::task::spawn_blocking(move || program.wait()).await.expect("no panic")
}

async fn wait_until_it_is_not_ready(lab: &Lab, program: &Program) -> Reply {
    lab.wait_for("a red /readyz", async || {
        let reply = lab.get(&format!("{}/readyz", program.url)).await;
        (reply.status != 200).then_some(reply)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn during_the_delay_it_is_not_ready_and_answers_as_before() {
    let lab = Lab::start().await;
    let mut program = serve(&lab, &["--shutdown-delay-seconds", "3600"]);
    let url = program.url.clone();
    lab.get(&format!("{url}/readyz")).await.expect(200);
    let poll = lab.request("GET", &format!("{url}/api/v1/events/queue/dialogue?wait_seconds=30"));
    let parked = tokio::spawn(Reply::of(poll));
    lab.wait_for("the poll to be parked", async || {
        lab.get(&format!("{url}/metrics")).await.raw.contains("eventlease_polls_parked 1\n").then_some(())
    })
    .await;

    program.signal("TERM");
    let reply = wait_until_it_is_not_ready(&lab, &program).await.problem(503, "shutting_down");
    assert!((2..=10).contains(&reply.retry_after()), "{reply:?}");
    lab.get(&format!("{url}/healthz")).await.expect(200);
    // On a new connection too; the parked poll waits on, and gets the event.
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let enqueued =
        Reply::of(crate::support::client().post(format!("{url}/api/v1/events")).json(&event)).await.expect(201);
    let answer = parked.await.expect("no panic").expect(200);
    assert_eq!(answer.body["events"][0]["event_id"], enqueued.body["event_id"]);
    assert_eq!(answer.body["notice"], serde_json::Value::Null);

    program.signal("TERM");
    let ended = wait(program).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("ended hard"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_delay_it_stops_in_order() {
    let lab = Lab::start().await;
    let mut program = serve(&lab, &["--shutdown-delay-seconds", "1"]);
    let poll = lab.request("GET", &format!("{}/api/v1/events/queue/dialogue?wait_seconds=30", program.url));
    let parked = tokio::spawn(Reply::of(poll));
    lab.wait_for("the poll to be parked", async || {
        let metrics = lab.get(&format!("{}/metrics", program.url)).await;
        metrics.raw.contains("eventlease_polls_parked 1\n").then_some(())
    })
    .await;
    let began = tokio::time::Instant::now();
    program.signal("TERM");
    let answer = parked.await.expect("no panic").expect(200);
    assert_eq!(answer.body["notice"]["code"], "server_stopping");
    assert!(began.elapsed() >= std::time::Duration::from_secs(1), "{:?}", began.elapsed());
    let ended = wait(program).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("stopped"), "{ended:?}");
}

/// The same, started by `env`, which sets how it handles a signal.
fn serve_with(lab: &Lab, signal_handling: &str) -> Program {
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let flags = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    let mut program = Program::spawn(command_through(&["env", signal_handling], &flags));
    program.wait_until_it_listens();
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_stops_it_in_order_unless_it_was_started_to_outlive_one() {
    let lab = Lab::start().await;
    let mut program = serve_with(&lab, "--default-signal=HUP");
    let poll = lab.request("GET", &format!("{}/api/v1/events/queue/dialogue?wait_seconds=30", program.url));
    let parked = tokio::spawn(Reply::of(poll));
    lab.wait_for("the poll to be parked", async || {
        let metrics = lab.get(&format!("{}/metrics", program.url)).await;
        metrics.raw.contains("eventlease_polls_parked 1\n").then_some(())
    })
    .await;
    program.signal("HUP");
    assert_eq!(parked.await.expect("no panic").expect(200).body["notice"]["code"], "server_stopping");
    let ended = wait(program).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let mut program = serve_with(&lab, "--ignore-signal=HUP");
    program.signal("HUP");
    lab.get(&format!("{}/readyz", program.url)).await.expect(200);
    program.signal("TERM");
    let ended = wait(program).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("SIGHUP"), "{ended:?}");
}
