//! Dead letters: listed, redriven and purged, after a confirmation where there are many.

use serde_json::{Value, json};

use super::terminal::OnTerminal;
use super::{HOSTILE, ask, assert_harmless, cell, make_dead_letter, printed, printed_json, refused, row_with};
use crate::support::Lab;

async fn dead(lab: &Lab) -> usize {
    let list = lab.get("/api/v1/dead-letters").await.expect(200);
    list.body["items"].as_array().expect("a list").len()
}

/// A lab with three dead letters, two of them for one cause.
async fn lab_with_dead_letters() -> (Lab, String, Vec<String>) {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut event_ids = Vec::new();
    for error in [
        json!({"type": "Timeout", "message": "no answer"}),
        json!({"type": "Timeout", "message": "no answer at all"}),
        json!({"type": "Crash", "message": HOSTILE}),
    ] {
        event_ids.push(make_dead_letter(&lab, &engine, error).await);
    }
    (lab, engine, event_ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_counted_and_shown() {
    let (lab, engine, event_ids) = lab_with_dead_letters().await;
    let table = printed(ask(&lab, "dead-letters list").await);
    assert_harmless(&table);
    let row = row_with(&table, &event_ids[0]);
    let cells = ["QUEUE", "REASON", "ATTEMPTS", "ERROR"].map(|heading| cell(&row, heading));
    assert_eq!(cells, ["dialogue", "not_retryable", "1", "Timeout: no answer"], "{table}");
    let filtered = printed_json(ask(&lab, "dead-letters list --error-type Timeout --error-contains ALL --json").await);
    assert_eq!(filtered["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(filtered["items"][0]["event_id"], event_ids[1]);

    let groups = printed(ask(&lab, "dead-letters groups --by error_type").await);
    assert_eq!(cell(&row_with(&groups, "Timeout"), "COUNT"), "2", "{groups}");
    // What they were not grouped by has no column.
    let headings: Vec<&str> = groups.lines().next().expect("headings").split_whitespace().collect();
    assert_eq!(headings.join(" "), "COUNT LAST FIRST REDRIVABLE FOR EXAMPLE ERROR", "{groups}");
    for (by, heading) in [
        ("engine_type", "QUEUE"),
        ("reason", "REASON"),
        ("event_type", "EVENT TYPE"),
        ("error_fingerprint", "FINGERPRINT"),
        ("engine_software_version", "VERSION"),
    ] {
        let groups = printed(ask(&lab, &format!("dead-letters groups --by {by}")).await);
        let groups = groups.split("\n\n").next().expect("the groups");
        let shown = ["QUEUE", "REASON", "EVENT TYPE", "FINGERPRINT", "VERSION"].map(|known| groups.contains(known));
        assert_eq!(shown.iter().filter(|is_shown| **is_shown).count(), 1, "{by}: {groups}");
        assert!(groups.contains(heading), "{by}: {groups}");
    }
    let groups = printed_json(ask(&lab, "dead-letters groups --by error_type --error-type Crash --json").await);
    assert_eq!((&groups["items"][0]["count"], &groups["has_more"]), (&json!(1), &json!(false)));

    // What is one cause is one row, with the version's attempts below; its fingerprint is what the other commands take.
    let causes = printed(ask(&lab, "dead-letters groups").await);
    assert_harmless(&causes);
    let row = row_with(&causes, "no answer at all");
    assert_eq!(["COUNT", "QUEUE"].map(|heading| cell(&row, heading)), ["1", "dialogue"], "{causes}");
    let fingerprint = cell(&row, "FINGERPRINT");
    assert!(causes.contains("too few to say"), "{causes}");
    let of_cause = format!("dead-letters list --error-fingerprint {fingerprint} --json");
    assert_eq!(printed_json(ask(&lab, &of_cause).await)["items"][0]["event_id"], event_ids[1]);
    assert!(printed(ask(&lab, &format!("dead-letters show {}", event_ids[1])).await).contains(fingerprint));
    let limited = ask(&lab, "dead-letters groups --limit 1").await;
    assert!(limited.stderr.contains("the largest groups; there are more"), "{limited:?}");

    let shown = printed(ask(&lab, &format!("dead-letters show {}", event_ids[2])).await);
    assert_harmless(&shown);
    for fact in ["not_retryable", "{\"n\":1}", "Crash: boom \\u001b[2J", &engine] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
    let shown = printed_json(ask(&lab, &format!("dead-letters show {} --json", event_ids[2])).await);
    assert_eq!(shown["attempts"][0]["outcome"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_redriven_after_a_dry_run_and_a_yes() {
    let (lab, _, event_ids) = lab_with_dead_letters().await;
    let timeouts = "dead-letters redrive --error-type Timeout";
    let counted = printed(ask(&lab, &format!("{timeouts} --dry-run")).await);
    assert_eq!(counted, "2 dead letters match; nothing was changed\n");
    let counted = printed_json(ask(&lab, &format!("{timeouts} --dry-run --json")).await);
    assert_eq!(counted, json!({"matched": 2, "redriven": 0, "remaining": 2, "event_ids": []}));

    // Nobody is there to be asked.
    let told = refused(ask(&lab, timeouts).await);
    assert!(told.contains("Redrive 2 dead letters with error_type \"Timeout\"?") && told.contains("--yes"), "{told}");
    let told = refused(ask(&lab, &format!("{timeouts} --expected-count 3 --yes")).await);
    assert!(told.contains("2 dead letters match, not 3; nothing was changed (409 count_changed)"), "{told}");
    assert_eq!(dead(&lab).await, 3);

    let flags = "--yes --spread-seconds 1000 --delay-seconds 500 --priority 9 --retry-policy {\"max_retries\":0}";
    assert_eq!(printed(ask(&lab, &format!("{timeouts} {flags}")).await), "2 redriven\n");
    let event = lab.event(&event_ids[1]).await;
    assert_eq!((&event["status"], &event["priority"], &event["redrives"]), (&json!("queued"), &json!(9), &json!(1)));
    let due: String = sqlx::query_scalar(
        "select string_agg(round(extract(epoch from available_at - statement_timestamp()) / 100)::text, ' '
            order by available_at) from eventlease.event_queue",
    )
    .fetch_one(&lab.db)
    .await
    .expect("times");
    assert_eq!(due, "5 10");

    assert_eq!(printed(ask(&lab, timeouts).await), "no dead letter matches\n");
    let unknown = refused(ask(&lab, "dead-letters redrive --engine-software-version= --error-type Crash").await);
    assert!(unknown.contains("error_type \"Crash\", no engine_software_version?"), "{unknown}");
    let more = printed_json(ask(&lab, "dead-letters redrive --all --limit 5 --yes --json").await);
    assert_eq!(more, json!({"matched": 1, "redriven": 1, "remaining": 0, "event_ids": [event_ids[2]]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_purged_the_oldest_first() {
    let (lab, _, event_ids) = lab_with_dead_letters().await;
    let told = refused(ask(&lab, "dead-letters purge --all").await);
    assert!(told.contains("Remove for good 3 dead letters of all queues that the token reaches?"), "{told}");
    let purged = printed_json(ask(&lab, "dead-letters purge --all --limit 1 --yes --json").await);
    assert_eq!(purged, json!({"matched": 3, "purged": 1, "remaining": 2, "event_ids": [event_ids[0]]}));
    assert_eq!(printed(ask(&lab, "dead-letters purge --all --limit 1 --yes").await), "1 of 2 purged\n");
    let left = lab.get("/api/v1/dead-letters").await.expect(200).body;
    assert_eq!(left["items"][0]["event_id"], event_ids[2]);
    assert_eq!(dead(&lab).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_are_named_are_done_one_by_one() {
    let (lab, _, event_ids) = lab_with_dead_letters().await;
    let told = printed(ask(&lab, &format!("dead-letters redrive {}", event_ids[0])).await);
    assert_eq!(told, format!("{} redriven\n", event_ids[0]));

    // One that fails keeps no other from being done.
    let ended = ask(&lab, &format!("dead-letters redrive {} {}", event_ids[0], event_ids[1])).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains(&format!("{} redriven", event_ids[1])), "{ended:?}");
    assert!(ended.stderr.contains("409 not_a_dead_letter"), "{ended:?}");

    let payload = "--payload {\"n\":12345678901234567890123}";
    let told = printed(ask(&lab, &format!("dead-letters redrive {} {payload}", event_ids[2])).await);
    let new_id = told.trim().rsplit(' ').next().expect("an id");
    let new = lab.get(&format!("/api/v1/events/{new_id}?include=payload")).await.expect(200);
    assert_eq!(new.body["redriven_from"], event_ids[2]);
    assert!(new.raw.contains("{\"n\":12345678901234567890123}"), "{}", new.raw);

    let purge = format!("dead-letters purge {}", event_ids[2]);
    assert!(refused(ask(&lab, &purge).await).contains("for good?"));
    assert_eq!(printed(ask(&lab, &format!("{purge} --yes")).await), format!("{} purged\n", event_ids[2]));
    assert_eq!(dead(&lab).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_the_question_is_asked_and_only_a_yes_counts() {
    let (lab, engine, _) = lab_with_dead_letters().await;
    let purge = ["dead-letters", "purge", "--engine-type", "dialogue", "--url", &lab.url];
    for answer in ["n\n", "\n", "yeah\n"] {
        let ended = OnTerminal::start(&purge).await.answer(answer).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{answer:?}: {ended:?}");
        assert!(ended.stderr.contains("nothing was done"), "{ended:?}");
    }
    assert_eq!(dead(&lab).await, 3);

    // What was shown is what happens, or nothing.
    let asked = OnTerminal::start(&purge).await;
    assert!(
        asked.shown.ends_with("Remove for good 3 dead letters with engine_type \"dialogue\"? [y/N] "),
        "{:?}",
        asked.shown
    );
    make_dead_letter(&lab, &engine, Value::from("one more")).await;
    let ended = asked.answer("y\n").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("4 dead letters match, not 3; nothing was changed"), "{ended:?}");
    assert_eq!(dead(&lab).await, 4);

    let ended = OnTerminal::start(&purge).await.answer("Yes\n").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "4 purged\n"), "{ended:?}");
    assert_eq!(dead(&lab).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_go_together_is_a_wrong_use() {
    let id = crate::support::unknown_id();
    for flags in [
        "redrive",
        "purge --yes",
        "purge --all --engine-type dialogue",
        &format!("purge {id} --all"),
        &format!("redrive {id} --dry-run"),
        &format!("redrive {id} {id} --payload 1"),
        &format!("redrive {id} --payload {{"),
        "redrive --all --payload 1",
        "redrive --all --limit 0",
        "list --payload",
        "show",
    ] {
        let ended = super::ask_at("http://127.0.0.1:1", &format!("dead-letters {flags}")).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{flags}: {ended:?}");
        assert!(ended.stderr.contains("--help"), "{flags}: {ended:?}");
    }
}
