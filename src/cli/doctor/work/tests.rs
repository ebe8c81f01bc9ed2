//! States of queues, engines and dead letters, beside the lines that they make.

use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).expect("a time")
}

fn ago(seconds: i64) -> DateTime<Utc> {
    now() - chrono::TimeDelta::seconds(seconds)
}

/// A queue in which nothing is to be done, with other members.
fn queue(other: &Value) -> Queue {
    let mut members = json!({
        "engine_type": "dialogue", "due": 0, "processing": 0, "dead_letters": 0, "oldest_due_age_seconds": 0.0,
        "engines": {"active": 0, "draining": 0, "unresponsive": 0}, "is_approximate": false, "pause": null,
        "settings": {"max_processing": {"value": null, "source": "server"}},
    });
    for (name, value) in other.as_object().expect("members") {
        members[name] = value.clone();
    }
    serde_json::from_value(members).expect("a queue")
}

fn lines(report: &Report) -> Vec<String> {
    report.lines().map(|(check, standing, message)| format!("{standing:?} {check}: {message}")).collect()
}

fn of_queue(other: &Value) -> String {
    let mut report = Report::default();
    of_queues(&[queue(other)], now(), &mut report);
    let lines = lines(&report);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn each_state_of_a_queue_has_its_line() {
    let active = json!({"active": 2});
    let capped = json!({"max_processing": {"value": 5, "source": "queue"}});
    let states = [
        (json!({}), "Ok queues: 1 queue; nothing is due"),
        (
            json!({"due": 3, "oldest_due_age_seconds": 59.0, "engines": active}),
            "Ok queues: 1 queue; the oldest due event waits for 59 s",
        ),
        (
            json!({"due": 12, "oldest_due_age_seconds": 300.0, "engines": active}),
            "Warning queues: 12 events are due in dialogue, the oldest for 5 min, with 2 engines active; start more, or see \
             what they do: eventlease engines --engine-type dialogue",
        ),
        (
            json!({"due": 10_001, "is_approximate": true, "oldest_due_age_seconds": 61.0, "engines": {"active": 1}}),
            "Warning queues: more than 10000 events are due in dialogue, the oldest for 1 min 1 s, with 1 engine active; start more, \
             or see what they do: eventlease engines --engine-type dialogue",
        ),
        (
            json!({"due": 12, "processing": 5, "oldest_due_age_seconds": 300.0, "engines": active, "settings": capped}),
            "Warning queues: 12 events are due in dialogue, the oldest for 5 min, while max_processing lets no more than 5 be \
             processed; to raise it: eventlease queues set dialogue --max-processing 10",
        ),
        (
            json!({"due": 1, "oldest_due_age_seconds": 0.4}),
            "Warning queues: 1 event is due in dialogue, the oldest for 400 ms, and no engine is active; start one, or see \
             them: eventlease engines --engine-type dialogue",
        ),
        (
            json!({"due": 2, "processing": 1, "oldest_due_age_seconds": 59.0}),
            "Ok queues: 1 queue; the oldest due event waits for 59 s",
        ),
        (
            json!({"due": 2, "oldest_due_age_seconds": 90.0, "rates": {"completed_per_second": 0.5}}),
            "Warning queues: 2 events are due in dialogue, the oldest for 1 min 30 s, and callers without an engine's id lease them; \
             start more of them, or see why they wait: eventlease explain dialogue",
        ),
        (
            json!({"engine_type": "-v", "due": 1, "oldest_due_age_seconds": 0.4}),
            "Warning queues: 1 event is due in -v, the oldest for 400 ms, and no engine is active; start one, or see them: \
             eventlease engines --engine-type=-v",
        ),
        (
            json!({"due": 2, "oldest_due_age_seconds": 9.0, "engines": {"active": 0, "draining": 1, "unresponsive": 3}}),
            "Warning queues: 2 events are due in dialogue, the oldest for 9 s, and no engine is active (1 draining, 3 \
             unresponsive); start one, or see them: eventlease engines --engine-type dialogue",
        ),
        (
            json!({"due": 2, "oldest_due_age_seconds": 9.0, "engines": {"active": 0, "holding_off": 2}}),
            "Warning queues: 2 events are due in dialogue, the oldest for 9 s, and its 2 active engines asked for no events for \
             a while; start another, or see which: eventlease engines --engine-type dialogue",
        ),
        (
            json!({"due": 2, "oldest_due_age_seconds": 9000.0, "pause": {"reason": "model", "since": ago(3000), "resume_at": null}}),
            "Ok queues: 1 queue, 1 of them paused; nothing is due",
        ),
        (
            json!({"pause": {"reason": null, "since": ago(90_000), "resume_at": now()}}),
            "Ok queues: 1 queue, 1 of them paused; nothing is due",
        ),
        (
            json!({"pause": {"reason": "model", "since": ago(10_800), "resume_at": null}}),
            "Warning queues: dialogue has been paused for 3 h (\"model\"), without an end; to go on: eventlease resume dialogue",
        ),
    ];
    for (state, expected) in states {
        assert_eq!(of_queue(&state), expected, "{state}");
    }
}

#[test]
fn no_more_than_ten_warnings_of_a_kind_are_told() {
    let waits = json!({"due": 1, "oldest_due_age_seconds": 1.0});
    let queues: Vec<Queue> = (0..13).map(|_| queue(&waits)).collect();
    let mut report = Report::default();
    of_queues(&queues, now(), &mut report);
    let lines = lines(&report);
    assert_eq!(lines.len(), 11);
    assert_eq!(lines[10], "Warning queues: the same of 3 more queues; see them: eventlease queues");
}

#[test]
fn an_engine_that_has_no_work_and_does_not_ask_for_it_is_told() {
    let queue = queue(&json!({"due": 1, "engines": {"active": 1}}));
    assert!(queue.wants_engines_to_poll());
    let told = |registered: i64, polled: Option<i64>| {
        let engine =
            Engine { engine_id: "e1".to_owned(), registered_at: ago(registered), last_poll_at: polled.map(ago) };
        zombies(&queue, &[engine], now()).pop()
    };
    let never = "engine e1 of dialogue registered 5 min ago and has never asked for work, though 1 event is due; restart it, \
                 or see it: eventlease engines e1";
    assert_eq!(told(300, None).as_deref(), Some(never));
    let stopped = "engine e1 of dialogue has not asked for work since 2 min ago, though 1 event is due; restart it, or see \
                   it: eventlease engines e1";
    assert_eq!(told(9000, Some(120)).as_deref(), Some(stopped));
}

#[test]
fn engines_are_asked_for_work_only_where_there_is_some_for_them() {
    let capped = json!({"max_processing": {"value": 1, "source": "queue"}});
    let pause = json!({"reason": null, "since": ago(1), "resume_at": null});
    for other in [
        json!({"due": 0, "engines": {"active": 1}}),
        json!({"due": 1, "engines": {"active": 0}}),
        json!({"due": 1, "engines": {"active": 1}, "pause": pause}),
        json!({"due": 1, "processing": 1, "engines": {"active": 1}, "settings": capped}),
    ] {
        assert!(!queue(&other).wants_engines_to_poll(), "{other}");
    }
}

#[test]
fn dead_letters_are_told_with_their_queues_ages_and_commands() {
    let dead = |name: &str, count: i64, is_approximate: bool| {
        queue(&json!({"engine_type": name, "dead_letters": count, "is_approximate": is_approximate}))
    };
    let all =
        |redrivable| DeadLetters { redrivable, oldest_at: Some(ago(200_000)), newest_at: Some(ago(180)), now: now() };
    let told = |queues: &[Queue], all: Option<&DeadLetters>| {
        let mut report = Report::default();
        of_dead_letters(queues, all, &mut report);
        lines(&report).pop().expect("a line")
    };
    let queues = [dead("vision", 10, false), dead("dialogue", 4990, false), dead("idle", 0, false)];
    assert_eq!(
        told(&queues, Some(&all(5000))),
        "Warning dead letters: 5000 (4990 in dialogue, 10 in vision), the newest 3 min ago, the oldest 2 d 8 h ago; see \
         why: eventlease dead-letters groups; then redrive or purge them: eventlease dead-letters redrive --engine-type dialogue"
    );
    assert!(told(&[dead("vision", 1, false)], None).starts_with("Warning dead letters: 1 (1 in vision); see why"));
    let many = told(&[dead("vision", 10_001, true)], None);
    assert!(many.starts_with("Warning dead letters: more than 10000 (more than 10000 in vision); "), "{many}");
    let several: Vec<Queue> = (0..7).map(|_| dead("q", 1, false)).collect();
    assert!(told(&several, None).contains("1 in q and in 2 more queues)"));
    assert_eq!(told(&queues, Some(&all(0))), "Ok dead letters: each was redriven as another event");
}
