//! `GET /engines/summary`.

use serde_json::json;

use crate::support::Lab;

#[tokio::test]
async fn engines_are_counted_by_type_version_and_status_and_by_what_they_do() {
    let lab = Lab::start().await;
    let config = |version: &str, most: u32| {
        json!({"metadata": {"static_config": {"engine_software_version": version,
            "resource_limits": {"max_concurrent_events": most}}}})
    };
    let full = lab.register("dialogue", config("1.0", 1)).await;
    let busy = lab.register("dialogue", config("1.0", 2)).await;
    lab.register("dialogue", config("1.0", 2)).await;
    let draining = lab.register("dialogue", config("2.0", 2)).await;
    lab.register("vision", json!({})).await;
    lab.post(&format!("/api/v1/engines/{draining}/drain"), &json!({})).await.expect(200);
    for engine in [&full, &busy] {
        lab.enqueue("dialogue", json!({})).await;
        lab.lease_one("dialogue", engine).await;
    }
    lab.enqueue("dialogue", json!({})).await;
    lab.broker().flush_liveness().await.expect("written");
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '40 seconds'").await;
    lab.sql(
        "update eventlease.engine_states set registered_at = registered_at - interval '90 seconds',
             last_poll_at = last_poll_at - interval '90 seconds'",
    )
    .await;

    let group = |engine_type: &str, version: Option<&str>, status: &str, counts: [i64; 7]| {
        let [engines, idle, full, zombie, holding_off, quarantined, leases_held] = counts;
        json!({"engine_type": engine_type, "engine_software_version": version, "status": status, "engines": engines,
            "idle": idle, "full": full, "zombie": zombie, "holding_off": holding_off, "quarantined": quarantined,
            "leases_held": leases_held})
    };
    let summary = lab.get("/api/v1/engines/summary").await.expect(200).body;
    let all = json!([
        group("dialogue", Some("1.0"), "active", [3, 1, 1, 1, 0, 0, 2]),
        group("dialogue", Some("2.0"), "draining", [1, 1, 0, 0, 0, 0, 0]),
        group("vision", None, "active", [1, 1, 0, 0, 0, 0, 0]),
    ]);
    assert_eq!(summary, json!({"groups": all, "has_more": false}));
    lab.post("/api/v1/queues/dialogue/quarantines", &json!({"engine_software_version": "1.0", "reason": "it hangs"}))
        .await
        .expect(200);
    let of_type = lab.get("/api/v1/engines/summary?engine_type=dialogue").await.expect(200).body;
    assert_eq!(of_type["groups"][0], group("dialogue", Some("1.0"), "active", [3, 1, 1, 0, 0, 3, 2]));
    assert_eq!(of_type["groups"].as_array().map(Vec::len), Some(2));
    lab.sql(
        "insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at,
            engine_software_version)
         select gen_random_uuid(), 'chess', '{}', statement_timestamp(), statement_timestamp(), n::text
         from generate_series(1, 1001) n",
    )
    .await;
    let many = lab.get("/api/v1/engines/summary?engine_type=chess").await.expect(200).body;
    assert_eq!((many["groups"].as_array().map(Vec::len), &many["has_more"]), (Some(1000), &json!(true)));
    let bad = lab.get("/api/v1/engines/summary?engine_type=a%20b&limit=3").await.problem(422, "invalid_input");
    assert_eq!(bad.places(), ["engine_type", "limit"]);
}
