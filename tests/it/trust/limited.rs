//! Tokens that reach only so far: registrars, limits to engine types, producers and what they brought.

use serde_json::json;

use super::Guarded;

#[tokio::test]
async fn a_registrar_registers_engines_of_its_types_only() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue", "chess"]})).await;
    guarded.register(&registrar, "dialogue").await;
    guarded.register(&registrar, "chess").await;
    let another = json!({"engine_type": "narration"});
    guarded.post(&registrar, "/api/v1/engines", &another).await.problem(403, "forbidden");
    let orchestrator = guarded.token("orchestrator", json!({"engine_types": ["chess"]})).await;
    guarded.register(&orchestrator, "chess").await;
    guarded.post(&orchestrator, "/api/v1/engines", &another).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_limited_token_works_within_its_types() {
    let guarded = Guarded::start().await;
    let everything = guarded.token("operator", json!({"name": "all"})).await;
    let chess = guarded.token("operator", json!({"name": "chess only", "engine_types": ["chess"]})).await;
    let theirs = guarded.enqueue(&everything, "dialogue").await;
    let ours = guarded.enqueue(&chess, "chess").await;
    guarded.get(&chess, &format!("/api/v1/events/{ours}")).await.expect(200);
    guarded.get(&chess, &format!("/api/v1/events/{theirs}")).await.problem(404, "event_not_found");
    guarded.get(&chess, "/api/v1/events/not-an-id").await.problem(422, "invalid_input");
    let listed = guarded.get(&chess, "/api/v1/events?engine_type=chess").await.expect(200);
    assert_eq!(listed.body["items"].as_array().expect("a list").len(), 1);
    guarded.get(&chess, "/api/v1/events?engine_type=dialogue").await.problem(403, "forbidden");
    let queues = guarded.get(&chess, "/api/v1/queues").await.expect(200);
    assert_eq!(queues.body["items"].as_array().expect("a list").len(), 1);
    assert_eq!(queues.body["items"][0]["engine_type"], "chess");
    guarded.post(&chess, "/api/v1/queues/chess/pause", &json!({})).await.expect(200);
    guarded.post(&chess, "/api/v1/queues/dialogue/pause", &json!({})).await.problem(403, "forbidden");
    let redrive = json!({"filter": {"engine_type": "dialogue"}});
    guarded.post(&chess, "/api/v1/dead-letters/redrive", &redrive).await.problem(403, "forbidden");
    let batch = json!({"events": [
        {"engine_type": "chess", "event_type": "e", "payload": 1}, {"engine_type": "dialogue", "event_type": "e", "payload": 1}
    ]});
    let reply = guarded.post(&chess, "/api/v1/events/batch", &batch).await.expect(207);
    assert_eq!(reply.body["results"][0]["outcome"], "enqueued");
    assert_eq!(reply.body["results"][1]["error"]["code"], "forbidden");
}

