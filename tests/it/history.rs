//! The history of queues: written a minute at a time, read as columns.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::Lab;
use crate::trust::Guarded;

/// What was counted of a queue in each of the last minutes, as replicas write it.
async fn count(lab: &Lab, queue: &str, completed: i64) {
    lab.sql(&format!(
        "insert into eventlease.queue_activity (engine_type, period_at, replica_id, completed, late, durations)
         select '{queue}', date_trunc('minute', now()) - make_interval(mins => n), gen_random_uuid(), {completed}, 1,
            array_fill(0::bigint, array[92])
         from generate_series(0, 3) as n
         on conflict do nothing"
    ))
    .await;
}

/// Waits until a minute is written, as far as this server has to write it.
async fn written(lab: &Lab) -> DateTime<Utc> {
    lab.wait_for("a minute of history", async || {
        lab.broker().measure().await.expect("a round");
        lab.broker().write_history().await.expect("a round");
        last_minute(lab).await
    })
    .await
}

async fn last_minute(lab: &Lab) -> Option<DateTime<Utc>> {
    sqlx::query_scalar("select max(minute_at) from eventlease.queue_history where engine_type = ''")
        .fetch_one(&lab.db)
        .await
        .expect("a time")
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Lets a minute pass since what is written was.
async fn age(lab: &Lab) {
    lab.broker().age_history(TimeDelta::minutes(1));
    lab.sql("update eventlease.queue_history set minute_at = minute_at - interval '1 minute'").await;
}

#[tokio::test]
async fn a_minute_is_written_once_with_what_happened_and_how_deep_queues_were() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({"delay_seconds": 600})).await;
    lab.enqueue("idle", json!({"delay_seconds": 600})).await;
    count(&lab, "dialogue", 7).await;
    let minute_at = written(&lab).await;
    lab.broker().write_history().await.expect("a round");
    let rows: i64 = sqlx::query_scalar("select count(*) from eventlease.queue_history where minute_at = $1")
        .bind(minute_at)
        .fetch_one(&lab.db)
        .await
        .expect("a count");
    assert_eq!(rows, 3, "two queues, and both together");
    let range = format!("from={}&to={}", text(minute_at), text(minute_at + TimeDelta::minutes(1)));
    let of_queue = lab.get(&format!("/api/v1/queues/dialogue/history?{range}")).await.expect(200).body;
    let column = |reply: &Value, name: &str| reply[name].clone();
    for (name, value) in [("due", 1), ("delayed", 1), ("processing", 0), ("completed", 7), ("late", 1), ("failed", 0)] {
        assert_eq!(column(&of_queue, name), json!([value]), "{name}: {of_queue}");
    }
    assert_eq!((&of_queue["step_seconds"], &of_queue["from"]), (&json!(60), &json!(text(minute_at))));
    assert_eq!(column(&of_queue, "wait_p99_seconds"), json!([null]), "nothing was leased");
    let of_all = lab.get(&format!("/api/v1/history?{range}")).await.expect(200).body;
    for (name, value) in [("due", 1), ("delayed", 2), ("completed", 7)] {
        assert_eq!(column(&of_all, name), json!([value]), "{name}: {of_all}");
    }
    assert_eq!(of_all["engine_type"], Value::Null);
}

#[tokio::test]
async fn a_queue_in_which_nothing_changes_gets_no_row_and_is_shown_as_before() {
    let lab = Lab::start().await;
    lab.enqueue("idle", json!({"delay_seconds": 600})).await;
    let first = written(&lab).await;
    age(&lab).await;
    let second = written_after(&lab, first - TimeDelta::minutes(1)).await;
    let rows: Vec<String> =
        sqlx::query_scalar("select engine_type from eventlease.queue_history where minute_at = $1 order by 1")
            .bind(second)
            .fetch_all(&lab.db)
            .await
            .expect("rows");
    assert_eq!(rows, [""], "idle queues cost nothing");
    let range = format!("from={}&to={}", text(first - TimeDelta::minutes(3)), text(second + TimeDelta::minutes(1)));
    let shown = lab.get(&format!("/api/v1/queues/idle/history?{range}")).await.expect(200).body;
    let delayed = shown["delayed"].as_array().expect("a column");
    assert_eq!(delayed.last(), Some(&json!(1)), "{shown}");
    assert_eq!(delayed.first(), Some(&Value::Null), "nothing was measured then: {shown}");
    assert_eq!(shown["completed"].as_array().and_then(|column| column.last()), Some(&json!(0)));
}

