//! What dead letters of one cause have in common, and the groups and filters that go by it.

use serde_json::{Value, json};

use super::{list, make_dead_letter};
use crate::support::Lab;

const GROUPS: &str = "/api/v1/dead-letters/groups";

async fn groups(lab: &Lab, query: &str) -> Vec<Value> {
    let reply = lab.get(&format!("{GROUPS}?{query}")).await.expect(200);
    reply.body["items"].as_array().expect("a list").clone()
}

async fn fingerprint_of(lab: &Lab, event_id: &str) -> Value {
    lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body["error_fingerprint"].clone()
}

/// Lets the lease of an event run out, which is its last.
async fn lose(lab: &Lab, engine_type: &str) -> String {
    let engine = lab.register(engine_type, json!({})).await;
    let event_id = lab.enqueue(engine_type, json!({"retry_policy": {"dead_letter_threshold": 1}})).await;
    let leased = lab.lease_one(engine_type, &engine).await;
    // Neither is a text that PostgreSQL can hold.
    let renewal = format!(
        r#"{{"status": "processing", "lease_token": {}, "progress": ["\u0000", "\ud83d"]}}"#,
        leased["lease"]["lease_token"]
    );
    lab.send_raw("PUT", &format!("/api/v1/events/{event_id}/status"), renewal).await.expect(200);
    lab.expire(&event_id).await;
    lab.wait_for_status(&event_id, "failed").await;
    event_id
}

/// As a replica of the version before writes them.
async fn forget_fingerprints(lab: &Lab) {
    lab.sql("update eventlease.dead_letters set error_fingerprint = null, error_fingerprint_rule = null").await;
}

#[tokio::test]
async fn what_died_of_one_cause_is_one_group_whatever_ids_its_messages_name() {
    let lab = Lab::start().await;
    let error = |message: String| json!({"type": "RuntimeError", "message": message});
    for n in 0..6 {
        let message = match n % 3 {
            0 => format!("CUDA out of memory: tried to allocate {n}.5 GiB"),
            1 => format!("no state for npc '{n}' in /srv/npc/{n}.json"),
            _ => format!("connection to 10.0.0.{n}:5432 reset"),
        };
        make_dead_letter(&lab, "dialogue", json!({}), error(message)).await;
    }
    let latest =
        make_dead_letter(&lab, "dialogue", json!({}), error("CUDA out of memory: tried to allocate 80 GiB".to_owned()))
            .await;
    assert_eq!(groups(&lab, "by=error_type").await.len(), 1);
    let by_cause = groups(&lab, "by=engine_type,error_fingerprint").await;
    let counts: Vec<&Value> = by_cause.iter().map(|group| &group["count"]).collect();
    assert_eq!(counts, [3, 2, 2]);
    let largest = &by_cause[0];
    assert_eq!(
        (&largest["engine_type"], &largest["sample_event_id"], &largest["sample_message"]),
        (&json!("dialogue"), &json!(latest), &json!("CUDA out of memory: tried to allocate 80 GiB"))
    );
    assert_eq!(largest["error_fingerprint"], fingerprint_of(&lab, &latest).await);
    assert!(largest.get("reason").is_none(), "{largest}");
}

#[tokio::test]
async fn what_the_engine_says_is_the_fingerprint_and_losses_have_one_too() {
    let lab = Lab::start().await;
    let mut sent = Vec::new();
    for message in ["no answer", "quite another text"] {
        let error = json!({"type": "Timeout", "message": message, "fingerprint": "model gateway"});
        sent.push(make_dead_letter(&lab, "dialogue", json!({}), error).await);
    }
    let lost = lose(&lab, "audio").await;
    let also_lost = lose(&lab, "audio").await;
    assert_eq!(fingerprint_of(&lab, &sent[0]).await, "model gateway");
    let by_cause = groups(&lab, "by=error_fingerprint").await;
    assert_eq!(by_cause.len(), 2, "{by_cause:?}");
    assert_eq!(fingerprint_of(&lab, &lost).await, fingerprint_of(&lab, &also_lost).await);
    let of_losses = by_cause.iter().find(|group| group["error_fingerprint"] != "model gateway").expect("a group");
    assert_eq!((&of_losses["count"], &of_losses["sample_message"]), (&json!(2), &Value::Null));
    let rules: Vec<(i16, i64)> =
        sqlx::query_as("select error_fingerprint_rule, count(*) from eventlease.dead_letters group by 1 order by 1")
            .fetch_all(&lab.db)
            .await
            .expect("rules");
    assert_eq!(rules, [(0, 2), (2, 2)]);
}

