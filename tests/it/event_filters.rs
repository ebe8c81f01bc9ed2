//! `GET /events` by what events do, and by their keys; and what does not go together.

use serde_json::json;

use crate::support::{Lab, Reply};

async fn found(lab: &Lab, query: &str) -> Vec<String> {
    lab.get(&format!("/api/v1/events?{query}")).await.expect(200).event_ids()
}

/// Leases an event, which must be the only one due, and reports that it failed; it is due again at once.
async fn fail(lab: &Lab, engine: &str, event_id: &str, error: &str) {
    let leased = lab.lease_one("dialogue", engine).await;
    assert_eq!(leased["event_id"], event_id);
    let error = json!({"type": error, "message": "it did not work\u{0000}"});
    lab.settle(&leased, "failed", json!({"error": error, "delay_seconds": 3600})).await.expect(200);
}

#[tokio::test]
async fn events_that_were_lost_and_then_ended_are_found_within_a_time_or_a_run() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    // Two engines worked on it; of the other one was nothing lost.
    let twice = lab.enqueue("dialogue", json!({"scenario_run_id": "night"})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&twice).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let once = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["event_id"], once.as_str());
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    let open = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&open).await;

    let lost = "status=completed&lease_losses_min=1";
    let since = "created_after=2020-01-01T00:00:00Z";
    assert_eq!(found(&lab, &format!("{lost}&{since}")).await, std::slice::from_ref(&twice));
    assert_eq!(found(&lab, &format!("{lost}&scenario_run_id=night")).await, std::slice::from_ref(&twice));
    assert_eq!(found(&lab, &format!("{lost}&scenario_run_id=day")).await, Vec::<String>::new());
    assert_eq!(found(&lab, &format!("{lost}&{since}&engine_type=chess")).await, Vec::<String>::new());
    assert_eq!(found(&lab, &format!("status=completed&lease_losses_min=2&{since}")).await, Vec::<String>::new());
    assert_eq!(found(&lab, &format!("status=failed&lease_losses_min=1&{since}")).await, Vec::<String>::new());
    assert_eq!(found(&lab, "lease_losses_min=1").await, [open], "without a status, of open events");

    for (more, about) in [("", "lease_losses_min"), ("&created_after=2020-01-01T00:00:00Z&failing=true", "failing")] {
        let refused = lab.get(&format!("/api/v1/events?{lost}{more}")).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), [about]);
    }
}

#[tokio::test]
async fn open_events_are_found_by_what_went_wrong_and_by_who_holds_them() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let timed_out = lab.enqueue("dialogue", json!({"scenario_run_id": "run-1"})).await;
    fail(&lab, &engine, &timed_out, "Timeout").await;
    let refused = lab.enqueue("dialogue", json!({})).await;
    fail(&lab, &engine, &refused, "Refused").await;
    let lost = lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    lab.lose(&lost).await;
    let held = lab.lease_one("dialogue", &engine).await;
    assert_eq!(held["event_id"], lost.as_str());
    let fresh = lab.enqueue("dialogue", json!({})).await;

    assert_eq!(found(&lab, "failing=true").await, [refused.clone(), timed_out.clone()]);
    assert_eq!(found(&lab, "failing=true&error_type=Timeout").await, std::slice::from_ref(&timed_out));
    assert_eq!(
        found(&lab, "failing=true&scenario_run_id=run-1&created_after=2020-01-01T00:00:00Z").await,
        std::slice::from_ref(&timed_out)
    );
    assert_eq!(found(&lab, "failing=true&engine_type=chess").await, Vec::<String>::new());
    assert_eq!(found(&lab, "failing=true&limit=1").await, std::slice::from_ref(&refused));
    assert_eq!(found(&lab, "lease_losses_min=1").await, std::slice::from_ref(&lost));
    assert_eq!(found(&lab, "lease_losses_min=1&status=queued").await, Vec::<String>::new());
    assert_eq!(found(&lab, "lease_losses_min=2").await, Vec::<String>::new());
    assert_eq!(found(&lab, "lease_losses_min=0").await.len(), 4, "every open event");
    assert_eq!(
        found(&lab, "lease_losses_min=0&scenario_run_id=run-1&error_type=Timeout").await,
        std::slice::from_ref(&timed_out)
    );
    assert_eq!(found(&lab, &format!("leased_by={engine}")).await, std::slice::from_ref(&lost));
    assert_eq!(found(&lab, &format!("leased_by={engine}&failing=true")).await, Vec::<String>::new());
    lab.make_due(&timed_out).await;
    lab.sql(&format!(
        "update eventlease.event_queue set available_at = available_at + interval '1 hour' where event_id = '{fresh}'"
    ))
    .await;
    let leased = lab.lease_one("dialogue", &lab.register("dialogue", json!({})).await).await;
    assert_eq!(leased["event_id"], timed_out.as_str());
    assert_eq!(found(&lab, "failing=true").await, [refused.clone(), timed_out.clone()], "in either table");
    assert_eq!(found(&lab, "failing=true&status=processing").await, std::slice::from_ref(&timed_out));
    lab.settle(&leased, "failed", json!({"error": {"type": "Fatal", "message": "x"}, "retryable": false}))
        .await
        .expect(200);
    assert_eq!(found(&lab, "status=failed&error_type=Fatal").await, [timed_out]);
    assert_eq!(found(&lab, "status=failed&error_type=Timeout").await, Vec::<String>::new());
}