/// What lists and calls for many name no engine type for, is done to those of the token.
#[tokio::test]
async fn what_names_no_type_is_narrowed_to_those_of_a_limited_token() {
    let guarded = Guarded::start().await;
    let all = guarded.token("operator", json!({"name": "all"})).await;
    let orchestrator = guarded.token("orchestrator", json!({"name": "all"})).await;
    let types = ["chess", "dialogue", "speech"];
    let (mut dead, mut engines) = (Vec::new(), Vec::new());
    for engine_type in types {
        let metadata = json!({"static_config": {"engine_software_version": "1.0.0"}});
        let registration = json!({"engine_type": engine_type, "metadata": metadata});
        let registered = guarded.post(&orchestrator, "/api/v1/engines", &registration).await.expect(201);
        engines.push(registered.text("engine_id"));
        let engine = registered.text("engine_token");
        let event = json!({"engine_type": engine_type, "event_type": "e", "payload": 1, "scenario_run_id": "run"});
        dead.push(guarded.post(&all, "/api/v1/events", &event).await.expect(201).text("event_id"));
        let leased = guarded.lease_one(&engine, engine_type).await;
        let failed = json!({"status": "failed", "error": "no", "retryable": false});
        guarded.settle(&engine, &leased, failed).await.expect(200);
        guarded.post(&all, "/api/v1/events", &event).await.expect(201);
    }
    let lists = [
        ("/api/v1/events", 2),
        ("/api/v1/events?scenario_run_id=run", 2),
        ("/api/v1/events?event_type=e&status=queued", 1),
        ("/api/v1/events?scenario_run_id=run&status=failed", 1),
        ("/api/v1/engines", 1),
        ("/api/v1/dead-letters", 1),
        ("/api/v1/queues", 1),
    ];
    for limit in [&types[..1], &types[..2]] {
        let reader = guarded.token("reader", json!({"engine_types": limit})).await;
        for (path, of_each_type) in lists {
            let items = guarded.get(&reader, path).await.expect(200).body["items"].as_array().expect("a list").clone();
            assert_eq!(items.len(), of_each_type * limit.len(), "{path}: {items:?}");
            for item in &items {
                assert!(limit.contains(&item["engine_type"].as_str().expect("a type")), "{path}: {item}");
            }
        }
        let groups = guarded.get(&reader, "/api/v1/dead-letters/groups?by=reason").await.expect(200);
        assert_eq!(groups.body["items"][0]["count"], limit.len());
        let mut of_versions = groups.texts("versions", "engine_type");
        of_versions.sort();
        assert_eq!(of_versions, limit);
        // Its filter is sent as it is: whoever sends it has a limit of their own.
        assert!(groups.body["items"][0]["filter"].get("engine_types").is_none(), "{groups:?}");
        // Producers see what they brought.
        let producer = guarded.token("producer", json!({"name": "all", "engine_types": limit})).await;
        let events = guarded.get(&producer, "/api/v1/events").await.expect(200);
        assert_eq!(events.body["items"].as_array().map(Vec::len), Some(2 * limit.len()));

        let operator = guarded.token("operator", json!({"engine_types": limit})).await;
        let count = json!({"all": true, "dry_run": true});
        for path in ["/api/v1/dead-letters/redrive", "/api/v1/dead-letters/purge"] {
            assert_eq!(guarded.post(&operator, path, &count).await.expect(200).body["matched"], limit.len(), "{path}");
        }
    }
    let two = guarded.token("operator", json!({"engine_types": &types[..2]})).await;
    let redriven = guarded.post(&two, "/api/v1/dead-letters/redrive", &json!({"all": true})).await.expect(200);
    assert_eq!(redriven.body["redriven"], 2);
    let left = guarded.get(&all, "/api/v1/dead-letters").await.expect(200);
    assert_eq!(left.texts("items", "event_id"), [dead[2].clone()]);
    let drain = json!({"filter": {"engine_software_version": "1.0.0"}});
    let drained = guarded.post(&two, "/api/v1/engines/drain", &drain).await.expect(200).body;
    let mut expected = engines[..2].to_vec();
    expected.sort_unstable();
    assert_eq!((&drained["matched"], &drained["engine_ids"]), (&json!(2), &json!(expected)));
    let still = guarded.get(&all, "/api/v1/engines?status=active").await.expect(200);
    assert_eq!(still.texts("items", "engine_id"), [engines[2].clone()]);
}

#[tokio::test]
async fn a_producer_reads_the_events_it_brought_also_with_its_next_token() {
    let guarded = Guarded::start().await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let own = guarded.enqueue(&shop, "dialogue").await;
    let other = guarded.enqueue(&mill, "dialogue").await;
    guarded.lab.sql("select eventlease.enqueue('dialogue', 'e', '{}'::json)").await;
    let next = guarded.token("producer", json!({"name": "shop"})).await;
    for token in [&shop, &next] {
        guarded.get(token, &format!("/api/v1/events/{own}?include=payload")).await.expect(200);
        guarded.get(token, &format!("/api/v1/events/{own}/attempts")).await.expect(200);
        guarded.get(token, &format!("/api/v1/events/{other}")).await.problem(404, "event_not_found");
        let attempts = format!("/api/v1/events/{other}/attempts");
        guarded.get(token, &attempts).await.problem(404, "event_not_found");
        for query in ["", "?engine_type=dialogue&status=queued", "?engine_type=dialogue"] {
            let listed = guarded.get(token, &format!("/api/v1/events{query}")).await.expect(200);
            let items = listed.body["items"].as_array().expect("a list").clone();
            assert_eq!(items.len(), 1, "{query}: {items:?}");
            assert_eq!(items[0]["event_id"], own.as_str());
        }
    }

    // As a dead letter without its history, and as the event that was made of it, it is still theirs.
    let (_, engine) = guarded.register(&orchestrator, "dialogue").await;
    let operator = guarded.token("operator", json!({})).await;
    guarded.ask(&operator, "POST", &format!("/api/v1/events/{other}/cancel")).await.expect(200);
    let leased = guarded.lease_one(&engine, "dialogue").await;
    assert_eq!(leased["event_id"], own.as_str());
    guarded.settle(&engine, &leased, json!({"status": "failed", "error": "no", "retryable": false})).await.expect(200);
    let redrive = format!("/api/v1/dead-letters/{own}/redrive");
    let made = guarded.post(&operator, &redrive, &json!({"payload": 2})).await.expect(201).text("event_id");
    guarded.get(&shop, &format!("/api/v1/events/{made}")).await.expect(200);
    guarded.get(&mill, &format!("/api/v1/events/{made}")).await.problem(404, "event_not_found");
}

