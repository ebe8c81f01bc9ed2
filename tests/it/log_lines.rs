//! What the log says of outages, of dead letters, of the reaper and of failures: in words, and in few lines.

use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::cli::program::{Program, run_beside};
use crate::outage::{Folder, stop};
use crate::support::{Caller, Lab, Reply, client, cluster, wait_for};

/// A server as a process of its own, the only one on the lab's database.
async fn serve_alone(lab: &mut Lab, flags: &[&str]) -> Program {
    lab.stop().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    Program::serve(&[&["--listen", "127.0.0.1:0", "--database-url", &url], flags].concat())
}

async fn enqueue(caller: &Caller, count: usize, more: Value) -> Vec<String> {
    let mut event = json!({"engine_type": "dialogue", "event_type": "e", "payload": {}});
    crate::support::merge(&mut event, more);
    let events: Vec<Value> = (0..count).map(|_| event.clone()).collect();
    let reply = caller.call("POST", "/api/v1/events/batch", json!({"events": events})).await.expect(201);
    reply.texts("results", "event_id")
}

async fn lease(caller: &Caller, limit: usize, more: &str) -> Vec<Value> {
    let path = format!("/api/v1/events/queue/dialogue?limit={limit}&wait_seconds=5{more}");
    let leased = caller.call("GET", &path, Value::Null).await.expect(200);
    leased.body["events"].as_array().expect("events").clone()
}

/// Waits for a line that has all of `parts`.
async fn line_with(program: &Program, parts: &[&str]) -> String {
    wait_for(&format!("a line with {parts:?}"), async || {
        program.log().into_iter().find(|line| parts.iter().all(|part| line.contains(part)))
    })
    .await
}

