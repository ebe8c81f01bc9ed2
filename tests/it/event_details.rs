//! What an event and its attempts say of leases, budgets and policies; and the parts of them that may be large.

use serde_json::{Value, json};

use crate::support::{Lab, Reply};

#[tokio::test]
async fn an_open_event_says_what_is_left_of_its_budgets_and_which_level_says_its_policy() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let of_queue = json!({"retry_policy": {"retry_delay": {"initial": 7}}, "max_lease_seconds": 600});
    Reply::of(lab.request("PATCH", "/api/v1/queues/dialogue").json(&of_queue)).await.expect(200);
    lab.put("/api/v1/event-types/test.happened/retry-policy", &json!({"jitter": 0.0})).await.expect(200);
    let event_id =
        lab.enqueue("dialogue", json!({"retry_policy": {"max_retries": 5}, "discard_after_seconds": 900})).await;

    let queued = lab.event(&event_id).await;
    assert_eq!(queued["retry_policy"]["max_retries"], json!({"value": 5, "source": "event"}));
    assert_eq!(queued["retry_policy"]["jitter"], json!({"value": 0.0, "source": "event_type"}));
    assert_eq!(queued["retry_policy"]["retry_delay"]["initial"], json!({"value": 7, "source": "queue"}));
    assert_eq!(queued["retry_policy"]["dead_letter_threshold"], json!({"value": 3, "source": "server"}));
    assert_eq!((&queued["retries_left"], &queued["losses_left"]), (&json!(5), &json!(3)));
    assert_eq!(
        (&queued["is_suspect"], &queued["leased_at"], &queued["lease_deadline_at"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert!(queued["discard_at"].is_string(), "{queued}");

    let leased = lab.lease_one("dialogue", &engine).await;
    let held = lab.event(&event_id).await;
    assert_eq!(held["leased_at"], leased["lease"]["leased_at"]);
    assert_eq!(held["lease_deadline_at"], leased["lease"]["deadline_at"]);
    assert_eq!(held["discard_at"], Value::Null, "it was leased");
    let seconds: f64 = sqlx::query_scalar(
        "select extract(epoch from lease_deadline_at - leased_at)::float8 from eventlease.event_leases",
    )
    .fetch_one(&lab.db)
    .await
    .expect("a lease");
    assert!((seconds - 600.0).abs() < f64::EPSILON, "{seconds}");
    lab.settle(&leased, "failed", json!({"error": {"type": "Timeout", "message": "m".repeat(300)}})).await.expect(200);
    lab.make_due(&event_id).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&event_id).await;
    let suspect = lab.event(&event_id).await;
    assert_eq!((&suspect["retries_left"], &suspect["losses_left"]), (&json!(4), &json!(2)));
    assert_eq!((&suspect["is_suspect"], &suspect["lease_deadline_at"]), (&json!(true), &Value::Null));
    let attempts = lab.attempts(&event_id).await;
    assert_eq!((&attempts[0]["incarnation"], &attempts[0]["error_type"]), (&json!(1), &json!("Timeout")));
    assert_eq!(attempts[0]["error_message"], "m".repeat(200));
    assert!(attempts[0]["next_available_at"].is_string() && attempts[1]["next_available_at"].is_string());

    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({"result": 1})).await.expect(200);
    let ended = lab.event(&event_id).await;
    for member in ["retry_policy", "retries_left", "losses_left", "leased_at", "discard_at"] {
        assert_eq!(ended[member], Value::Null, "{member}");
    }
    assert_eq!(ended["is_suspect"], false);
    assert_eq!(lab.attempts(&event_id).await[2]["next_available_at"], Value::Null);
}