#[tokio::test]
async fn a_fingerprint_that_is_too_long_or_none_is_named() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    for bad in [json!("x".repeat(201)), json!(""), json!("a\u{0}"), json!(7)] {
        let error = json!({"message": "no", "fingerprint": bad});
        let reply = lab.settle(&leased, "failed", json!({"error": error})).await.problem(422, "invalid_input");
        assert_eq!(reply.body["errors"][0]["pointer"], "/error/fingerprint", "{reply:?}");
    }
    let error = json!({"message": "no", "fingerprint": null});
    lab.settle(&leased, "failed", json!({"error": error, "retryable": false})).await.expect(200);
    let letters = list(&lab, "").await;
    assert_eq!(letters.body["items"][0]["error_fingerprint"].as_str().map(str::len), Some(16));
}

#[tokio::test]
async fn the_filter_of_a_group_is_sent_as_it_is_and_says_null_too() {
    let lab = Lab::start().await;
    let timeout = json!({"type": "Timeout", "message": "no answer"});
    make_dead_letter(&lab, "dialogue", json!({}), timeout.clone()).await;
    make_dead_letter(&lab, "dialogue", json!({}), timeout).await;
    make_dead_letter(&lab, "dialogue", json!({}), json!("no answer")).await;
    lose(&lab, "audio").await;
    let all = ["engine_type", "reason", "event_type", "error_type", "error_fingerprint", "engine_software_version"];
    let mut seen = 0;
    for by in [all.join(","), "error_type".to_owned(), "engine_software_version,error_type".to_owned()] {
        for group in groups(&lab, &format!("by={by}&redrives_max=5")).await {
            let filter = &group["filter"];
            assert_eq!(filter.as_object().map(serde_json::Map::len), Some(by.split(',').count() + 1), "{group}");
            // In a query, an empty value stands for null.
            let members = filter.as_object().expect("an object").iter();
            let query: Vec<String> = members
                .map(|(name, value)| match value {
                    Value::String(text) => format!("{name}={text}"),
                    Value::Null => format!("{name}="),
                    number => format!("{name}={number}"),
                })
                .collect();
            let listed = list(&lab, &query.join("&")).await;
            assert_eq!(json!(listed.event_ids().len()), group["count"], "{query:?}");
            assert!(listed.event_ids().iter().any(|event_id| group["sample_event_id"] == event_id.as_str()));
            for verb in ["redrive", "purge"] {
                let body = json!({"filter": filter, "dry_run": true, "expected_count": group["count"]});
                lab.post(&format!("/api/v1/dead-letters/{verb}"), &body).await.expect(200);
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3 + 2 + 3);

    let untyped = json!({"filter": {"error_type": null, "engine_type": "dialogue"}, "expected_count": 1});
    assert_eq!(lab.post("/api/v1/dead-letters/redrive", &untyped).await.expect(200).body["redriven"], 1);
    let details: Value =
        sqlx::query_scalar("select details from eventlease.audit where action = 'redrive_dead_letters'")
            .fetch_one(&lab.db)
            .await
            .expect("an entry");
    assert_eq!(details["filter"], json!({"error_type": null, "engine_type": "dialogue"}));
    let lost = json!({"filter": {"engine_software_version": null}, "expected_count": 1});
    assert_eq!(lab.post("/api/v1/dead-letters/purge", &lost).await.expect(200).body["purged"], 1);
}

#[tokio::test]
async fn housekeeping_makes_the_fingerprints_that_are_missing_and_changes_no_others() {
    let lab = Lab::start().await;
    let timeout = json!({"type": "Timeout", "message": "no answer from npc 7"});
    let mut letters = vec![
        make_dead_letter(&lab, "dialogue", json!({}), timeout.clone()).await,
        make_dead_letter(&lab, "dialogue", json!({}), json!("no \u{0} answer")).await,
        lose(&lab, "audio").await,
    ];
    let mut expected = Vec::new();
    for letter in &letters {
        expected.push(fingerprint_of(&lab, letter).await);
    }
    forget_fingerprints(&lab).await;
    let sent = json!({"message": "no answer", "fingerprint": "model gateway"});
    letters.push(make_dead_letter(&lab, "dialogue", json!({}), sent).await);
    expected.push(json!("model gateway"));
    assert_eq!(list(&lab, "error_fingerprint=").await.event_ids().len(), 3);
    let unknown = groups(&lab, "by=error_fingerprint&engine_type=audio").await;
    assert_eq!((&unknown[0]["error_fingerprint"], &unknown[0]["count"]), (&Value::Null, &json!(1)));

    // One that somebody else holds is left for the next round.
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.dead_letters where event_id = $1::uuid for update")
        .bind(&letters[0])
        .execute(&mut *holder)
        .await
        .expect("locked");
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 2);
    holder.rollback().await.expect("unlocked");
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 1);
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 0);
    for (letter, expected) in letters.iter().zip(&expected) {
        assert_eq!(fingerprint_of(&lab, letter).await, *expected);
    }
}

