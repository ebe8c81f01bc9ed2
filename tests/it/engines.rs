//! The registry: registration, heartbeats, draining, leaving, liveness.

mod changes;
mod holding_off;
mod incarnations;
mod orders;
mod server;
mod summary;
mod waiting_heartbeats;
mod zombies;

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

async fn read(lab: &Lab, engine: &str) -> Value {
    lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body
}

async fn told(lab: &Lab, engine: &str, what: &str) -> Value {
    lab.post(&format!("/api/v1/engines/{engine}/{what}"), &json!({})).await.expect(200).body
}

async fn delete_as(lab: &Lab, engine: &str, caller: &str) -> Reply {
    Reply::of(lab.request("DELETE", &format!("/api/v1/engines/{engine}")).header("x-engine-id", caller)).await
}

fn listed(leased: &Value, more: Value) -> Value {
    let mut lease = json!({"event_id": leased["event_id"], "lease_token": leased["lease"]["lease_token"]});
    crate::support::merge(&mut lease, more);
    json!({"leases": [lease]})
}

#[tokio::test]
async fn an_engine_that_registers_again_is_the_same_engine_in_its_next_life() {
    let lab = Lab::start().await;
    let engine_id = unknown_id();
    let registration = json!({
        "engine_id": engine_id, "engine_type": "dialogue", "scenario_run_id": 42, "heartbeat_timeout_seconds": 30,
        "metadata": {"static_config": {"capabilities": ["talk"], "more": 1}, "dynamic_state": {"mood": "good"}}
    });
    let first = lab.post("/api/v1/engines", &registration).await.expect(201).body;
    assert_eq!(first["engine_id"], json!(engine_id));
    assert_eq!((&first["status"], &first["incarnation"]), (&json!("active"), &json!(1)));
    assert_eq!((&first["scenario_run_id"], &first["heartbeat_interval_seconds"]), (&json!("42"), &json!(10)));
    assert_eq!(first["metadata"], registration["metadata"]);
    for member in ["last_heartbeat", "current_workload", "last_poll_at"] {
        assert_eq!(first[member], Value::Null, "{member}");
    }
    lab.heartbeat(&engine_id, json!({"current_workload": 3})).await.expect(200);
    told(&lab, &engine_id, "drain").await;

    let again = json!({"engine_id": engine_id, "engine_type": "dialogue"});
    let second = lab.post("/api/v1/engines", &again).await.expect(200).body;
    assert_eq!((&second["status"], &second["incarnation"]), (&json!("active"), &json!(2)));
    assert_eq!((&second["last_heartbeat"], &second["current_workload"]), (&Value::Null, &Value::Null));
    assert_eq!(second["metadata"], json!({"static_config": {}, "dynamic_state": {}}));

    let other = json!({"engine_id": engine_id, "engine_type": "vision"});
    let taken = lab.post("/api/v1/engines", &other).await.problem(409, "engine_id_taken").body;
    assert_eq!(taken["engine_type"], "dialogue");
    assert_eq!(read(&lab, &engine_id).await["incarnation"], 2);
}

#[tokio::test]
async fn an_engine_that_registers_while_it_is_removed_is_a_new_one() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut removal = lab.db.begin().await.expect("a transaction");
    let lock = "select from eventlease.engine_states for update";
    sqlx::query(lock).execute(&mut *removal).await.expect("locked");
    let removing = async {
        lab.wait_for_a_blocked_server().await;
        sqlx::query("delete from eventlease.engine_states").execute(&mut *removal).await.expect("removed");
        removal.commit().await.expect("a commit");
    };
    let registration = json!({"engine_id": engine, "engine_type": "dialogue"});
    let (registered, ()) = tokio::join!(lab.post("/api/v1/engines", &registration), removing);
    assert_eq!(registered.expect(201).body["incarnation"], 1);
}

