//! What the server really read, by PostgreSQL's own count: in a whole life of events, no table of theirs from end to
//! end, and no partition of a day they are not of.

use serde_json::json;

use crate::support::Lab;

/// Every call that reads or changes events (but those that count all dead letters of a filter), each of them more often than it takes for a generic plan.
async fn live(lab: &Lab, engine: &str) {
    let lease = async || lab.lease_one("dialogue", engine).await;
    for _ in 0..7 {
        let completed = lab.enqueue("dialogue", json!({})).await;
        let leased = lease().await;
        assert_eq!(leased["event_id"], completed);
        lab.settle(&leased, "processing", json!({})).await.expect(200);
        let held = json!({"leases": [{"event_id": completed, "lease_token": leased["lease"]["lease_token"]}]});
        lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &held).await.expect(200);
        lab.get(&format!("/api/v1/engines/{engine}/leases")).await.expect(200);
        lab.settle(&leased, "queued", json!({})).await.expect(200);
        let again = lease().await;
        lab.settle(&again, "completed", json!({})).await.expect(200);
        lab.settle(&again, "completed", json!({})).await.expect(200);

        let dead = lab.enqueue("dialogue", json!({})).await;
        let leased = lease().await;
        lab.settle(&leased, "failed", json!({"delay_seconds": 0})).await.expect(200);
        let leased = lease().await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        lab.get(&format!("/api/v1/events/{dead}")).await.expect(200);
        lab.get(&format!("/api/v1/events/{dead}/attempts")).await.expect(200);
        lab.get(&format!("/api/v1/dead-letters/{dead}")).await.expect(200);
        lab.get("/api/v1/dead-letters?engine_type=dialogue&limit=1").await.expect(200);
        lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &json!({})).await.expect(200);
        let leased = lease().await;
        lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
        let other_payload = json!({"payload": "better"});
        lab.post(&format!("/api/v1/dead-letters/{dead}/redrive"), &other_payload).await.expect(201);
        let leased = lease().await;
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        lab.delete(&format!("/api/v1/dead-letters/{dead}")).await.expect(204);

        // Lost, reported late, and then lost by a restart.
        lab.enqueue("dialogue", json!({})).await;
        let leased = lease().await;
        lab.register("dialogue", json!({"engine_id": engine})).await;
        lab.settle(&leased, "queued", json!({})).await.expect(200);
        let leased = lease().await;
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        lab.broker().reap().await.expect("a round");
        lab.broker().measure().await.expect("a round");
    }
}

#[tokio::test]
async fn a_life_of_events_reads_no_table_from_end_to_end() {
    let mut lab = Lab::start().await;
    // As it is worst: every plan is made while all is known to be empty, and kept.
    lab.sql(
        "do $$ begin
            execute format('alter database %I set plan_cache_mode = force_generic_plan', current_database());
         end $$",
    )
    .await;
    lab.sql("analyze").await;
    lab.restart().await;
    let engine = lab.register("dialogue", json!({})).await;
    live(&lab, &engine).await;

    // What a connection read is counted at the latest when it ends.
    lab.stop().await;
    lab.wait_for("the server's connections to end", async || {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and application_name = 'eventlease'",
        )
        .fetch_one(&lab.db)
        .await
        .expect("a count");
        (open == 0).then_some(())
    })
    .await;
    let read: Vec<(String, i64, i64)> = sqlx::query_as(
        "select relname::text, seq_scan, coalesce(idx_scan, 0) from pg_stat_user_tables
         where schemaname = 'eventlease' and relname ~ '^(event_queue|event_leases|events|event_attempts|dead_letters)'",
    )
    .fetch_all(&lab.db)
    .await
    .expect("counts");
    let today: Vec<String> = sqlx::query_scalar("select distinct tableoid::regclass::text from eventlease.events")
        .fetch_all(&lab.db)
        .await
        .expect("partitions");
    let days: Vec<&str> = today.iter().filter_map(|table| table.rsplit('_').next()).collect();
    for (table, sequential, by_index) in &read {
        assert_eq!(*sequential, 0, "{table} was read from end to end");
        let is_of_a_day = table.starts_with("events_2") || table.starts_with("event_attempts_2");
        let is_of_today = days.iter().any(|day| table.ends_with(day));
        assert!(!is_of_a_day || is_of_today || *by_index == 0, "{table} was looked into {by_index} times for nothing");
    }
    let hits =
        |table: &str| read.iter().filter(|(name, ..)| name.starts_with(table)).map(|(.., hits)| hits).sum::<i64>();
    for table in ["event_queue", "event_leases", "events_", "event_attempts_", "dead_letters"] {
        assert!(hits(table) > 0, "nothing was counted of {table}: {read:?}");
    }
}