fn is_loud(line: &str) -> bool {
    line.contains(" WARN ") || line.contains("ERROR ")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_is_a_line_when_it_begins_and_one_when_it_has_ended() {
    const REQUESTS: usize = 50;
    let folder = Folder::new();
    let cluster = folder.start_cluster().await;
    let url = cluster.url("postgres");
    let flags = ["--listen", "127.0.0.1:0", "--database-url", &url, "--acquire-timeout-seconds", "1"];
    let mut program = Program::serve(&flags);
    let caller = Caller::at(program.url.clone());
    enqueue(&caller, 1, json!({})).await;
    let before = program.log().len();

    stop(cluster).await;
    let calls = (0..REQUESTS).map(|n| {
        let caller = &caller;
        async move {
            let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": {}});
            let (method, path, body) = match n % 5 {
                0 => ("POST", "/api/v1/events", event),
                1 => ("GET", "/api/v1/engines", Value::Null),
                2 => ("GET", "/api/v1/events/queue/dialogue", Value::Null),
                3 => ("POST", "/api/v1/engines", json!({"engine_type": "dialogue"})),
                _ => ("GET", "/api/v1/dead-letters", Value::Null),
            };
            caller.call(method, path, body).await.problem(503, "database_unavailable");
        }
    });
    futures_util::future::join_all(calls).await;
    line_with(&program, &["WARN", "the database is not available", "cause="]).await;

    let cluster = folder.start_cluster().await;
    let ended = line_with(&program, &["WARN", "the database is available again", "seconds="]).await;
    assert!(ended.contains(&format!("refused_requests={REQUESTS}")), "{ended}");
    enqueue(&caller, 1, json!({})).await;
    program.signal("TERM");
    let log = program.wait().stderr;
    stop(cluster).await;
    let loud: Vec<String> = log.lines().skip(before).filter(|line| is_loud(line)).map(str::to_owned).collect();
    assert_eq!(loud.len(), 2, "{loud:#?}");
    assert!(!log.contains(" at line ") && !log.contains("sqlx"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_have_a_line_each_while_they_are_few() {
    const MANY: usize = 300;
    let mut lab = Lab::start().await;
    let mut program = serve_alone(&mut lab, &[]).await;
    let caller = Caller::at(program.url.clone());
    let event_id = enqueue(&caller, 1, json!({"retry_policy": {"max_retries": 0}})).await.remove(0);
    let leased = lease(&caller, 1, "").await.remove(0);
    let report = json!({"status": "failed", "error": "no\nline", "lease_token": leased["lease"]["lease_token"]});
    caller.call("PUT", &format!("/api/v1/events/{event_id}/status"), report).await.expect(200);
    let line = format!("dead letter: event {event_id} of queue dialogue: retries exhausted after 1 attempt");
    assert!(line_with(&program, &[&line]).await.contains(" INFO "));

    enqueue(&caller, MANY, json!({})).await;
    let mut settled = 0;
    while settled < MANY {
        let settlements: Vec<Value> = lease(&caller, 100, "")
            .await
            .iter()
            .map(|event| {
                json!({"event_id": event["event_id"], "status": "failed", "error": "no", "retryable": false,
                    "lease_token": event["lease"]["lease_token"]})
            })
            .collect();
        settled += settlements.len();
        caller.call("PUT", "/api/v1/events/status", json!({"settlements": settlements})).await.expect(200);
    }
    program.signal("TERM");
    let log = program.wait().stderr;
    let single = log.lines().filter(|line| line.contains(" dead letter: event ")).count();
    let summaries: Vec<usize> = log
        .lines()
        .filter_map(|line| line.split_once(" dead letters: ")?.1.split_once(" more: ")?.0.parse().ok())
        .collect();
    assert_eq!(single + summaries.iter().sum::<usize>(), MANY + 1, "{log}");
    assert!(single + summaries.len() < MANY / 2, "{log}");
    assert!(log.contains("of queue dialogue: reported as not retryable, the latest event "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reaper_did_is_a_line() {
    let mut lab = Lab::start().await;
    let mut program = serve_alone(&mut lab, &[]).await;
    let caller = Caller::at(program.url.clone());
    let registration = json!({"engine_type": "dialogue", "heartbeat_timeout_seconds": 5});
    let engine = caller.call("POST", "/api/v1/engines", registration).await.expect(201).text("engine_id");
    caller.call("POST", &format!("/api/v1/engines/{engine}/heartbeat"), json!({})).await.expect(200);
    enqueue(&caller, 3, json!({})).await;
    assert_eq!(lease(&caller, 3, &format!("&engine_id={engine}")).await.len(), 3);
    // The server's stop and start must not count as an absence, and calls still to be written would bring the engine back.
    lab.wait_for("the engine to be unresponsive", async || {
        lab.sql("update eventlease.service_signs set grace_since = '-infinity', hiccup_since = '-infinity'").await;
        lab.sql(
            "update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 hour'
             where status <> 'unresponsive'",
        )
        .await;
        let found = caller.call("GET", &format!("/api/v1/engines/{engine}"), Value::Null).await.expect(200);
        (found.body["status"] == "unresponsive").then_some(())
    })
    .await;
    let parts =
        ["INFO", "reaper: marked 1 engine unresponsive, returned 3 leases", &format!("(engine {engine} of dialogue)")];
    line_with(&program, &parts).await;
    program.signal("TERM");
    program.wait();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unexpected_failure_is_one_line_with_the_requests_id_and_postgresqls_words() {
    for (format, is_told_as) in [("text", "request{id=\"my request\""), ("json", "\"id\":\"my request\"")] {
        let mut lab = Lab::start().await;
        let mut program = serve_alone(&mut lab, &["--log", "warn", "--log-format", format]).await;
        lab.sql("alter table eventlease.event_types rename to event_types_away").await;
        let request = client().get(format!("{}/api/v1/event-types", program.url)).header("x-request-id", "my request");
        let reply = Reply::of(request).await.problem(500, "internal");
        assert!(!reply.raw.contains("event_types"), "{reply:?}");
        lab.sql("alter table eventlease.event_types_away rename to event_types").await;
        program.signal("TERM");
        let log = program.wait().stderr;
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("request failed")).collect();
        assert!(lines.len() == 1 && lines[0].contains(is_told_as), "{format}: {log}");
        assert!(lines[0].contains("ERROR 42P01: ") && lines[0].contains("eventlease.event_types"), "{format}: {log}");
        for detail in [" at line ", ".c\"", "PgDatabaseError", "parserOpenTable"] {
            assert!(!log.contains(detail), "{format}: {log}");
        }
    }
}

/// The repeated ones of a failure that each request meets are counted.
#[tokio::test(flavor = "multi_thread")]
async fn unexpected_failures_of_many_requests_are_bounded_in_number() {
    let mut lab = Lab::start().await;
    let mut program = serve_alone(&mut lab, &[]).await;
    lab.sql("alter table eventlease.event_types rename to event_types_away").await;
    let caller = Caller::at(program.url.clone());
    let calls = (0..60).map(|_| caller.call("GET", "/api/v1/event-types", Value::Null));
    for reply in futures_util::future::join_all(calls).await {
        reply.problem(500, "internal");
    }
    lab.sql("alter table eventlease.event_types_away rename to event_types").await;
    program.signal("TERM");
    let log = program.wait().stderr;
    let count = log.lines().filter(|line| line.contains("request failed")).count();
    // A minute may have begun meanwhile.
    assert!((20..=40).contains(&count), "{count} lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_shows_no_line_of_postgresqls_source() {
    let mut url = url::Url::parse(&cluster::admin_url()).expect("a URL");
    url.set_username("nobody_of_that_name").expect("a role fits in");
    for command in ["migrate", "serve"] {
        let arguments = [command, "--database-url", url.as_str(), "--listen", "127.0.0.1:0"];
        let arguments = if command == "migrate" { &arguments[..3] } else { &arguments[..] };
        let ended = run_beside(arguments.iter().map(|&argument| argument.to_owned()).collect()).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("FATAL 28000") && ended.stderr.contains("nobody_of_that_name"), "{ended:?}");
        assert!(!ended.stderr.contains(" at line "), "{ended:?}");
    }
}

/// A count before a question, and a call that was refused, are no changes.
#[tokio::test(flavor = "multi_thread")]
async fn what_operators_changed_is_a_line_and_what_they_did_not_is_none() {
    let mut lab = Lab::start().await;
    let mut program = serve_alone(&mut lab, &[]).await;
    let caller = Caller::at(program.url.clone());
    let dry_run = json!({"all": true, "dry_run": true});
    caller.call("POST", "/api/v1/dead-letters/redrive", dry_run.clone()).await.expect(200);
    caller.call("POST", "/api/v1/dead-letters/purge", dry_run).await.expect(200);
    caller.call("POST", "/api/v1/queues/nobody/resume", json!({})).await.expect(404);
    enqueue(&caller, 2, json!({"scenario_run_id": "night-42"})).await;
    caller.call("POST", "/api/v1/scenario-runs/night-42/cancel", json!({})).await.expect(200);
    line_with(&program, &["scenario run cancelled", "run=\"night-42\"", "cancelled=2"]).await;
    let registered = caller.call("POST", "/api/v1/engines", json!({"engine_type": "dialogue"})).await.expect(201);
    let engine_id = registered.body["engine_id"].as_str().expect("an id").to_owned();
    caller.call("POST", &format!("/api/v1/engines/{engine_id}/drain"), json!({})).await.expect(200);
    line_with(&program, &["request{id=\"", "route=", "engine told to drain", &engine_id, "dialogue"]).await;
    caller.call("POST", &format!("/api/v1/engines/{engine_id}/resume"), json!({})).await.expect(200);
    line_with(&program, &["engine told to go on", &engine_id]).await;
    let log = program.log();
    for untrue in ["dead letters redriven", "dead letters purged", "queue resumed"] {
        assert!(!log.iter().any(|line| line.contains(untrue)), "{untrue}: {log:#?}");
    }
    program.signal("TERM");
    program.wait();
}
