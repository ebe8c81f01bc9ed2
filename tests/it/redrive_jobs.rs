//! Redrive jobs: dead letters that the server puts back into their queues in steps.

mod canary;
mod crashes;
mod patches;
mod refused;

use serde_json::{Value, json};

use crate::dead_letters::{copy, make_dead_letter};
use crate::support::Lab;

const JOBS: &str = "/api/v1/redrive-jobs";

/// So many dead letters of one queue.
async fn make_dead_letters(lab: &Lab, engine_type: &str, count: u32) -> String {
    let letter = make_dead_letter(lab, engine_type, json!({}), json!({"type": "Timeout", "message": "late"})).await;
    if count > 1 {
        copy(lab, &letter, count - 1).await;
    }
    letter
}

/// Makes a job and answers its id.
async fn create(lab: &Lab, body: Value) -> String {
    let reply = lab.post(JOBS, &body).await.expect(201);
    reply.body["job"]["job_id"].as_str().expect("an id").to_owned()
}

async fn read(lab: &Lab, job_id: &str) -> Value {
    lab.get(&format!("{JOBS}/{job_id}")).await.expect(200).body
}

async fn wait_for_state(lab: &Lab, job_id: &str, state: &str) -> Value {
    lab.wait_for(&format!("the job to be {state}"), async || {
        let job = read(lab, job_id).await;
        (job["state"] == state).then_some(job)
    })
    .await
}

async fn wait_until_redriven(lab: &Lab, job_id: &str, count: u32) -> Value {
    lab.wait_for(&format!("{count} to be redriven"), async || {
        let job = read(lab, job_id).await;
        (job["redriven"] == count).then_some(job)
    })
    .await
}

fn counts(job: &Value) -> [i64; 6] {
    ["matched", "redriven", "open", "completed", "died_again", "cancelled"]
        .map(|member| job[member].as_i64().unwrap_or_else(|| panic!("{job}")))
}

/// An engine takes so many, and ends them: of each ten, as many as `completed` say with success.
async fn work(lab: &Lab, engine_type: &str, count: usize, completed: usize) {
    let engine = lab.register(engine_type, json!({})).await;
    let mut done = 0;
    while done < count {
        let query = format!("limit={}&wait_seconds=5", (count - done).min(100));
        let leased = lab.poll(engine_type, &engine, &query).await.expect(200).body;
        for event in leased["events"].as_array().expect("events") {
            if done % 10 < completed {
                lab.settle(event, "completed", json!({})).await.expect(200);
            } else {
                lab.settle(event, "failed", json!({"retryable": false})).await.expect(200);
            }
            done += 1;
        }
    }
}

#[tokio::test]
async fn a_job_redrives_all_that_match_and_says_how_they_ended() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 10).await;
    let other = make_dead_letter(&lab, "vision", json!({}), json!("no")).await;
    let body = json!({"filter": {"engine_type": "dialogue", "error_type": "Timeout"}, "dry_run": true});
    let counted = lab.post(JOBS, &body).await.expect(200).body;
    // The copies have no error type: only one matches.
    assert_eq!(counted, json!({"matched": 1, "job": null}));
    let job_id =
        create(&lab, json!({"filter": {"engine_type": "dialogue"}, "priority": 8, "expected_count": 10})).await;
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [10, 10, 10, 0, 0, 0]);
    let (queued, priority): (i64, i16) =
        sqlx::query_as("select count(*), min(priority) from eventlease.event_queue where redrives = 1")
            .fetch_one(&lab.db)
            .await
            .expect("numbers");
    assert_eq!((queued, priority), (10, 8));
    work(&lab, "dialogue", 10, 7).await;
    let job = wait_for_state(&lab, &job_id, "finished").await;
    assert_eq!(counts(&job), [10, 10, 0, 7, 3, 0]);
    assert_eq!(lab.get("/api/v1/dead-letters?engine_type=dialogue&redrives_max=0").await.event_ids(), [""; 0]);
    assert_eq!(lab.get("/api/v1/dead-letters?engine_type=vision").await.event_ids(), [other]);
    let listed = lab.get(&format!("{JOBS}?engine_type=dialogue")).await.expect(200);
    assert_eq!(listed.body["items"], json!([job]));
    assert_eq!(lab.get(&format!("{JOBS}?engine_type=vision")).await.expect(200).body["items"], json!([]));
    let metric = r#"eventlease_dead_letters_redriven_total{engine_type="dialogue"}"#;
    assert!((lab.metric(metric).await - 10.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn what_dies_again_or_later_is_not_taken_by_the_same_job() {
    let lab = Lab::start().await;
    let letter = make_dead_letters(&lab, "dialogue", 3).await;
    // Slow enough that the first one has died again long before the job is over.
    let job_id = create(&lab, json!({"all": true, "events_per_second": 0.02})).await;
    wait_until_redriven(&lab, &job_id, 1).await;
    work(&lab, "dialogue", 1, 0).await;
    let later = make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.sql("update eventlease.redrive_jobs set next_due_at = statement_timestamp() - interval '1 day'").await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = statement_timestamp()").await;
    wait_until_redriven(&lab, &job_id, 2).await;
    lab.sql("update eventlease.redrive_jobs set next_due_at = statement_timestamp() - interval '1 day', next_step_at = statement_timestamp()").await;
    wait_until_redriven(&lab, &job_id, 3).await;
    work(&lab, "dialogue", 2, 10).await;
    lab.sql("update eventlease.redrive_jobs set next_due_at = statement_timestamp() - interval '1 day', next_step_at = statement_timestamp()").await;
    let job = wait_for_state(&lab, &job_id, "finished").await;
    assert_eq!(counts(&job), [3, 3, 0, 2, 1, 0]);
    assert_eq!(lab.get("/api/v1/dead-letters").await.event_ids(), [later, letter]);
}

#[tokio::test]
async fn a_rate_is_kept_however_the_steps_come() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 100).await;
    let job_id = create(&lab, json!({"all": true, "events_per_second": 40})).await;
    wait_until_redriven(&lab, &job_id, 100).await;
    let due: Vec<f64> = sqlx::query_scalar(
        "select extract(epoch from q.available_at - j.created_at)::float8
         from eventlease.event_queue q, eventlease.redrive_jobs j order by q.available_at",
    )
    .fetch_all(&lab.db)
    .await
    .expect("times");
    assert_eq!(due.len(), 100);
    for (place, seconds) in due.iter().enumerate() {
        let least = f64::from(u32::try_from(place).expect("small")) / 40.0;
        assert!(*seconds >= least - 1e-3, "the {place}th is due {seconds} s after the job was made");
    }
}