#[tokio::test]
async fn what_does_not_go_together_is_named() {
    let guarded = Guarded::start().await;
    for (body, places) in [
        (json!({}), &["/name", "/role"][..]),
        (json!({"name": "n", "role": "king"}), &["/role"]),
        (json!({"name": "a\nb", "role": "reader", "more": 1}), &["/more", "/name"]),
        (json!({"name": "n", "role": "registrar"}), &["/engine_types"]),
        (json!({"name": "n", "role": "reader", "engine_types": []}), &["/engine_types"]),
        (json!({"name": "n", "role": "reader", "engine_types": ["a b"]}), &["/engine_types/0"]),
        (json!({"name": "n", "role": "admin", "engine_types": ["a"]}), &["/engine_types"]),
        (json!({"name": "n", "role": "registrar", "engine_types": ["a b"]}), &["/engine_types/0"]),
        (json!({"name": "n", "role": "engine"}), &["/engine_id"]),
        (json!({"name": "n", "role": "engine", "engine_id": "x"}), &["/engine_id"]),
        (json!({"name": "n", "role": "reader", "expires_in_seconds": 0}), &["/expires_in_seconds"]),
    ] {
        let reply = guarded.post(&guarded.admin, "/api/v1/tokens", &body).await.problem(422, "invalid_input");
        assert_eq!(reply.places(), places, "{body}");
    }
    let engine = json!({"name": "n", "role": "engine", "engine_id": crate::support::unknown_id()});
    guarded.post(&guarded.admin, "/api/v1/tokens", &engine).await.problem(404, "engine_not_found");
    let unknown = format!("/api/v1/tokens/{}", crate::support::unknown_id());
    guarded.ask(&guarded.admin, "DELETE", &unknown).await.problem(404, "token_not_found");
}

#[tokio::test]
async fn idempotency_keys_are_each_callers_own() {
    let guarded = Guarded::start().await;
    let shop = guarded.token("producer", json!({"name": "shop"})).await;
    let mill = guarded.token("producer", json!({"name": "mill"})).await;
    let event = |n: u32| json!({"engine_type": "dialogue", "event_type": "e", "payload": n, "idempotency_key": "k"});
    let ofs = guarded.post(&shop, "/api/v1/events", &event(1)).await.expect(201).text("event_id");
    let ofm = guarded.post(&mill, "/api/v1/events", &event(2)).await.expect(201).text("event_id");
    assert_ne!(ofs, ofm);
    let next = guarded.token("producer", json!({"name": "shop"})).await;
    for (token, n, event_id) in [(&shop, 1, &ofs), (&next, 1, &ofs), (&mill, 2, &ofm)] {
        let again = guarded.post(token, "/api/v1/events", &event(n)).await.expect(200);
        assert_eq!(again.text("event_id"), *event_id);
        let reused = guarded.post(token, "/api/v1/events", &event(3)).await.problem(422, "idempotency_key_reused");
        assert_eq!(reused.text("event_id"), *event_id);
    }
    let enqueue = "select eventlease.enqueue('dialogue', 'e', '4', idempotency_key => 'k')::text";
    let mut from_sql = Vec::new();
    for _ in 0..2 {
        let event_id: String = sqlx::query_scalar(enqueue).fetch_one(&guarded.lab.db).await.expect("an id");
        from_sql.push(event_id);
    }
    assert!(from_sql[0] == from_sql[1] && ![&ofs, &ofm].contains(&&from_sql[0]), "{from_sql:?}");
    // Together: one transaction may take in what several callers sent.
    let events = |n: u32| {
        json!({"events": (0..20).map(|key| {
        json!({"engine_type": "dialogue", "event_type": "e", "payload": n, "idempotency_key": format!("many {key}")})
    }).collect::<Vec<_>>()})
    };
    let (one, other) = (events(5), events(6));
    let replies = tokio::join!(
        guarded.post(&shop, "/api/v1/events/batch", &one),
        guarded.post(&mill, "/api/v1/events/batch", &other)
    );
    for reply in [replies.0, replies.1] {
        let results = reply.body["results"].as_array().expect("results");
        assert!(results.len() == 20 && results.iter().all(|result| result["error"].is_null()), "{reply:?}");
    }
}