#[tokio::test]
async fn a_heartbeat_merges_what_it_tells_and_keeps_every_byte() {
    let lab = Lab::start().await;
    let register = r#"{"engine_type": "dialogue", "metadata": {"dynamic_state": {"kept": 1.50, "gone": 1, "big": 1}}}"#;
    let engine = lab.send_raw("POST", "/api/v1/engines", register).await.expect(201).text("engine_id");
    let beat = r#"{"current_workload": 2, "resource_utilization": {"cpu_percent": 45.20},
        "dynamic_state": {"gone": null, "big": 123456789012345678901234567890, "nul": "\u0000", "deep": {"was": null}}}"#;
    let answer = lab.send_raw("POST", &format!("/api/v1/engines/{engine}/heartbeat"), beat).await.expect(200).body;
    let told = json!({
        "status": "active", "command": "continue", "leases_held": 0, "max_concurrent_events": null, "events_to_cancel": [],
        "leases": []
    });
    assert_eq!(answer, told);
    let reply = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
    for kept in [
        "\"kept\":1.50",
        ":123456789012345678901234567890",
        r#""nul":"\u0000""#,
        r#"{"was": null}"#,
        r#"{"cpu_percent": 45.20}"#,
    ] {
        assert!(reply.raw.contains(kept), "{kept} is missing: {}", reply.raw);
    }
    let state = &reply.body["metadata"]["dynamic_state"];
    assert_eq!((state.get("gone"), &reply.body["current_workload"]), (None, &json!(2)));
    assert!(reply.body["last_heartbeat"].is_string());

    lab.heartbeat(&engine, json!({})).await.expect(200);
    let after = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
    assert_eq!((&after.body["metadata"], &after.body["current_workload"]), (&reply.body["metadata"], &json!(2)));
    lab.heartbeat(&unknown_id(), json!({})).await.problem(404, "engine_not_found");
}

#[tokio::test]
async fn a_heartbeat_renews_the_leases_it_lists_never_shortens_them_and_tells_which_are_lost() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut leased = Vec::new();
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
        leased.push(lab.lease_one("dialogue", &engine).await);
    }
    let move_end = async |event: &Value, seconds: i32| {
        let event_id = event["event_id"].as_str().expect("an id");
        lab.sql(&format!(
            "update eventlease.event_leases set lease_expires_at = statement_timestamp() + interval '{seconds} seconds'
             where event_id = '{event_id}'"
        ))
        .await;
        lab.event(event_id).await["lease_expires_at"].clone()
    };
    move_end(&leased[0], 120).await;
    let renewed = lab.heartbeat(&engine, listed(&leased[0], json!({"progress": {"page": 1}}))).await.expect(200).body;
    let left = renewed["leases"][0]["expires_in_seconds"].as_f64().expect("a number");
    assert_eq!(renewed["leases"][0]["outcome"], "renewed");
    assert!(left > 250.0 && left <= 300.0, "by its own timeout from now: {left}");
    assert_eq!(lab.event(leased[0]["event_id"].as_str().expect("an id")).await["progress"], json!({"page": 1}));

    let far = move_end(&leased[1], 4000).await;
    let untouched = lab.heartbeat(&engine, listed(&leased[1], json!({}))).await.expect(200).body;
    assert_eq!(untouched["leases"][0]["expires_at"], far);
    let third = move_end(&leased[2], 200).await;
    lab.settle(&leased[1], "completed", json!({})).await.expect(200);
    let mut others = listed(&leased[1], json!({}));
    others["leases"].as_array_mut().expect("a list").push(json!({
        "event_id": unknown_id(), "lease_token": leased[0]["lease"]["lease_token"]
    }));
    let lost = lab.heartbeat(&engine, others).await.expect(200).body;
    assert_eq!((&lost["leases"][0]["outcome"], &lost["leases"][0]["reason"]), (&json!("lost"), &json!("completed")));
    assert_eq!((&lost["leases"][1]["outcome"], lost["leases"][1].get("reason")), (&json!("lost"), None));
    let event = lab.event(leased[2]["event_id"].as_str().expect("an id")).await;
    assert_eq!(event["lease_expires_at"], third, "what is not listed is not touched");

    let thief = lab.register("dialogue", json!({})).await;
    let stolen = lab.heartbeat(&thief, listed(&leased[0], json!({}))).await.expect(200).body;
    assert_eq!(stolen["leases"][0]["outcome"], "lost", "leases are renewed by their holder");
}

