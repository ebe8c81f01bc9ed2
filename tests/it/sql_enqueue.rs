//! `eventlease.enqueue`: the same rules as `POST /events`, inside the caller's own transaction; and the roles.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::support::{Lab, Reply};

/// Members of an event as JSON, which stand beside or instead of the usual ones, and the place that is wrong.
type Case = (Vec<(&'static str, String)>, Option<&'static str>);

fn cases() -> Vec<Case> {
    let text = |length: usize| json!("ü".repeat(length)).to_string();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut cases: Vec<Case> = vec![
        (vec![("payload", nested(64))], None),
        (vec![("payload", nested(65))], Some("payload")),
        (vec![("payload", format!("{{\"a\":{}}}", nested(64)))], Some("payload")),
        (vec![("payload", json!("[{".repeat(100)).to_string())], None),
        (vec![("payload", json!("x".repeat((1 << 20) - 2)).to_string())], None),
        (vec![("payload", json!("x".repeat((1 << 20) - 1)).to_string())], Some("payload")),
        (vec![("scenario_run_id", text(64))], None),
        (vec![("scenario_run_id", text(65))], Some("scenario_run_id")),
        (vec![("idempotency_key", text(255))], None),
        (vec![("idempotency_key", text(256))], Some("idempotency_key")),
        (vec![("engine_type", json!("x".repeat(64)).to_string())], None),
        (vec![("engine_type", json!("x".repeat(65)).to_string())], Some("engine_type")),
    ];
    let plain: &[(&str, &str, Option<&str>)] = &[
        ("engine_type", r#""Dialogue.v2:eu_west-1""#, None),
        ("engine_type", r#""""#, Some("engine_type")),
        ("engine_type", r#""a b""#, Some("engine_type")),
        ("engine_type", r#""naïve""#, Some("engine_type")),
        ("engine_type", r#""a\n""#, Some("engine_type")),
        ("engine_type", r#""a'; drop table x""#, Some("engine_type")),
        ("event_type", r#""ü""#, Some("event_type")),
        ("engine_type", r#"".""#, Some("engine_type")),
        ("engine_type", r#""..""#, Some("engine_type")),
        ("engine_type", r#""...""#, None),
        ("event_type", r#""..""#, Some("event_type")),
        ("scenario_run_id", r#"".""#, Some("scenario_run_id")),
        ("scenario_run_id", r#""..""#, Some("scenario_run_id")),
        ("idempotency_key", r#""..""#, None),
        ("payload", "null", None),
        ("payload", "1", None),
        ("payload", r#" {"b": 1e400, "a": 12345678901234567890, "a": "\u0000\ud83d\ude00", "]": "\"}"} "#, None),
        ("priority", "0", None),
        ("priority", "9", None),
        ("priority", "null", None),
        ("priority", "10", Some("priority")),
        ("priority", "-1", Some("priority")),
        ("delay_seconds", "1", None),
        ("delay_seconds", "31536000", None),
        ("delay_seconds", "31536001", Some("delay_seconds")),
        ("delay_seconds", "-1", Some("delay_seconds")),
        ("scenario_run_id", r#""run 7 – ü""#, None),
        ("scenario_run_id", r#""""#, Some("scenario_run_id")),
        ("scenario_run_id", r#""a\tb""#, Some("scenario_run_id")),
        ("scenario_run_id", r#""a\u0085b""#, Some("scenario_run_id")),
        ("idempotency_key", r#""""#, Some("idempotency_key")),
        ("visibility_timeout_seconds", "1", None),
        ("visibility_timeout_seconds", "43200", None),
        ("visibility_timeout_seconds", "0", Some("visibility_timeout_seconds")),
        ("visibility_timeout_seconds", "43201", Some("visibility_timeout_seconds")),
        ("retry_policy", "null", None),
        ("retry_policy", "{}", None),
        ("retry_policy", r#"{"max_retries": 5.0, "jitter": 0.25, "retry_delay": {"max": 1e3, "multiplier": 2}}"#, None),
        ("retry_policy", r#"{"retry_delay": {"initial": 0}, "dead_letter_threshold": 100, "max_retries": null}"#, None),
        ("retry_policy", "[]", Some("retry_policy")),
        ("retry_policy", r#"{"max_retrys": 1}"#, Some("retry_policy.max_retrys")),
        ("retry_policy", r#"{"max_retries": 1, "max_retries": 2}"#, Some("retry_policy.max_retries")),
        ("retry_policy", r#"{"max_retries": 101}"#, Some("retry_policy.max_retries")),
        ("retry_policy", r#"{"max_retries": 1.5}"#, Some("retry_policy.max_retries")),
        ("retry_policy", r#"{"max_retries": "3"}"#, Some("retry_policy.max_retries")),
        ("retry_policy", r#"{"max_retries": 1e99999}"#, Some("retry_policy.max_retries")),
        ("retry_policy", r#"{"dead_letter_threshold": 0}"#, Some("retry_policy.dead_letter_threshold")),
        ("retry_policy", r#"{"jitter": 1.1}"#, Some("retry_policy.jitter")),
        ("retry_policy", r#"{"retry_delay": 30}"#, Some("retry_policy.retry_delay")),
        ("retry_policy", r#"{"retry_delay": {"initial": -1}}"#, Some("retry_policy.retry_delay.initial")),
        ("retry_policy", r#"{"retry_delay": {"max": 86401}}"#, Some("retry_policy.retry_delay.max")),
        ("retry_policy", r#"{"retry_delay": {"multiplier": 0.9}}"#, Some("retry_policy.retry_delay.multiplier")),
        ("retry_policy", r#"{"retry_delay": {"step": 1}}"#, Some("retry_policy.retry_delay.step")),
    ];
    cases.extend(plain.iter().map(|(name, value, place)| (vec![(*name, (*value).to_owned())], *place)));
    cases
}

fn members(changes: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let usual = [("engine_type", r#""dialogue""#), ("event_type", r#""e""#), ("payload", "{}")];
    let mut members: Vec<_> = usual.map(|(name, value)| (name, value.to_owned())).to_vec();
    for (name, value) in changes {
        members.retain(|(usual, _)| usual != name);
        members.push((name, value.clone()));
    }
    members
}

fn as_body(members: &[(&'static str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn as_call(members: &[(&'static str, String)]) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let arguments: Vec<String> = members
        .iter()
        .map(|(name, value)| {
            let value = match (*name, serde_json::from_str(value)) {
                ("payload", _) => format!("{}::json", quoted(value)),
                (_, Ok(Value::Null)) => "null".to_owned(),
                ("retry_policy", _) => format!("{}::json", quoted(value)),
                (_, Ok(Value::String(text))) => quoted(&text),
                _ => value.clone(),
            };
            format!("{name} => {value}")
        })
        .collect();
    format!("select eventlease.enqueue({})", arguments.join(", "))
}

async fn call(db: &PgPool, call: &str) -> Result<Uuid, (String, String)> {
    sqlx::query_scalar(AssertSqlSafe(call.to_owned())).fetch_one(db).await.map_err(|error| {
        let error = error.into_database_error().expect("PostgreSQL's own word");
        (error.code().unwrap_or_default().into_owned(), error.message().to_owned())
    })
}

/// All that is stored of an event but its id, its times and its key.
async fn stored(lab: &Lab, event_id: &str) -> String {
    sqlx::query_scalar(
        "select format('%s %s %s %s %s %s %s %s %s %s %s %s', e.engine_type, e.event_type, md5(e.payload::text),
            left(e.payload::text, 200), e.payload_bytes, e.priority, e.scenario_run_id, q.state, q.priority,
            q.visibility_timeout_seconds, q.retry_policy, q.available_at - e.created_at)
         from eventlease.events e join eventlease.open_events q using (event_id) where event_id = $1::uuid",
    )
    .bind(event_id)
    .fetch_one(&lab.db)
    .await
    .expect("an event")
}

#[tokio::test]
async fn http_and_sql_take_and_refuse_the_same() {
    let lab = Lab::start().await;
    for (changes, place) in cases() {
        let members = members(&changes);
        let (body, call_of) = (as_body(&members), as_call(&members));
        let shown: String = body.chars().take(300).collect();
        let over_http = lab.send_raw("POST", "/api/v1/events", body).await;
        lab.sql("delete from eventlease.idempotency_keys").await;
        let over_sql = call(&lab.db, &call_of).await;
        if let Some(place) = place {
            let pointer = format!("/{}", place.replace('.', "/"));
            assert_eq!(over_http.problem(422, "invalid_input").places(), [pointer], "{shown}");
            let (code, message) = over_sql.expect_err(&shown);
            assert_eq!(code, "22023", "{shown}: {message}");
            assert!(message.starts_with(&format!("{place}: ")), "{shown}: {message}");
        } else {
            let (one, other) = (over_http.expect(201).text("event_id"), over_sql.expect(&shown).to_string());
            assert_eq!(stored(&lab, &one).await, stored(&lab, &other).await, "{shown}");
        }
        lab.sql("delete from eventlease.idempotency_keys").await;
    }
    for call_of in [
        "select eventlease.enqueue(null, 'e', '{}')",
        "select eventlease.enqueue('dialogue', null, '{}')",
        "select eventlease.enqueue('dialogue', 'e', null)",
    ] {
        let (code, message) = call(&lab.db, call_of).await.expect_err(call_of);
        assert!(code == "22023" && message.ends_with(": is missing"), "{message}");
    }
}

#[tokio::test]
async fn an_event_exists_with_the_callers_commit_and_wakes_parked_engines() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let path = "/api/v1/events/queue/dialogue?wait_seconds=30";
    let poll = tokio::spawn(Reply::of(lab.request("GET", path).header("x-engine-id", &engine)));
    lab.wait_for_parked_polls(1).await;
    let mut transaction = lab.db.begin().await.expect("a transaction");
    for priority in [1, 9] {
        sqlx::query("select eventlease.enqueue('dialogue', 'e', '{\"n\": 1}', priority => $1)")
            .bind(priority)
            .execute(&mut *transaction)
            .await
            .expect("enqueued");
    }
    assert_eq!(lab.get("/api/v1/events").await.expect(200).body["items"], json!([]));
    transaction.commit().await.expect("committed");
    let leased = poll.await.expect("a reply").expect(200);
    assert_eq!(leased.body["events"][0]["priority"], 9);
    assert_eq!(leased.body["events"].as_array().map(Vec::len), Some(2));

    let mut transaction = lab.db.begin().await.expect("a transaction");
    sqlx::query("select eventlease.enqueue('dialogue', 'e', '{}')").execute(&mut *transaction).await.expect("enqueued");
    transaction.rollback().await.expect("rolled back");
    assert_eq!(lab.get("/api/v1/events").await.expect(200).body["items"].as_array().map(Vec::len), Some(2));
}

/// The recheck would take several seconds each time.
#[tokio::test]
async fn parked_engines_hear_of_the_commit() {
    const ROUNDS: usize = 5;
    let lab = Lab::start_with(&["--recheck-interval-ms", "5000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.wait_for("the server to listen", async || {
        let listens =
            "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
        let count: i64 = sqlx::query_scalar(listens).fetch_one(&lab.db).await.expect("a count");
        (count > 0).then_some(())
    })
    .await;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let mut transaction = lab.db.begin().await.expect("a transaction");
        let enqueued: Uuid = sqlx::query_scalar("select eventlease.enqueue('dialogue', 'e', '{}')")
            .fetch_one(&mut *transaction)
            .await
            .expect("enqueued");
        let path = "/api/v1/events/queue/dialogue?wait_seconds=30";
        let poll = tokio::spawn(Reply::of(lab.request("GET", path).header("x-engine-id", &engine)));
        lab.wait_for_parked_polls(1).await;
        transaction.commit().await.expect("committed");
        let leased = poll.await.expect("a reply").expect(200);
        assert_eq!(leased.body["events"][0]["event_id"], json!(enqueued));
    }
    assert!(started.elapsed() < Duration::from_secs(12), "they were found, not heard of");
}

#[tokio::test]
async fn an_idempotency_key_is_one_over_http_and_sql() {
    let lab = Lab::start().await;
    let policy = json!({"retry_delay": {"multiplier": 3, "max": 9}, "jitter": 0.5, "max_retries": 1});
    let body = json!({"engine_type": "dialogue", "event_type": "e", "payload": {"n": 1}, "delay_seconds": 5, "priority": 7,
        "scenario_run_id": 7, "visibility_timeout_seconds": 9, "retry_policy": policy, "idempotency_key": "k1"});
    let first = lab.post("/api/v1/events", &body).await.expect(201).text("event_id");
    let again = "select eventlease.enqueue('dialogue', 'e', '{\"n\":1}', 7, 5, '7', 'k1', 9,
        '{\"max_retries\": 1, \"jitter\": 5e-1, \"retry_delay\": {\"max\": 9.0, \"multiplier\": 3}}')";
    assert_eq!(call(&lab.db, again).await.expect("the same").to_string(), first);
    let (code, message) = call(&lab.db, "select eventlease.enqueue('dialogue', 'e', '{}', idempotency_key => 'k1')")
        .await
        .expect_err("another body");
    assert_eq!((code.as_str(), message.as_str()), ("23505", "idempotency_key: stands for another body"));

    let of_sql = "select eventlease.enqueue('dialogue', 'e', '{\"n\":1}', idempotency_key => 'k2')";
    let second = call(&lab.db, of_sql).await.expect("taken").to_string();
    let plain = json!({"engine_type": "dialogue", "event_type": "e", "payload": {"n": 1}, "idempotency_key": "k2"});
    let duplicate = lab.post("/api/v1/events", &plain).await.expect(200);
    assert_eq!((duplicate.text("event_id"), &duplicate.body["duplicate"]), (second.clone(), &json!(true)));
    lab.sql("update eventlease.idempotency_keys set expires_at = statement_timestamp() - interval '1 second'").await;
    assert_ne!(call(&lab.db, of_sql).await.expect("anew").to_string(), second);

    let of_sql = "select eventlease.enqueue('dialogue', 'e', '3', idempotency_key => 'k3')";
    let calls = (0..8).map(|_| call(&lab.db, of_sql));
    let mut ids: Vec<Uuid> =
        futures_util::future::join_all(calls).await.into_iter().map(|id| id.expect("one of them")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn producers_may_enqueue_and_readers_may_read_and_nothing_else() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let mut session = PgConnection::connect_with(&lab.db.connect_options()).await.expect("the database is there");
    let mut may = async |role: &str, statement: &str| {
        let as_role = format!("set role {role}");
        sqlx::raw_sql(AssertSqlSafe(as_role)).execute(&mut session).await.expect("there is the role");
        match sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut session).await {
            Ok(_) => true,
            Err(error) => {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
                assert_eq!(code, "42501", "{statement}: {error}");
                false
            }
        }
    };
    let enqueue =
        "select eventlease.enqueue('dialogue', 'e', '{}', idempotency_key => 'k', retry_policy => '{\"jitter\": 0}')";
    let view = "select * from eventlease.event_instances";
    let engines = "select * from eventlease.engine_states";
    for (role, allowed) in [("eventlease_producer", &[enqueue][..]), ("eventlease_reader", &[view, engines])] {
        for statement in [
            enqueue,
            view,
            engines,
            "select * from eventlease.events",
            "select * from eventlease.idempotency_keys",
            "delete from eventlease.event_queue",
            "select eventlease.create_roles()",
        ] {
            assert_eq!(may(role, statement).await, allowed.contains(&statement), "{role}: {statement}");
        }
    }
    let settings: Vec<String> =
        sqlx::query_scalar("select unnest(rolconfig) from pg_roles where rolname = 'eventlease_reader' order by 1")
            .fetch_all(&lab.db)
            .await
            .expect("settings");
    assert_eq!(settings, ["idle_in_transaction_session_timeout=60s", "statement_timeout=60s"]);
}