#[tokio::test]
async fn those_who_watch_the_same_plot_share_what_one_of_them_read_until_there_is_a_new_minute() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    count(&lab, "dialogue", 7).await;
    let minute_at = written(&lab).await;
    let range = format!("from={}&to={}", text(minute_at), text(minute_at + TimeDelta::minutes(1)));
    let completed =
        async |path: &str, range: &str| lab.get(&format!("{path}?{range}")).await.expect(200).body["completed"].clone();
    let (of_queue, of_all) = ("/api/v1/queues/dialogue/history", "/api/v1/history");
    let asked_at = Instant::now();
    assert_eq!(completed(of_queue, &range).await, json!([7]));
    lab.sql("update eventlease.queue_history set completed = 9").await;
    let again = completed(of_queue, &range).await;
    if asked_at.elapsed() < Duration::from_secs(9) {
        assert_eq!(again, json!([7]), "it was not read again");
    }
    assert_eq!(completed(of_all, &range).await, json!([9]), "that is another question");
    let longer =
        format!("from={}&to={}", text(minute_at - TimeDelta::minutes(1)), text(minute_at + TimeDelta::minutes(1)));
    assert_eq!(completed(of_queue, &longer).await, json!([null, 9]), "and so is this");
    age(&lab).await;
    let later = format!("from={}&to={}", text(minute_at), text(minute_at + TimeDelta::minutes(10)));
    assert_eq!(completed(of_queue, &later).await, json!(vec![Value::Null; 10]));
    written_after(&lab, minute_at - TimeDelta::minutes(1)).await;
    assert_ne!(completed(of_queue, &later).await, json!(vec![Value::Null; 10]), "there is a new minute");
}

async fn written_after(lab: &Lab, before: DateTime<Utc>) -> DateTime<Utc> {
    lab.wait_for("another minute", async || {
        lab.broker().measure().await.expect("a round");
        lab.broker().write_history().await.expect("a round");
        last_minute(lab).await.filter(|minute_at| *minute_at > before)
    })
    .await
}

#[tokio::test]
async fn a_minute_in_which_the_service_was_away_is_a_gap() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    count(&lab, "dialogue", 7).await;
    // As if it had come back just now; the minutes before are over.
    lab.sql("update eventlease.service_signs set grace_since = statement_timestamp()").await;
    lab.broker().measure().await.expect("a round");
    assert_eq!(lab.broker().write_history().await.expect("a round"), 0);
    lab.sql("update eventlease.service_signs set grace_since = statement_timestamp() - interval '5 minutes'").await;
    written(&lab).await;
}

#[tokio::test]
async fn two_replicas_write_a_minute_once() {
    let mut lab = Lab::start().await;
    lab.start_replica(&[]).await;
    lab.enqueue("dialogue", json!({})).await;
    for broker in [lab.broker(), lab.replica_broker()] {
        broker.measure().await.expect("a round");
    }
    let (one, other) = tokio::join!(lab.broker().write_history(), lab.replica_broker().write_history());
    let (one, other) = (one.expect("a round"), other.expect("a round"));
    assert!(one == 0 || other == 0, "{one} and {other}");
    written(&lab).await;
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from (select from eventlease.queue_history group by engine_type, minute_at having count(*) > 1) t",
    )
    .fetch_one(&lab.db)
    .await
    .expect("a count");
    assert_eq!(twice, 0);
}

#[tokio::test]
async fn a_range_is_checked_and_has_at_most_600_points() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.get("/api/v1/queues/nowhere/history").await.problem(404, "queue_not_found");
    let two_days = "from=2030-01-01T00:00:00Z&to=2030-01-03T00:00:00Z";
    let shown = lab.get(&format!("/api/v1/queues/dialogue/history?{two_days}")).await.expect(200).body;
    assert_eq!(shown["step_seconds"], 300);
    assert_eq!(shown["due"].as_array().map(Vec::len), Some(576));
    for (query, parameters) in [
        ("from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z", &["from"][..]),
        ("from=2030-01-01T00:00:00Z&to=2030-01-03T00:00:00Z&step_seconds=60", &["step_seconds"]),
        ("from=yesterday&to=tomorrow&step_seconds=61&more=1", &["step_seconds", "from", "to", "more"]),
    ] {
        for path in ["/api/v1/queues/dialogue/history", "/api/v1/history"] {
            let refused = lab.get(&format!("{path}?{query}")).await.problem(422, "invalid_input");
            let errors = refused.body["errors"].as_array().expect("errors");
            let named: Vec<&str> = errors.iter().filter_map(|error| error["parameter"].as_str()).collect();
            assert_eq!(named, parameters, "{path} {query}");
        }
    }
    let last_hour = lab.get("/api/v1/history").await.expect(200).body;
    assert!(last_hour["due"].as_array().is_some_and(|column| (60..=62).contains(&column.len())), "{last_hour}");
}

