//! Of a queue whose due events nobody works on, it is never said that nothing is in their way; and failures that are over are told
//! as such.

use serde_json::{Value, json};

use super::{explained, explained_as, shown};
use crate::support::Lab;

fn message(explanation: &Value) -> &str {
    explanation["verdict"]["message"].as_str().expect("a sentence")
}

async fn due_for_a_minute(lab: &Lab) {
    lab.sql("update eventlease.event_queue set available_at = statement_timestamp() - interval '65 seconds'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_active_engine_has_never_asked_that_is_said_before_it_is_a_zombie() {
    let lab = Lab::start().await;
    lab.register("vision", json!({})).await;
    let event = lab.enqueue("vision", json!({})).await;
    lab.enqueue("vision", json!({})).await;
    due_for_a_minute(&lab).await;
    let explanation = explained_as(&lab, "never asked", "vision", "not_taken", &["not_taken"]).await;
    let told = message(&explanation);
    assert!(told.starts_with("2 events of vision are due, the oldest for 1 min "), "{told}");
    assert!(
        told.ends_with(", and none is being worked on; 1 active engine has room and has never asked for work"),
        "{told}"
    );
    let shown = shown(&lab, "vision").await.replace("\n  ", "");
    assert!(shown.starts_with(">> not_taken") && !shown.contains("in their way"), "{shown}");

    // What is said of one of the events is no better.
    let told = explained(&lab, &event).await;
    let told = message(&told);
    assert!(
        told.ends_with("no event of vision is being worked on; 1 active engine has room and has never asked for work")
    );
    assert!(!told.contains("nothing is in its way"), "{told}");
}

#[tokio::test]
async fn of_engines_that_asked_before_it_is_said_when() {
    let lab = Lab::start().await;
    let engine = lab.register("vision", json!({})).await;
    lab.poll("vision", &engine, "limit=1").await;
    lab.enqueue("vision", json!({})).await;
    due_for_a_minute(&lab).await;
    let explanation = explained_as(&lab, "asked before", "vision", "not_taken", &["not_taken"]).await;
    let told = message(&explanation);
    assert!(
        told.contains(", and it is not being worked on; 1 active engine has room and last asked for work "),
        "{told}"
    );
    lab.register("vision", json!({})).await;
    let explanation = explained(&lab, "vision").await;
    let told = message(&explanation);
    assert!(
        told.contains("2 active engines have room, 1 of them never asked for work, and another last did "),
        "{told}"
    );
}

#[tokio::test]
async fn a_queue_in_which_one_was_done_a_moment_ago_flows_and_says_that_none_is_worked_on_now() {
    let lab = Lab::start().await;
    let engine = lab.register("vision", json!({})).await;
    lab.enqueue("vision", json!({})).await;
    let leased = lab.lease_one("vision", &engine).await;
    lab.settle(&leased, "completed", json!({})).await.expect(200);
    lab.broker().write_activity().await.expect("written");
    lab.enqueue("vision", json!({})).await;
    due_for_a_minute(&lab).await;
    let explanation = explained_as(&lab, "a moment ago", "vision", "flows", &["flows"]).await;
    let told = message(&explanation);
    assert!(told.contains(", and none is worked on just now; ") && !told.contains("way"), "{told}");
}

#[tokio::test]
async fn failures_of_minutes_ago_alone_seem_to_be_over() {
    let lab = Lab::start().await;
    lab.register("dialogue", json!({})).await;
    let count = async |seconds_ago: i32, completed: i32, failed: i32| {
        lab.sql(&format!(
            "insert into eventlease.queue_activity (engine_type, period_at, replica_id, durations, completed, failed, lost)
             values ('dialogue', to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10 - {seconds_ago}),
                gen_random_uuid(), '{{}}', {completed}, {failed}, {failed})"
        ))
        .await;
    };
    count(180, 10, 40).await;
    count(0, 20, 0).await;
    let over = ", none of them in the last minute: it seems to be over";
    let expected = ["flows", "failing", "losing"];
    let explanation = explained_as(&lab, "over", "dialogue", "flows", &expected).await;
    for code in ["failing", "losing"] {
        let told = super::reason(&explanation, code)["message"].as_str().expect("a sentence");
        assert!(told.contains(over), "{told}");
    }
    count(0, 0, 1).await;
    let explanation = explained_as(&lab, "not over", "dialogue", "flows", &expected).await;
    assert!(!explanation.to_string().contains("seems to be over"), "{explanation}");
}

#[tokio::test]
async fn a_cause_among_many_is_not_the_one_of_most() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let die_of = async |error: &str| {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        let error = json!({"type": error, "message": "it did not work"});
        lab.settle(&leased, "failed", json!({"retryable": false, "error": error})).await.expect(200);
    };
    let told = async || {
        lab.broker().write_activity().await.expect("written");
        let explanation = explained(&lab, "dialogue").await;
        super::reason(&explanation, "failing")["message"].as_str().expect("a sentence").to_owned()
    };
    for name in 'A'..='T' {
        die_of(&format!("{name}Error")).await;
    }
    let each_once = told().await;
    assert!(each_once.ends_with(", of 20 causes among the newest 20, none more than once"), "{each_once}");
    die_of("AError").await;
    let one_twice = told().await;
    assert!(one_twice.ends_with(", of 20 causes among the newest 21, the most frequent 2 times"), "{one_twice}");
    for _ in 0..4 {
        die_of("AError").await;
    }
    let frequent = told().await;
    assert!(frequent.contains(", most often of AError: it did not work (fingerprint "), "{frequent}");
}