#[tokio::test]
async fn a_job_is_paused_continued_and_cancelled_and_again_is_as_good_as_once() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 5).await;
    let job_id = create(&lab, json!({"all": true, "events_per_second": 0.01})).await;
    wait_until_redriven(&lab, &job_id, 1).await;
    let change = async |verb: &str| lab.post(&format!("{JOBS}/{job_id}/{verb}"), &json!({})).await;
    for _ in 0..2 {
        let job = change("pause").await.expect(200).body;
        assert_eq!((&job["state"], &job["state_reason"]), (&json!("paused"), &json!("operator")));
    }
    lab.sql("update eventlease.redrive_jobs set next_due_at = 'epoch', next_step_at = 'epoch'").await;
    lab.wait_for("a step", async || {
        let steps: i64 =
            sqlx::query_scalar("select count(*) from eventlease.redrive_jobs where next_step_at > 'epoch'")
                .fetch_one(&lab.db)
                .await
                .expect("a number");
        (steps == 1).then_some(())
    })
    .await;
    assert_eq!(read(&lab, &job_id).await["redriven"], 1, "paused, it redrives nothing");
    for _ in 0..2 {
        assert_eq!(change("continue").await.expect(200).body["state"], "redriving");
    }
    wait_until_redriven(&lab, &job_id, 2).await;
    for _ in 0..2 {
        assert_eq!(change("cancel").await.expect(200).body["state"], "cancelled");
    }
    for verb in ["pause", "continue"] {
        let refused = change(verb).await.problem(409, "redrive_job_over");
        assert_eq!(refused.body["redrive_job_state"], "cancelled");
    }
    // How those ended that it had redriven is counted all the same.
    work(&lab, "dialogue", 2, 10).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch' where next_step_at is not null").await;
    lab.wait_for("the ends to be counted", async || (read(&lab, &job_id).await["completed"] == 2).then_some(())).await;
    assert_eq!(lab.get("/api/v1/dead-letters").await.event_ids().len(), 3);
    let audit = lab.get(&format!("/api/v1/audit?subject={job_id}")).await.expect(200);
    let actions = ["cancel_redrive_job", "continue_redrive_job", "pause_redrive_job", "create_redrive_job"];
    assert_eq!(audit.texts("items", "action"), actions);
}

#[tokio::test]
async fn a_job_stops_where_too_many_die_again() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 60).await;
    let job_id = create(&lab, json!({"all": true, "events_per_second": 0.001, "stop_at_failure_ratio": 0.3})).await;
    // As if it had been at work for long.
    let advance = async |count: u32| {
        for done in 1..=count {
            lab.sql("update eventlease.redrive_jobs set next_due_at = 'epoch', next_step_at = 'epoch'").await;
            lab.broker().carry_on_with_redrive_jobs().await.expect("a round");
            wait_until_redriven(&lab, &job_id, done).await;
        }
    };
    advance(20).await;
    work(&lab, "dialogue", 19, 7).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch'").await;
    let ended = lab.wait_for("nineteen ends", async || {
        let job = read(&lab, &job_id).await;
        (job["open"] == 1).then_some(job)
    });
    assert_eq!(ended.await["state"], "redriving", "too few to judge");
    work(&lab, "dialogue", 1, 0).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch'").await;
    let job = wait_for_state(&lab, &job_id, "stopped").await;
    assert_eq!(job["state_reason"], "failure_ratio");
    assert_eq!(counts(&job), [60, 20, 0, 14, 6, 0]);
}

