//! Strings that JSON can escape and no text of PostgreSQL can hold, as JavaScript makes of an emoji that is cut in two
//! (`"\ud83d"`), and NUL characters: what is open JSON takes them, a failure can be reported with them, a name cannot.

use serde_json::{Value, json};
use sqlx::Connection;

use super::{Untouched, text_in};
use crate::support::{Lab, Reply};

/// A name and a value, each with a half and a NUL, beside a number that no type of ours holds.
const ODD: &str = r#"{"\ud83d": ["\udc00\u0000", 1e200000], "\u0000": {"\uD83D\n": null}}"#;

async fn report(lab: &Lab, leased: &Reply, members: &str) -> Reply {
    let (event_id, token) = (text_in(&leased.raw, "event_id"), text_in(&leased.raw, "lease_token"));
    let body = format!(r#"{{"lease_token": "{token}", {members}}}"#);
    lab.send_raw("PUT", &format!("/api/v1/events/{event_id}/status"), body).await
}

async fn lease(lab: &Lab, engine: &str) -> Reply {
    let reply = lab.poll("dialogue", engine, "limit=1&wait_seconds=10").await.expect(200);
    assert!(reply.raw.contains("\"lease_token\""), "nothing was leased: {reply:?}");
    reply
}

async fn texts(lab: &Lab, query: &str) -> Vec<Option<String>> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(&lab.db).await.expect("rows")
}

#[track_caller]
fn assert_has(reply: &Reply, text: &str) {
    assert!(reply.raw.contains(text), "{text} is missing: {}", reply.raw);
}

