//! Dead letters that are tried before the others.

use serde_json::json;

use super::{JOBS, counts, create, make_dead_letters, wait_for_state, wait_until_redriven, work};
use crate::support::Lab;

#[tokio::test]
async fn a_canary_that_completes_is_followed_by_the_others() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 30).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 10}})).await;
    let job = wait_until_redriven(&lab, &job_id, 10).await;
    assert_eq!((&job["state"], &job["open"]), (&json!("canary"), &json!(10)));
    assert_eq!(job["canary"], json!({"count": 10, "continue_at_success_ratio": 0.9, "wait_seconds": 600}));
    // Nine of ten are enough.
    work(&lab, "dialogue", 10, 9).await;
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [30, 30, 20, 9, 1, 0]);
}

#[tokio::test]
async fn a_canary_that_dies_again_stops_the_job() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 30).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 10, "continue_at_success_ratio": 0.9}})).await;
    wait_until_redriven(&lab, &job_id, 10).await;
    work(&lab, "dialogue", 10, 8).await;
    let job = wait_for_state(&lab, &job_id, "stopped").await;
    assert_eq!(job["state_reason"], "canary_failed");
    assert_eq!(counts(&job), [30, 10, 0, 8, 2, 0]);
    for verb in ["pause", "continue", "cancel"] {
        lab.post(&format!("{JOBS}/{job_id}/{verb}"), &json!({})).await.problem(409, "redrive_job_over");
    }
    assert_eq!(lab.get("/api/v1/dead-letters?redrives_max=0").await.event_ids().len(), 20);
}

#[tokio::test]
async fn a_canary_over_a_paused_queue_is_undecided_until_somebody_continues_the_job() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 5).await;
    lab.post("/api/v1/queues/dialogue/pause", &json!({})).await.expect(200);
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 2, "wait_seconds": 1}})).await;
    let job = wait_for_state(&lab, &job_id, "paused").await;
    assert_eq!(job["state_reason"], "canary_undecided");
    assert_eq!(counts(&job), [5, 2, 2, 0, 0, 0]);
    lab.post("/api/v1/queues/dialogue/resume", &json!({})).await.expect(200);
    work(&lab, "dialogue", 2, 10).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch'").await;
    // Its events have ended well, and it does not go on by itself.
    let job = lab.wait_for("the ends to be counted", async || {
        let job = super::read(&lab, &job_id).await;
        (job["completed"] == 2).then_some(job)
    });
    let job = job.await;
    assert_eq!((&job["state"], &job["state_reason"]), (&json!("paused"), &json!("canary_undecided")));
    lab.post(&format!("{JOBS}/{job_id}/continue"), &json!({})).await.expect(200);
    let job = wait_for_state(&lab, &job_id, "watching").await;
    assert_eq!(counts(&job), [5, 5, 3, 2, 0, 0]);
}

#[tokio::test]
async fn a_canary_that_was_cancelled_says_nothing_and_one_of_fewer_letters_is_judged_by_them() {
    let lab = Lab::start().await;
    let letter = make_dead_letters(&lab, "dialogue", 1).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 10}})).await;
    wait_until_redriven(&lab, &job_id, 1).await;
    lab.post(&format!("/api/v1/events/{letter}/cancel"), &json!({})).await.expect(200);
    let job = wait_for_state(&lab, &job_id, "paused").await;
    assert_eq!((&job["state_reason"], &job["cancelled"]), (&json!("canary_undecided"), &json!(1)));
    make_dead_letters(&lab, "dialogue", 2).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 10}})).await;
    wait_until_redriven(&lab, &job_id, 2).await;
    work(&lab, "dialogue", 2, 10).await;
    assert_eq!(counts(&wait_for_state(&lab, &job_id, "finished").await), [2, 2, 0, 2, 0, 0]);
    let nothing = create(&lab, json!({"all": true, "canary": {"count": 10}})).await;
    assert_eq!(counts(&wait_for_state(&lab, &nothing, "finished").await), [0; 6]);
}

#[tokio::test]
async fn a_canary_that_was_paused_has_its_time_again() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 3).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 2, "wait_seconds": 3600}})).await;
    wait_until_redriven(&lab, &job_id, 2).await;
    let paused = lab.post(&format!("{JOBS}/{job_id}/pause"), &json!({})).await.expect(200).body;
    assert_eq!(paused["state_reason"], "operator");
    lab.sql("update eventlease.redrive_jobs set canary_judged_by = 'epoch'").await;
    let going = lab.post(&format!("{JOBS}/{job_id}/continue"), &json!({})).await.expect(200).body;
    assert_eq!(going["state"], "canary");
    work(&lab, "dialogue", 2, 10).await;
    wait_for_state(&lab, &job_id, "watching").await;
}

#[tokio::test]
async fn a_canary_that_ended_while_its_job_was_paused_is_judged_when_it_is_continued() {
    let lab = Lab::start().await;
    make_dead_letters(&lab, "dialogue", 2).await;
    let job_id = create(&lab, json!({"all": true, "canary": {"count": 2}})).await;
    wait_until_redriven(&lab, &job_id, 2).await;
    lab.post(&format!("{JOBS}/{job_id}/pause"), &json!({})).await.expect(200);
    work(&lab, "dialogue", 2, 10).await;
    lab.sql("update eventlease.redrive_jobs set next_step_at = 'epoch' where next_step_at is not null").await;
    let counted = async || (super::read(&lab, &job_id).await["open"] == 0).then_some(());
    lab.wait_for("the ends to be counted", counted).await;
    lab.post(&format!("{JOBS}/{job_id}/continue"), &json!({})).await.expect(200);
    assert_eq!(counts(&wait_for_state(&lab, &job_id, "finished").await), [2, 2, 0, 2, 0, 0]);
}
