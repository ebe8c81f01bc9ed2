//! Settings that a role or a database gives to all its sessions.

use eventlease::app::Server;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::OwnRole;
use crate::cli::program::command;
use crate::support::{Caller, config};

/// Settings that are left alone, and why.
const LEFT: &[&str] = &[
    // Who the session is, which is the operator's choice.
    "role",
    "session_authorization",
    // Not settings of a role.
    "is_superuser",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
    "seed",
    "client_encoding",
    // Libraries that are not there.
    "dynamic_library_path",
    "jit_provider",
    "local_preload_libraries",
    "session_preload_libraries",
    // So little stack or disk that any statement may fail.
    "max_stack_depth",
    "temp_file_limit",
    // They are for damaged data, for developers of PostgreSQL, or fill the log of the tests' cluster.
    "allow_system_table_mods",
    "backtrace_functions",
    "default_statistics_target",
    "ignore_checksum_failure",
    "trace_recovery_messages",
    "wal_consistency_checking",
    "zero_damaged_pages",
];

/// Unusual texts; other settings of that kind have none here.
const TEXTS: &[(&str, &[&str])] = &[
    ("DateStyle", &["German, DMY", "SQL, DMY", "Postgres, YMD"]),
    ("TimeZone", &["Asia/Kathmandu", "America/St_Johns"]),
    ("search_path", &["public", "\"$user\", public", "nowhere"]),
    ("application_name", &["something else"]),
    ("timezone_abbreviations", &["India"]),
    ("lc_messages", &["C"]),
];

#[derive(sqlx_macros::FromRow)]
struct Setting {
    name: String,
    usual: String,
    vartype: String,
    enumvals: Option<Vec<String>>,
    min_val: Option<String>,
    max_val: Option<String>,
}