#[tokio::test]
async fn a_draining_engine_finishes_what_it_holds_and_may_then_stop_or_resume() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..2 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.lease_one("dialogue", &engine).await;
    let command = async || lab.heartbeat(&engine, json!({})).await.expect(200).body["command"].clone();
    assert_eq!(command().await, "continue");
    assert_eq!(told(&lab, &engine, "drain").await["status"], "draining");
    assert_eq!(command().await, "drain");
    let refused = lab.poll("dialogue", &engine, "").await.expect(200).body;
    assert_eq!((&refused["notice"]["code"], &refused["notice"]["held"]), (&json!("engine_draining"), &json!(1)));
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(command().await, "stop");
    assert_eq!(told(&lab, &engine, "resume").await["status"], "active");
    assert_eq!(command().await, "continue");
    lab.lease_one("dialogue", &engine).await;
    for what in ["drain", "resume"] {
        lab.post(&format!("/api/v1/engines/{}/{what}", unknown_id()), &json!({}))
            .await
            .problem(404, "engine_not_found");
    }
}

#[tokio::test]
async fn who_leaves_in_order_spends_nothing_and_who_is_removed_loses_its_leases() {
    let lab = Lab::start().await;
    for (drains, leaves_itself, losses) in [(false, true, 0), (true, false, 0), (false, false, 1)] {
        let engine = lab.register("dialogue", json!({})).await;
        let event_id = lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        if drains {
            told(&lab, &engine, "drain").await;
        }
        let caller = if leaves_itself { engine.clone() } else { unknown_id() };
        delete_as(&lab, &engine, &caller).await.expect(204);
        lab.get(&format!("/api/v1/engines/{engine}")).await.problem(404, "engine_not_found");
        let event = lab.event(&event_id).await;
        assert_eq!((&event["status"], &event["lease_losses"]), (&json!("queued"), &json!(losses)));
        assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "deregistered");
        lab.poll("dialogue", &engine, "").await.problem(404, "engine_not_found");
        delete_as(&lab, &engine, &caller).await.problem(404, "engine_not_found");

        let next = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
        assert_eq!(next["event_id"], json!(event_id));
        let refused = lab.settle(&leased, "completed", json!({})).await.problem(409, "lease_lost").body;
        assert_eq!(refused["lease_ended_by"], "deregistered");
    }
}

#[tokio::test]
async fn engines_are_listed_by_what_they_are_the_newest_first() {
    let lab = Lab::start().await;
    let of = |capability: &str| {
        json!({"scenario_run_id": format!("run-{capability}"), "metadata": {"static_config": {
            "capabilities": [capability, "log"], "engine_software_version": format!("{capability}-1")}}})
    };
    let talker = lab.register("dialogue", of("talk")).await;
    let singer = lab.register("dialogue", of("sing")).await;
    let seer = lab.register("vision", of("see")).await;
    told(&lab, &seer, "drain").await;
    for (query, expected) in [
        ("", vec![&seer, &singer, &talker]),
        ("engine_type=dialogue", vec![&singer, &talker]),
        ("status=draining", vec![&seer]),
        ("capability=log", vec![&seer, &singer, &talker]),
        ("capability=sing", vec![&singer]),
        ("scenario_run_id=run-see", vec![&seer]),
        ("engine_software_version=talk-1", vec![&talker]),
        ("engine_type=vision&capability=talk", vec![]),
    ] {
        let items = lab.get(&format!("/api/v1/engines?{query}")).await.expect(200).body["items"].clone();
        let ids: Vec<&Value> = items.as_array().expect("a list").iter().map(|engine| &engine["engine_id"]).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let page = lab.get("/api/v1/engines?limit=2").await.expect(200);
    let next = lab.get(&format!("/api/v1/engines?limit=2&cursor={}", page.text("next_cursor"))).await.expect(200);
    assert_eq!(next.body["items"][0]["engine_id"], json!(talker));
    lab.get("/api/v1/engines?status=idle&cursor=x").await.problem(422, "invalid_input");
}

#[tokio::test]
async fn an_engines_leases_are_shown_to_all_but_their_tokens_to_itself() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({"payload": "mine"})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let path = format!("/api/v1/engines/{engine}/leases");
    let seen = lab.get(&path).await.expect(200).body["items"][0].clone();
    assert_eq!((&seen["payload"], seen["lease"].get("lease_token")), (&json!("mine"), None));
    let own = Reply::of(lab.request("GET", &path).header("x-engine-id", &engine)).await.expect(200);
    assert_eq!(own.body["items"][0]["lease"]["lease_token"], leased["lease"]["lease_token"]);
    assert_eq!(read(&lab, &engine).await["leases_held"], 1);
    lab.get(&format!("/api/v1/engines/{}/leases", unknown_id())).await.problem(404, "engine_not_found");
}
