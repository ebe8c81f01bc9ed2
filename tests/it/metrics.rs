//! Metrics: counters exist from the start, gauges end with what they measure, and each cause has a label value of its
//! own.

use std::collections::BTreeMap;

use eventlease::metrics::Metrics;
use serde_json::{Value, json};

use crate::support::{Lab, Reply};

async fn shown(lab: &Lab) -> String {
    lab.get("/metrics").await.expect(200).raw
}

/// The series of all metrics, with their labels, without buckets, and their values.
fn series(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket{"));
    lines.filter_map(|line| line.rsplit_once(' ')).collect()
}

#[track_caller]
fn is(text: &str, line: &str) {
    assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
}

#[tokio::test]
async fn every_counter_has_a_series_before_anything_has_happened() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let text = shown(&lab).await;
    for (name, _) in Metrics::DECLARED.iter().filter(|(name, _)| name.ends_with("_total")) {
        assert!(series(&text).keys().any(|series| series.split('{').next() == Some(name)), "{name} is not in\n{text}");
    }
    for line in [
        r#"eventlease_limit_refusals_total{limit="replies_bytes"} 0"#,
        r#"eventlease_settlements_refused_total{code="lease_lost"} 0"#,
        r#"eventlease_authentication_failures_total{reason="unknown"} 0"#,
        r#"eventlease_access_refusals_total{role="producer"} 0"#,
        r#"eventlease_browser_refusals_total{code="cross_site_refused"} 0"#,
        r#"eventlease_task_runs_total{outcome="timed_out",task="reaper"} 0"#,
        r#"eventlease_task_panics_total{task="reaper"} 0"#,
        r#"eventlease_task_panics_total{task="batch"} 0"#,
        r#"eventlease_requests_overloaded_total{kind="events"} 0"#,
        r#"eventlease_requests_overloaded_total{kind="event_reads"} 0"#,
        r#"eventlease_client_connections_refused_total{limit="evicted"} 0"#,
        r#"eventlease_client_connections_refused_total{limit="connections"} 0"#,
    ] {
        is(&text, line);
    }
}

/// Each way in which a server gets to know a queue.
#[tokio::test]
async fn a_queue_has_all_its_counters_as_soon_as_it_is_known() {
    let mut lab = Lab::start().await;
    lab.enqueue("by-event", json!({})).await;
    lab.register("by-engine", json!({})).await;
    let settings = lab.request("PATCH", "/api/v1/queues/by-settings").json(&json!({"default_limit": 1}));
    Reply::of(settings).await.expect(200);
    lab.post("/api/v1/queues/by-pause/pause", &json!({})).await.expect(200);
    let text = shown(&lab).await;
    let of_queue = |text: &str, queue: &str| -> Vec<String> {
        let label = format!("engine_type=\"{queue}\"");
        let of_queue = |series: &str| series.contains(&label) && series.contains("_total");
        series(text).keys().filter(|series| of_queue(series)).map(|series| series.replace(queue, "")).collect()
    };
    let all = of_queue(&text, "by-event");
    assert!(all.len() >= 25, "{all:?}");
    for queue in ["by-engine", "by-settings", "by-pause"] {
        assert_eq!(of_queue(&text, queue), all, "{queue}");
    }
    for line in [
        r#"eventlease_events_dead_lettered_total{engine_type="by-settings",reason="lease_losses_exhausted"} 0"#,
        r#"eventlease_leases_lost_total{cause="engine_unresponsive",engine_type="by-settings"} 0"#,
        r#"eventlease_events_cancelled_total{engine_type="by-settings",reason="scenario_run"} 0"#,
        r#"eventlease_attempt_duration_seconds_count{engine_type="by-settings"} 0"#,
    ] {
        is(&text, line);
    }

    // Another server knows them from the database, and SQL makes queues that no call of its own announced.
    lab.sql("select eventlease.enqueue('by-sql', 'e', '{}'::json)").await;
    let replica = lab.start_replica(&[]).await;
    lab.replica_broker().measure().await.expect("a round");
    let text = lab.get(&format!("{replica}/metrics")).await.expect(200).raw;
    for queue in ["by-event", "by-engine", "by-settings", "by-pause", "by-sql"] {
        assert_eq!(of_queue(&text, queue), all, "{queue}");
    }

    lab.delete("/api/v1/queues/by-settings").await.expect(204);
    assert!(of_queue(&shown(&lab).await, "by-settings").is_empty());
}

