//! Two bodies under one key are the same where their values are: over HTTP, from SQL, and across the two.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{Lab, Reply};
use crate::trust::Guarded;

/// Payloads of the same value in other bytes.
const SAME: &[(&str, &str)] = &[
    (r#"{"a":1}"#, r#"{ "a": 1 }"#),
    (r#"{"a":1,"b":[true,null]}"#, "{\"b\":\t[true, null],\n\"a\":1.0}"),
    (r#"{"a":100}"#, r#"{"a":1e2}"#),
    (r#"{"a":0}"#, r#"{"a":-0.0}"#),
    (r#"{"a":12345678901234567890.10}"#, r#"{"a":12345678901234567890.1}"#),
    (r#"{"a":1e400}"#, r#"{"a":10E399}"#),
    (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
    (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
    (r#""\u00e9\/""#, r#""é/""#),
    (r#""\ud83d\ude00""#, r#""😀""#),
    ("5", "5.0"),
];

/// Payloads of different values, and those whose values cannot be compared: what jsonb does not hold.
const DIFFERENT: &[(&str, &str)] = &[
    (r#"{"a":1}"#, r#"{"a":2}"#),
    (r#"{"a":1}"#, r#"{"a":"1"}"#),
    (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
    ("[1,2]", "[2,1]"),
    (r#"{"a":12345678901234567890}"#, r#"{"a":12345678901234567891}"#),
    (r#"{"a":0.1}"#, r#"{"a":0.1000000000000000055}"#),
    (r#"{"a":1,"a":2}"#, r#"{"a":1}"#),
    (r#""e\u0301""#, r#""\u00e9""#),
    ("null", r#""null""#),
    (r#"["\u0000"]"#, r#"[ "\u0000" ]"#),
    (r#"{"a":1e200000}"#, r#"{ "a":1e200000 }"#),
    (r#"{"a":1e-200000}"#, r#"{ "a":1e-200000 }"#),
    (r#"["\ud83d"]"#, r#"[ "\ud83d" ]"#),
    (r#"{"a":1}"#, r#"["\ude00"]"#),
];

/// What each way answers: the event, or that the key stands for another body.
async fn send(lab: &Lab, is_sql: bool, key: &str, payload: &str) -> Result<String, String> {
    if is_sql {
        let call = format!(
            "select eventlease.enqueue('dialogue', 'e', $p${payload}$p$::json, idempotency_key => '{key}')::text"
        );
        let called = sqlx::query_scalar::<_, String>(AssertSqlSafe(call)).fetch_one(&lab.db).await;
        return called.map_err(|error| {
            let error = error.into_database_error().expect("PostgreSQL's own error");
            assert_eq!(error.code().as_deref(), Some("23505"), "{error:?}");
            error.message().to_owned()
        });
    }
    let body =
        format!(r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"{key}","payload":{payload}}}"#);
    let reply = lab.send_raw("POST", "/api/v1/events", body).await;
    match reply.status {
        200 | 201 => Ok(reply.text("event_id")),
        _ => Err(reply.problem(422, "idempotency_key_reused").text("detail")),
    }
}

#[tokio::test]
async fn payloads_are_compared_by_value_over_http_from_sql_and_across_the_two() {
    let lab = Lab::start().await;
    let cases = SAME.iter().map(|case| (case, true)).chain(DIFFERENT.iter().map(|case| (case, false)));
    for (number, ((one, other), is_same)) in cases.enumerate() {
        for (first_by_sql, second_by_sql) in [(false, false), (false, true), (true, false), (true, true)] {
            for (first, second) in [(one, other), (other, one)] {
                let key = format!("{number} {first_by_sql} {second_by_sql} {}", first == one);
                let sent = format!("{first} then {second}, from SQL: {first_by_sql}, {second_by_sql}");
                let event_id = send(&lab, first_by_sql, &key, first).await.expect("a new event");
                assert_eq!(
                    send(&lab, first_by_sql, &key, first).await.as_ref(),
                    Ok(&event_id),
                    "the same bytes: {sent}"
                );
                let again = send(&lab, second_by_sql, &key, second).await;
                assert_eq!(again.as_ref() == Ok(&event_id), is_same, "{sent}: {again:?}");
                assert_eq!(again.is_ok(), is_same, "{sent}: {again:?}");
            }
        }
    }
}

/// Members beside the payload, which is the same by value.
#[tokio::test]
async fn terms_are_compared_as_they_are_understood() {
    let lab = Lab::start().await;
    let same = [
        ("", r#","priority":5,"delay_seconds":0,"scenario_run_id":null,"retry_policy":null"#),
        ("", r#","priority":5.0,"delay_seconds":null,"retry_policy":{},"discard_after_seconds":null"#),
        ("", r#","retry_policy":{"retry_delay":{},"jitter":null}"#),
        (r#","delay_seconds":5"#, r#","delay_seconds":5.0"#),
        (r#","scenario_run_id":7"#, r#","scenario_run_id":"7""#),
        (r#","visibility_timeout_seconds":9"#, r#","visibility_timeout_seconds":9e0"#),
        (r#","available_at":"2020-01-01T00:00:00Z""#, r#","available_at":"2020-01-01T02:00:00.000+02:00""#),
        (
            r#","retry_policy":{"max_retries":1,"jitter":0.5,"retry_delay":{"multiplier":3}}"#,
            r#","retry_policy":{"retry_delay":{"multiplier":3.0},"jitter":5e-1,"max_retries":1.0}"#,
        ),
    ];
    let different = [
        ("", r#","priority":6"#),
        ("", r#","delay_seconds":1"#),
        ("", r#","scenario_run_id":"7""#),
        ("", r#","visibility_timeout_seconds":300"#),
        ("", r#","discard_after_seconds":60"#),
        ("", r#","retry_policy":{"max_retries":3}"#),
        ("", r#","available_at":"2020-01-01T00:00:00Z""#),
        (r#","available_at":"2020-01-01T00:00:00Z""#, r#","available_at":"2020-01-01T00:00:00.000001Z""#),
        (r#","visibility_timeout_seconds":60"#, r#","discard_after_seconds":60"#),
        (r#","retry_policy":{"jitter":0}"#, r#","retry_policy":{"retry_delay":{"initial":0}}"#),
        (r#","retry_policy":{"retry_delay":{"initial":9}}"#, r#","retry_policy":{"retry_delay":{"max":9}}"#),
        (r#","retry_policy":{"jitter":0.1}"#, r#","retry_policy":{"jitter":0.10000000000000002}"#),
    ];
    let cases = same.iter().map(|case| (case, true)).chain(different.iter().map(|case| (case, false)));
    for (number, ((one, other), is_same)) in cases.enumerate() {
        let body = |payload: &str, more: &str| {
            format!(
                r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"{number}","payload":{payload}{more}}}"#
            )
        };
        let first = lab.send_raw("POST", "/api/v1/events", body(r#"{"a":1}"#, one)).await.expect(201);
        let again = lab.send_raw("POST", "/api/v1/events", body(r#"{ "a": 1.0 }"#, other)).await;
        if is_same {
            assert_eq!(again.expect(200).text("event_id"), first.text("event_id"), "{one} then {other}");
        } else {
            assert_eq!(
                again.problem(422, "idempotency_key_reused").body["event_id"],
                first.body["event_id"],
                "{one} then {other}"
            );
        }
    }
    // The event's type is no part of its payload.
    let body = r#"{"engine_type":"dialogue","event_type":"f","idempotency_key":"0","payload":{"a":1}}"#;
    lab.send_raw("POST", "/api/v1/events", body).await.problem(422, "idempotency_key_reused");
}

/// Each call from SQL beside the members of the same body over HTTP, whose payload has other bytes.
#[tokio::test]
async fn terms_are_the_same_over_http_and_from_sql() {
    let lab = Lab::start().await;
    let pairs = [
        ("", ""),
        (", priority => null, delay_seconds => null", r#","priority":5,"delay_seconds":0"#),
        (", priority => 9, delay_seconds => 7", r#","priority":9,"delay_seconds":7"#),
        (", scenario_run_id => 'run =ü'", r#","scenario_run_id":"run =ü""#),
        (", visibility_timeout_seconds => 9", r#","visibility_timeout_seconds":9"#),
        (", retry_policy => '{}'", ""),
        ("", r#","retry_policy":{"retry_delay":{"max":null}}"#),
        (
            r#", retry_policy => '{"jitter":0.00001,"max_retries":2.0,"dead_letter_threshold":4}'"#,
            r#","retry_policy":{"dead_letter_threshold":4,"max_retries":2,"jitter":1e-5}"#,
        ),
        (
            r#", retry_policy => '{"jitter":-0.0,"retry_delay":{"initial":0,"max":9,"multiplier":1.23456789012345678}}'"#,
            r#","retry_policy":{"retry_delay":{"multiplier":1.2345678901234568,"max":9.0,"initial":0},"jitter":0}"#,
        ),
    ];
    for (number, (of_sql, of_http)) in pairs.iter().enumerate() {
        for is_sql_first in [true, false] {
            let key = format!("{number} {is_sql_first}");
            let call = async |payload: &str| {
                let call = format!(
                    "select eventlease.enqueue('dialogue', 'e', '{payload}', idempotency_key => '{key}'{of_sql})::text"
                );
                sqlx::query_scalar::<_, String>(AssertSqlSafe(call)).fetch_one(&lab.db).await.expect("an id")
            };
            let post = async |payload: &str| {
                let body = format!(
                    r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"{key}","payload":{payload}{of_http}}}"#
                );
                lab.send_raw("POST", "/api/v1/events", body).await
            };
            if is_sql_first {
                let event_id = call(r#"{"a":1}"#).await;
                assert_eq!(post(r#"{ "a": 1.0 }"#).await.expect(200).text("event_id"), event_id, "{of_sql} {of_http}");
            } else {
                let event_id = post(r#"{"a":1}"#).await.expect(201).text("event_id");
                assert_eq!(call(r#"{ "a": 1.0 }"#).await, event_id, "{of_sql} {of_http}");
            }
        }
    }
    for (of_sql, of_http) in
        [(", priority => 6", ""), (", delay_seconds => 1", ""), ("", r#","discard_after_seconds":9"#)]
    {
        let body = format!(
            r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"{of_sql}{}","payload":{{"a":1}}{of_http}}}"#,
            of_http.len()
        );
        lab.send_raw("POST", "/api/v1/events", body).await.expect(201);
        let call = format!(
            "select eventlease.enqueue('dialogue', 'e', '{{ \"a\": 1 }}', idempotency_key => '{of_sql}{}'{of_sql})",
            of_http.len()
        );
        let refused = sqlx::query(AssertSqlSafe(call)).execute(&lab.db).await.expect_err("other terms");
        assert_eq!(
            refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("23505"),
            "{of_sql} {of_http}"
        );
    }
}

fn batch(payloads: &[&str], is_atomic: bool) -> String {
    let events: Vec<String> = payloads
        .iter()
        .map(|payload| {
            format!(r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"k","payload":{payload}}}"#)
        })
        .collect();
    format!(r#"{{"atomic":{is_atomic},"events":[{}]}}"#, events.join(","))
}

#[tokio::test]
async fn each_event_of_a_batch_is_compared_with_the_keys_first_body() {
    for is_atomic in [false, true] {
        let lab = Lab::start().await;
        let send =
            async |payloads: &[&str]| lab.send_raw("POST", "/api/v1/events/batch", batch(payloads, is_atomic)).await;
        let reply = send(&[r#"{"a":1}"#, r#"{ "a": 1.0 }"#, r#"{"a":1e0}"#]).await.expect(201);
        let ids: HashSet<String> = (0..3).map(|index| reply.body["results"][index]["event_id"].to_string()).collect();
        assert_eq!((ids.len(), &reply.body["results"][1]["duplicate"]), (1, &json!(true)));
        // The first of these has other bytes than the known body, and the second has the same.
        let again = send(&[r#"{"a": 1}"#, r#"{"a":1}"#, r#"{"a":  1}"#]).await.expect(201);
        for index in 0..3 {
            assert_eq!(again.body["results"][index]["event_id"], reply.body["results"][0]["event_id"], "{index}");
        }
        let refused = send(&[r#"{"a": 1}"#, r#"{"a":2}"#]).await.expect(if is_atomic { 422 } else { 207 });
        assert_eq!(refused.body["results"][1]["error"]["code"], "idempotency_key_reused");
        let count: i64 =
            sqlx::query_scalar("select count(*) from eventlease.events").fetch_one(&lab.db).await.expect("a count");
        assert_eq!(count, 1);
    }
}

#[tokio::test]
async fn what_has_the_terms_of_a_refused_event_of_its_batch_is_refused_for_the_same_cause() {
    let lab = Lab::start().await;
    let far =
        [r#"{"a":1},"available_at":"2999-01-01T00:00:00Z""#, r#"{"a":1.0},"available_at":"2999-01-01T01:00:00+01:00""#];
    let reply = lab.send_raw("POST", "/api/v1/events/batch", batch(&far, false)).await.expect(422);
    for index in 0..2 {
        let pointer = &reply.body["results"][index]["error"]["errors"][0]["pointer"];
        assert_eq!(*pointer, json!(format!("/events/{index}/available_at")), "{reply:?}");
    }
    lab.send_raw("POST", "/api/v1/events/batch", batch(&["2"], false)).await.expect(201);
}

#[tokio::test]
async fn a_transaction_in_sql_may_bring_the_same_event_twice() {
    let lab = Lab::start().await;
    let mut transaction = lab.db.begin().await.expect("a transaction");
    let mut ids = HashSet::new();
    for payload in [r#"{"a":1}"#, r#"{ "a": 1.0 }"#] {
        let call = format!("select eventlease.enqueue('dialogue', 'e', '{payload}', idempotency_key => 'k')::text");
        let id: String = sqlx::query_scalar(AssertSqlSafe(call)).fetch_one(&mut *transaction).await.expect("an id");
        ids.insert(id);
    }
    transaction.commit().await.expect("committed");
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn concurrent_duplicates_of_other_bytes_on_two_replicas_and_from_sql_make_one_event() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let calls = (0..24).map(|n| {
        let payload = ["{\"a\":1}", "{ \"a\": 1 }", "{\"a\":1.0}", "{\"a\":1e0 }"][n % 4];
        let base = if n % 2 == 0 { lab.url.clone() } else { replica.clone() };
        let lab = &lab;
        async move {
            if n % 3 == 0 {
                return send(lab, true, "k", payload).await;
            }
            let body =
                format!(r#"{{"engine_type":"dialogue","event_type":"e","idempotency_key":"k","payload":{payload}}}"#);
            let request = lab.request("POST", &format!("{base}/api/v1/events"));
            let reply = Reply::of(request.header("content-type", "application/json").body(body)).await;
            assert!(matches!(reply.status, 200 | 201), "{reply:?}");
            Ok(reply.text("event_id"))
        }
    });
    let ids: HashSet<Result<String, String>> = futures_util::future::join_all(calls).await.into_iter().collect();
    assert!(ids.len() == 1 && ids.iter().all(Result::is_ok), "{ids:?}");
}

#[tokio::test]
async fn an_event_that_has_ended_is_compared_as_well_and_one_without_its_payload_by_its_bytes() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for (key, body) in [("done", json!({})), ("dead", json!({"error": "no", "retryable": false}))] {
        let event_id = send(&lab, false, key, r#"{"a":1}"#).await.expect("a new event");
        let leased = lab.lease_one("dialogue", &engine).await;
        let status = if key == "done" { "completed" } else { "failed" };
        lab.settle(&leased, status, body).await.expect(200);
        assert_eq!(send(&lab, false, key, r#"{"a":1.0}"#).await.as_ref(), Ok(&event_id), "{key}");
        assert_eq!(send(&lab, true, key, r#"{"a":1e0}"#).await.as_ref(), Ok(&event_id), "{key}");
    }
    // Its day was removed by hand.
    lab.sql("delete from eventlease.dead_letters").await;
    lab.sql("delete from eventlease.event_attempts").await;
    lab.sql("delete from eventlease.events").await;
    for is_sql in [false, true] {
        send(&lab, is_sql, "done", r#"{"a":1.0}"#).await.expect_err("only the bytes decide");
    }
}

/// Replicas of the version before write no terms, and do not clear those of a key that they claim anew.
#[tokio::test]
async fn keys_of_the_version_before_are_compared_by_their_bytes() {
    let lab = Lab::start().await;
    let event_id = send(&lab, false, "k", r#"{"a":1}"#).await.expect("a new event");
    for change in ["body_sha256 = sha256('another body'::bytea)", "body_sha256 = body_sha256, terms_sha256 = null"] {
        lab.sql(&format!("update eventlease.idempotency_keys set {change}")).await;
        for is_sql in [false, true] {
            send(&lab, is_sql, "k", r#"{ "a": 1 }"#).await.expect_err(change);
        }
        let reset = "update eventlease.idempotency_keys set expires_at = statement_timestamp() - interval '1 second'";
        lab.sql(reset).await;
        let renewed = send(&lab, false, "k", r#"{"a":1}"#).await.expect("the key's time was over");
        assert_ne!(renewed, event_id);
        assert_eq!(send(&lab, true, "k", r#"{ "a": 1 }"#).await, Ok(renewed));
    }
}

#[tokio::test]
async fn a_header_and_a_token_change_nothing_about_it() {
    let guarded = Guarded::start().await;
    let producer = guarded.token("producer", json!({"name": "one"})).await;
    let other = guarded.token("producer", json!({"name": "other"})).await;
    let send = async |token: &str, payload: &str| {
        let body = format!(r#"{{"engine_type":"dialogue","event_type":"e","payload":{payload}}}"#);
        let request = guarded.lab.request("POST", "/api/v1/events").bearer_auth(token);
        Reply::of(request.header("content-type", "application/json").header("idempotency-key", "k").body(body)).await
    };
    let first = send(&producer, r#"{"a":1}"#).await.expect(201).text("event_id");
    let again = send(&producer, r#"{ "a": 1 }"#).await.expect(200);
    assert_eq!((again.text("event_id"), &again.body["duplicate"]), (first.clone(), &Value::Bool(true)));
    assert_ne!(send(&other, r#"{ "a": 1 }"#).await.expect(201).text("event_id"), first);
}