/// What a refused range is told, by the parameter.
async fn told_of(lab: &Lab, query: &str) -> (String, String) {
    let refused = lab.get(&format!("/api/v1/history?{query}")).await.problem(422, "invalid_input");
    let error = &refused.body["errors"][0];
    let text = |member: &str| error[member].as_str().unwrap_or_else(|| panic!("{refused:?}")).to_owned();
    (text("parameter"), text("detail"))
}

#[tokio::test]
async fn a_refused_range_is_told_what_would_be_taken() {
    let lab = Lab::start().await;
    for (query, parameter, detail) in [
        ("from=2020-01-01T00:00:00Z&to=2050-01-01T00:00:00Z", "from", "must be at most 599 days before to"),
        (
            "from=2020-01-01T00:00:00Z&to=2050-01-01T00:00:00Z&step_seconds=86400",
            "from",
            "must be at most 599 days before to",
        ),
        (
            "from=2030-01-01T00:00:00Z&to=2031-01-01T00:00:00Z&step_seconds=60",
            "step_seconds",
            "must be at least 52680 for that range, so that there are at most 600 points",
        ),
        ("from=2020-01-01T00:00:00Z", "from", "must be at most 599 days before now"),
        ("from=2199-01-01T00:00:00Z", "from", "is in the future, and the range ends now where to is not given"),
        ("from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z", "from", "must be before to"),
    ] {
        let told = told_of(&lab, query).await;
        assert_eq!((told.0.as_str(), told.1.as_str()), (parameter, detail), "{query}");
    }
    // What is advised is taken.
    for query in [
        "from=2028-05-12T00:00:00Z&to=2030-01-01T00:00:00Z",
        "from=2028-05-12T00:00:00Z&to=2030-01-01T00:00:00Z&step_seconds=86400",
        "from=2030-01-01T00:00:00Z&to=2031-01-01T00:00:00Z&step_seconds=52680",
        "from=2030-01-01T00:00:00.1Z&to=2030-01-01T00:00:00.9Z",
    ] {
        let shown = lab.get(&format!("/api/v1/history?{query}")).await.expect(200).body;
        let points = shown["due"].as_array().map_or(0, Vec::len);
        assert!((1..=600).contains(&points), "{query}: {points} points");
    }
}

#[tokio::test]
async fn what_is_unknown_is_told_once_however_often_it_is_given() {
    let lab = Lab::start().await;
    let refused = lab.get("/api/v1/history?a=1&b=1&a=2&a=3").await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["a", "b"]);
    let body = r#"{"engine_type": "dialogue", "event_type": "a", "payload": 1, "a": 1, "a": 2, "a": 3}"#;
    let refused = lab.send_raw("POST", "/api/v1/events", body).await.problem(422, "invalid_input");
    let errors = refused.body["errors"].as_array().expect("errors");
    let unknown = errors.iter().filter(|error| error["detail"] == "is not a field of this object");
    assert_eq!(unknown.count(), 1, "{refused:?}");
}

#[tokio::test]
async fn no_history_is_written_where_it_is_off_and_old_days_are_dropped() {
    let lab = Lab::start_with(&["--history-hours", "0"]).await;
    lab.broker().measure().await.expect("a round");
    assert_eq!(lab.broker().write_history().await.expect("a round"), 0);
    let rounds = "eventlease_task_runs_total{outcome=\"ok\",task=\"partitions\"}";
    lab.wait_for("the first round", async || (lab.metric(rounds).await >= 1.0).then_some(())).await;
    lab.sql("select eventlease.ensure_history_partition((statement_timestamp() at time zone 'UTC')::date - 3)").await;
    let days = "select count(*) from pg_class where relkind = 'r' and relname like 'queue_history_%'
        and relname < 'queue_history_' || to_char((now() at time zone 'UTC')::date - 1, 'YYYYMMDD')";
    let count = async || sqlx::query_scalar::<_, i64>(days).fetch_one(&lab.db).await.expect("a count");
    assert_eq!(count().await, 1);
    lab.wait_for("the old day to go", async || {
        lab.broker().tend_partitions().await.expect("a round");
        (count().await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_history_of_all_queues_is_not_for_limited_tokens() {
    let guarded = Guarded::start().await;
    let reader = guarded.token("reader", json!({"engine_types": ["chess"]})).await;
    let producer = guarded.token("producer", json!({})).await;
    guarded.enqueue(&producer, "chess").await;
    guarded.get(&reader, "/api/v1/history").await.problem(403, "forbidden");
    guarded.get(&reader, "/api/v1/queues/dialogue/history").await.problem(403, "forbidden");
    guarded.get(&reader, "/api/v1/queues/chess/history").await.expect(200);
}
