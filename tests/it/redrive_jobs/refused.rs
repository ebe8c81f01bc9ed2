//! Jobs that are not made, and jobs that are not shown.

use serde_json::json;

use super::{JOBS, create, make_dead_letters};
use crate::support::{Lab, unknown_id};
use crate::trust::Guarded;

#[tokio::test]
async fn another_number_than_expected_makes_no_job() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 3).await;
    for dry_run in [false, true] {
        let body = json!({"all": true, "expected_count": 2, "dry_run": dry_run});
        let refused = lab.post(JOBS, &body).await.problem(409, "count_changed");
        assert_eq!(refused.body["actual_count"], 3);
    }
    assert_eq!(lab.get(JOBS).await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn every_bad_place_is_named_at_once() {
    let lab = Lab::start().await;
    let body = json!({
        "filter": {"engine_type": "no such name", "n": 1}, "all": true, "canary": {"continue_at_success_ratio": 2, "wait_seconds": 0},
        "events_per_second": 0, "stop_at_failure_ratio": 0, "priority": 10, "visibility_timeout_seconds": 0,
        "payload_patch": [1], "expected_count": -1, "dry_run": 1, "limit": 1,
    });
    let refused = lab.post(JOBS, &body).await.problem(422, "invalid_input");
    let mut places = refused.places();
    places.sort_unstable();
    let expected = [
        "/all",
        "/canary/continue_at_success_ratio",
        "/canary/count",
        "/canary/wait_seconds",
        "/dry_run",
        "/events_per_second",
        "/expected_count",
        "/filter/engine_type",
        "/filter/n",
        "/limit",
        "/payload_patch",
        "/priority",
        "/stop_at_failure_ratio",
        "/visibility_timeout_seconds",
    ];
    assert_eq!(places, expected);
    let long = json!({"all": true, "payload_patch": {"a": "x".repeat(16 << 10)}});
    assert_eq!(lab.post(JOBS, &long).await.problem(422, "invalid_input").places(), ["/payload_patch"]);
    assert_eq!(lab.post(JOBS, &json!({})).await.problem(422, "invalid_input").places(), ["/filter"]);
}

#[tokio::test]
async fn there_are_only_so_many_jobs_at_work() {
    let lab = Lab::start().await;
    create(&lab, json!({"all": true})).await;
    lab.sql(
        "insert into eventlease.redrive_jobs (job_id, filter, created_at, state, state_changed_at, has_canary_ahead, next_due_at,
            next_step_at, matched)
         select gen_random_uuid(), '{}', statement_timestamp(), 'redriving', statement_timestamp(), false, statement_timestamp(),
            'infinity', 0
         from generate_series(1, 100)",
    )
    .await;
    let refused = lab.post(JOBS, &json!({"all": true})).await.problem(429, "overloaded");
    assert!(refused.retry_after() > 0);
    assert!(lab.metric(r#"eventlease_limit_refusals_total{limit="redrive_jobs"}"#).await > 0.0);
    lab.sql("update eventlease.redrive_jobs set next_step_at = null").await;
    create(&lab, json!({"all": true})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_made_at_once_are_no_more_than_there_may_be() {
    let lab = Lab::start().await;
    lab.sql(
        "insert into eventlease.redrive_jobs (job_id, filter, created_at, state, state_changed_at, has_canary_ahead, next_due_at,
            next_step_at, matched)
         select gen_random_uuid(), '{}', statement_timestamp(), 'redriving', statement_timestamp(), false, statement_timestamp(),
            'infinity', 0
         from generate_series(1, 99)",
    )
    .await;
    make_dead_letters(&lab, "dialogue", 9).await;
    // The first one to be made stays uncommitted until the others have come.
    lab.sql(
        "create function public.linger() returns trigger language plpgsql as $$
         begin perform pg_sleep(0.5); return null; end $$",
    )
    .await;
    lab.sql(
        "create trigger lingers after insert on eventlease.redrive_jobs for each statement execute function public.linger()",
    )
    .await;
    let body = json!({"all": true, "events_per_second": 0.001});
    let create = async || lab.post(JOBS, &body).await.status;
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut told = [a, b, c];
    told.sort_unstable();
    assert_eq!(told, [201, 429, 429]);
}

/// A filter that a newer version stored must not be read as a wider one.
#[tokio::test]
async fn a_job_whose_filter_is_not_understood_redrives_nothing() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 2).await;
    let job_id = create(&lab, json!({"filter": {"engine_type": "dialogue"}, "events_per_second": 0.001})).await;
    super::wait_until_redriven(&lab, &job_id, 1).await;
    lab.sql(
        r#"update eventlease.redrive_jobs set filter = '{"engine_type": "dialogue", "error_code": "busy"}',
            events_per_second = null, next_due_at = 'epoch', next_step_at = 'epoch'"#,
    )
    .await;
    lab.broker().step_of_redrive_jobs().await.expect_err("no step is taken");
    assert_eq!(lab.get("/api/v1/dead-letters").await.event_ids().len(), 1);
}

#[tokio::test]
async fn jobs_that_are_not_known_are_told_from_others() {
    let lab = Lab::start().await;
    let unknown = unknown_id();
    lab.get(&format!("{JOBS}/{unknown}")).await.problem(404, "redrive_job_not_found");
    for verb in ["pause", "continue", "cancel"] {
        lab.post(&format!("{JOBS}/{unknown}/{verb}"), &json!({})).await.problem(404, "redrive_job_not_found");
    }
    lab.get(&format!("{JOBS}/none")).await.problem(422, "invalid_input");
    lab.get(&format!("{JOBS}?cursor=none")).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn a_limited_token_has_to_do_with_jobs_of_its_queues_only() {
    let guarded = Guarded::start().await;
    let operator = guarded.token("operator", json!({})).await;
    let limited = guarded.token("operator", json!({"engine_types": ["chess"]})).await;
    let made = async |token: &str, body| guarded.post(token, JOBS, &body).await;
    let all = made(&operator, json!({"all": true})).await.expect(201).body["job"]["job_id"].clone();
    let own = made(&limited, json!({"filter": {"engine_type": "chess"}})).await.expect(201).body["job"].clone();
    assert_eq!(own["created_by"], json!("a operator"), "{own}");
    made(&limited, json!({"filter": {"engine_type": "dialogue"}})).await.problem(403, "forbidden");
    // What names no queue is for those of the token.
    let both = guarded.token("operator", json!({"engine_types": ["chess", "go"]})).await;
    let of_both = made(&both, json!({"all": true})).await.expect(201).body["job"].clone();
    assert_eq!((&of_both["filter"], &of_both["engine_types"]), (&json!({}), &json!(["chess", "go"])));
    let id = |job: &serde_json::Value| job["job_id"].as_str().expect("an id").to_owned();
    let listed = guarded.get(&limited, JOBS).await.expect(200);
    assert_eq!(listed.texts("items", "job_id"), [id(&own)]);
    let listed = guarded.get(&both, JOBS).await.expect(200);
    assert_eq!(listed.texts("items", "job_id"), [id(&of_both), id(&own)]);
    let listed = guarded.get(&both, &format!("{JOBS}?engine_type=go")).await.expect(200);
    assert_eq!(listed.texts("items", "job_id"), [id(&of_both)]);
    assert_eq!(guarded.get(&operator, JOBS).await.expect(200).texts("items", "job_id").len(), 3);
    guarded.get(&limited, &format!("{JOBS}?engine_type=dialogue")).await.problem(403, "forbidden");
    guarded.get(&limited, &format!("{JOBS}/{}", id(&of_both))).await.problem(404, "redrive_job_not_found");
    let all = all.as_str().expect("an id");
    guarded.get(&limited, &format!("{JOBS}/{all}")).await.problem(404, "redrive_job_not_found");
    for verb in ["pause", "continue", "cancel"] {
        guarded.post(&limited, &format!("{JOBS}/{all}/{verb}"), &json!({})).await.problem(404, "redrive_job_not_found");
    }
    guarded.get(&limited, &format!("{JOBS}/{}", own["job_id"].as_str().expect("an id"))).await.expect(200);
}
