//! The overview: how all queues stand and what needs somebody, from memory.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Lab, Reply};
use crate::trust::Guarded;

/// As it is after all queues were measured.
async fn overview(lab: &Lab) -> Value {
    lab.broker().write_activity().await.expect("written");
    lab.broker().measure().await.expect("a round");
    lab.get("/api/v1/overview").await.expect(200).body
}

fn codes(overview: &Value) -> Vec<String> {
    let items = overview["attention"].as_array().expect("a list");
    items
        .iter()
        .filter(|item| item["code"] != "database")
        .map(|item| item["code"].as_str().expect("a code").to_owned())
        .collect()
}

fn item<'a>(overview: &'a Value, code: &str) -> &'a Value {
    let items = overview["attention"].as_array().expect("a list");
    items.iter().find(|item| item["code"] == code).unwrap_or_else(|| panic!("no {code}: {overview}"))
}

async fn count(lab: &Lab, table_and_condition: &str) -> i64 {
    let statement = format!("select count(*) from eventlease.{table_and_condition}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&lab.db).await.expect("a count")
}

/// Some events of three queues, in all states.
async fn work(lab: &Lab) {
    for queue in ["chess", "dialogue", "vision"] {
        let engine = lab
            .register(queue, json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 4}}}}))
            .await;
        for n in 0..4 {
            lab.enqueue(queue, json!({"priority": n})).await;
        }
        lab.enqueue(queue, json!({"delay_seconds": 600})).await;
        let done = lab.lease_one(queue, &engine).await;
        lab.settle(&done, "completed", json!({})).await.expect(200);
        let dead = lab.lease_one(queue, &engine).await;
        lab.settle(&dead, "failed", json!({"retryable": false})).await.expect(200);
        let lost = lab.lease_one(queue, &engine).await;
        lab.lose(lost["event_id"].as_str().expect("an id")).await;
        lab.lease_one(queue, &engine).await;
    }
}

#[tokio::test]
async fn an_overview_agrees_with_what_sql_counts() {
    let lab = Lab::start().await;
    work(&lab).await;
    let overview = overview(&lab).await;
    let totals = &overview["totals"];
    for (member, counted) in [
        ("queues", "queues"),
        ("due", "event_queue where available_at <= now()"),
        ("delayed", "event_queue where available_at > now()"),
        ("processing", "event_leases"),
        ("dead_letters", "dead_letters"),
        ("suspects", "open_events where lane > 0"),
    ] {
        assert_eq!(totals[member], count(&lab, counted).await, "{member}: {overview}");
    }
    assert_eq!(totals["engines"]["active"], 3);
    assert_eq!((&totals["slots"]["total"], &totals["is_approximate"]), (&json!(12), &json!(false)));
    assert!(totals["rates"]["dead_lettered_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{totals}");
    let queues = overview["queues"].as_array().expect("a list");
    let names: Vec<&str> = queues.iter().filter_map(|queue| queue["engine_type"].as_str()).collect();
    assert_eq!(names, ["chess", "dialogue", "vision"]);
    for queue in queues {
        let alone = lab
            .get(&format!("/api/v1/queues/{}", queue["engine_type"].as_str().expect("a name")))
            .await
            .expect(200)
            .body;
        for member in
            ["due", "delayed", "processing", "dead_letters", "suspects", "next_due_at", "slots", "engines", "pause"]
        {
            assert_eq!(queue[member], alone[member], "{member}: {queue} {alone}");
        }
        assert_eq!(queue["due_by_minute"].as_array().and_then(|points| points.last()).map(Value::is_null), Some(false));
    }
    let age: bool = sqlx::query_scalar("select now() - $1::timestamptz between '-1 s' and '20 s'")
        .bind(overview["as_of"].as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok()))
        .fetch_one(&lab.db)
        .await
        .expect("an answer");
    assert!(age, "{overview}");
}

/// Long queues: more of them than are counted in one round, and all but the last four active just now.
async fn many_long_queues(lab: &Lab, count: u32) {
    lab.sql(&format!(
        "with queues as (
            insert into eventlease.queues (engine_type) select 'long-' || lpad(n::text, 3, '0') from generate_series(1, {count}) n
            returning engine_type),
         active as (
            insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations, enqueued)
            select engine_type, to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10), gen_random_uuid(), '{{}}', 1
            from queues where engine_type <= 'long-' || lpad(({count} - 4)::text, 3, '0'))
         insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
         select eventlease.new_event_id(statement_timestamp(), n % 16384), engine_type, 'e', 5, statement_timestamp(), 1
         from queues cross join generate_series(1, 1002) n"
    ))
    .await;
}