#[tokio::test]
async fn letters_of_cancelled_runs_and_held_keys_are_skipped_and_counted() {
    let lab = Lab::start().await;
    make_dead_letter(&lab, "dialogue", json!({"unique_key": "npc-7"}), json!("no")).await;
    make_dead_letter(&lab, "dialogue", json!({"scenario_run_id": "run-1"}), json!("no")).await;
    make_dead_letter(&lab, "dialogue", json!({}), json!("no")).await;
    lab.enqueue("dialogue", json!({"unique_key": "npc-7"})).await;
    lab.post("/api/v1/scenario-runs/run-1/cancel", &json!({})).await.expect(200);
    let job_id = create(&lab, json!({"all": true})).await;
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(job["skipped"], json!({"run_cancelled": 1, "unique_key_held": 1, "payload_patch": 0}));
    assert_eq!(counts(&job), [3, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn old_jobs_are_forgotten_and_those_at_work_are_not() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 3).await;
    let old = create(&lab, json!({"all": true})).await;
    wait_for_state(&lab, &old, "watching").await;
    make_dead_letters(&lab, "vision", 2).await;
    let at_work = create(&lab, json!({"all": true, "events_per_second": 0.001})).await;
    wait_until_redriven(&lab, &at_work, 1).await;
    assert_eq!(lab.broker().forget_old_redrive_jobs().await.expect("a round"), 0);
    lab.sql("update eventlease.redrive_jobs set state_changed_at = 'epoch'").await;
    assert_eq!(lab.broker().forget_old_redrive_jobs().await.expect("a round"), 1);
    lab.get(&format!("{JOBS}/{old}")).await.problem(404, "redrive_job_not_found");
    assert_eq!(read(&lab, &at_work).await["state"], "redriving");
    let kept: i64 = sqlx::query_scalar("select count(*) from eventlease.redriven_by_jobs")
        .fetch_one(&lab.db)
        .await
        .expect("a number");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn ends_that_are_not_known_any_more_are_counted() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 3).await;
    let job_id = create(&lab, json!({"all": true})).await;
    wait_for_state(&lab, &job_id, "watching").await;
    // As after their retention, where the job did not see them end.
    lab.sql(
        "with gone as (
            delete from eventlease.event_queue
            where event_id in (select event_id from eventlease.event_queue order by event_id limit 2)
            returning event_id
        ),
        forgotten as (delete from eventlease.events where event_id in (select event_id from gone))
        delete from eventlease.event_attempts where event_id in (select event_id from gone)",
    )
    .await;
    work(&lab, "dialogue", 1, 10).await;
    let job = wait_for_state(&lab, &job_id, "finished").await;
    assert_eq!(counts(&job), [3, 3, 0, 1, 0, 0]);
    assert_eq!(job["unknown"], 2, "{job}");
}

/// Housekeeping takes several commits for the rows of a large job.
#[tokio::test]
async fn a_job_that_is_continued_while_it_is_forgotten_is_not_forgotten_by_half() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 4).await;
    let job_id = create(&lab, json!({"all": true, "events_per_second": 0.001})).await;
    wait_until_redriven(&lab, &job_id, 1).await;
    lab.post(&format!("{JOBS}/{job_id}/pause"), &json!({})).await.expect(200);
    lab.sql("update eventlease.redrive_jobs set state_changed_at = 'epoch'").await;
    // As if housekeeping had forgotten a part of it, and had been cut off.
    lab.sql("delete from eventlease.redriven_by_jobs").await;
    lab.post(&format!("{JOBS}/{job_id}/continue"), &json!({})).await.expect(200);
    lab.sql(
        "update eventlease.redrive_jobs set events_per_second = null, next_due_at = 'epoch', next_step_at = 'epoch'",
    )
    .await;
    wait_until_redriven(&lab, &job_id, 4).await;
    work(&lab, "dialogue", 4, 10).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch' where next_step_at is not null").await;
    let job = wait_for_state(&lab, &job_id, "finished").await;
    assert_eq!((&job["completed"], &job["open"], &job["unknown"]), (&json!(3), &json!(0), &json!(1)), "{job}");
}

#[tokio::test]
async fn many_open_events_are_checked_part_by_part() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 450).await;
    let job_id = create(&lab, json!({"all": true})).await;
    wait_for_state(&lab, &job_id, "watching").await;
    // The newest ends first: it is not in the first part.
    let newest: String = sqlx::query_scalar("select max(event_id::text) from eventlease.event_queue")
        .fetch_one(&lab.db)
        .await
        .expect("an id");
    lab.post(&format!("/api/v1/events/{newest}/cancel"), &json!({})).await.expect(200);
    let job = lab.wait_for("the end to be counted", async || {
        lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch'").await;
        let job = read(&lab, &job_id).await;
        (job["cancelled"] == 1).then_some(job)
    });
    assert_eq!(counts(&job.await), [450, 450, 449, 0, 0, 1]);
}