impl Setting {
    fn unusual(&self) -> Vec<String> {
        let Self { name, usual, vartype, .. } = self;
        let texts = TEXTS.iter().find(|(text, _)| text == name).map_or(&[][..], |(_, values)| *values);
        let values: Vec<String> = match vartype.as_str() {
            "bool" => vec![if usual == "on" { "off" } else { "on" }.to_owned()],
            "enum" => self.enumvals.clone().unwrap_or_default(),
            "integer" | "real" => [&self.min_val, &self.max_val].into_iter().flatten().cloned().collect(),
            _ => texts.iter().map(|&text| text.to_owned()).collect(),
        };
        values.into_iter().filter(|value| value != usual).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_role_sets_for_its_sessions_events_live_as_ever() {
    let admin = OwnRole::create().await;
    let settings: Vec<Setting> = sqlx::query_as(
        "select name, setting as usual, vartype, enumvals, min_val, max_val from pg_settings
         where context in ('user', 'superuser') and name not like 'log\\_%' and name not like 'debug\\_print%'
             and not name = any($1)
         order by name",
    )
    .bind(LEFT)
    .fetch_all(&admin.admin)
    .await
    .expect("a list");
    admin.remove().await;
    assert!(settings.len() > 100, "{}", settings.len());
    // All settings are set at once, each time to others of their values.
    let rounds = (0..4).map(|round| {
        let chosen: Vec<(&str, String)> = settings
            .iter()
            .filter_map(|setting| {
                let values = setting.unusual();
                let value = values.get(round % values.len().max(1))?.clone();
                Some((setting.name.as_str(), value))
            })
            .collect();
        println!("round {round}: {chosen:?}");
        async move { live_with(&chosen).await }
    });
    // Some settings delay every commit: side by side, that is waited for once.
    join_all(rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_isolation_nor_a_read_only_default_of_the_role_or_the_database_is_met() {
    let with = async |isolation: &str| {
        live_with(&[
            ("default_transaction_isolation", isolation.to_owned()),
            ("default_transaction_read_only", "on".to_owned()),
            ("default_transaction_deferrable", "on".to_owned()),
        ])
        .await;
    };
    tokio::join!(with("repeatable read"), with("serializable"));
}

/// Starts a server on an empty database as a role with these settings, and plays.
async fn live_with(settings: &[(&str, String)]) {
    let own = OwnRole::create().await;
    for (place, (name, value)) in settings.iter().enumerate() {
        let quoted = if *name == "search_path" { value.clone() } else { format!("'{value}'") };
        // What both set, the role wins; here it is either.
        let whose = if place % 2 == 0 {
            format!("role {0} in database {0}", own.name)
        } else {
            format!("database {}", own.name)
        };
        own.administrate(&format!("alter {whose} set {name} = {quoted}")).await;
    }
    let server = Server::start(&config(&own.url, &[])).await.expect("the server starts");
    let caller = Caller::of(&server);
    play(&caller).await;
    many_at_once(&caller).await;
    for _ in 0..2 {
        server.broker.reap().await.expect("a round");
    }
    server.broker.tend_partitions().await.expect("a round");
    server.broker.measure().await.expect("a round");
    server.broker.write_activity().await.expect("a round");
    server.broker.forget_idempotency_keys().await.expect("a round");
    caller.wait_for_metric("eventlease_listener_connected 1").await;

    // A producer in SQL has whatever the role has, and says itself that it writes.
    let mut producer = PgConnection::connect(&own.url).await.expect("a session");
    sqlx::raw_sql("set default_transaction_read_only = off; set statement_timeout = 0")
        .execute(&mut producer)
        .await
        .expect("set");
    sqlx::raw_sql("select eventlease.enqueue('sql', 'test.happened', '{\"n\": 1}'::json)")
        .execute(&mut producer)
        .await
        .expect("enqueued");
    producer.close().await.expect("closed");
    let engine =
        caller.call("POST", "/api/v1/engines", json!({"engine_type": "sql"})).await.expect(201).text("engine_id");
    let leased = caller
        .call("GET", &format!("/api/v1/events/queue/sql?engine_id={engine}&wait_seconds=10"), Value::Null)
        .await
        .expect(200);
    assert_eq!(leased.body["events"][0]["payload"], json!({"n": 1}), "{leased:?}");
    server.stop().await.expect("the server stops in order");
    own.remove().await;
}

/// What engines, producers and operators do.
async fn play(caller: &Caller) {
    let event = |more: Value| {
        let mut event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {"at": 1.25}});
        crate::support::merge(&mut event, more);
        event
    };
    let policy = json!({"max_retries": 0});
    caller.call("PUT", "/api/v1/queues/dialogue", json!({"retry_policy": policy})).await;
    let registration = json!({"engine_type": "dialogue", "metadata": {"static_config": {"x": 0.1}}});
    let engine = caller.call("POST", "/api/v1/engines", registration).await.expect(201).text("engine_id");
    let kept = caller.call("POST", "/api/v1/events", event(json!({"idempotency_key": "a"}))).await.expect(201);
    let again = caller.call("POST", "/api/v1/events", event(json!({"idempotency_key": "a"}))).await.expect(200);
    assert_eq!(kept.text("event_id"), again.text("event_id"));
    let batch =
        json!({"events": [event(json!({"priority": 9})), event(json!({"delay_seconds": 1000}))], "atomic": true});
    caller.call("POST", "/api/v1/events/batch", batch).await.expect(201);
    let poll = format!("/api/v1/events/queue/dialogue?limit=10&engine_id={engine}&wait_seconds=5");
    let leased = caller.call("GET", &poll, Value::Null).await.expect(200).body["events"].clone();
    assert_eq!(leased.as_array().map(Vec::len), Some(2), "{leased}");
    caller.call("POST", &format!("/api/v1/engines/{engine}/heartbeat"), json!({})).await.expect(200);
    let status = |place: usize| format!("/api/v1/events/{}/status", leased[place]["event_id"].as_str().expect("an id"));
    let word = |place: usize, status: &str| {
        let token = &leased[place]["lease"]["lease_token"];
        match status {
            "failed" => json!({"status": status, "lease_token": token, "error": {"message": "no"}, "retryable": false}),
            _ => json!({"status": status, "lease_token": token}),
        }
    };
    caller.call("PUT", &status(0), word(0, "processing")).await.expect(200);
    caller.call("PUT", &status(0), word(0, "completed")).await.expect(200);
    let dead = caller.call("PUT", &status(1), word(1, "failed")).await.expect(200);
    assert_eq!(dead.body["outcome"], "dead_lettered", "{dead:?}");
    let dead = leased[1]["event_id"].as_str().expect("an id");
    for list in [
        "/api/v1/events?engine_type=dialogue&include=payload",
        &format!("/api/v1/events/{dead}"),
        "/api/v1/queues",
        "/api/v1/queues/dialogue",
        "/api/v1/engines",
        &format!("/api/v1/engines/{engine}"),
        "/api/v1/dead-letters",
        "/api/v1/dead-letters/groups?by=reason",
        &format!("/api/v1/dead-letters/{dead}"),
        "/api/v1/audit",
        "/api/v1/health/database",
        "/readyz",
    ] {
        caller.call("GET", list, Value::Null).await.expect(200);
    }
    caller.call("POST", &format!("/api/v1/dead-letters/{dead}/redrive"), json!({})).await.expect(200);
    caller.call("POST", "/api/v1/queues/dialogue/pause", Value::Null).await.expect(200);
    caller.call("POST", "/api/v1/queues/dialogue/resume", Value::Null).await.expect(200);
    let again = caller.call("GET", &poll, Value::Null).await.expect(200).body["events"][0].clone();
    assert_eq!(again["event_id"], dead, "{again}");
    caller.call("DELETE", &format!("/api/v1/engines/{engine}"), Value::Null).await;
}

/// What conflicts in a stricter isolation.
async fn many_at_once(caller: &Caller) {
    let mut engines = Vec::new();
    for _ in 0..4 {
        let registration = json!({"engine_type": "crowd"});
        engines.push(caller.call("POST", "/api/v1/engines", registration).await.expect(201).text("engine_id"));
    }
    let event = json!({"engine_type": "crowd", "event_type": "test.happened", "payload": {}});
    let mut calls = Vec::new();
    for _ in 0..10 {
        for engine in &engines {
            calls.push(caller.request("POST", "/api/v1/events", &event));
            calls.push(caller.request(
                "GET",
                &format!("/api/v1/events/queue/crowd?limit=2&engine_id={engine}"),
                &Value::Null,
            ));
            calls.push(caller.request("POST", &format!("/api/v1/engines/{engine}/heartbeat"), &json!({})));
            calls.push(caller.request(
                "PATCH",
                &format!("/api/v1/engines/{engine}"),
                &json!({"metadata": {"static_config": {"a": 1}}}),
            ));
        }
    }
    let calls: Vec<_> = calls.into_iter().map(|call| tokio::spawn(crate::support::Reply::of(call))).collect();
    for call in calls {
        let reply = call.await.expect("a reply");
        assert!(reply.status < 300, "{reply:?}");
    }
}

#[test]
fn client_options_of_the_environment_do_not_reach_the_private_database() {
    let folder = std::env::temp_dir().join(format!("eventlease-options-{}", crate::support::unknown_id()));
    let arguments = ["migrate", "--data-dir", folder.to_str().expect("a text")];
    let done = command(&arguments).env("PGOPTIONS", "-c no_such_setting=1").output().expect("it runs");
    std::fs::remove_dir_all(&folder).ok();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