#[tokio::test]
async fn idle_long_queues_are_counted_although_active_ones_are_all_that_a_round_may_count() {
    const COUNT: u32 = 160;
    let lab = Lab::start().await;
    many_long_queues(&lab, COUNT).await;
    let of = |overview: &Value, number: u32, member: &str| {
        overview["queues"].as_array().expect("a list")[number as usize - 1][member].clone()
    };
    let idle = COUNT - 3..=COUNT;
    let measured = overview(&lab).await;
    assert!(idle.clone().all(|number| of(&measured, number, "due") == 1002), "{measured}");
    lab.sql("delete from eventlease.event_queue where event_id in (select min(event_id::text)::uuid from eventlease.event_queue group by engine_type)")
        .await;
    lab.sql(&format!(
        "insert into eventlease.event_leases (event_id, engine_type, event_type, lane, priority, available_at, payload_bytes,
            attempt, failures, lease_losses, releases, redrives, lease_token, leased_at, lease_expires_at, lease_deadline_at, lease_seconds)
         values (gen_random_uuid(), 'long-{COUNT}', 'e', 0, 5, now(), 1, 1, 0, 0, 0, 0, gen_random_uuid(), now(),
            now() + interval '1 hour', now() + interval '1 hour', 3600)"
    ))
    .await;
    let after_a_round = overview(&lab).await;
    let kept: Vec<u32> = idle.clone().filter(|number| of(&after_a_round, *number, "due") == 1002).collect();
    assert!(!kept.is_empty(), "one round counts them all");
    assert_eq!(of(&after_a_round, COUNT, "processing"), 1, "what engines hold is counted in each round");
    let explanation = lab.get(&format!("/api/v1/queues/long-{COUNT}/explain")).await.expect(200).body;
    let time = |value: &Value| value.as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
    assert!(time(&explanation["measured_at"]) < time(&after_a_round["as_of"]), "{explanation}");
    let mut latest = Value::Null;
    for _ in 0..COUNT {
        latest = overview(&lab).await;
        if idle.clone().all(|number| of(&latest, number, "due") == 1001) {
            return;
        }
    }
    panic!("idle queues are never counted: {latest}");
}

#[tokio::test]
async fn an_overview_asks_the_database_nothing() {
    let lab = Lab::start().await;
    work(&lab).await;
    let before = overview(&lab).await;
    let mut other = sqlx::PgConnection::connect_with(&lab.db.connect_options()).await.expect("a connection");
    let mut transaction = other.begin().await.expect("a transaction");
    sqlx::query(
        "lock table eventlease.queues, eventlease.event_queue, eventlease.event_leases, eventlease.engine_states,
            eventlease.dead_letters, eventlease.queue_activity in access exclusive mode",
    )
    .execute(&mut *transaction)
    .await
    .expect("locked");
    let during = lab.get("/api/v1/overview").await.expect(200).body;
    assert_eq!(during["queues"].as_array().map(Vec::len), before["queues"].as_array().map(Vec::len));
    transaction.rollback().await.expect("ended");
}