/// The one loss of an event's first attempt, by each cause; handing back and hanging up are none.
#[tokio::test]
async fn lost_leases_are_counted_by_cause_and_those_handed_back_are_not() {
    let lab = Lab::start().await;
    let lost = async |cause: &str| {
        lab.metric(&format!("eventlease_leases_lost_total{{cause=\"{cause}\",engine_type=\"dialogue\"}}")).await
    };
    let all = async || {
        let mut counts = Vec::new();
        for cause in ["expired", "max_lease", "engine_unresponsive", "engine_restarted", "deregistered"] {
            counts.push(lost(cause).await);
        }
        counts
    };
    // An engine that leaves by itself, and one that is drained first, hand back what they hold.
    for drains in [false, true] {
        let engine = lab.register("dialogue", json!({})).await;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        lab.lease_one("dialogue", &engine).await;
        let leaves = lab.request("DELETE", &format!("/api/v1/engines/{engine}"));
        if drains {
            lab.post(&format!("/api/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
            Reply::of(leaves).await.expect(204);
        } else {
            Reply::of(leaves.header("X-Engine-Id", &engine)).await.expect(204);
        }
        assert_eq!(lab.event(&event_id).await["lease_losses"], 0);
        Reply::of(lab.request("POST", &format!("/api/v1/events/{event_id}/cancel"))).await.expect(200);
    }
    assert_eq!(all().await, [0.0; 5]);
    let settled = r#"eventlease_settlements_total{engine_type="dialogue",outcome="released"}"#;
    assert!(lab.metric(settled).await.abs() < f64::EPSILON, "nobody has settled anything");

    // Removed by somebody else while it holds an event.
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.delete(&format!("/api/v1/engines/{engine}")).await.expect(204);
    assert_eq!(lab.event(&event_id).await["lease_losses"], 1);
    assert_eq!(all().await, [0.0, 0.0, 0.0, 0.0, 1.0]);
    lab.broker().write_activity().await.expect("a database");
    let queue = lab.get("/api/v1/queues/dialogue").await.expect(200).body;
    let lost_per_second = queue["rates"]["lost_per_second"].as_f64().expect("a rate");
    assert!((1.0 / 60.0..=1.0 / 50.0).contains(&lost_per_second), "one loss in a minute: {queue}");
}

#[tokio::test]
async fn cancelled_events_are_counted_by_reason() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let cancel = async |path: String| Reply::of(lab.request("POST", &path)).await;
    let count = async |reason: &str| {
        lab.metric(&format!("eventlease_events_cancelled_total{{engine_type=\"dialogue\",reason=\"{reason}\"}}")).await
    };
    let queued = lab.enqueue("dialogue", json!({})).await;
    cancel(format!("/api/v1/events/{queued}/cancel")).await.expect(200);
    cancel(format!("/api/v1/events/{queued}/cancel")).await.expect(200);
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({"scenario_run_id": "run"})).await;
    }
    cancel("/api/v1/scenario-runs/run/cancel".to_owned()).await.expect(200);
    let held = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    cancel(format!("/api/v1/events/{held}/cancel")).await.expect(202);
    assert!(count("while_processing").await.abs() < f64::EPSILON, "it is not cancelled yet");
    lab.settle(&leased, "failed", json!({})).await.expect(200);
    let late = lab.enqueue("dialogue", json!({"discard_after_seconds": 1})).await;
    lab.sql("update eventlease.event_queue set discard_at = statement_timestamp() - interval '1 s'").await;
    lab.broker().reap().await.expect("a round");
    lab.wait_for_status(&late, "cancelled").await;
    let mut counts = Vec::new();
    for reason in ["requested", "scenario_run", "while_processing", "too_old"] {
        let counted = lab.wait_for("it to be counted", async || Some(count(reason).await).filter(|n| *n > 0.0)).await;
        counts.push(counted);
    }
    assert_eq!(counts, [1.0, 2.0, 1.0, 1.0]);
}

#[tokio::test]
async fn a_paused_queue_shows_and_the_server_says_what_it_is_and_has() {
    let lab = Lab::start().await;
    let paused = async || {
        lab.broker().measure().await.expect("a round");
        lab.metric("eventlease_queue_paused{engine_type=\"dialogue\"}").await
    };
    lab.enqueue("dialogue", json!({})).await;
    assert!(paused().await.abs() < f64::EPSILON);
    lab.post("/api/v1/queues/dialogue/pause", &json!({"resume_after_seconds": 600})).await.expect(200);
    assert!((paused().await - 1.0).abs() < f64::EPSILON);
    assert_eq!(lab.get("/api/v1/queues/dialogue").await.expect(200).body["clear_in_seconds"], Value::Null);
    lab.sql("update eventlease.queues set resume_at = statement_timestamp()").await;
    assert!(paused().await.abs() < f64::EPSILON, "the pause is over");

    let text = shown(&lab).await;
    is(&text, "eventlease_database_up 1");
    is(&text, &format!("eventlease_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")));
    for pool in ["working", "reading"] {
        let value = lab.metric(&format!("eventlease_database_pool_max_connections{{pool=\"{pool}\"}}")).await;
        assert!(value >= 1.0, "{pool}: {value}");
    }
    let value = async |name: &str| lab.metric(&format!("eventlease_database_pool_{name}{{pool=\"working\"}}")).await;
    assert!(value("connections").await >= 1.0 && value("idle_connections").await <= value("connections").await);
    assert!(value("wait_seconds_count").await >= 1.0);
    for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
        assert!(series(&text).contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn the_age_of_the_oldest_snapshot_shows_where_the_role_may_see_it() {
    let lab = Lab::start().await;
    let name = "eventlease_database_oldest_snapshot_age_seconds";
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *holder).await.expect("set");
    sqlx::query("select from eventlease.queues").execute(&mut *holder).await.expect("a snapshot");
    let age = lab
        .wait_for("the snapshot to get old", async || {
            lab.broker().measure().await.expect("a round");
            Some(lab.metric(name).await).filter(|age| *age >= 0.2)
        })
        .await;
    assert!(age < 600.0, "{age}");
    holder.rollback().await.expect("ended");
    lab.wait_for("it to be gone", async || {
        lab.broker().measure().await.expect("a round");
        Some(lab.metric(name).await).filter(|age| *age < 0.2)
    })
    .await;
}
