//! Replicas and sessions that die while a job is at work.

use std::pin::pin;
use std::task::Poll;

use serde_json::json;

use super::{counts, create, make_dead_letters, read};
use crate::support::Lab;

const LETTERS: u32 = 600;

/// Each letter is redriven once, and recorded once.
async fn check_all_once(lab: &Lab, job_id: &str) {
    let (queued, once, recorded): (i64, i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where redrives = 1),
            (select count(*) from eventlease.redriven_by_jobs r where r.event_id in (select event_id from eventlease.event_queue))
         from eventlease.event_queue",
    )
    .fetch_one(&lab.db)
    .await
    .expect("numbers");
    let letters = i64::from(LETTERS);
    assert_eq!((queued, once, recorded), (letters, letters, letters));
    assert_eq!(counts(&read(lab, job_id).await), [letters, letters, letters, 0, 0, 0]);
}

/// Has the job go on at once, also where a step has failed, and waits until all are redriven.
async fn drive(lab: &Lab, job_id: &str) {
    lab.wait_for("all to be redriven", async || {
        // Not while a step has the job locked: this would wait for it, and the step's session may be gone.
        lab.sql(
            "update eventlease.redrive_jobs set next_step_at = 'epoch'
             where job_id in (select job_id from eventlease.redrive_jobs for update skip locked)",
        )
        .await;
        (read(lab, job_id).await["state"] == "watching").then_some(())
    })
    .await;
}

/// The tables that a step writes, in its order, and once more as it commits.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_dies_at_any_write_of_a_step_redrives_none_twice_and_forgets_none() {
    let mut lab = Lab::start().await;
    lab.start_replica(&[]).await;
    make_dead_letters(&lab, "dialogue", LETTERS).await;
    let deaths = [
        ("dead_letters", "after delete"),
        ("event_queue", "after insert"),
        ("redriven_by_jobs", "after insert"),
        ("redrive_jobs", "after update"),
    ];
    // A sequence counts on also where its transaction is rolled back: each kind of death comes twice.
    lab.sql(
        "create function public.die() returns trigger language plpgsql as $$
         begin
             if current_setting('application_name') = 'eventlease'
                 and nextval(('public.deaths_' || tg_argv[0])::regclass) <= 2 then
                 perform pg_terminate_backend(pg_backend_pid());
             end if;
             return null;
         end $$",
    )
    .await;
    for (place, (table, when)) in deaths.iter().enumerate() {
        lab.sql(&format!("create sequence public.deaths_{place}")).await;
        lab.sql(&format!(
            "create trigger dies {when} on eventlease.{table} for each statement execute function public.die('{place}')"
        ))
        .await;
    }
    lab.sql("create sequence public.deaths_4").await;
    lab.sql(
        "create constraint trigger dies_at_commit after insert on eventlease.redriven_by_jobs
         deferrable initially deferred for each row execute function public.die('4')",
    )
    .await;
    let job_id = create(&lab, json!({"all": true})).await;
    drive(&lab, &job_id).await;
    for place in 0..=deaths.len() {
        let deaths: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select last_value from public.deaths_{place}")))
                .fetch_one(&lab.db)
                .await
                .expect("a number");
        assert!(deaths > 2, "nobody died at {place}");
    }
    check_all_once(&lab, &job_id).await;
}

/// Polls `work` so many times and drops it then, as the end of its process would. Answers whether it was done before.
async fn dies_after(polls: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        if polled == polls {
            return Poll::Ready(false);
        }
        polled += 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_dies_at_any_point_of_a_step_redrives_none_twice_and_forgets_none() {
    let mut lab = Lab::start().await;
    lab.start_replica(&[]).await;
    make_dead_letters(&lab, "dialogue", LETTERS).await;
    let job_id = create(&lab, json!({"all": true, "events_per_second": 60})).await;
    let mut finished = 0;
    for polls in 0..60 {
        lab.sql(
            "update eventlease.redrive_jobs set next_step_at = 'epoch', next_due_at = 'epoch'
             where job_id in (select job_id from eventlease.redrive_jobs for update skip locked)",
        )
        .await;
        finished += usize::from(dies_after(polls, lab.broker().step_of_redrive_jobs()).await);
    }
    assert!(finished > 0, "no step was tried to its end");
    lab.sql("update eventlease.redrive_jobs set events_per_second = null").await;
    drive(&lab, &job_id).await;
    check_all_once(&lab, &job_id).await;
}