#[tokio::test]
async fn a_thousand_busy_queues_are_sent_in_less_than_300_kilobytes() {
    let mut lab = Lab::start().await;
    // Numbers as they are on a busy day: no two queues are alike.
    lab.sql(
        "with queues as (
            insert into eventlease.queues (engine_type) select 'department-' || n % 10 || '-worker-' || n from generate_series(1, 1000) n
            returning engine_type),
         active as (
            insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations, enqueued, completed, failed, lost, released)
            select engine_type, to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10 - 10 * period), gen_random_uuid(), '{}',
                1 + random() * 900, random() * 900, random() * 50, random() * 5, random() * 50
            from queues cross join generate_series(0, 5) period),
         minutes as (
            insert into eventlease.queue_history
            select engine_type, date_trunc('minute', statement_timestamp()) - interval '1 minute' * minute, random() * 10000, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0
            -- that of all queues tells that the minute was measured
            from (select engine_type from queues union all select '') known cross join generate_series(1, 22) minute
            on conflict do nothing)
         insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at, payload_bytes)
         select eventlease.new_event_id(statement_timestamp(), n % 16384), engine_type, 'e', 5, statement_timestamp() - interval '1 s' * random() * 9000, 1
         from queues cross join generate_series(1, 3) n",
    )
    .await;
    // One that has not measured yet takes the minutes from the history.
    let replica = lab.start_replica(&[]).await;
    lab.replica_broker().measure().await.expect("a round");
    let url = format!("{replica}/api/v1/overview");
    let plain = lab.get(&url).await.expect(200);
    let queues = plain.body["queues"].as_array().expect("a list");
    assert_eq!(queues.len(), 1000);
    assert!(queues.iter().all(|queue| queue["due_by_minute"].as_array().is_some_and(|points| points.len() == 20)));
    let asked = lab.request("GET", &url).header("accept-encoding", "gzip, deflate, br, zstd");
    let reply = asked.send().await.expect("a reply");
    let told = |header: &str| reply.headers()[header].to_str().expect("text").to_owned();
    assert_eq!((told("content-encoding").as_str(), told("vary").as_str()), ("gzip", "accept-encoding"));
    assert!(told("etag").starts_with("W/\""), "{reply:?}");
    let sent = reply.bytes().await.expect("a body");
    assert!(sent.len() < 300_000, "{} of {} bytes", sent.len(), plain.raw.len());
    let mut unpacked = String::new();
    GzDecoder::new(&sent[..]).read_to_string(&mut unpacked).expect("gzip");
    let unpacked: Value = serde_json::from_str(&unpacked).expect("JSON");
    assert_eq!(unpacked["queues"].as_array().map(Vec::len), Some(1000));
}

#[tokio::test]
async fn an_overview_is_sent_again_only_when_something_was_measured() {
    let guarded = Guarded::start().await;
    let lab = &guarded.lab;
    let reader = guarded.token("reader", json!({})).await;
    let limited = guarded.token("reader", json!({"engine_types": ["chess"]})).await;
    let ask = async |token: &str, known: &str| {
        Reply::of(lab.request("GET", "/api/v1/overview").bearer_auth(token).header("if-none-match", known)).await
    };
    let compressed = async |known: &str| {
        let asked = lab.request("GET", "/api/v1/overview").bearer_auth(&reader).header("accept-encoding", "gzip");
        asked.header("if-none-match", known).send().await.expect("a reply")
    };
    let tag = |reply: &Reply| reply.headers["etag"].to_str().expect("text").to_owned();
    let producer = guarded.token("producer", json!({})).await;
    guarded.enqueue(&producer, "chess").await;
    guarded.enqueue(&producer, "dialogue").await;
    lab.wait_for("a 304", async || {
        lab.broker().measure().await.expect("a round");
        let known = tag(&ask(&reader, "\"none\"").await.expect(200));
        // The task may measure in between.
        let again = ask(&reader, &known).await;
        let is_same = again.status == 304 && again.raw.is_empty() && tag(&again) == known;
        // Compressed, it is the same content with a weak tag.
        let smaller = compressed(&known).await;
        let is_same = is_same && smaller.status() == 304 && smaller.headers()["etag"] == format!("W/{known}");
        let is_same = is_same && ask(&reader, &format!("W/{known}")).await.status == 304;
        let has_both = ask(&reader, "\"none\"").await.expect(200).body["totals"]["due"] == 2;
        (is_same && has_both).then_some(())
    })
    .await;
    let known = tag(&ask(&reader, "\"none\"").await.expect(200));
    let theirs = ask(&limited, &known).await.expect(200);
    let names: Vec<&Value> =
        theirs.body["queues"].as_array().expect("a list").iter().map(|queue| &queue["engine_type"]).collect();
    assert_eq!(
        (names, &theirs.body["totals"]["due"], &theirs.body["database"]),
        (vec![&json!("chess")], &json!(1), &Value::Null)
    );
    lab.broker().measure().await.expect("a round");
    assert_ne!(tag(&ask(&reader, &known).await.expect(200)), known);
}

