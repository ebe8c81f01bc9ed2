//! What a client or a URL library writes otherwise than it was given: a lost +, other cases, names that vanish.

use serde_json::json;

use super::Untouched;
use crate::support::{Lab, Reply, unknown_id};
use crate::trust::Guarded;

#[tokio::test]
async fn a_plus_that_became_a_space_is_explained() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let time = "2026-01-01T00:00:00+02:00";
    let events = ["created_after", "created_before"];
    let letters = ["dead_lettered_after", "dead_lettered_before"];
    let of = |path: &str, name: &str, value: &str| (format!("{path}?{name}={value}"), name.to_owned());
    let mut calls: Vec<(String, String)> = Vec::new();
    calls.extend(events.map(|name| of("/api/v1/events", name, time)));
    calls.extend(letters.map(|name| of("/api/v1/dead-letters", name, time)));
    calls.extend(["recorded_after", "recorded_before"].map(|name| of("/api/v1/audit", name, time)));
    for list in ["events", "dead-letters", "engines", "audit", "queues", "event-types"] {
        calls.push(of(&format!("/api/v1/{list}"), "cursor", &format!("{time}_x")));
    }
    calls.push(of("/api/v1/events", "engine_type", "a+b"));
    for (path, parameter) in calls {
        let reply = untouched.names_in("GET", &path, &[&parameter]).await;
        let detail = reply.body["errors"][0]["detail"].as_str().expect("a text");
        assert!(detail.contains("%2B"), "{path}: {detail}");
    }
    // Nothing was lost here, so nothing is said of it.
    for query in ["created_after=yesterday", "created_after=2026-01-01T00:00:00%2002:00", "cursor=x"] {
        let name = query.split('=').next().expect("a name");
        let reply = untouched.names_in("GET", &format!("/api/v1/events?{query}"), &[name]).await;
        assert!(!reply.raw.contains("%2B"), "{reply:?}");
    }
    let encoded = lab.request("GET", "/api/v1/events?created_after=2026-01-01T00:00:00%2B02:00");
    untouched.leaves(encoded).await;
}

#[tokio::test]
async fn ids_and_lease_tokens_are_the_same_in_upper_case() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let shouted = engine.to_uppercase();
    let again = json!({"engine_type": "dialogue", "engine_id": shouted});
    assert_eq!(lab.post("/api/v1/engines", &again).await.expect(200).text("engine_id"), engine);
    assert_eq!(lab.get(&format!("/api/v1/engines/{shouted}")).await.expect(200).text("engine_id"), engine);
    let mut held = Vec::new();
    for _ in 0..6 {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.poll("dialogue", &shouted, "limit=1").await.expect(200).body["events"][0].clone();
        assert_eq!(leased["lease"]["leased_by"], engine.as_str());
        let token = leased["lease"]["lease_token"].as_str().expect("a token").to_uppercase();
        let event_id = leased["event_id"].as_str().expect("an id").to_uppercase();
        held.push((event_id, token));
    }
    let path = |n: usize| format!("/api/v1/events/{}/status", held[n].0);
    let word = |n: usize, status: &str| json!({"status": status, "lease_token": held[n].1, "error": "e"});
    let entry = |n: usize, status: &str| json!({"event_id": held[n].0, "status": status, "lease_token": held[n].1});

    lab.put(&path(0), &json!({"status": "processing", "lease_token": held[0].1})).await.expect(200);
    let listed = json!({"leases": [{"event_id": held[0].0, "lease_token": held[0].1}]});
    let beaten = lab.heartbeat(&shouted, listed).await.expect(200);
    assert_eq!(beaten.body["leases"][0]["outcome"], "renewed", "{beaten:?}");
    let completed = json!({"status": "completed", "lease_token": held[0].1});
    lab.put(&path(0), &completed).await.expect(200);
    // A repeat is known by its token, in whichever case, and so is a contradiction.
    lab.put(&path(0), &completed).await.expect(200);
    let lower = json!({"status": "completed", "lease_token": held[0].1.to_lowercase()});
    lab.put(&path(0), &lower).await.expect(200);
    lab.put(&path(0), &word(0, "failed")).await.problem(409, "already_settled");
    lab.put(&path(1), &word(1, "failed")).await.expect(200);
    lab.put(&path(2), &json!({"status": "queued", "lease_token": held[2].1})).await.expect(200);
    let many = lab.put("/api/v1/events/status", &json!({"settlements": [entry(3, "completed")]})).await.expect(200);
    assert_eq!(many.body["results"][0]["outcome"], "completed", "{many:?}");
    let exchanged = json!({"settlements": [entry(4, "completed")]});
    let exchanged = lab.post("/api/v1/events/queue/dialogue/lease", &exchanged).await.expect(200);
    assert_eq!(exchanged.body["results"][0]["outcome"], "completed", "{exchanged:?}");
    // Reported late.
    lab.lose(&held[5].0.to_lowercase()).await;
    lab.put(&path(5), &json!({"status": "completed", "lease_token": held[5].1})).await.expect(200);
}