#[tokio::test]
async fn events_are_found_by_their_keys_for_as_long_as_these_hold() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let keyed = json!({"idempotency_key": "order-7", "unique_key": "scene-7"});
    let event_id = lab.enqueue("dialogue", keyed.clone()).await;
    let other = lab.enqueue("chess", keyed).await;
    for key in ["idempotency_key=order-7", "unique_key=scene-7"] {
        assert_eq!(found(&lab, &format!("engine_type=dialogue&{key}")).await, std::slice::from_ref(&event_id), "{key}");
        assert_eq!(found(&lab, &format!("engine_type=chess&{key}")).await, std::slice::from_ref(&other), "{key}");
        assert_eq!(found(&lab, &format!("engine_type=dialogue&status=completed&{key}")).await, Vec::<String>::new());
    }
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    assert_eq!(found(&lab, "engine_type=dialogue&unique_key=scene-7").await, Vec::<String>::new(), "it is free");
    assert_eq!(found(&lab, "engine_type=dialogue&idempotency_key=order-7&status=completed").await, [event_id]);
    lab.sql("update eventlease.idempotency_keys set expires_at = statement_timestamp()").await;
    assert_eq!(found(&lab, "engine_type=dialogue&idempotency_key=order-7").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_filter_without_an_index_names_what_must_stand_beside_it() {
    let lab = Lab::start().await;
    let id = crate::support::unknown_id();
    let caused_by = format!("caused_by={id}&failing=true");
    for (query, place, detail) in [
        ("idempotency_key=k", "idempotency_key", "needs engine_type beside it"),
        ("unique_key=k", "unique_key", "needs engine_type beside it"),
        (
            "error_type=Timeout",
            "error_type",
            "needs failing=true, leased_by, lease_losses_min or status=failed beside it",
        ),
        (caused_by.as_str(), "caused_by", "does not stand beside failing"),
        ("engine_type=dialogue&unique_key=k&idempotency_key=k", "unique_key", "does not stand beside idempotency_key"),
        ("failing=false", "failing", "can be true, nothing else"),
        ("lease_losses_min=x", "lease_losses_min", "must be a whole number from 0 to 100"),
        ("view=full", "view", "can be brief, nothing else"),
        ("view=brief&include=payload", "include", "stands beside view=brief, which has no payloads"),
    ] {
        let reply = lab.get(&format!("/api/v1/events?{query}")).await.problem(422, "invalid_input");
        assert_eq!(reply.places(), [place], "{query}");
        assert_eq!(reply.body["errors"][0]["detail"], detail, "{query}");
    }
}

/// A token that may read its own events finds nobody else's by their keys.
#[tokio::test]
async fn producers_find_their_own_events_only() {
    let guarded = crate::trust::Guarded::start().await;
    let (one, another) = (
        guarded.token("producer", json!({"name": "one"})).await,
        guarded.token("producer", json!({"name": "another"})).await,
    );
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1, "unique_key": "k",
        "idempotency_key": "i"});
    let sent = guarded.lab.request("POST", "/api/v1/events").bearer_auth(&one).json(&event);
    let event_id = Reply::of(sent).await.expect(201).text("event_id");
    for filter in ["unique_key=k&engine_type=dialogue", "idempotency_key=i&engine_type=dialogue", "lease_losses_min=0"]
    {
        let path = format!("/api/v1/events?{filter}");
        assert_eq!(guarded.get(&one, &path).await.expect(200).event_ids(), std::slice::from_ref(&event_id), "{filter}");
        assert_eq!(guarded.get(&another, &path).await.expect(200).event_ids(), Vec::<String>::new(), "{filter}");
    }
}
