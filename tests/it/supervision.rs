//! A task that panics starts again, one that panics again and again ends the server, and a call that changed something
//! is carried to its end when its caller hangs up.

use std::cell::Cell;
use std::io::Read as _;
use std::sync::Arc;

use eventlease::app::Failure;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use crate::limits::unread_bodies::read_reply;
use crate::support::{Lab, client, wait_for};
use crate::trust::Guarded;

/// Tasks whose rounds are far apart; each begins with one, so that a second one shows that it started again.
const PERIODIC: [&str; 13] = [
    "reaper",
    "cancelled_runs",
    "long_silent",
    "signs_of_life",
    "partitions",
    "activity",
    "statistics",
    "idempotency_keys",
    "event_ends",
    "tokens",
    "audit",
    "database_health",
    "history",
];

#[tokio::test]
async fn every_task_starts_again_after_a_panic_and_the_service_works_on() {
    let guarded = Guarded::start().await;
    let names = guarded.lab.server().supervisor().names();
    for name in PERIODIC.into_iter().chain(["connections", "listener", "lookout", "looks", "outbox", "token_refresh"]) {
        assert!(names.contains(&name), "{name} is not among the tasks: {names:?}");
    }
    let metric = async |line: &str| {
        let text = guarded.get(&guarded.admin, "/metrics").await.expect(200).raw;
        text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse::<f64>().ok()).unwrap_or(0.0)
    };
    for name in PERIODIC {
        let line = format!("eventlease_task_runs_total{{outcome=\"ok\",task=\"{name}\"}}");
        guarded.lab.wait_for(&line, async || (metric(&line).await >= 1.0).then_some(())).await;
    }
    for name in &names {
        guarded.lab.server().supervisor().make_panic(name);
    }
    for name in &names {
        let line = format!("eventlease_task_panics_total{{task=\"{name}\"}}");
        guarded.lab.wait_for(&line, async || (metric(&line).await >= 1.0).then_some(())).await;
    }
    for name in ["partitions", "idempotency_keys", "audit", "reaper"] {
        let line = format!("eventlease_task_runs_total{{outcome=\"ok\",task=\"{name}\"}}");
        guarded.lab.wait_for(&line, async || (metric(&line).await >= 2.0).then_some(())).await;
    }
    // Enqueued by SQL: only listener and lookout can say so to the poll that waits.
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (_, engine_token) = guarded.register(&orchestrator, "dialogue").await;
    let waiting = guarded.get(&engine_token, "/api/v1/events/queue/dialogue?wait_seconds=20");
    let (reply, ()) = tokio::join!(waiting, async {
        guarded.lab.sql("select eventlease.enqueue('dialogue', 'e', '{}'::json)").await;
    });
    let leased = reply.expect(200).body["events"][0].clone();
    guarded.settle(&engine_token, &leased, json!({"status": "completed"})).await.expect(200);
    guarded.lab.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn queues_are_measured_while_their_activity_cannot_be_written() {
    let lab = Lab::start().await;
    let measured = "eventlease_task_runs_total{outcome=\"ok\",task=\"statistics\"}";
    lab.wait_for("the first round", async || (lab.metric(measured).await >= 1.0).then_some(())).await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = "lock table eventlease.queue_activity in share row exclusive mode";
    sqlx::query(lock).execute(&mut *holder).await.expect("the lock");
    lab.enqueue("dialogue", json!({})).await;
    lab.wait_for_a_blocked_server().await;
    let before = lab.metric(measured).await;
    lab.wait_for("another round", async || (lab.metric(measured).await > before).then_some(())).await;
    holder.rollback().await.expect("the lock goes");
}

#[tokio::test]
async fn a_task_that_panics_a_fourth_time_within_a_minute_ends_the_server_in_order() {
    let mut lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let stop_panicking = tokio_util::sync::CancellationToken::new();
    let supervisor = lab.server().supervisor().clone();
    let panicking = tokio::spawn(stop_panicking.clone().run_until_cancelled_owned(async move {
        loop {
            supervisor.make_panic("reaper");
            sleep(Duration::from_millis(50)).await;
        }
    }));
    assert_eq!(lab.server_mut().failed().await, Failure::Task("reaper"));
    stop_panicking.cancel();
    panicking.await.expect("it only waits");
    // Until it is stopped, it answers.
    lab.get("/healthz").await.expect(200);
    lab.stop().await;
}

#[tokio::test]
async fn a_batch_and_a_look_that_panic_cost_their_own_callers_only() {
    let lab = Lab::start().await;
    let body = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    lab.server().supervisor().make_panic("batch");
    lab.post("/api/v1/events", &body).await.problem(500, "internal");
    lab.post("/api/v1/events", &body).await.expect(201);
    let engine = lab.register("dialogue", json!({})).await;
    lab.server().supervisor().make_panic("look");
    lab.poll("dialogue", &engine, "").await.problem(500, "internal");
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert!((lab.metric("eventlease_task_panics_total{task=\"batch\"}").await - 1.0).abs() < f64::EPSILON);
}