/// As a version with the first rule wrote them.
async fn make_fingerprints_old(lab: &Lab) {
    lab.sql(
        "update eventlease.dead_letters set error_fingerprint = 'old', error_fingerprint_rule = 1
         where error_fingerprint_rule <> 0",
    )
    .await;
}

#[tokio::test]
async fn housekeeping_makes_fingerprints_of_an_older_rule_anew_once_no_redrive_job_goes_by_them() {
    let lab = Lab::start().await;
    let errors = [
        json!({"message": "HTTP 404"}),
        json!({"message": "HTTP 500"}),
        json!({"message": "no", "fingerprint": "old"}),
    ];
    let mut letters = Vec::new();
    for error in errors {
        letters.push(make_dead_letter(&lab, "dialogue", json!({}), error).await);
    }
    letters.push(lose(&lab, "audio").await);
    let mut expected = Vec::new();
    for letter in &letters {
        expected.push(fingerprint_of(&lab, letter).await);
    }
    assert_ne!(expected[0], expected[1]);
    make_fingerprints_old(&lab).await;

    // The job redrives the first one at once, and the others much later.
    let job = json!({"filter": {"error_fingerprint": "old"}, "events_per_second": 0.001});
    let job = lab.post("/api/v1/redrive-jobs", &job).await.expect(201).body;
    let job = format!("/api/v1/redrive-jobs/{}", job["job"]["job_id"].as_str().expect("an id"));
    lab.wait_for("one to be redriven", async || {
        let read = lab.get(&job).await.expect(200).body;
        (read["redriven"] == 1).then_some(())
    })
    .await;
    for (verb, made) in [("pause", 0), ("continue", 0), ("cancel", 2)] {
        lab.post(&format!("{job}/{verb}"), &json!({})).await.expect(200);
        assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), made, "{verb}");
    }
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 0);
    let (letters, expected) = (&letters[1..], &expected[1..]);
    for (letter, expected) in letters.iter().zip(expected) {
        assert_eq!(fingerprint_of(&lab, letter).await, *expected);
    }
}

