//! Redrive jobs by the command line: made, listed, read, followed, continued, cancelled.

use serde_json::{Value, json};

use super::{ask, cell, make_dead_letter, printed, printed_json, refused, row_with};
use crate::support::Lab;
use crate::trust::Guarded;

/// A lab with three dead letters, two of them for one cause.
async fn lab_with_dead_letters() -> (Lab, String) {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for kind in ["Timeout", "Timeout", "Crash"] {
        make_dead_letter(&lab, &engine, json!({"type": kind, "message": "no"})).await;
    }
    (lab, engine)
}

fn id_of(job: &Value) -> String {
    job["job"]["job_id"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_made_after_a_yes_and_followed_to_its_end() {
    let (lab, engine) = lab_with_dead_letters().await;
    let redrive = "dead-letters redrive --error-type Timeout --canary 1 --rate 50 --stop-at 0.2";
    assert_eq!(
        printed(ask(&lab, &format!("{redrive} --dry-run")).await),
        "2 dead letters match; nothing was changed\n"
    );
    let told = refused(ask(&lab, redrive).await);
    assert!(
        told.contains("Make a job that redrives 2 dead letters with error_type \"Timeout\"?") && told.contains("--yes"),
        "{told}"
    );
    assert!(told.contains("First 1 of them: the others follow if 0.9 of these complete within 600 s."), "{told}");
    assert!(told.contains("50 events a second at most.") && told.contains("Stops where 0.2 died again."), "{told}");
    let patched = refused(ask(&lab, "dead-letters redrive --all --payload-patch {\"a\":1}").await);
    assert!(patched.contains("redrives 3 dead letters of all queues that the token reaches?"), "{patched}");
    assert!(patched.contains("Changes their payloads.") && !patched.contains("First "), "{patched}");
    let made = printed(ask(&lab, &format!("{redrive} --yes")).await);
    let job_id = made.split(' ').nth(1).expect("an id").to_owned();
    assert_eq!(made, format!("job {job_id} redrives 2\nhow far it is: eventlease redrive-jobs {job_id}\n"));
    let work = async {
        for _ in 0..2 {
            let leased = lab.lease_one("dialogue", &engine).await;
            lab.settle(&leased, "completed", json!({})).await.expect(200);
        }
    };
    let follow = format!("redrive-jobs {job_id} --wait");
    let (ended, ()) = tokio::join!(ask(&lab, &follow), work);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains(&format!("{job_id} canary: ")), "{ended:?}");
    for fact in
        ["finished", "{\"error_type\":\"Timeout\"}", "1, of which 0.9 have to complete within 600 s", "0.2 died again"]
    {
        assert!(ended.stdout.contains(fact), "{fact}: {ended:?}");
    }
    let table = printed(ask(&lab, "redrive-jobs").await);
    let row = row_with(&table, &job_id);
    assert_eq!(
        ["STATE", "REDRIVEN", "COMPLETED"].map(|heading| cell(&row, heading)),
        ["finished", "2", "2"],
        "{table}"
    );
    let told = refused(ask(&lab, &format!("redrive-jobs pause {job_id}")).await);
    assert!(told.contains("is over: it is finished (409 redrive_job_over)"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_paused_continued_and_cancelled() {
    let (lab, _) = lab_with_dead_letters().await;
    let made = printed_json(
        ask(&lab, "dead-letters redrive --all --rate 0.01 --payload-patch {\"a\":1.50} --yes --json").await,
    );
    let job_id = id_of(&made);
    assert_eq!((&made["matched"], &made["job"]["payload_patch"]), (&json!(3), &json!({"a": 1.50})));
    let told = printed(ask(&lab, &format!("redrive-jobs pause {job_id}")).await);
    assert!(told.starts_with(&format!("{job_id} paused (operator): ")), "{told}");
    // Whoever waits for a job that is paused learns so, and that it did not finish.
    let ended = ask(&lab, &format!("redrive-jobs {job_id} --wait --json")).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stdout.contains("\"state\":\"paused\""), "{ended:?}");
    let told = printed(ask(&lab, &format!("redrive-jobs continue {job_id}")).await);
    assert!(told.starts_with(&format!("{job_id} redriving: ")), "{told}");
    let cancelled = printed_json(ask(&lab, &format!("redrive-jobs cancel {job_id} --json")).await);
    assert_eq!(cancelled["state"], "cancelled");
    let listed = printed_json(ask(&lab, "redrive-jobs --json").await);
    assert_eq!(listed["items"][0]["job_id"], job_id);
    let none = printed_json(ask(&lab, "redrive-jobs --engine-type vision --json").await);
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_are_not_for_jobs_are_refused() {
    let (lab, _) = lab_with_dead_letters().await;
    for flags in [
        "--all --limit 1",
        "--all --spread-seconds 9",
        "--all --delay-seconds 9",
        "01a20093-1ca2-7da5-8000-86c2b092a5fc",
    ] {
        let ended = ask(&lab, &format!("dead-letters redrive --job --yes {flags}")).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("--rate spreads"), "{ended:?}");
        assert!(ended.stderr.contains("--delay-seconds or --spread-seconds"), "{ended:?}");
    }
    let ended = ask(&lab, "dead-letters redrive --job --yes").await;
    assert!(ended.code == Some(2) && ended.stderr.contains("which ones?"), "{ended:?}");
    assert_eq!(lab.get("/api/v1/redrive-jobs").await.expect(200).body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_limited_token_shows_its_queues() {
    let guarded = Guarded::start().await;
    let token = guarded.token("operator", json!({"engine_types": ["chess", "go"]})).await;
    let command = |command: &str| format!("{command} --token {token}");
    let made = printed_json(ask(&guarded.lab, &command("dead-letters redrive --all --job --yes --json")).await);
    // There are none, so that no job is made by this command.
    assert_eq!(made, json!({"matched": 0, "job": null}));
    let made = guarded.post(&token, "/api/v1/redrive-jobs", &json!({"all": true})).await.expect(201).body;
    let shown = printed(ask(&guarded.lab, &command(&format!("redrive-jobs {}", id_of(&made)))).await);
    assert!(shown.contains("only of queues") && shown.contains("chess, go"), "{shown}");
}