/// Asks on a connection that stays open.
async fn ask(stream: &mut TcpStream, call: &str, request_id: &str) -> String {
    let request = format!("{call} HTTP/1.1\r\nhost: lab\r\nx-request-id: {request_id}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the connection is open");
    read_reply(stream).await
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_request_only_and_is_one_line_with_its_id() {
    let (mut log, writer) = std::io::pipe().expect("a pipe");
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_ansi(false);
    // With one subscriber in the process, `tracing` caches for each line whether the thread that runs it first has a subscriber.
    // That may be a thread of another test, which has none. With two subscribers it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).finish());
    // The server's tasks are on this thread.
    let logged = tracing::subscriber::set_default(lines.with_writer(Arc::new(writer)).finish());
    let lab = Lab::start().await;
    let mut stream = TcpStream::connect(lab.server().address).await.expect("a connection");
    // The last two may log lines of their own before.
    let calls = ["GET /api/v1/engines", "POST /api/v1/events", "PUT /api/v1/events/status", "POST /api/v1/engines"];
    for call in calls {
        lab.server().supervisor().make_panic("request");
        let reply = ask(&mut stream, call, &format!("of {call}")).await;
        assert!(reply.starts_with("HTTP/1.1 500 "), "{reply}");
        assert!(reply.contains("application/problem+json") && reply.contains("\"code\":\"internal\""), "{reply}");
        assert!(reply.contains(&format!("x-request-id: of {call}\r\n")), "{reply}");
        assert!(!reply.contains("told to panic"), "{reply}");
        let reply = ask(&mut stream, "GET /readyz", "well").await;
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
    let panics = lab.metric("eventlease_task_panics_total{task=\"request\"}").await;
    assert!((panics - 4.0).abs() < f64::EPSILON, "{panics}");
    drop(lab);
    drop(logged);
    let mut text = String::new();
    log.read_to_string(&mut text).expect("text");
    for call in calls {
        let line = |line: &&str| line.contains(&format!("request{{id=\"of {call}\" method="));
        let lines: Vec<&str> = text.lines().filter(line).collect();
        assert!(lines.len() == 1 && lines[0].contains("ERROR") && lines[0].contains("told to panic"), "{text}");
    }
}

/// Words of the statement by which a batch of events is enqueued.
const ENQUEUE: &str = "Takes a batch of events in";

/// Sends a request whose statement, told by words of it, has to wait for the lock of a table, and hangs up meanwhile.
async fn hang_up_while_it_waits(
    lab: &Lab,
    (statement, locked): (&str, &str),
    (method, path): (&str, &str),
    body: serde_json::Value,
) {
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = format!("lock table eventlease.{locked} in share row exclusive mode");
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *holder).await.expect("the lock");
    let connections = lab.metric("eventlease_client_connections").await;
    let url = format!("{}{path}", lab.url);
    let call = client().request(method.parse().expect("a method"), url).json(&body).send();
    tokio::select! {
        reply = call => panic!("it was answered: {reply:?}"),
        () = lab.wait_for_a_blocked_statement(statement) => {}
    }
    // The server has seen that the caller is gone when it has closed its side.
    lab.wait_for("the connection to end", async || {
        (lab.metric("eventlease_client_connections").await <= connections).then_some(())
    })
    .await;
    holder.rollback().await.expect("the lock goes");
}

#[tokio::test]
async fn what_follows_a_commit_is_done_although_the_caller_hung_up() {
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let reaches = async |metric: &str, count: f64| {
        lab.wait_for(metric, async || ((lab.metric(metric).await - count).abs() < f64::EPSILON).then_some(())).await;
    };

    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let batch = json!({"events": [event, event], "atomic": true});
    hang_up_while_it_waits(&lab, (ENQUEUE, "event_queue"), ("POST", "/api/v1/events/batch"), batch).await;
    reaches("eventlease_events_enqueued_total{engine_type=\"dialogue\"}", 2.0).await;

    let engine = json!({"engine_type": "dialogue"});
    hang_up_while_it_waits(
        &lab,
        ("insert into eventlease.engine_states", "engine_states"),
        ("POST", "/api/v1/engines"),
        engine,
    )
    .await;
    reaches("eventlease_engine_registrations_total{engine_type=\"dialogue\",kind=\"new\"}", 1.0).await;

    // The engine's leases go back into the queue when it is removed, for the poll that waits elsewhere.
    let leaving = lab.register("dialogue", json!({})).await;
    lab.poll("dialogue", &leaving, "limit=2").await.expect(200);
    let staying = lab.register("dialogue", json!({})).await;
    let path = format!("/api/v1/engines/{leaving}");
    hang_up_while_it_waits(&lab, ("Puts locked events", "event_queue"), ("DELETE", &path), json!({})).await;
    let lost = "eventlease_leases_lost_total{cause=\"deregistered\",engine_type=\"dialogue\"}";
    reaches(lost, 2.0).await;

    let leased = lab.poll("dialogue", &staying, "limit=1&wait_seconds=10").await.expect(200).body["events"][0].clone();
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    let path = format!("/api/v1/dead-letters/{}/redrive", leased["event_id"].as_str().expect("an id"));
    hang_up_while_it_waits(&lab, ("locked dead letters", "dead_letters"), ("POST", &path), json!({})).await;
    reaches("eventlease_dead_letters_redriven_total{engine_type=\"dialogue\"}", 1.0).await;
}

#[tokio::test]
async fn stopping_waits_for_a_call_whose_caller_is_gone() {
    let mut lab = Lab::start().await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = "lock table eventlease.event_queue in share row exclusive mode";
    sqlx::query(lock).execute(&mut *holder).await.expect("the lock");
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    let call = lab.request("POST", "/api/v1/events/batch").json(&json!({"events": [event], "atomic": true})).send();
    tokio::select! {
        reply = call => panic!("it was answered: {reply:?}"),
        () = lab.wait_for_a_blocked_statement(ENQUEUE) => {}
    }
    let (address, is_released) = (lab.server().address, Cell::new(false));
    let stop = async {
        lab.stop().await;
        assert!(is_released.get(), "it stopped while the call was under way");
    };
    let release = async {
        // The listener is closed first.
        wait_for("the stop to have begun", async || TcpStream::connect(address).await.is_err().then_some(())).await;
        is_released.set(true);
        holder.rollback().await.expect("the lock goes");
    };
    tokio::join!(stop, release);
    let taken: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_queue").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(taken, 1, "the pool was closed while the call was under way");
}