#[tokio::test]
async fn a_fingerprint_is_of_the_whole_message_also_where_it_is_found_by_its_beginning_only() {
    let lab = Lab::start().await;
    let mut letters = Vec::new();
    for (data, end) in [("x".repeat(9_000), "voice"), ("\u{0}".repeat(12_000), "voice"), ("x".repeat(9_000), "mood")] {
        let error = json!({"message": format!("no '{data}' for the {end}")});
        letters.push(make_dead_letter(&lab, "dialogue", json!({}), error).await);
    }
    let counts = async || {
        let groups = groups(&lab, "by=error_fingerprint").await;
        groups.iter().map(|group| group["count"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(counts().await, [2, 1]);
    let made = fingerprint_of(&lab, &letters[0]).await;
    make_fingerprints_old(&lab).await;
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 3);
    assert_eq!((counts().await, fingerprint_of(&lab, &letters[1]).await), (vec![json!(2), json!(1)], made));
}

#[tokio::test]
async fn more_than_one_batch_gets_fingerprints_in_one_round() {
    let lab = Lab::start().await;
    let letter = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.sql(&format!(
        "insert into eventlease.dead_letters (event_id, engine_type, event_type, reason, payload, payload_bytes, priority,
            created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts, error_type, error_message)
         select eventlease.new_event_id(statement_timestamp(), n), engine_type, event_type, reason, payload,
            payload_bytes, priority, created_at, dead_lettered_at, attempt, failures, lease_losses, redrives, attempts,
            'Timeout', 'no answer from npc ' || n
         from generate_series(1, 450) n, eventlease.dead_letters where event_id = '{letter}'"
    ))
    .await;
    assert_eq!(lab.broker().fill_in_fingerprints().await.expect("a round"), 450);
    let by_cause = groups(&lab, "by=error_fingerprint,error_type").await;
    assert_eq!(by_cause.iter().map(|group| group["count"].clone()).collect::<Vec<_>>(), [450, 1]);
    // Nobody enqueued them.
    lab.sql(&format!("delete from eventlease.dead_letters where event_id <> '{letter}'")).await;
}

#[tokio::test]
async fn versions_are_compared_by_how_their_newest_attempts_ended() {
    let lab = Lab::start().await;
    let engine_of = async |version: &str| {
        let metadata = json!({"metadata": {"static_config": {"engine_software_version": version}}});
        lab.register("dialogue", metadata).await
    };
    let (old, new) = (engine_of("1.4").await, engine_of("1.5").await);
    for n in 0..20 {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &old).await;
        let failed = (n == 0).then(|| json!({"error": "no", "retryable": false}));
        let status = if failed.is_some() { "failed" } else { "completed" };
        lab.settle(&leased, status, failed.unwrap_or_else(|| json!({}))).await.expect(200);
    }
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &new).await;
    lab.settle(&leased, "failed", json!({"error": "no", "retryable": false})).await.expect(200);
    let lost = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &new).await;
    lab.expire(&lost).await;
    lab.wait_for_status(&lost, "queued").await;
    lab.enqueue("dialogue", json!({"priority": 9})).await;
    let released = lab.lease_one("dialogue", &new).await;
    lab.settle(&released, "queued", json!({"delay_seconds": 1000})).await.expect(200);
    make_dead_letter(&lab, "vision", json!({}), json!("no")).await;

    let reply = lab.get(&format!("{GROUPS}?by=error_fingerprint&engine_type=dialogue")).await.expect(200);
    let versions = reply.body["versions"].as_array().expect("a list");
    let told = |version: &Value| {
        ["engine_type", "engine_software_version", "attempts", "failed", "lost", "failure_ratio", "is_enough"]
            .map(|member| version[member].clone())
    };
    assert_eq!(
        versions.iter().map(told).collect::<Vec<_>>(),
        [
            [json!("dialogue"), json!("1.4"), json!(20), json!(1), json!(0), json!(0.05), json!(true)],
            [json!("dialogue"), json!("1.5"), json!(2), json!(1), json!(1), json!(1.0), json!(false)],
        ]
    );
    assert!(versions[0]["since"].is_string());
    // Without a queue in filter or groups, of all queues; and of none where there are no groups.
    let all = lab.get(&format!("{GROUPS}?by=error_fingerprint")).await.expect(200);
    assert_eq!(all.body["versions"].as_array().map(Vec::len), Some(3));
    let of_vision = lab.get(&format!("{GROUPS}?by=engine_type&error_contains=no&event_type=test.happened")).await;
    assert_eq!(of_vision.expect(200).body["versions"].as_array().map(Vec::len), Some(3));
    let none = lab.get(&format!("{GROUPS}?engine_type=audio")).await.expect(200);
    assert_eq!((&none.body["items"], &none.body["versions"]), (&json!([]), &json!([])));
}

/// An entry of an index has room for 2.7 KB, and one that has more would keep the event from ending.
#[tokio::test]
async fn the_longest_texts_have_room_in_the_index() {
    let lab = Lab::start().await;
    // Such texts cannot be compressed well.
    let mut number = 1_u32;
    let mut text = |chars: usize, name: bool| -> String {
        let mut next = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            number >> 12
        };
        let letter = |number: u32| char::from_digit(number % 36, 36);
        let cjk = |number: u32| char::from_u32(0x20000 + number % 0xa000);
        (0..chars).map(|_| if name { letter(next()) } else { cjk(next()) }.expect("a character")).collect()
    };
    let (engine_type, event_type) = (text(64, true), text(64, true));
    let (version, fingerprint, kind) = (text(64, false), text(200, false), text(200, false));
    let metadata = json!({"metadata": {"static_config": {"engine_software_version": version}}});
    let engine = lab.register(&engine_type, metadata).await;
    let event_id = lab.enqueue(&engine_type, json!({"event_type": event_type})).await;
    let leased = lab.lease_one(&engine_type, &engine).await;
    let error = json!({"type": kind, "message": "no", "fingerprint": fingerprint});
    lab.settle(&leased, "failed", json!({"retryable": false, "error": error})).await.expect(200);
    let as_new = format!("/api/v1/dead-letters/{event_id}/redrive");
    lab.post(&as_new, &json!({"payload": {}})).await.expect(201);
    let group = groups(&lab, "by=engine_type,event_type,error_type,error_fingerprint,engine_software_version").await;
    let filter = json!({"engine_type": engine_type, "event_type": event_type, "error_type": kind,
        "error_fingerprint": fingerprint, "engine_software_version": version});
    assert_eq!(group[0]["filter"], filter);
    lab.post("/api/v1/dead-letters/purge", &json!({"filter": filter, "expected_count": 1})).await.expect(200);
}
