//! `overview` and `history`: the first commands of somebody who is called at night.

use serde_json::json;

use super::terminal::shown_on;
use super::{HOSTILE, ask, assert_harmless, make_dead_letter, printed, printed_json, refused};
use crate::support::Lab;

/// No more than 40 lines of 80 characters.
#[track_caller]
pub fn assert_fits_a_page(shown: &str) {
    assert!(shown.lines().count() <= 40, "{} lines\n{shown}", shown.lines().count());
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{} characters\n{shown}", line.chars().count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_is_said_first_and_all_fits_a_page() {
    let lab = Lab::start().await;
    for queue in ["billing", "dialogue", "vision", "a.queue.with.a.rather.long.name.that.goes.on.and.on.until.64"] {
        lab.enqueue(queue, json!({})).await;
        for n in 0..3 {
            let quarantine = json!({"engine_software_version": format!("2.4.{n}"), "reason": "crashes at night, and nobody knows why"});
            lab.post(&format!("/api/v1/queues/{queue}/quarantines"), &quarantine).await.expect(200);
        }
    }
    lab.sql("update eventlease.event_queue set available_at = available_at - interval '900 s'").await;
    let reason: String = HOSTILE.chars().filter(|c| !c.is_control()).collect();
    lab.post("/api/v1/queues/billing/pause", &json!({"reason": format!("{reason} {}", "so on ".repeat(60))}))
        .await
        .expect(200);
    lab.sql("update eventlease.queues set paused_at = paused_at - interval '2 hours' where paused_at is not null")
        .await;
    lab.broker().measure().await.expect("a round");
    let shown = shown_on(80, &["overview", "--url", &lab.url]).await;
    assert_fits_a_page(&shown);
    assert_harmless(&shown.replace('\r', ""));
    let first = shown.lines().next().expect("a line");
    assert!(first.starts_with("CRITICAL nobody_works (15 min ago): "), "{shown}");
    for part in ["3 more: eventlease overview --json", "-> start engines of", "4 queues, 1 paused", "QUEUE"] {
        assert!(shown.contains(part) || part.starts_with("3 more"), "{part}: {shown}");
    }
    assert!(shown.contains("more: eventlease overview --json"), "{shown}");
    let json = printed_json(ask(&lab, "overview --json").await);
    assert!(json["attention"].as_array().is_some_and(|items| items.len() >= 16), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_that_is_said() {
    let lab = Lab::start().await;
    lab.broker().measure().await.expect("a round");
    let database: String = sqlx::query_scalar("select current_database()").fetch_one(&lab.db).await.expect("a name");
    let shown = printed(ask(&lab, "overview").await);
    let is_calm = shown.starts_with("Nothing needs attention.");
    // The test's PostgreSQL is set to be fast, of which a look that was just made may warn.
    assert!(is_calm || shown.contains(" database ("), "{database}: {shown}");
    assert!(shown.contains("0 due, 0 delayed, 0 processing, 0 dead letters"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn due_events_that_nobody_works_on_are_told_before_they_ask_for_attention() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.enqueue("vision", json!({})).await;
    lab.broker().measure().await.expect("a round");
    let shown = printed(ask(&lab, "overview").await);
    let is_told = shown.starts_with("Nothing needs attention yet; 2 queues have due events and no active engine, for ");
    // The test's PostgreSQL is set to be fast, of which a look that was just made may warn.
    assert!(is_told || shown.contains(" database ("), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_tells_what_waits_and_how_many_slots_would_do() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for priority in [9, 9, 2, 2] {
        lab.enqueue("dialogue", json!({"priority": priority})).await;
    }
    lab.enqueue("dialogue", json!({"delay_seconds": 7200})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.broker().write_activity().await.expect("written");
    let shown = printed(ask(&lab, "queues dialogue").await);
    for fact in
        ["1 of priority 9, 2 of priority 2", "(in 2 h)", "wanted slots", "events wait", "target_clear_seconds = 60"]
    {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_each_is_not_said_in_the_plural() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    make_dead_letter(&lab, &engine, json!({"type": "Timeout", "message": "no"})).await;
    lab.enqueue("dialogue", json!({"scenario_run_id": "night-42"})).await;
    lab.broker().measure().await.expect("a round");
    let shown = printed(ask(&lab, "overview").await);
    assert!(shown.contains("; 1 queue, 0 paused") && shown.contains(" 1 dead letter, 0 suspects"), "{shown}");
    let told = refused(ask(&lab, "events cancel --all --expected-count 5 --yes").await);
    assert!(told.contains("1 queued event matches, not 5; nothing was changed"), "{told}");
    let told = refused(ask(&lab, "dead-letters purge --all --expected-count 5 --yes").await);
    assert!(told.contains("1 dead letter matches, not 5; nothing was changed"), "{told}");
    let told = refused(ask(&lab, "runs cancel night-42").await);
    assert!(told.contains("has 1 queued event, and 0 with engines"), "{told}");
    make_dead_letter(&lab, &engine, json!({"type": "Timeout", "message": "no"})).await;
    for command in ["events --limit 1 --engine-type dialogue", "dead-letters list --limit 1"] {
        let listed = ask(&lab, command).await;
        assert!(listed.stderr.starts_with("the first "), "{listed:?}");
        assert!(!listed.stderr.contains("1 events") && !listed.stderr.contains("1 dead letters"), "{listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_a_short_table() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    assert_eq!(printed(ask(&lab, "history dialogue --hours 2").await), "Nothing was measured in that time.\n");
    lab.sql(
        "insert into eventlease.queue_history (engine_type, minute_at, due, delayed, processing, dead_letters,
            oldest_due_age_seconds, slots, busy, enqueued, completed, failed, lost, released, late, dead_lettered)
         select name, date_trunc('minute', now()) - make_interval(mins => n), 41, 0, 3, 0, 90, 5, 3, 60, 120, 2, 0, 0, 0, 0
         from generate_series(1, 55) as n cross join unnest(array['', 'dialogue']) as name
         where date_trunc('minute', now()) - make_interval(mins => n) >= (now() at time zone 'UTC')::date - 1",
    )
    .await;
    for command in ["history", "history dialogue", "history dialogue --hours 49", "history --hours 720"] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--url", &lab.url]).collect();
        let shown = shown_on(80, &arguments).await;
        assert_fits_a_page(&shown);
        // The notes below the table may have any number in them, as in "17 h 41 min ago".
        let rows: Vec<&str> = shown.lines().skip(1).take_while(|line| !line.starts_with("not")).collect();
        let row = rows.iter().rev().find(|line| line.contains("41")).unwrap_or_else(|| panic!("no row: {shown}"));
        assert!(row.contains("1 min 30 s"), "{command}: {shown}");
        if !command.contains("--hours") {
            assert!(row.contains("1.00") && row.contains("2.00"), "{shown}");
        }
        // Steps before the first measurement are left out, and that is said; so is what has no room.
        for line in &rows {
            assert!(line.contains("41"), "{command}: {shown}");
        }
        assert!(!command.contains("--hours") || shown.contains("nothing was measured before "), "{command}: {shown}");
    }
    let json = printed_json(ask(&lab, "history dialogue --hours 24 --json").await);
    assert!(json["due"].as_array().is_some_and(|column| column.len() <= 31), "{json}");
}