#[tokio::test]
async fn a_calm_fleet_needs_nobody() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for n in 0..30 {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        let status = if n % 10 == 0 { "failed" } else { "completed" };
        lab.settle(&leased, status, json!({})).await.expect(200);
    }
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(codes(&overview(&lab).await), Vec::<String>::new());
}

#[tokio::test]
async fn two_problems_at_once_are_both_shown_the_worse_first() {
    let lab = Lab::start().await;
    // Somebody paused it and forgot, two hours ago.
    lab.enqueue("billing", json!({})).await;
    lab.post("/api/v1/queues/billing/pause", &json!({"reason": "model upgrade"})).await.expect(200);
    lab.sql("update eventlease.queues set paused_at = paused_at - interval '2 hours' where engine_type = 'billing'")
        .await;
    // And nobody works here, for a minute.
    lab.enqueue("dialogue", json!({})).await;
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '60 s'").await;
    let both = overview(&lab).await;
    assert_eq!(codes(&both), ["nobody_works", "paused_long"], "{both}");
    let nobody = item(&both, "nobody_works");
    assert_eq!(
        (&nobody["severity"], &nobody["subject"]["engine_type"], &nobody["count"]),
        (&json!("critical"), &json!("dialogue"), &json!(1))
    );
    let message = item(&both, "paused_long")["message"].as_str().expect("a message");
    assert!(message.starts_with("billing has been paused for 2 h (model upgrade), with no end"), "{message}");
    // One is repaired, and the other stays.
    lab.register("dialogue", json!({})).await;
    assert_eq!(codes(&overview(&lab).await), ["paused_long"]);
    lab.post("/api/v1/queues/billing/resume", &json!({})).await.expect(200);
    assert_eq!(codes(&overview(&lab).await), ["nobody_works"], "now nobody works at the other");
}

#[tokio::test]
async fn failures_dead_letters_poison_and_quarantines_are_shown_with_what_they_are_about() {
    let lab = Lab::start().await;
    let engine =
        lab.register("dialogue", json!({"metadata": {"static_config": {"engine_software_version": "2.4.1"}}})).await;
    for n in 0..20 {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        // Two of one type are two causes.
        let (kind, message) =
            [("Timeout", "no answer"), ("RuntimeError", "no voice"), ("RuntimeError", "out of memory")][n % 3];
        let error = json!({"type": kind, "message": message});
        lab.settle(&leased, "failed", json!({"retryable": false, "error": error})).await.expect(200);
    }
    let killer = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&killer).await;
    lab.lease_one("dialogue", &engine).await;
    assert!(!codes(&overview(&lab).await).contains(&"poison".to_owned()), "once is no pattern");
    lab.lose(&killer).await;
    let quarantine = json!({"engine_software_version": "2.4.1", "reason": "fails"});
    lab.post("/api/v1/queues/dialogue/quarantines", &quarantine).await.expect(200);
    let overview = overview(&lab).await;
    assert_eq!(
        codes(&overview),
        ["dying", "dead_letters_new", "poison", "version_quarantined"].map(str::to_owned),
        "{overview}"
    );
    let new = item(&overview, "dead_letters_new");
    assert_eq!(new["count"], 20);
    assert!(new["message"].as_str().is_some_and(|message| message.ends_with("with 3 causes")), "{new}");
    assert_eq!(item(&overview, "poison")["subject"]["event_id"], killer.as_str());
    assert_eq!(item(&overview, "version_quarantined")["subject"]["engine_software_version"], "2.4.1");
}

#[tokio::test]
async fn what_the_database_is_warned_of_is_shown() {
    let lab = Lab::start().await;
    lab.broker().measure().await.expect("a round");
    let database: String = sqlx::query_scalar("select current_database()").fetch_one(&lab.db).await.expect("a name");
    lab.sql(&format!("alter database {database} set synchronous_commit = off")).await;
    // Known before, so that a reply that is kept would be seen.
    let before = lab.get("/api/v1/overview").await.expect(200);
    assert_eq!(lab.get("/api/v1/overview").await.expect(200).headers["content-type"], before.headers["content-type"]);
    lab.broker().look_at_database().await.expect("examined");
    let overview = lab.get("/api/v1/overview").await.expect(200).body;
    assert!(overview["database"]["as_of"].is_string(), "{overview}");
    let warnings = overview["database"]["warnings"].as_array().expect("a list");
    let warning = warnings.iter().find(|warning| warning["code"] == "synchronous_commit_off").expect("the warning");
    let items = overview["attention"].as_array().expect("a list");
    let item = items.iter().find(|item| item["message"] == warning["message"]).expect("an item");
    assert_eq!((&item["code"], &item["severity"]), (&json!("database"), &json!("warning")));
}