#[tokio::test]
async fn a_brief_list_has_sizes_and_the_beginning_of_errors() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let error = json!({"type": "Timeout", "message": "ä".repeat(300), "details": {"log": "x".repeat(5000)}});
    lab.settle(&leased, "failed", json!({"error": error, "retryable": false, "progress": 0.5})).await.expect(200);
    let completed = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({"result": {"lines": ["é"]}})).await.expect(200);
    let held = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;

    let brief = lab.get("/api/v1/events?view=brief").await.expect(200).body["items"].clone();
    let full = lab.get("/api/v1/events?include=payload").await.expect(200).body["items"].clone();
    for item in brief.as_array().expect("items") {
        for member in ["result", "error", "progress", "retry_policy", "retries_left"] {
            assert_eq!(item[member], Value::Null, "{member}");
        }
        assert!(item.get("payload").is_none() && item["payload_bytes"].is_u64(), "{item}");
    }
    assert_eq!([&brief[0]["event_id"], &brief[1]["event_id"], &brief[2]["event_id"]], [&held, &completed, &event_id]);
    assert_eq!((&brief[2]["error_type"], &brief[2]["error_message"]), (&json!("Timeout"), &json!("ä".repeat(200))));
    assert_eq!(brief[2]["error_bytes"], full[2]["error"].to_string().len());
    assert_eq!(brief[1]["result_bytes"], full[1]["result"].to_string().len());
    assert!(full[0]["retry_policy"].is_object());

    let path = format!("/api/v1/events/{event_id}/attempts");
    let attempts = [lab.get(&format!("{path}?view=brief")).await, lab.get(&path).await];
    let [brief, full] = attempts.map(|reply| reply.expect(200).body["items"][0].clone());
    assert_eq!(
        (&brief["error"], &brief["progress"], &brief["progress_bytes"]),
        (&Value::Null, &Value::Null, &json!(3))
    );
    assert_eq!(brief["error_bytes"], full["error"].to_string().len());
    let letters = lab.get("/api/v1/dead-letters?view=brief").await.expect(200).body["items"].clone();
    assert_eq!((&letters[0]["error"], &letters[0]["error_type"]), (&Value::Null, &json!("Timeout")));
    assert_eq!(
        (&letters[0]["error_message"], &letters[0]["error_bytes"]),
        (&json!("ä".repeat(200)), &brief["error_bytes"])
    );
    // With the history of the event gone, the dead letter says the same of its attempts.
    for table in ["event_attempts", "events"] {
        lab.sql(&format!("delete from eventlease.{table} where event_id = '{event_id}'")).await;
    }
    let mut carried = lab.get(&format!("{path}?view=brief")).await.expect(200).body["items"][0].clone();
    carried["next_available_at"] = brief["next_available_at"].clone();
    assert_eq!(carried, brief);
}

#[tokio::test]
async fn brief_engines_and_leases_are_small() {
    let lab = Lab::start().await;
    let metadata = json!({
        "static_config": {"capabilities": ["talk"], "resource_limits": {"max_concurrent_events": 5, "memory_limit_mb": 7},
            "engine_software_version": "1.4.0", "more": "x".repeat(1000)},
        "dynamic_state": {"mood": "good"}});
    let engine = lab.register("dialogue", json!({"metadata": metadata})).await;
    let bare = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let brief = lab.get("/api/v1/engines?view=brief").await.expect(200).body["items"].clone();
    assert_eq!([&brief[0]["engine_id"], &brief[1]["engine_id"]], [&bare, &engine]);
    let read = json!({"static_config": {"capabilities": ["talk"], "resource_limits": {"max_concurrent_events": 5},
        "engine_software_version": "1.4.0"}, "dynamic_state": {}});
    assert_eq!(brief[1]["metadata"], read);
    assert_eq!(lab.get("/api/v1/engines").await.expect(200).body["items"][1]["metadata"], metadata);

    let leases = format!("/api/v1/engines/{engine}/leases");
    let full = lab.get(&leases).await.expect(200).body["items"][0].clone();
    let brief = lab.get(&format!("{leases}?view=brief")).await.expect(200).body["items"][0].clone();
    assert_eq!((&full["payload"], &brief["payload"]), (&json!({"n": 1}), &Value::Null));
    assert_eq!((&brief["payload_bytes"], &brief["lease"]["deadline_at"]), (&json!(7), &full["lease"]["deadline_at"]));
    assert!(brief["lease"]["leased_at"].is_string());
}

#[tokio::test]
async fn a_payload_and_a_result_are_read_alone_as_they_were_sent() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let payload = "{\"b\" : 12345678901234567890,\"a\":1.10, \"text\":\"\\u0000\"}";
    let body = format!("{{\"engine_type\":\"dialogue\",\"event_type\":\"e\",\"payload\":{payload}}}");
    let event_id = lab.send_raw("POST", "/api/v1/events", body).await.expect(201).text("event_id");
    let part = async |name: &str| lab.get(&format!("/api/v1/events/{event_id}/{name}")).await;
    let read = part("payload").await.expect(200);
    assert_eq!((read.raw.as_str(), read.header("content-type")), (payload, "application/json".to_owned()));
    assert_eq!(read.header("content-length"), payload.len().to_string());
    part("result").await.problem(404, "not_found");
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({"result": [1]})).await.expect(200);
    assert_eq!(part("result").await.expect(200).raw, "[1]");
    for name in ["payload", "result"] {
        let unknown = format!("/api/v1/events/{}/{name}", crate::support::unknown_id());
        lab.get(&unknown).await.problem(404, "event_not_found");
    }
}