/// Libraries for URLs take `.` and `..` for steps in the path, also as `%2e`: nobody could name them there.
#[tokio::test]
async fn names_that_vanish_from_urls_are_refused_where_they_are_given() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let id = unknown_id();
    for name in [".", ".."] {
        let event = |engine_type: &str, event_type: &str, run: &str| {
            json!({"engine_type": engine_type, "event_type": event_type, "scenario_run_id": run, "payload": 1})
                .to_string()
        };
        let places = ["/engine_type", "/event_type", "/scenario_run_id"];
        untouched.names("POST", "/api/v1/events", &event(name, name, name), &places).await;
        let engine = json!({"engine_type": name, "scenario_run_id": name}).to_string();
        untouched.names("POST", "/api/v1/engines", &engine, &["/engine_type", "/scenario_run_id"]).await;
        let filter = json!({"filter": {"engine_type": name}}).to_string();
        untouched.names("POST", "/api/v1/engines/drain", &filter, &["/filter/engine_type"]).await;
        let filter = json!({"filter": {"engine_type": name, "event_type": name}, "dry_run": true}).to_string();
        let places = ["/filter/engine_type", "/filter/event_type"];
        untouched.names("POST", "/api/v1/dead-letters/redrive", &filter, &places).await;

        untouched
            .names_in(
                "GET",
                &format!("/api/v1/events?engine_type={name}&event_type={name}"),
                &["engine_type", "event_type"],
            )
            .await;
        untouched.names_in("GET", &format!("/api/v1/events?scenario_run_id={name}"), &["scenario_run_id"]).await;
    }
    // A client that does not shorten paths.
    for name in [".", "..", "%2e", "%2E%2e", ".%2e"] {
        for (call, parameter) in [
            (format!("GET /api/v1/events/queue/{name}"), "engine_type"),
            (format!("POST /api/v1/events/queue/{name}/lease"), "engine_type"),
            (format!("GET /api/v1/queues/{name}"), "engine_type"),
            (format!("POST /api/v1/queues/{name}/pause"), "engine_type"),
            (format!("POST /api/v1/queues/{name}/resume"), "engine_type"),
            (format!("GET /api/v1/queues/{name}/peek"), "engine_type"),
            (format!("DELETE /api/v1/queues/{name}"), "engine_type"),
            (format!("GET /api/v1/event-types/{name}/retry-policy"), "event_type"),
            (format!("DELETE /api/v1/event-types/{name}/retry-policy"), "event_type"),
            (format!("POST /api/v1/scenario-runs/{name}/cancel"), "scenario_run_id"),
        ] {
            let reply = super::raw_call(&lab, &call).await;
            assert!(reply.starts_with("HTTP/1.1 422 ") && reply.contains("vanish"), "{call}: {reply}");
            assert!(reply.contains(&format!("\"parameter\":{parameter:?}")), "{call}: {reply}");
        }
    }
    untouched.names_in("GET", &format!("/api/v1/engines/{id}?x=."), &["x"]).await;
    untouched.and_the_server_serves().await;
    for name in ["...", ".a", "a..b"] {
        lab.enqueue(name, json!({"scenario_run_id": name, "event_type": name})).await;
        Reply::of(lab.request("GET", &format!("/api/v1/queues/{name}"))).await.expect(200);
    }
}

/// An older version took such names, so that lists may have them, and their pages end with them.
#[tokio::test]
async fn lists_go_on_behind_names_that_vanish_from_urls() {
    let lab = Lab::start().await;
    for table in ["queues (engine_type)", "event_types (event_type, retry_policy)"] {
        let policy = if table.starts_with("event_types") { ", '{}'" } else { "" };
        let insert =
            format!("insert into eventlease.{table} select name{policy} from unnest('{{.,..,a}}'::text[]) name");
        sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&lab.db).await.expect("inserted");
    }
    for (list, name) in [("queues", "engine_type"), ("event-types", "event_type")] {
        let (mut path, mut names) = (format!("/api/v1/{list}?limit=1"), Vec::new());
        loop {
            let page = lab.get(&path).await.expect(200);
            names.extend(page.body["items"].as_array().expect("items").iter().map(|item| item[name].clone()));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("/api/v1/{list}?limit=1&cursor={cursor}");
        }
        assert_eq!(names, [".", "..", "a"], "{list}");
    }
}

#[tokio::test]
async fn a_token_is_limited_to_no_name_that_vanishes_from_urls() {
    let guarded = Guarded::start().await;
    let body = json!({"name": "shop", "role": "producer", "engine_types": ["dialogue", ".", ".."]});
    let reply = guarded.post(&guarded.admin, "/api/v1/tokens", &body).await.problem(422, "invalid_input");
    assert_eq!(reply.places(), ["/engine_types/1", "/engine_types/2"]);
}