#[tokio::test]
async fn if_none_match_is_read_as_http_says() {
    let lab = Lab::start().await;
    let ask = async |lines: &[Vec<u8>]| {
        let request = lines.iter().fold(lab.request("GET", "/api/v1/overview"), |request, line| {
            request.header("if-none-match", reqwest::header::HeaderValue::from_bytes(line).expect("a header"))
        });
        Reply::of(request).await
    };
    lab.broker().measure().await.expect("a round");
    for (written, status) in [
        (&["TAG"][..], 304),
        (&["W/TAG"], 304),
        (&["\"b\"", "TAG"], 304),
        (&["\"b\", , W/\"c\" ,TAG"], 304),
        (&["\"a,*,b\""], 200),
        (&["\"b\", *"], 200),
        (&["*"], 304),
        (&["\"b", "TAG\""], 200),
        (&["w/TAG"], 200),
        (&["\"\u{e9}\", TAG"], 304),
        (&["\"\u{e9}\""], 200),
        (&["none"], 200),
        (&[""], 200),
    ] {
        lab.wait_for(&format!("{written:?} to be answered {status}"), async || {
            let tag = ask(&[]).await.expect(200).header("etag");
            let lines: Vec<Vec<u8>> = written.iter().map(|line| line.replace("TAG", &tag).into_bytes()).collect();
            let reply = ask(&lines).await;
            // The task may measure in between, which makes it another tag.
            let is_same = reply.header("etag") == tag || reply.status >= 400;
            is_same.then(|| assert_eq!(reply.status, status, "{written:?}: {reply:?}"))
        })
        .await;
    }
}

#[tokio::test]
async fn each_warning_of_the_database_has_been_so_since_it_was_first_seen() {
    let lab = Lab::start().await;
    lab.wait_until_well().await;
    lab.broker().measure().await.expect("a round");
    lab.broker().look_at_database().await.expect("examined");
    let since = async |code: &str| {
        let overview = lab.get("/api/v1/overview").await.expect(200).body;
        let items = overview["attention"].as_array().expect("a list");
        let of_code: Vec<(String, String)> = items
            .iter()
            .filter(|item| item["subject"]["database_warning"] == code)
            .map(|item| (item["subject"]["database_object"].to_string(), item["since"].to_string()))
            .collect();
        of_code
    };
    // The tests' PostgreSQL is set to be fast, and warned of for that.
    let before = since("fsync_off").await;
    assert_eq!(before.len(), 1, "{before:?}");
    for table in ["events", "event_attempts"] {
        lab.sql(&format!(
            "do $$ begin execute 'drop table eventlease.{table}_'
                || to_char((statement_timestamp() at time zone 'UTC')::date + 2, 'YYYYMMDD'); end $$"
        ))
        .await;
        lab.broker().look_at_database().await.expect("examined");
    }
    let later = since("few_partitions_ahead").await;
    let (objects, times): (Vec<&str>, Vec<&str>) =
        later.iter().map(|(object, since)| (object.as_str(), since.as_str())).unzip();
    assert_eq!(objects, ["\"events\"", "\"event_attempts\""], "what has lasted longest comes first");
    assert!(before[0].1.as_str() < times[0] && times[0] < times[1], "{before:?} {later:?}");
    assert_eq!(since("fsync_off").await, before);
}

#[tokio::test]
async fn a_replica_that_starts_raises_no_alarm_for_what_it_has_not_done_yet() {
    let lab = Lab::start().await;
    let first = lab
        .wait_for("the first look at the database", async || {
            let health = lab.get("/api/v1/overview").await;
            (health.status == 200 && health.body["database"].is_object()).then_some(health.body)
        })
        .await;
    let warnings = first["database"]["warnings"].as_array().expect("a list");
    let codes: Vec<&str> = warnings.iter().filter_map(|warning| warning["code"].as_str()).collect();
    assert!(!codes.contains(&"listener_down") && !codes.contains(&"replica_cannot_write"), "{codes:?}");
}