#[tokio::test]
async fn a_failure_can_be_reported_whatever_its_strings_hold_and_is_kept_as_it_was_sent() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let (long_type, long_message) = ("T".repeat(250), "m".repeat(9000));
    // What is sent, what is kept, and the type and message that dead letters are found by.
    let errors: Vec<(String, Option<String>, Option<String>, String)> = vec![
        (r#""cut \ud83d""#.into(), Some(r#"{"message":"cut \ud83d"}"#.into()), None, "cut \u{fffd}".into()),
        (
            format!(r#"{{"type": "Net\ud83d\u0000", "message": "\ude00 \ud83d\ude00", "details": {ODD}}}"#),
            None,
            Some("Net\u{fffd}\u{fffd}".into()),
            "\u{fffd} \u{1f600}".into(),
        ),
        (
            r#"{ "message" : "\u001b[2J\n\u0085" ,"type":"a\u0007\tb" }"#.into(),
            None,
            Some("a\u{7}\tb".into()),
            "\u{1b}[2J\n\u{85}".into(),
        ),
        (r#"{"\u006dessage": "escaped", "type": ""}"#.into(), None, None, "escaped".into()),
        (
            format!(r#"{{"message":"{long_message}","type":"{long_type}"}}"#),
            None,
            Some("T".repeat(200)),
            "m".repeat(8192),
        ),
        (r#""""#.into(), Some(r#"{"message":""}"#.into()), None, String::new()),
    ];
    for (sent, kept, kind, message) in errors {
        let kept = kept.as_ref().unwrap_or(&sent);
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let leased = lease(&lab, &engine).await;
        let failed = format!(r#""status": "failed", "error": {sent}"#);
        assert_has(
            &report(&lab, &leased, &format!("{failed}, \"delay_seconds\": 0")).await.expect(200),
            "retry_scheduled",
        );
        let again = lease(&lab, &engine).await;
        assert_has(&again, &format!("\"error\":{kept}"));
        assert_has(
            &report(&lab, &again, &format!("{failed}, \"retryable\": false")).await.expect(200),
            "dead_lettered",
        );

        for path in ["events", "dead-letters"] {
            assert_has(&lab.get(&format!("/api/v1/{path}/{event_id}")).await.expect(200), &format!("\"error\":{kept}"));
        }
        let columns: (Option<String>, Option<String>) =
            sqlx::query_as("select error_type, error_message from eventlease.dead_letters where event_id = $1::uuid")
                .bind(&event_id)
                .fetch_one(&lab.db)
                .await
                .expect("a dead letter");
        assert_eq!(columns, (kind.clone(), Some(message)), "{sent}");
        if let Some(kind) = kind {
            let filter = json!({"filter": {"error_type": kind}, "dry_run": true});
            let found = lab.post("/api/v1/dead-letters/redrive", &filter).await.expect(200);
            assert_eq!(found.body["matched"], 1, "{sent}");
        }
    }
    for path in
        ["dead-letters", "dead-letters?error_contains=CUT", "events", "dead-letters/groups?by=error_type,reason"]
    {
        lab.get(&format!("/api/v1/{path}")).await.expect(200);
    }
    let losses = texts(&lab, "select sum(lease_losses)::text from eventlease.dead_letters").await;
    assert_eq!(losses, [Some("0".to_owned())], "no event is suspected");
}

#[tokio::test]
async fn failures_of_a_batch_and_of_an_exchange_can_be_reported_too() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut settlements = Vec::new();
    for _ in 0..2 {
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let token = text_in(&lease(&lab, &engine).await.raw, "lease_token");
        settlements.push(format!(
            r#"{{"event_id": "{event_id}", "lease_token": "{token}", "status": "failed", "error": {{"type": "\ud83d", "message": "\u0000"}}}}"#
        ));
    }
    let batch = |settlement: &str| format!(r#"{{"settlements": [{settlement}]}}"#);
    let settled = lab.send_raw("PUT", "/api/v1/events/status", batch(&settlements[0])).await.expect(200);
    assert_eq!(settled.body["results"][0]["outcome"], "retry_scheduled");
    let path = "/api/v1/events/queue/dialogue/lease";
    let request = lab.request("POST", path).header("content-type", "application/json").header("x-engine-id", &engine);
    let exchanged = Reply::of(request.body(batch(&settlements[1]))).await.expect(200);
    assert_eq!(exchanged.body["results"][0]["outcome"], "retry_scheduled");
}

#[tokio::test]
async fn an_error_beyond_its_limit_is_refused_with_its_place_and_the_limit() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lease(&lab, &engine).await;
    let error = |error: &str| format!(r#""status": "failed", "error": {error}"#);
    let (x600, x998) = ("x".repeat(600), "x".repeat(998));
    let refused = |place: &str, bytes: usize, beside: &str| json!([{"pointer": place, "detail": format!("has {bytes} bytes; at most 1000 are taken{beside}")}]);
    let whole = format!(r#"{{"message": "{x600}", "type": "{x600}"}}"#);
    let spaced = format!(r#"{{"message": "", "details": 5{}}}"#, " ".repeat(1000));
    let beside = ", not counting details";
    let cases = [
        (format!("\"{x998}x\""), refused("/error", 1001, "")),
        (format!(r#"{{"message": "{x998}x"}}"#), refused("/error/message", 1001, "")),
        (format!(r#"{{"message": "", "type": "{x998}x"}}"#), refused("/error/type", 1001, "")),
        (format!(r#"{{"message": "", "details": "{x998}x"}}"#), refused("/error/details", 1001, "")),
        (whole.clone(), refused("/error", whole.len(), beside)),
        (spaced.clone(), refused("/error", spaced.len() - 1, beside)),
    ];
    for (sent, errors) in cases {
        let refused = report(&lab, &leased, &error(&sent)).await.problem(422, "invalid_input");
        assert_eq!(refused.body["errors"], errors, "{sent}");
    }
    // Details take as much beside.
    let most = format!(r#"{{"message": "{x600}", "details": "{x998}"}}"#);
    report(&lab, &leased, &error(&most)).await.expect(200);
}

#[tokio::test]
async fn a_name_with_half_a_character_is_refused_in_words() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lease(&lab, &engine).await;
    let status = format!("/api/v1/events/{}/status", text_in(&leased.raw, "event_id"));
    let engine_path = format!("/api/v1/engines/{engine}");
    let untouched = Untouched::from_now_on(&lab).await;
    let half = r#""a\uD83D""#;
    let event = |name: &str| {
        let fields = [("engine_type", "\"dialogue\""), ("event_type", "\"e\""), ("payload", "1")];
        let others =
            fields.iter().filter(|(other, _)| *other != name).map(|(other, value)| format!("\"{other}\": {value}"));
        format!("{{{}, \"{name}\": {half}}}", others.collect::<Vec<_>>().join(", "))
    };
    let config = |config: &str| format!(r#"{{"engine_type": "dialogue", "metadata": {{"static_config": {config}}}}}"#);
    let calls = [
        ("POST", "/api/v1/events", event("engine_type"), "/engine_type"),
        ("POST", "/api/v1/events", event("event_type"), "/event_type"),
        ("POST", "/api/v1/events", event("scenario_run_id"), "/scenario_run_id"),
        ("POST", "/api/v1/events", event("idempotency_key"), "/idempotency_key"),
        ("POST", "/api/v1/events", event("available_at"), "/available_at"),
        ("PUT", &status, format!(r#"{{"status": {half}}}"#), "/status"),
        ("PUT", &status, format!(r#"{{"status": "completed", "lease_token": {half}}}"#), "/lease_token"),
        (
            "POST",
            "/api/v1/engines",
            config(&format!(r#"{{"capabilities": ["talk", {half}]}}"#)),
            "/metadata/static_config/capabilities/1",
        ),
        (
            "POST",
            "/api/v1/engines",
            config(&format!(r#"{{"engine_software_version": {half}}}"#)),
            "/metadata/static_config/engine_software_version",
        ),
        (
            "PATCH",
            &engine_path,
            format!(r#"{{"metadata": {{"static_config": {{"engine_software_version": {half}}}}}}}"#),
            "/metadata/static_config/engine_software_version",
        ),
        ("POST", "/api/v1/queues/dialogue/pause", format!(r#"{{"reason": {half}}}"#), "/reason"),
        (
            "POST",
            "/api/v1/dead-letters/purge",
            format!(r#"{{"filter": {{"error_contains": {half}}}, "expected_count": 0}}"#),
            "/filter/error_contains",
        ),
    ];
    for (method, path, body, place) in calls {
        let refused = untouched.names(method, path, &body, &[place]).await;
        assert_eq!(refused.body["errors"][0]["detail"], r"has an unpaired surrogate (\ud83d)", "{body}");
    }
    // A member of that name is none of a closed object, and an open object has each name once, however it is escaped.
    let unknown = r#"{"engine_type": "dialogue", "event_type": "e", "payload": 1, "a\ud83d": 1, "a\ud83e": 2}"#;
    untouched.names("POST", "/api/v1/events", unknown, &["/a\u{fffd}", "/a\u{fffd}"]).await;
    let twice = r#"{"dynamic_state": {"\ud83d": 1, "\uD83D": 2, "\ud83e": 3}}"#;
    untouched.names("POST", &format!("{engine_path}/heartbeat"), twice, &["/dynamic_state/\u{fffd}"]).await;
    untouched
        .names("POST", "/api/v1/engines", &config(r#"{"a": 1, "\u0061": 2}"#), &["/metadata/static_config/a"])
        .await;
    let number = untouched
        .names("POST", "/api/v1/engines", r#"{"engine_type": "a", "scenario_run_id": 1.5}"#, &["/scenario_run_id"])
        .await;
    assert_eq!(number.body["errors"][0]["detail"], "must be a string or a whole number, not a number");
    untouched.holds().await;
}

#[tokio::test]
async fn members_of_metadata_are_merged_whatever_their_names_hold() {
    let lab = Lab::start().await;
    let config = r#"{"capabilities": ["talk"], "engine_software_version": "1.0", "\ud83d": {"a": 1, "\u00fc\/": 2}, "\ud83e": 1.50}"#;
    let state = r#"{"\ud83d": 1, "mood": "\ud83d", "\u0000": 2}"#;
    let metadata = format!(r#"{{"static_config": {config}, "dynamic_state": {state}}}"#);
    let registered = lab
        .send_raw("POST", "/api/v1/engines", format!(r#"{{"engine_type": "dialogue", "metadata": {metadata}}}"#))
        .await;
    let path = format!("/api/v1/engines/{}", text_in(&registered.expect(201).raw, "engine_id"));

    let beat = r#"{"dynamic_state": {"\uD83D": {"x": null}, "\u006dood": null, "__proto__": {"y": 1}}, "resource_utilization": {"\udc00": 1}}"#;
    lab.send_raw("POST", &format!("{path}/heartbeat"), beat).await.expect(200);
    let merged = r#"{"\u0000":2,"\uD83D":{"x": null},"__proto__":{"y": 1},"resource_utilization":{"\udc00": 1}}"#;
    let of_config = r#"{"\uD83D": {"\ud83d": 3, "a": null}, "capabilit\u0069es": ["sing"], "__proto__": {"z": 1}}"#;
    let patched = format!(r#"{{"metadata": {{"static_config": {of_config}}}}}"#);
    lab.send_raw("PATCH", &path, patched).await.expect(200);
    let changed = r#"{"capabilities":["sing"],"engine_software_version":"1.0","\ud83d":{"\u00fc\/":2,"\ud83d":3},"\ud83e":1.50,"__proto__":{"z":1}}"#;
    for path in [&path, "/api/v1/engines?capability=sing", "/api/v1/engines?engine_software_version=1.0"] {
        let engine = lab.get(path).await.expect(200);
        assert_has(&engine, &format!("\"static_config\":{changed}"));
        assert_has(&engine, &format!("\"dynamic_state\":{merged}"));
    }
    // A heartbeat that names nothing of it leaves it as it is.
    lab.send_raw("POST", &format!("{path}/heartbeat"), r#"{"dynamic_state": {"mood": 1}}"#).await.expect(200);
    assert_has(&lab.get(&path).await.expect(200), &format!("{},\"mood\":1}}", &merged[..merged.len() - 1]));
}

#[tokio::test]
async fn a_merged_state_is_no_deeper_than_one_that_is_registered() {
    let lab = Lab::start_with(&["--max-json-depth", "5"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let path = format!("/api/v1/engines/{engine}/heartbeat");
    let utilization = |levels: usize| format!(r#"{{"resource_utilization": {{"a": {}}}}}"#, super::nested(levels));
    let untouched = Untouched::from_now_on(&lab).await;
    untouched.names("POST", &path, &utilization(4), &["/resource_utilization"]).await;
    lab.send_raw("POST", &path, utilization(3)).await.expect(200);
    let engine = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body;
    let again = json!({"engine_type": "dialogue", "metadata": engine["metadata"]});
    lab.post("/api/v1/engines", &again).await.expect(201);
}

#[tokio::test]
async fn readers_of_the_database_can_read_every_event_and_every_text_of_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let body = format!(
        r#"{{"engine_type": "dialogue", "event_type": "e", "payload": {{"odd": {ODD}, "npc": {{"name": "\\ud83d Mira"}}}}}}"#
    );
    lab.send_raw("POST", "/api/v1/events", body).await.expect(201);
    let leased = lease(&lab, &engine).await;
    let error = r#"{"type": "\ud83d\ud83d\ude00\ude00", "message": "C:\\u0000\u0000 \\\ud83d \uD83D\uDE00\\"}"#;
    let failed = format!(r#""status": "failed", "error": {error}, "retryable": false"#);
    report(&lab, &leased, &failed).await.expect(200);

    let mut reader = sqlx::PgConnection::connect_with(&lab.db.connect_options()).await.expect("the database is there");
    sqlx::raw_sql("set role eventlease_reader").execute(&mut reader).await.expect("there is the role");
    // Also where backslashes mean something else.
    sqlx::raw_sql("set standard_conforming_strings = off; set escape_string_warning = off")
        .execute(&mut reader)
        .await
        .expect("set");
    let all = sqlx::query("select * from eventlease.event_instances").fetch_all(&mut reader).await.expect("all rows");
    assert_eq!(all.len(), 1);
    let read: (String, String, String, Option<String>, String) = sqlx::query_as(
        "select error::text, eventlease.json_text(error, 'type'), eventlease.json_text(error, 'message'),
            eventlease.json_text(error, 'details'), eventlease.json_text(payload, 'npc', 'name')
         from eventlease.event_instances",
    )
    .fetch_one(&mut reader)
    .await
    .expect("texts");
    assert_eq!(read.0, error);
    assert_eq!((read.1, read.3), ("\u{fffd}\u{1f600}\u{fffd}".to_owned(), None));
    assert_eq!(read.2, "C:\\u0000\u{fffd} \\\u{fffd} \u{1f600}\\");
    assert_eq!(read.4, "\\ud83d Mira");
    let engines: i64 = sqlx::query_scalar("select count(metadata) from eventlease.engine_states")
        .fetch_one(&mut reader)
        .await
        .expect("a count");
    assert_eq!(engines, 1);
    // A payload may be nothing but halves of pairs: the time to read it must not grow with the square of its length.
    sqlx::raw_sql("set statement_timeout = '20s'").execute(&mut reader).await.expect("set");
    for half in ["ud83d", "ude00"] {
        let read: i32 = sqlx::query_scalar(
            "select length(eventlease.json_text(concat('{\"a\": \"', repeat(chr(92) || $1, 150000), '\"}')::json, 'a'))",
        )
        .bind(half)
        .fetch_one(&mut reader)
        .await
        .expect("read in time");
        assert_eq!(read, 150_000, "{half}");
    }
}

/// As JSON in ASCII has it that is full of emojis. A look at each one's place from the beginning would take minutes.
#[tokio::test]
async fn a_payload_full_of_surrogates_is_read_in_a_moment() {
    let lab = Lab::start().await;
    let read = r#"set statement_timeout = '20s';
        do $$ begin
            assert length(eventlease.json_text(('["' || repeat('\udc00', 170000) || '"]')::json, '0')) = 170000;
            assert eventlease.json_text(('["' || repeat('\ud83d\ude00', 85000) || '"]')::json, '0') = repeat('😀', 85000);
            assert eventlease.json_text('["\ud83d\ud83d\ude00\ude00\\pud83d"]', '0') = '�😀�\pud83d';
        end $$"#;
    let mut connection = lab.db.acquire().await.expect("a connection");
    sqlx::raw_sql(read).execute(&mut *connection).await.expect("read in time");
}

#[tokio::test]
async fn what_was_stored_otherwise_is_an_error_that_names_its_row_and_no_default() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let keyed = json!({"idempotency_key": "k"});
    let event_id = lab.enqueue("dialogue", keyed.clone()).await;
    let leased = lease(&lab, &engine).await;

    lab.sql("update eventlease.events set payload_bytes = -1").await;
    let body =
        json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {"n": 1}, "idempotency_key": "k"});
    lab.post("/api/v1/events", &body).await.problem(500, "internal");
    let mut connection = lab.db.acquire().await.expect("a connection");
    let id = eventlease::domain::ids::EventId(event_id.parse().expect("an id"));
    let error = eventlease::store::events::read(&mut connection, id, false).await.expect_err("it is no size");
    assert_eq!(error.to_string(), format!("events.payload_bytes of {event_id} holds \"-1\", which is not understood"));
    lab.sql("update eventlease.events set payload_bytes = 7").await;

    let metadata = r#"{"static_config": {"kept": 1}, "dynamic_state": []}"#;
    lab.sql(&format!("update eventlease.engine_states set metadata = '{metadata}'")).await;
    lab.heartbeat(&engine, json!({"dynamic_state": {"a": 1}})).await.problem(500, "internal");
    let id = eventlease::domain::ids::EngineId(engine.parse().expect("an id"));
    let error = eventlease::store::engines::read(&mut connection, id).await.expect_err("it is no object");
    assert!(error.to_string().starts_with(&format!("engine_states.metadata of {engine} holds ")), "{error}");
    assert_eq!(texts(&lab, "select metadata::text from eventlease.engine_states").await, [Some(metadata.to_owned())]);
    lab.sql(r#"update eventlease.engine_states set metadata = '{"static_config": {}, "dynamic_state": {}}'"#).await;

    // Without a policy no verdict is given, rather than one by a policy that nobody set.
    lab.sql("create table public.kept as select * from eventlease.server_settings").await;
    lab.sql("delete from eventlease.server_settings").await;
    report(&lab, &leased, r#""status": "failed", "error": "x""#).await.problem(500, "internal");
    lab.sql("insert into eventlease.server_settings select * from public.kept").await;
    let settled = report(&lab, &leased, r#""status": "failed", "error": "x""#).await.expect(200);
    assert_eq!(settled.body["outcome"], Value::from("retry_scheduled"));
}
